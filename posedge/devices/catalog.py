"""Models that we know, as data: catalog.toml, and on top of it the shop's own files."""

import tomllib
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, TypeAdapter, ValidationError, model_validator

from posedge.devices.address import Options, line
from posedge.model.errors import ConfigError
from posedge.model.value import Value

OWN = Path(__file__).with_name("catalog.toml")
UsbId = Annotated[str, Field(pattern=r"^[0-9a-f]{4}:[0-9a-f]{4}$")]


class Group(StrEnum):
    """What a model is. A bridge is a plug: what hangs behind it, only the operator knows."""

    SCANNER = "scanner"
    PRINTER = "printer"
    LABEL_PRINTER = "label-printer"
    SCALE = "scale"
    CASH_DRAWER = "cash-drawer"
    LINE_DISPLAY = "line-display"
    MSR = "msr"
    NFC = "nfc"
    NFC_PAYMENT = "nfc-payment"
    RFID = "rfid"
    SMARTCARD = "smartcard"
    PINPAD = "pinpad"
    PAYMENT_TERMINAL = "payment-terminal"
    CASH_RECYCLER = "cash-recycler"
    BILL_ACCEPTOR = "bill-acceptor"
    SERIAL_BRIDGE = "serial-bridge"
    PRINTER_BRIDGE = "printer-bridge"


BRIDGES = frozenset({Group.SERIAL_BRIDGE, Group.PRINTER_BRIDGE})


class Interface(StrEnum):
    """How a model shows itself to the kernel, as far as the sources say."""

    KEYBOARD = "keyboard"
    SERIAL = "serial"
    PRINTER = "printer"
    HID_POS = "hid-pos"
    HID = "hid"
    IBM_OEM = "ibm-oem"
    SMART_CARD = "smart-card"
    VENDOR = "vendor"
    UNKNOWN = "unknown"


class Model(Value):
    """One line of the catalog. `driver` overrides the choice by kind and node; `why` forbids it."""

    kind: Group
    vendor: str = ""
    model: str = ""
    interface: Interface = Interface.UNKNOWN
    driver: str | None = None
    options: Options
    why: str | None = None

    @model_validator(mode="after")
    def _readable(self) -> Self:
        line(self.driver or "", self.options)
        return self

    def __str__(self) -> str:
        return f"{self.vendor} {self.model}".strip()


Catalog = Mapping[str, Model]
_CATALOG: TypeAdapter[dict[UsbId, Model]] = TypeAdapter(dict[UsbId, Model])


def load(own: Path = OWN, shop: Path | None = None) -> Catalog:
    """Read the catalog and every `*.toml` in `shop`, in the order of their names; later ones win.

    ConfigError `catalog.unreadable` names the file and the mistake.
    """
    catalog: dict[str, Model] = {}
    for path in (own, *sorted(shop.glob("*.toml") if shop else ())):
        catalog |= _read(path)
    return catalog


def _read(path: Path) -> dict[str, Model]:
    try:
        return _CATALOG.validate_python(tomllib.loads(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        first = error.errors()[0]
        why = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    except (OSError, ValueError) as error:
        why = str(error)
    raise ConfigError("catalog.unreadable", f"{path}: {why}", path=str(path))
