import biip
import biip.upc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from posedge.wire.gtin import expand_upc_e, gtin14, publication


@pytest.mark.parametrize(
    ("upc_e", "gtin"),
    [
        ("04252614", "00042100005264"),  # last digit 1: zeros behind the third
        ("01234531", "00012300000451"),
        ("01234543", "00012340000053"),
        ("01234565", "00012345000065"),
        ("04252615", None),
        ("24252614", None),
        ("0425261", None),
        ("٠٤٢٥٢٦١٤", None),
    ],
)
def test_upc_e(upc_e: str, gtin: str | None) -> None:
    assert expand_upc_e(upc_e) == gtin


@given(st.from_regex(r"[01][0-9]{7}", fullmatch=True))
def test_upc_e_agrees_with_biip(digits: str) -> None:
    try:
        theirs = gtin14(biip.upc.Upc.parse(digits).as_upc_a())
    except biip.ParseError:
        theirs = None
    assert expand_upc_e(digits) == theirs


@pytest.mark.parametrize(
    ("gtin", "said"),
    [
        ("09783161484100", "ISBN 9783161484100"),
        ("09790260000438", "ISMN 9790260000438"),
        ("09791090636071", "ISBN 9791090636071"),
        ("09772049363002", "ISSN 2049-3630"),
        ("09772434561006", "ISSN 2434-561X"),
        ("04006381333931", None),
        ("19783161484107", None),
    ],
)
def test_books_music_and_magazines(gtin: str, said: str | None) -> None:
    assert publication(gtin) == said
