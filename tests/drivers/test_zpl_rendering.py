from pathlib import Path

import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from posedge.drivers.label_layout import Paper
from posedge.drivers.zpl_options import ZplOptions
from posedge.drivers.zpl_rendering import render
from posedge.model.errors import MisuseError
from posedge.model.label import Label, LabelBarcode, LabelPart, LabelPrice, LabelText
from posedge.model.money import Money
from posedge.sim.zpl import ZplPrinter
from posedge.sim.zpl_label import PrintedLabel
from tests.drivers.test_rendering import zbarimg

PAPER = ZplOptions().paper
LARGE = Paper(width=1200, height=4000, per_mm=8)
PRICE = LabelPrice(price=Money(minor=199, currency="EUR"), per="per kg")


def print_out(label: Label, paper: Paper = PAPER, quantity: int = 1) -> list[PrintedLabel]:
    printer = ZplPrinter()
    data = render(label, paper, quantity)
    for start in range(0, len(data), 100):
        printer.sim.receive(data[start : start + 100])
    assert printer.sim.violation is None
    assert printer.sim.declined == []
    return printer.labels


def test_a_shelf_label_is_readable_by_people_and_scanners(tmp_path: Path) -> None:
    parts = (
        LabelText(text="Äpfel Elstar ^XZ~JA"),
        PRICE,
        LabelBarcode(symbology="ean13", text="4006381333931"),
    )
    (printed,) = print_out(Label(parts=parts), Paper(456, 400, 8))
    assert printed.lines == ("Äpfel Elstar ^XZ~JA", "1.99 EUR", "per kg")
    assert zbarimg(printed.png(), tmp_path) == {"EAN-13:4006381333931"}


@pytest.mark.parametrize(
    ("symbology", "text", "read"),
    [
        ("code128", "A>B^C~D{E", "CODE-128:A>B^C~D{E"),
        (
            "qr",
            "https://example.com/?a=1^2~3_4\\5,6",
            "QR-Code:https://example.com/?a=1^2~3_4\\5,6",
        ),
    ],
)
def test_symbols_carry_every_character(
    symbology: str, text: str, read: str, tmp_path: Path
) -> None:
    part = LabelBarcode.model_validate({"symbology": symbology, "text": text})
    (printed,) = print_out(Label(parts=(part,)), LARGE)
    assert zbarimg(printed.png(), tmp_path) == {read}


def test_gs1_data_matrix_is_read_as_gs1(tmp_path: Path) -> None:
    part = LabelBarcode(
        symbology="gs1-datamatrix", text="(01)04006381333931(10)A_B-1(21)12345(17)261231"
    )
    (printed,) = print_out(Label(parts=(part,)))
    (tmp_path / "label.png").write_bytes(printed.png())
    with Image.open(tmp_path / "label.png") as picture:
        (found,) = zxingcpp.read_barcodes(picture)
    assert found.symbology_identifier == "]d2"
    assert found.bytes == b"010400638133393110A_B-1\x1d2112345\x1d17261231"


def test_copies_are_the_printers_work() -> None:
    label = Label(parts=(LabelText(text="one", size="small"),))
    assert len(print_out(label, quantity=7)) == 7
    assert render(label, PAPER, 7).count(b"^XA") == 1


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ((PRICE, PRICE, PRICE), "label.full"),
        ((LabelText(text="w " * 90, size="large"),), "label.full"),
        ((LabelBarcode(symbology="code128", text="x" * 40),), "label.wide"),
        ((LabelBarcode(symbology="qr", text="x" * 200),), None),
        ((LabelBarcode(symbology="gs1-datamatrix", text="(10)" + "x" * 21),), None),
        ((LabelBarcode(symbology="gs1-datamatrix", text="(10)" + "(21)x"),), "element.invalid"),
        ((LabelBarcode(symbology="ean13", text="4006381333932"),), "barcode.invalid"),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_is_sent(
    parts: tuple[LabelPart, ...], code: str | None
) -> None:
    if code is None:
        assert print_out(Label(parts=parts))
        return
    with pytest.raises(MisuseError) as caught:
        render(Label(parts=parts), PAPER, 1)
    assert caught.value.code == code


hostile = st.text(
    st.one_of(st.characters(codec="utf-8"), st.sampled_from("^~\\_>{}\x02\x1b\r\n,")),
    min_size=1,
    max_size=60,
)
ascii_text = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=60)
parts: st.SearchStrategy[LabelPart] = st.one_of(
    st.builds(LabelText, text=hostile, size=st.sampled_from(["small", "normal", "large"])),
    st.builds(LabelPrice, price=st.just(PRICE.price), per=hostile.map(lambda text: text[:30])),
    st.builds(LabelBarcode, symbology=st.sampled_from(["code128", "qr"]), text=ascii_text),
)


@given(st.lists(parts, min_size=1, max_size=6))
def test_nothing_that_a_label_says_is_a_command(parts: list[LabelPart]) -> None:
    """The strict interpreter sees one format, and in it what was asked for."""
    try:
        data = render(Label(parts=tuple(parts)), LARGE, 1)
    except MisuseError:
        return  # too wide: nothing is sent
    (printed,) = print_out(Label(parts=tuple(parts)), LARGE)
    assert (data.count(b"^XA"), data.count(b"~")) == (1, 0)
    asked = [part.text for part in parts if isinstance(part, LabelBarcode)]
    assert list(printed.symbols) == asked
