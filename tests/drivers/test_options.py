from typing import Any

import pytest

from posedge.drivers.escpos_options import EscposOptions
from posedge.drivers.options import read_options
from posedge.drivers.registry import DRIVERS
from posedge.drivers.scales import ToledoOptions
from posedge.drivers.serial_scanner import SerialScannerOptions
from posedge.drivers.zvt_options import ZvtOptions
from posedge.model.errors import DeviceError
from posedge.model.value import Json, Value
from posedge.wire.lines import Terminator
from tests.doubles.zvt import at


def test_what_the_driver_knows_is_taken() -> None:
    options = read_options(SerialScannerOptions, {"terminator": "crlf"})
    assert options == SerialScannerOptions(terminator=Terminator.CRLF)


@pytest.mark.parametrize(
    ("kind", "name", "value", "said"),
    [
        (ToledoOptions, "interval_ms", 5000, "5000 cannot be; write a whole number, 20 to 100"),
        (ToledoOptions, "intervall_ms", 50, "no such key; write interval_ms"),
        (ZvtOptions, "password", "12", "what is there cannot be; write six digits in quotes"),
        (ZvtOptions, "currency", "EURO", '"EURO": no ISO 4217 number is known here; write one of'),
        (EscposOptions, "profile", "star", "no printer profile 'star': use one of epson-80mm"),
        (EscposOptions, "drawer_on_ms", 1000, "1000 cannot be; write a whole number, 2 to 510"),
        (EscposOptions, "process_id", "perhaps", '"perhaps" cannot be; write true or false'),
        (SerialScannerOptions, "terminator", "x", '"x" cannot be; write one of "any",'),
    ],
)
def test_a_bad_option_is_named(kind: type[Value], name: str, value: Json, said: str) -> None:
    with pytest.raises(DeviceError) as caught:
        read_options(kind, {name: value})
    assert caught.value.code == "options.invalid"
    assert caught.value.data == {"option": name}
    assert caught.value.message.startswith(f"option {name}: {said}")


@pytest.mark.parametrize("driver", DRIVERS)
def test_no_driver_is_made_with_options_that_it_does_not_know(driver: str) -> None:
    async def never() -> Any:
        raise AssertionError("nothing may be opened")

    site = at(never)._site
    site = type(site)(**{f: getattr(site, f) for f in site.__slots__} | {"options": {"x": 1}})
    with pytest.raises(DeviceError, match=r"option (x: no such key|\w+: is missing)"):
        DRIVERS[driver](site)
