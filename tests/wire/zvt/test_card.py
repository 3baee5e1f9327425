import pytest

from posedge.wire.zvt.card import hidden, masked

VISA = "4111111111111111"  # the networks' published test number


@pytest.mark.parametrize(
    ("pan", "last4", "unmasked"),
    [
        ("eeeeeeeeeeee4771", "4771", False),
        (VISA, "1111", True),
        ("6799998900000200018f", "0018", True),
        ("411111eeeeee1111", "1111", False),
        ("41111111eeee1111", "1111", False),
        ("411111111eee1111", "1111", True),
        ("eeeeeeeeeeeeeeee", "", False),
        (VISA + "d3012201000000000f", "1111", True),  # and the rest of its track
        ("eeeeeeeeeeee4771d3012201000000000f", "4771", True),
        ("1111", "", False),
        ("", "", False),
    ],
)
def test_four_digits_are_left(pan: str, last4: str, unmasked: bool) -> None:
    assert masked(bytes.fromhex(pan)) == (last4, unmasked)


def test_hidden_is_masked() -> None:
    assert masked(hidden("4771")) == ("4771", False)
