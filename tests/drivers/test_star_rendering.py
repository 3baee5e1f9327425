from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posedge.drivers.star_rendering import PROFILES, render
from posedge.model.errors import ConfigError
from posedge.model.receipt import Columns, Part, Receipt, Rule, Text
from posedge.sim.printer_paper import Bars, PrintedReceipt, QrSymbol, Raster, TextLine
from posedge.sim.star import star_printer
from tests.drivers.test_rendering import RECEIPT, hostile, parts, picture, zbarimg


def print_out(receipt: Receipt, profile: str = "star-80mm") -> PrintedReceipt:
    """Let the strict interpreter print what was rendered; the drawer must not move."""
    sim = star_printer()
    sim.receive(render(receipt, profile))
    assert sim.violation is None
    assert sim.declined == []
    assert sim.drawer_opened == 0
    (printed,) = sim.receipts
    assert sim.uncut.items == ()
    return printed


def test_every_part_is_on_the_paper_and_scannable(tmp_path: Path) -> None:
    printed = print_out(RECEIPT)
    assert [line.strip() for line in printed.lines if line.strip()] == [
        "Müller & Söhne",
        "Bahnhofstraße 1",
        "10115 Berlin",
        "-" * 48,
        "Äpfel Elstar" + " " * 30 + "3,69 A",
        "TOTAL" + " " * 36 + "15,69 €",
        "Danke",
    ]
    assert zbarimg(printed.png(), tmp_path) == {
        "EAN-13:4006381333931",
        "CODE-128:S-0042{000123",
        "QR-Code:https://example.com/r/0199c2d4",
    }


def test_styles_end_with_their_part() -> None:
    lines = [item for item in print_out(RECEIPT).items if isinstance(item, TextLine) and item.runs]
    styles = [(line.align, line.runs[0].style.bold, line.runs[0].style.tall) for line in lines]
    assert styles == [
        (1, True, 2),
        (1, False, 1),
        (1, False, 1),
        (0, False, 1),
        (0, False, 1),
        (0, True, 1),
        (2, False, 1),
    ]


def test_symbols_are_in_the_middle_and_bars_say_what_they_are() -> None:
    symbols = [item for item in print_out(RECEIPT).items if isinstance(item, Bars | QrSymbol)]
    assert {symbol.align for symbol in symbols} == {1}
    assert [symbol.label for symbol in symbols if isinstance(symbol, Bars)] == [True, True]


@pytest.mark.parametrize("profile", PROFILES)
def test_every_profile_keeps_to_its_width(profile: str) -> None:
    printed = print_out(Receipt(parts=(Rule(), Columns(left="x" * 99, right="1,00 €"))), profile)
    assert [len(line) for line in printed.lines] == [PROFILES[profile].columns] * 2
    assert printed.lines[1].endswith(" 1,00 €")


def test_what_the_code_page_lacks_becomes_a_question_mark() -> None:
    assert print_out(Receipt(parts=(Text(text="€ 漢字 é"),))).lines[0] == "€ ?? é"


def test_an_unknown_profile_is_a_configuration_error() -> None:
    with pytest.raises(ConfigError, match="star-80mm"):
        render(RECEIPT, "epson-80mm")


@given(st.lists(parts, max_size=8), st.one_of(st.none(), hostile))
def test_nothing_that_a_receipt_says_is_a_command(parts: list[Part], copy_of: str | None) -> None:
    """The strict interpreter sees one cut at the end, no drawer pulse and no foreign command."""
    print_out(Receipt(parts=tuple(parts), copy_of=copy_of))


def test_a_picture_comes_out_dot_by_dot_in_the_middle() -> None:
    bits = bytes(range(24)) * 30
    printed = print_out(Receipt(parts=(picture(bits, 192), Text(text="ACME"))))
    (raster,) = (item for item in printed.items if isinstance(item, Raster))
    margin, row = (576 - 192) // 16, raster.width // 8
    shown = [raster.bits[at + margin : at + row] for at in range(0, len(raster.bits), row)]
    seen = b"".join(shown)
    assert len(seen) == len(bits)
    assert seen == bits
    assert printed.lines[-1] == "ACME"


@given(st.binary(min_size=8, max_size=240).map(lambda data: data[: len(data) // 8 * 8]))
def test_no_picture_is_a_command(bits: bytes) -> None:
    print_out(Receipt(parts=(picture(bits + bytes.fromhex("1b06011b071a1b40"), 64),)))
