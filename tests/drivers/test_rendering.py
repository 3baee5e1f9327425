import base64
import logging
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posedge.drivers.rendering import PROFILES, render
from posedge.model.errors import ConfigError, MisuseError
from posedge.model.receipt import (
    Align,
    Barcode,
    Columns,
    Feed,
    Part,
    Picture,
    Qr,
    Receipt,
    Rule,
    Text,
)
from posedge.sim.printer import PrinterSim
from posedge.sim.printer_paper import Bars, PrintedReceipt, QrSymbol, Raster, TextLine

RECEIPT = Receipt(
    parts=(
        Text(text="Müller & Söhne", align=Align.CENTRE, bold=True, double=True),
        Text(text="Bahnhofstraße 1\n10115 Berlin", align=Align.CENTRE),
        Rule(),
        Columns(left="Äpfel Elstar", right="3,69 A"),
        Columns(left="TOTAL", right="15,69 €", bold=True),
        Barcode(symbology="ean13", text="4006381333931"),
        Barcode(symbology="code128", text="S-0042{000123"),
        Qr(text="https://example.com/r/0199c2d4"),
        Feed(lines=2),
        Text(text="Danke", align=Align.RIGHT),
    )
)


def print_out(receipt: Receipt, profile: str = "epson-80mm") -> tuple[PrinterSim, PrintedReceipt]:
    """Let the strict interpreter print what was rendered; the drawer must not move."""
    sim = PrinterSim()
    for byte in render(receipt, profile, b"0001"):
        sim.receive(bytes((byte,)))
    assert sim.violation is None
    assert sim.declined == []
    assert sim.drawer_opened == 0
    (printed,) = sim.receipts
    assert sim.uncut.items == ()
    return sim, printed


def zbarimg(png: bytes, folder: Path) -> set[str]:
    """What a real decoder (Debian package zbar-tools) reads from the picture."""
    picture = folder / "receipt.png"
    picture.write_bytes(png)
    ran = subprocess.run(
        ["zbarimg", "-q", "--nodbus", str(picture)], capture_output=True, check=True, text=True
    )
    return set(ran.stdout.splitlines())


def test_every_part_is_on_the_paper_and_scannable(tmp_path: Path) -> None:
    _, printed = print_out(RECEIPT)
    assert [line.strip() for line in printed.lines if line.strip()] == [
        "Müller & Söhne",
        "Bahnhofstraße 1",
        "10115 Berlin",
        "-" * 48,
        "Äpfel Elstar" + " " * 30 + "3,69 A",
        "TOTAL" + " " * 36 + "15,69 €",
        "Danke",
    ]
    assert printed.symbols == ("4006381333931", "S-0042{000123", "https://example.com/r/0199c2d4")
    assert zbarimg(printed.png(), tmp_path) == {
        "EAN-13:4006381333931",
        "CODE-128:S-0042{000123",
        "QR-Code:https://example.com/r/0199c2d4",
    }


def test_styles_end_with_their_part() -> None:
    _, printed = print_out(RECEIPT)
    lines = [item for item in printed.items if isinstance(item, TextLine) and item.runs]
    styles = [(line.align, line.runs[0].style.bold, line.runs[0].style.wide) for line in lines]
    assert styles == [
        (1, True, 2),
        (1, False, 1),
        (1, False, 1),
        (0, False, 1),
        (0, False, 1),
        (0, True, 1),
        (2, False, 1),
    ]


def test_symbols_are_in_the_middle() -> None:
    _, printed = print_out(RECEIPT)
    assert {item.align for item in printed.items if isinstance(item, Bars | QrSymbol)} == {1}


def test_a_copy_says_so_and_of_what() -> None:
    _, printed = print_out(Receipt(parts=(Rule(),), copy_of="S-0042"))
    assert printed.lines[:2] == ("COPY", "of S-0042")


def test_the_job_begins_with_a_reset_and_ends_with_its_question() -> None:
    job = render(RECEIPT, "epson-80mm", b"A1b2")
    assert job.startswith(b"\x1b@")
    assert job.endswith(b"\x1dV\x01\x1d(H\x06\x0000A1b2")
    assert render(RECEIPT, "epson-80mm", None).endswith(b"\x1dV\x01")


def test_chinese_becomes_question_marks_and_leaves_the_rest_alone() -> None:
    _, printed = print_out(Receipt(parts=(Text(text="€ äöü \u2013 “漢字” … é"),)))
    assert printed.lines[0] == '€ äöü - "??" ... é'


def test_decomposed_accents_are_composed() -> None:
    _, printed = print_out(Receipt(parts=(Text(text="Cafe\u0301"),)))
    assert printed.lines[0] == "Café"


@pytest.mark.parametrize("profile", PROFILES)
def test_every_profile_keeps_to_its_width(profile: str) -> None:
    job = render(Receipt(parts=(Rule(), Columns(left="x" * 99, right="1,00 €"))), profile, None)
    rows = job.split(b"\n")
    assert rows[0].count(b"-") == PROFILES[profile].sheet.columns
    assert len(rows[1]) == PROFILES[profile].sheet.columns
    assert rows[1].endswith(b" 1,00 \xd5")


