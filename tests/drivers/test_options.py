import pytest

from posedge.drivers.options import read_options
from posedge.drivers.serial_scanner import SerialScannerOptions
from posedge.drivers.toledo import ToledoOptions
from posedge.model.errors import DeviceError
from posedge.wire.lines import Terminator


def test_what_the_driver_knows_is_taken_and_the_link_s_left() -> None:
    options = read_options(SerialScannerOptions, {"terminator": "crlf", "baud": 115_200})
    assert options == SerialScannerOptions(terminator=Terminator.CRLF)


def test_a_bad_option_is_named() -> None:
    with pytest.raises(DeviceError, match="option interval_ms = 5000 cannot be") as caught:
        read_options(ToledoOptions, {"interval_ms": 5000})
    assert caught.value.code == "options.invalid"
    assert caught.value.data == {"option": "interval_ms"}
