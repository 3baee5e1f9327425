"""What only a protocol knows to be a card's number."""

import pytest

from posedge.wire.masks import zvt


@pytest.mark.parametrize(
    ("said", "masked"),
    [
        ("0022f1f06799998900000200018f0490", "0022f1f0eeeeeeeeeeeeeee0018f0490"),
        ("22f0f84111111111111112180403", "22f0f8eeeeeeeeeeee1112180403"),
        ("22f0f767999989000f", "22f0f767999989000f"),  # eleven digits, and a byte short
        ("22f0f7679999f9000012f8", "22f0f7679999f9000012f8"),  # no digits to the end
        ("22f0f8eeeeeeeeeeee1111", "22f0f8eeeeeeeeeeee1111"),
    ],
)
def test_a_cards_field_is_masked_whatever_its_check_digit(said: str, masked: str) -> None:
    assert zvt(bytes.fromhex(said)).hex() == masked


def test_a_cards_field_with_a_doubled_dle_in_it() -> None:
    said = bytes.fromhex("22f0f8411110101111111112180403")
    assert b"\x10\x10" in said
    assert "4111" not in zvt(said).hex()
    assert len(zvt(said)) == len(said)
