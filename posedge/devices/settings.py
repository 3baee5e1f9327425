"""The `[devices]` table of the configuration."""

from pathlib import Path
from typing import Annotated, Self, cast
from urllib.parse import quote

from pydantic import Field, ValidationInfo, field_validator, model_validator

from posedge.devices.address import Options, parse
from posedge.devices.options import known_driver, understood
from posedge.model.errors import MisuseError
from posedge.model.value import Value

THROUGH = "through://"

DeviceName = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}$",
        description="letters, digits, blanks, dots, hyphens or underscores, at most 64, a letter"
        " or digit first",
    ),
]


def _readable(address: str, info: ValidationInfo) -> str:
    try:
        parse(address, info.data.get("driver", ""))
    except MisuseError as error:
        raise ValueError(error.message) from None
    return address


class StaticDevice(Value):
    """A device that udev cannot find: a network printer, a terminal, a built-in serial port.

    `address` is `tcp://host:port`, `serial:///dev/ttyS0?baud=9600&bits=7&parity=E` or
    `usblp:///dev/usb/lp0` or `hidraw:///dev/hidraw0`. A display that hangs behind a printer has
    none: `through` is that printer's name, id or role.
    """

    name: DeviceName
    driver: str
    address: str
    through: Annotated[str, Field(min_length=1, max_length=256)] | None = None
    options: Options

    @model_validator(mode="before")
    @classmethod
    def _chained(cls, given: object) -> object:
        """Say `through` as an address, and to the display's driver."""
        if not isinstance(given, dict):
            return given
        found = cast("dict[str, object]", given)
        through, options = found.get("through"), found.get("options", {})
        if "address" in found or not isinstance(through, str) or not isinstance(options, dict):
            return found
        chained = {**cast("dict[str, object]", options), "chained": True}
        return {**found, "address": f"{THROUGH}{quote(through, safe='')}", "options": chained}

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.through is None) == self.address.startswith(THROUGH):
            raise ValueError("what hangs behind a printer says through which, and no address")
        if self.through is not None and self.driver != "line-display":
            raise ValueError('only a "line-display" hangs behind a printer')
        return self

    _driver = field_validator("driver")(known_driver)
    _address = field_validator("address")(_readable)
    _options = field_validator("options")(understood)


class Assignment(Value):
    """What the operator says of a device that udev finds.

    `device` is its id or port as `posedge devices` prints them, or `vendor:product` in hex.
    What is left out stays as the catalog has it; `ignore` leaves the device alone.
    """

    device: Annotated[str, Field(min_length=1, max_length=256)]
    name: DeviceName | None = None
    driver: str | None = None
    options: Options
    ignore: bool = False

    _driver = field_validator("driver")(known_driver)
    _options = field_validator("options")(understood)


class DevicesSettings(Value):
    """`models` is a folder of TOML files like catalog.toml: the shop's own.

    `discover`: find network printers by what they announce. Off by itself: whoever is on the
    network could announce a printer and be sent receipts, and it costs 3 MB.
    """

    udev: bool = True
    discover: bool = False
    static: tuple[StaticDevice, ...] = ()
    assign: tuple[Assignment, ...] = ()
    models: Path = Path("/etc/posedge/devices.d")

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        names = [each.name for each in self.static]
        names += [each.name for each in self.assign if each.name]
        twice = {name for name in names if names.count(name) > 1}
        if twice:
            raise ValueError(f"two devices are named {', '.join(sorted(twice))}")
        return self
