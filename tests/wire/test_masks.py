import pytest
from hypothesis import given
from hypothesis import strategies as st

from posedge.wire.masks import ZVT, codes, plain, zvt


@pytest.mark.parametrize(
    ("field", "kept"),
    [
        ("22f1f06799998900000200018f", "22f1f0eeeeeeeeeeeeeeee018f"),  # its check digit is wrong
        ("23f0f511112222ff", "23f0f5eeeeeeeeee"),
        ("24f0f0f3112233", "24f0f0f3eeeeee"),
        ("2df0f24242", "2df0f2eeee"),
        ("22f1f06799", "22f1f0eeee"),  # the rest comes later
        ("22f0f118", "22f0f118"),
    ],
)
def test_a_card_field_of_zvt_is_masked_whatever_it_holds(field: str, kept: str) -> None:
    assert zvt(bytes.fromhex(field)).hex() == kept
    assert zvt(bytes.fromhex("2700" + field)).hex() == "2700" + kept


def test_a_masked_number_stays_as_the_terminal_sent_it() -> None:
    sent = bytes.fromhex("22f1f0eeeeeeeeeeeeeeee018f")
    assert zvt(sent) == sent


def test_a_number_with_a_doubled_dle_in_it_is_masked_too() -> None:
    sent = bytes.fromhex("22f1f067991010998900000200018f")
    masked = zvt(sent)
    assert b"\x67\x99" not in masked
    assert b"\x99\x89\x00" not in masked
    assert masked[-1:] == b"\x8f"


@given(data=st.binary(max_size=120))
def test_lengths_never_change(data: bytes) -> None:
    for mask in (zvt, plain, codes, ZVT.written):
        assert len(mask(data)) == len(data)


@given(data=st.binary(max_size=40), number=st.binary(min_size=6, max_size=10))
def test_no_card_field_survives(data: bytes, number: bytes) -> None:
    field = bytes([0x22, 0xF0 | len(number) // 10, 0xF0 | len(number) % 10]) + number
    after = zvt(data + field)
    assert after[-len(number) : -2] == b"\xee" * (len(number) - 2)


def test_a_cards_field_with_a_doubled_dle_in_it() -> None:
    said = bytes.fromhex("22f0f8411110101111111112180403")
    assert "4111" not in zvt(said).hex()
    assert len(zvt(said)) == len(said)


def test_what_is_no_article_is_masked_in_a_scan_too() -> None:
    assert codes(b"4006381333931") == b"4006381333931"
    assert codes(b"4111111111111") == plain(b"4111111111111")
