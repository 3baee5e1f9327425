"""The `[devices]` table of the configuration."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from posedge.devices.address import Options, parse
from posedge.devices.options import known_driver, understood
from posedge.model.errors import MisuseError
from posedge.model.value import Value

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
    `usblp:///dev/usb/lp0` or `hidraw:///dev/hidraw0`.
    """

    name: DeviceName
    driver: str
    address: str
    options: Options

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
