import pytest

from posedge.wire.pan import masked


@pytest.mark.parametrize(
    ("pan", "kept"),
    [
        ("497010######1234", ("1234", False)),
        ("############1234", ("1234", False)),
        ("4970101122331234", ("1234", True)),
        ("################", ("", False)),
        ("1234", ("", False)),
        ("", ("", False)),
    ],
)
def test_card_numbers_end_here(pan: str, kept: tuple[str, bool]) -> None:
    assert masked(pan) == kept
