import pytest

from posedge.model.errors import ProtocolError
from posedge.wire.symbols import code128, ean13


def test_ean13_is_drawn_as_in_the_general_specifications() -> None:
    modules, digits = ean13(b"4006381333931")
    assert digits == "4006381333931"
    assert len(modules) == 95
    assert modules.startswith("101" + "0001101" + "0100111" + "0101111")
    assert modules.endswith("101")


def test_twelve_digits_get_their_check_digit() -> None:
    assert ean13(b"400638133393") == ean13(b"4006381333931")


@pytest.mark.parametrize("data", [b"4006381333932", b"123", b"40063813339a", b"\xb2" * 12])
def test_a_wrong_ean13_is_refused(data: bytes) -> None:
    with pytest.raises(ProtocolError):
        ean13(data)


@pytest.mark.parametrize(
    ("data", "text", "symbols"),
    [
        (b"{BABC", "ABC", 6),
        (b"{BA{{B", "A{B", 6),
        (b"{C\x0c\x22", "1234", 5),
        (b"{C\x0c{BX", "12X", 6),
        (b"{A\x01A", "\x01A", 5),
        (b"{B{1A", "A", 5),
    ],
)
def test_code128_counts_its_symbols(data: bytes, text: str, symbols: int) -> None:
    modules, read = code128(data)
    assert read == text
    assert len(modules) == 11 * symbols + 2
    assert modules.endswith("1100011101011")


@pytest.mark.parametrize(
    "data", [b"", b"ABC", b"{B", b"{", b"{Z1", b"{C\x64", b"{Aa", b"{B\x01", b"{B{5", b"{{"]
)
def test_a_wrong_code128_is_refused(data: bytes) -> None:
    with pytest.raises(ProtocolError):
        code128(data)
