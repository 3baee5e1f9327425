"""A receipt document laid out for a width: what goes on which line, the same for every printer.

Pure. A printer's own language is the writer's part; nothing that leaves here can be a command.
"""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

from posedge.model.errors import MisuseError
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


@dataclass(frozen=True, slots=True)
class Sheet:
    """A printer's paper: font A's `columns`, the `dots` across, whether it draws QR itself."""

    columns: int
    dots: int
    qr: bool = True


@dataclass(frozen=True, slots=True)
class Line:
    """Printable text, LF being the only control character in it."""

    text: str
    align: Align = Align.LEFT
    bold: bool = False
    double: bool = False

    @property
    def plain(self) -> bool:
        return (self.align, self.bold, self.double) == (Align.LEFT, False, False)


@dataclass(frozen=True, slots=True)
class Gap:
    lines: int


@dataclass(frozen=True, slots=True)
class Bars:
    """A bar code that fits, in the middle, with its text below; `module` is 2 or 3 dots."""

    symbology: str
    text: str
    module: int


@dataclass(frozen=True, slots=True)
class Matrix:
    """A QR code in the middle, `module` dots each."""

    text: str
    module: int


@dataclass(frozen=True, slots=True)
class Dots:
    """A picture in the middle, `width` dots across, 1 black; rows of whole bytes."""

    width: int
    bits: bytes

    @property
    def rows(self) -> tuple[bytes, ...]:
        size = self.width // 8
        return tuple(self.bits[at : at + size] for at in range(0, len(self.bits), size))


Mark: TypeAlias = Line | Gap | Bars | Matrix | Dots

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


def lay_out(receipt: Receipt, sheet: Sheet) -> Iterator[Mark]:
    """Yield what to print from top to bottom; MisuseError for a barcode or picture that cannot."""
    if receipt.copy_of is not None:
        yield _text(Text(text="COPY", align=Align.CENTRE, bold=True, double=True))
        yield _text(Text(text=f"of {receipt.copy_of}", align=Align.CENTRE))
    for part in receipt.parts:
        yield _mark(part, sheet)


def _mark(part: Part, sheet: Sheet) -> Mark:  # noqa: PLR0911 - one for each kind of part
    match part:
        case Text():
            return _text(part)
        case Columns():
            return Line(columns(part, sheet.columns), bold=part.bold)
        case Rule():
            return Line("-" * sheet.columns)
        case Feed():
            return Gap(part.lines)
        case Barcode():
            return _bars(part, sheet.dots)
        case Qr():
            return Matrix(part.text, QR_MODULE) if sheet.qr else _instead(part.text)
        case Picture():
            return _picture(part, sheet.dots)


def printable(text: str) -> str:
    """Leave no control character but LF: C0, DEL and C1 could open the drawer or cut the paper."""
    plain = unicodedata.normalize("NFC", text).translate(_PLAIN)
    return "".join(char for char in plain if char == "\n" or unicodedata.category(char) != "Cc")


def columns(part: Columns, width: int) -> str:
    """Set `left` and `right` on one line of `width`; the amount on the right is never cut."""
    left, right = (printable(side).replace("\n", " ") for side in (part.left, part.right))
    room = max(0, width - len(right) - 1)
    return left[:room].ljust(width - len(right)) + right


def is_ean13(text: str) -> bool:
    if len(text) != _EAN13_LENGTH or not (text.isascii() and text.isdigit()):
        return False
    return sum(int(digit) * (1, 3)[place % 2] for place, digit in enumerate(text)) % 10 == 0


def _text(part: Text) -> Line:
    return Line(printable(part.text), align=part.align, bold=part.bold, double=part.double)


def _bars(part: Barcode, dots: int) -> Mark:
    if part.symbology == "ean13" and not is_ean13(part.text):
        raise MisuseError(
            "barcode.invalid", f"{part.text!r} is no EAN-13: 13 digits, the last one checks"
        )
    modules = 95 if part.symbology == "ean13" else 11 * (len(part.text) + 2) + 13
    fits = (n for n in (3, 2) if n * (modules + QUIET_MODULES) <= dots)
    module = next(fits, None)
    # A symbol that does not fit the printer would leave out without a word.
    return Bars(part.symbology, part.text, module) if module else _instead(part.text)


def _picture(part: Picture, dots: int) -> Dots:
    if part.width > dots:
        text = f"a picture of {part.width} dots is wider than this paper: {dots}"
        raise MisuseError("picture.wide", text)
    return Dots(part.width, part.dots)


def _instead(text: str) -> Line:
    return Line(text, align=Align.CENTRE)
