"""A receipt document becomes the bytes of one print job, by python-escpos, in memory.

Pure but slow the first time: python-escpos costs about 280 ms and 17 MB to import, so it is
imported by the first job and not by an idle box, and callers run `render` on a Worker. After that
a receipt takes about 1 ms. Nothing a receipt says can be a command: see `printable`.
"""

import logging
import tempfile
import unicodedata
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any, Final

from posedge.model.errors import ConfigError, MisuseError
from posedge.model.receipt import Align, Barcode, Columns, Feed, Part, Qr, Receipt, Rule, Text
from posedge.wire import escpos


@dataclass(frozen=True, slots=True)
class Profile:
    """A printer's paper: font A's `columns`, the `dots` across and its number for CP858.

    `base` is the profile of python-escpos that knows code page, cutter and symbols. Without
    `qr` the printer can't draw the symbol and prints its text.
    """

    base: str
    columns: int
    dots: int
    qr: bool = True


PROFILES: Final[Mapping[str, Profile]] = MappingProxyType(
    {
        "epson-80mm": Profile("TM-T20II", columns=48, dots=576),
        "epson-80mm-42": Profile("TM-T88V", columns=42, dots=512),
        "generic-58mm": Profile("POS-5890", columns=32, dots=384, qr=False),
    }
)
DEFAULT_PROFILE = "epson-80mm"

CODE_PAGE = "CP858"
"""Western Europe with the euro sign; left to itself python-escpos picks a page that old firmware
draws differently, and writes a string with one Chinese character as raw GB18030."""

QR_MODULE = 5
"""Dots per module: 0.6 mm at 203 dpi, and version 15 (512 characters) still fits 58 mm."""

BAR_HEIGHT = 80
QUIET_MODULES = 20
"""Code 128 needs ten modules of white on each side (ISO/IEC 15417)."""

_EAN13_LENGTH = 13
_PLAIN: Final = str.maketrans(
    {
        "\u2018": "'",
        "\u2019": "'",
        "\u201c": '"',
        "\u201d": '"',
        "\u2013": "-",
        "\u2014": "-",
        "\u2026": "...",
        "\u00a0": " ",
    }
)
"""Typographic marks that the code page lacks and that have a plain form."""


def render(receipt: Receipt, profile: str, job: bytes | None) -> bytes:
    """Return the whole job: reset, the parts, cut, and the question whether `job` is out.

    `job` None leaves that question away, for printers that print it instead of answering.
    ConfigError for an unknown profile, MisuseError for a barcode that can't be.
    """
    page = _Page(profile_named(profile))
    if receipt.copy_of is not None:
        page.add(Text(text="COPY", align=Align.CENTRE, bold=True, double=True))
        page.add(Text(text=f"of {receipt.copy_of}", align=Align.CENTRE))
    for part in receipt.parts:
        page.add(part)
    ending = b"" if job is None else escpos.when_done(job)
    return escpos.BEGIN_JOB + page.finished() + ending


def profile_named(name: str) -> Profile:
    if name not in PROFILES:
        known = ", ".join(PROFILES)
        raise ConfigError("profile.unknown", f"no printer profile {name!r}: use one of {known}")
    return PROFILES[name]


def printable(text: str) -> str:
    """Leave no control character but LF: C0, DEL and C1 could open the drawer or cut the paper."""
    plain = unicodedata.normalize("NFC", text).translate(_PLAIN)
    return "".join(char for char in plain if char == "\n" or unicodedata.category(char) != "Cc")


def columns(part: Columns, width: int) -> str:
    """Set `left` and `right` on one line of `width`; the amount on the right is never cut."""
    left, right = (printable(side).replace("\n", " ") for side in (part.left, part.right))
    room = max(0, width - len(right) - 1)
    return left[:room].ljust(width - len(right)) + right


def bars(part: Barcode, dots: int) -> int | None:
    """Return the module width in dots at which the symbol fits; None if it does not."""
    modules = 95 if part.symbology == "ean13" else 11 * (len(part.text) + 2) + 13
    return next((n for n in (3, 2) if n * (modules + QUIET_MODULES) <= dots), None)


class _Page:
    """One job under construction; python-escpos keeps state, so a new one for each."""

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self._out = _dummy_class()(profile=profile.base)
        self._out.charcode(CODE_PAGE)

    def add(self, part: Part) -> None:
        match part:
            case Text():
                self._text(part)
            case Columns():
                self._line(columns(part, self._profile.columns), bold=part.bold)
            case Rule():
                self._line("-" * self._profile.columns)
            case Feed():
                self._out.text("\n" * part.lines)
            case Barcode():
                self._barcode(part)
            case Qr():
                self._qr(part)

    def finished(self) -> bytes:
        self._out.cut(mode="PART")
        output: bytes = self._out.output
        return output

    def _text(self, part: Text) -> None:
        align = "center" if part.align is Align.CENTRE else part.align.value
        self._line(printable(part.text), align=align, bold=part.bold, double=part.double)

    def _line(
        self, text: str, *, align: str = "left", bold: bool = False, double: bool = False
    ) -> None:
        plain = (align, bold, double) == ("left", False, False)
        if not plain:
            size = double or None  # None is not sent
            self._out.set(align=align, bold=bold, double_width=size, double_height=size)
        self._out.text(text + "\n")
        if not plain:
            self._reset()

    def _reset(self) -> None:
        self._out.set(align="left", bold=False, normal_textsize=True)

    def _barcode(self, part: Barcode) -> None:
        symbology, data = _symbol(part)
        module = bars(part, self._profile.dots)
        if module is None:  # the printer would leave it out without a word
            self._line(part.text, align="center")
            return
        # Not barcode(), which writes to standard output.
        self._out._hw_barcode(data, symbology, height=BAR_HEIGHT, width=module)  # noqa: SLF001
        self._reset()

    def _qr(self, part: Qr) -> None:
        if not self._profile.qr:
            self._line(part.text, align="center")
            return
        self._out.set(align="center")
        self._out.qr(part.text, native=True, size=QR_MODULE)
        self._out.text("\n")
        self._reset()


def _symbol(part: Barcode) -> tuple[str, str]:
    if part.symbology == "ean13":
        if not is_ean13(part.text):
            raise MisuseError(
                "barcode.invalid", f"{part.text!r} is no EAN-13: 13 digits, the last one checks"
            )
        return "EAN13", part.text
    # Code set B alone. Set C packs digits into raw bytes, and `16 20 01 …` would be DLE DC4:
    # printers obey real-time commands, the drawer's pulse among them, in the middle of data.
    return "CODE128", "{B" + part.text.replace("{", "{{")


def is_ean13(text: str) -> bool:
    if len(text) != _EAN13_LENGTH or not (text.isascii() and text.isdigit()):
        return False
    return sum(int(digit) * (1, 3)[place % 2] for place, digit in enumerate(text)) % 10 == 0


@cache
def _dummy_class() -> Any:
    with _no_side_effects():
        from escpos.printer import Dummy  # noqa: PLC0415 - 17 MB that an idle box does without
    return Dummy


@contextmanager
def _no_side_effects() -> Generator[None, None, None]:
    """Undo what importing python-escpos does: a leaked directory, a handler on the root logger."""
    root, quiet, before = logging.getLogger(), logging.NullHandler(), tempfile.tempdir
    root.addHandler(quiet)  # logging.basicConfig does nothing where there is a handler
    with tempfile.TemporaryDirectory() as scratch:
        tempfile.tempdir = scratch
        try:
            yield
        finally:
            tempfile.tempdir = before
            root.removeHandler(quiet)