def test_the_amount_is_never_cut() -> None:
    _, printed = print_out(Receipt(parts=(Columns(left="left", right="9" * 60),)))
    assert "".join(printed.lines) == "9" * 60


def test_an_unknown_profile_is_a_configuration_error() -> None:
    with pytest.raises(ConfigError, match="epson-80mm"):
        render(RECEIPT, "star", None)


@pytest.mark.parametrize("text", ["4006381333932", "400638133393", "40063813339xx", "٤" * 13])
def test_a_wrong_ean_is_refused_before_anything_is_printed(text: str) -> None:
    barcode = Barcode.model_construct(symbology="ean13", text=text)
    with pytest.raises(MisuseError) as caught:
        render(Receipt.model_construct(parts=(barcode,), copy_of=None), "epson-80mm", None)
    assert caught.value.code == "barcode.invalid"


@pytest.mark.parametrize(("symbology", "text"), [("code128", "x" * 48)])
def test_a_bar_code_wider_than_the_paper_is_printed_as_text(
    symbology: Literal["code128"], text: str
) -> None:
    _, printed = print_out(Receipt(parts=(Barcode(symbology=symbology, text=text),)))
    assert printed.symbols == ()
    assert printed.lines[0] == text


def test_a_printer_without_qr_prints_its_text() -> None:
    job = render(Receipt(parts=(Qr(text="https://example.com"),)), "generic-58mm", None)
    assert b"https://example.com\n" in job
    assert b"\x1d(k" not in job


hostile = st.text(
    st.one_of(
        st.characters(codec="utf-8"),
        st.sampled_from("\x1b\x10\x14\x04\x01\x00\x1dpVk@\x7f\x9b\u2028漢€"),
    ),
    max_size=60,
)
ascii_text = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=48)
aligned = st.sampled_from(Align)
parts: st.SearchStrategy[Part] = st.one_of(
    st.builds(Text, text=hostile, align=aligned, bold=st.booleans(), double=st.booleans()),
    st.builds(Columns, left=hostile, right=hostile, bold=st.booleans()),
    st.builds(Qr, text=ascii_text),
    st.builds(Barcode, symbology=st.just("code128"), text=ascii_text),
)


@given(st.lists(parts, max_size=8), st.one_of(st.none(), hostile))
def test_nothing_that_a_receipt_says_is_a_command(parts: list[Part], copy_of: str | None) -> None:
    """The strict interpreter sees one cut at the end, no drawer pulse and no foreign command."""
    receipt = Receipt(parts=tuple(parts), copy_of=copy_of)
    print_out(receipt)
    job = render(receipt, "epson-80mm", None)
    assert b"\x1bp" not in job
    assert b"\x10\x14" not in job
    assert b"\x10\x04" not in job


def test_importing_the_renderer_leaves_no_trace(tmp_path: Path) -> None:
    """Not at import, and not at the first job: no handler, no directory, nothing on stdout."""
    script = (
        "import logging, sys, tempfile\n"
        "from posedge.drivers.rendering import render\n"
        "from posedge.model.receipt import Barcode, Receipt\n"
        "assert not any(name.startswith(('escpos', 'PIL', 'qrcode')) for name in sys.modules)\n"
        "part = Barcode(symbology='ean13', text='4006381333931')\n"
        "render(Receipt(parts=(part,)), 'epson-80mm', None)\n"
        "assert logging.getLogger().handlers == []\n"
        "assert tempfile.gettempdir() == sys.argv[1]\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        capture_output=True,
        check=True,
        text=True,
    )
    assert ran.stdout == ""
    assert list(tmp_path.iterdir()) == []


def test_logging_and_temporary_files_are_as_before() -> None:
    before = (list(logging.getLogger().handlers), tempfile.tempdir)
    render(RECEIPT, "epson-80mm", None)
    assert (list(logging.getLogger().handlers), tempfile.tempdir) == before


def picture(bits: bytes, width: int) -> Picture:
    text = base64.b64encode(bits).decode()
    return Picture(width=width, height=len(bits) * 8 // width, bits=text)


def test_a_picture_comes_out_dot_by_dot_in_the_middle() -> None:
    bits = bytes(range(32, 80)) * 25
    _, printed = print_out(Receipt(parts=(picture(bits, 384), Text(text="ACME"))))
    strips = [item for item in printed.items if isinstance(item, Raster)]
    assert b"".join(each.bits for each in strips) == bits
    assert {(each.width, each.align) for each in strips} == {(384, 1)}
    assert max(len(each.bits) for each in strips) <= 520
    assert printed.lines[-1] == "ACME"


@given(st.binary(min_size=8, max_size=240).map(lambda data: data[: len(data) // 8 * 8]))
def test_no_picture_is_a_command(bits: bytes) -> None:
    orders = bytes.fromhex("1014010110040110 0510040110140110")
    sim, _ = print_out(Receipt(parts=(picture(bits + orders, 64),)))
    assert sim.drawer_opened == 0


def test_a_picture_wider_than_the_paper_is_refused() -> None:
    with pytest.raises(MisuseError) as caught:
        render(Receipt(parts=(picture(bytes(72), 576),)), "generic-58mm", None)
    assert caught.value.code == "picture.wide"
