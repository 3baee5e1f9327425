import pytest
from hypothesis import given
from hypothesis import strategies as st

from posedge.drivers.layout import Bars, Gap, Line, Mark, Matrix, Sheet, lay_out, printable
from posedge.model.errors import MisuseError
from posedge.model.receipt import Align, Barcode, Columns, Feed, Part, Qr, Receipt, Rule, Text

SHEET = Sheet(columns=20, dots=384)


def laid(*parts: Part, sheet: Sheet = SHEET) -> list[Mark]:
    return list(lay_out(Receipt(parts=parts), sheet))


def test_every_part_has_its_place() -> None:
    marks = laid(
        Text(text="Café\u2026", align=Align.RIGHT, bold=True, double=True),
        Columns(left="Apples", right="3,69", bold=True),
        Rule(),
        Feed(lines=3),
        Qr(text="https://example.com"),
    )
    assert marks == [
        Line("Café...", align=Align.RIGHT, bold=True, double=True),
        Line("Apples          3,69", bold=True),
        Line("-" * 20),
        Gap(3),
        Matrix("https://example.com", 5),
    ]
    assert [mark.plain for mark in marks if isinstance(mark, Line)] == [False, False, True]


def test_a_copy_says_so_and_of_what() -> None:
    copy, of = lay_out(Receipt(parts=(), copy_of="S-1"), SHEET)
    assert copy == Line("COPY", align=Align.CENTRE, bold=True, double=True)
    assert of == Line("of S-1", align=Align.CENTRE)


@pytest.mark.parametrize(
    ("symbology", "text", "mark"),
    [
        ("ean13", "4006381333931", Bars("ean13", "4006381333931", 3)),
        ("code128", "ABC", Bars("code128", "ABC", 3)),
        ("code128", "A" * 10, Bars("code128", "A" * 10, 2)),
        ("code128", "A" * 30, Line("A" * 30, align=Align.CENTRE)),
    ],
)
def test_bars_get_the_widest_module_that_fits(symbology: str, text: str, mark: Mark) -> None:
    barcode = Barcode.model_validate({"symbology": symbology, "text": text})
    assert laid(barcode) == [mark]


def test_without_qr_there_is_its_text() -> None:
    marks = laid(Qr(text="abc"), sheet=Sheet(columns=20, dots=384, qr=False))
    assert marks == [Line("abc", align=Align.CENTRE)]


@pytest.mark.parametrize("text", ["4006381333932", "400638133393", "x" * 13])
def test_a_wrong_ean_is_refused(text: str) -> None:
    with pytest.raises(MisuseError, match="EAN-13"):
        laid(Barcode(symbology="ean13", text=text))


@given(st.text(st.characters(codec="utf-8"), max_size=60))
def test_printable_text_has_no_control_but_line_feed(text: str) -> None:
    controls = {chr(code) for code in (*range(10), *range(11, 32), *range(127, 160))}
    assert not controls & set(printable(text))
