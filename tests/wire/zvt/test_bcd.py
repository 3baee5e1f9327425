import pytest

from posedge.model.errors import MisuseError
from posedge.wire.zvt.bcd import from_bcd, to_bcd


def test_there_and_back() -> None:
    assert to_bcd(11000, 6) == bytes.fromhex("000000011000")
    assert to_bcd("0231", 2) == bytes.fromhex("0231")
    assert from_bcd(to_bcd(11000, 6)) == 11000


@pytest.mark.parametrize("value", [10_000, -1, "12a4", "٣"])
def test_what_does_not_fit_is_our_mistake(value: int | str) -> None:
    with pytest.raises(MisuseError) as refused:
        to_bcd(value, 2)
    assert refused.value.code == "number.unfit"


@pytest.mark.parametrize("data", [b"", b"\x1a", b"\xee\x12"])
def test_what_is_not_decimal_is_no_number(data: bytes) -> None:
    assert from_bcd(data) is None
