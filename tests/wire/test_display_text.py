import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posedge.model.display import Row
from posedge.wire.display_text import CodePage, Glass, glass

PAGES: tuple[CodePage, ...] = ("ascii", "cp437", "cp850", "cp852", "cp858", "cp866", "cp1252")


def shown(*rows: Row, page: CodePage = "cp437") -> Glass:
    return glass(rows, columns=20, height=2, page=page)


def one(left: str, right: str = "", page: CodePage = "cp437") -> str:
    return shown(Row(left=left, right=right), page=page).rows[0]


@pytest.mark.parametrize(
    ("left", "right", "row"),
    [
        ("Total", "12.34 EUR", "Total      12.34 EUR"),
        ("Sea salt chocolate bar", "2.79", "Sea salt chocol 2.79"),
        ("A title that is far too long", "", "A title that is far "),
        ("", "", " " * 20),
        ("x", "123456789012345678901234", "12345678901234567890"),
    ],
)
def test_the_right_side_wins(left: str, right: str, row: str) -> None:
    assert one(left, right) == row


def test_rows_that_are_missing_are_blank_and_more_are_cut_off() -> None:
    assert shown(Row(left="a")).rows == ("a" + " " * 19, " " * 20)
    assert len(shown(*[Row(left="a")] * 3).rows) == 2


@pytest.mark.parametrize(
    ("text", "page", "row", "lost"),
    [
        ("Käse", "cp437", "Käse", ""),
        ("Käse", "ascii", "Kase", ""),
        ("Ka\u0308se", "cp437", "Käse", ""),
        ("Grüße, Œuvre", "ascii", "Grusse, OEuvre", ""),
        ("5,00 €", "cp437", "5,00 EUR", ""),
        ("5,00 €", "cp858", "5,00 €", ""),
        ("Łódź", "cp852", "Łódź", ""),
        ("Łódź", "cp1252", "Lódz", ""),
        ("2 \N{MULTIPLICATION SIGN} 3", "cp437", "2 x 3", ""),
        ("chá 漢漢字", "cp437", "chá ???", "漢字"),
        ("a\x1b@\x0cb\x7fc\u202ed\tz", "cp437", "a@bcd z", ""),
    ],
)
def test_what_the_page_lacks(text: str, page: CodePage, row: str, lost: str) -> None:
    found = shown(Row(left=text), page=page)
    assert (found.rows[0].rstrip(), found.lost) == (row, lost)


@given(st.text(max_size=200), st.text(max_size=200), st.sampled_from(PAGES))
def test_every_text_fits_and_moves_nothing(left: str, right: str, page: CodePage) -> None:
    found = glass([Row(left=left, right=right)], columns=20, height=2, page=page)
    assert [len(data) for data in found.to_bytes(page)] == [20, 20]
    assert not any(byte < 0x20 or byte == 0x7F for data in found.to_bytes(page) for byte in data)
    assert not any(unicodedata.category(each) == "Cc" for row in found.rows for each in row)
