"""Models that we know, as data: catalog.toml, and on top of it the shop's own files."""

import re
import tomllib
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

from pydantic import RootModel, ValidationError, field_validator

from posedge.devices.address import Options
from posedge.devices.options import known_driver, understood
from posedge.model.errors import ConfigError
from posedge.model.mistakes import mistakes, told
from posedge.model.toml import Places
from posedge.model.value import Value

OWN = Path(__file__).with_name("catalog.toml")
USB_ID = re.compile(r"[0-9a-f]{4}:[0-9a-f]{4}")
NO_ID = 'is no USB id; write "vendor:product" in lower-case hex, e.g. "0c2e:0200"'


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

    _driver = field_validator("driver")(known_driver)
    _options = field_validator("options")(understood)

    def __str__(self) -> str:
        return f"{self.vendor} {self.model}".strip()


Catalog = Mapping[str, Model]


class _File(RootModel[Mapping[str, Model]]):
    """One file of models by their USB ids."""

    @field_validator("root")
    @classmethod
    def _ids(cls, models: Mapping[str, Model]) -> Mapping[str, Model]:
        wrong = [told(NO_ID, key) for key in models if not USB_ID.fullmatch(key)]
        if wrong:
            raise ValidationError.from_exception_data("models", wrong)
        return models


def load(own: Path = OWN, shop: Path | None = None) -> Catalog:
    """Read the catalog and every `*.toml` in `shop`, in the order of their names; later ones win.

    ConfigError `catalog.unreadable` says every mistake of a file, one a line.
    """
    catalog: dict[str, Model] = {}
    for path in (own, *files(shop)):
        catalog |= read(path)
    return catalog


def files(shop: Path | None) -> tuple[Path, ...]:
    """Return the files with the shop's own models; a folder that is not there has none."""
    return tuple(sorted(shop.glob("*.toml"))) if shop else ()


def read(path: Path) -> Catalog:
    """Read one file; ConfigError as above."""
    try:
        text = path.read_text(encoding="utf-8")
        places = Places(text, tomllib.loads(text))
    except OSError as error:
        raise _unreadable(path, f"{path}: cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise _unreadable(path, f"{path}: not TOML: {error}") from None
    try:
        return _File.model_validate(places.data).root
    except ValidationError as error:
        said = places.sentences(str(path), mistakes(error, _File))
        raise _unreadable(path, "\n".join(said)) from None


def _unreadable(path: Path, wrong: str) -> ConfigError:
    return ConfigError("catalog.unreadable", wrong, path=str(path))
