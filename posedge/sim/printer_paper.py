"""What lies on the paper of the virtual printer, as text, as symbols and as a picture.

Geometry of an 80 mm printer at 203 dpi: 576 dots across, font A 12 by 24 dots, 30 dots a line.
"""

import io
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final, TypeAlias

import qrcode
from PIL import Image, ImageChops, ImageDraw, ImageFont

DOTS: Final = 576
CELL: Final = (12, 24)
LINE_DOTS: Final = 30
MARGIN: Final = 12
QUIET: Final = 4
"""Modules of white that a QR symbol needs around it (ISO/IEC 18004)."""

_BLACK, _WHITE = 0, 255
_FONT_DOTS: Final = 20
"""At this size DejaVu Sans Mono advances by 12 dots: font A's cell."""


@dataclass(frozen=True, slots=True)
class Style:
    """How characters look; `wide` and `tall` are multipliers, `align` is 0, 1 or 2."""

    bold: bool = False
    underline: bool = False
    inverse: bool = False
    wide: int = 1
    tall: int = 1
    align: int = 0


@dataclass(frozen=True, slots=True)
class Run:
    text: str
    style: Style


@dataclass(frozen=True, slots=True)
class TextLine:
    runs: tuple[Run, ...]
    align: int = 0

    @property
    def text(self) -> str:
        return "".join(run.text for run in self.runs)


@dataclass(frozen=True, slots=True)
class Bars:
    """A bar code: `modules` of `module` dots, `text` what it says, `label` what is below it."""

    symbology: str
    text: str
    modules: str
    module: int
    height: int
    label: bool
    align: int = 0


@dataclass(frozen=True, slots=True)
class QrSymbol:
    text: str
    module: int
    level: str
    align: int = 0


@dataclass(frozen=True, slots=True)
class Raster:
    """A bit image, one bit a dot, rows padded to bytes, 1 black."""

    width: int
    height: int
    bits: bytes
    align: int = 0


@dataclass(frozen=True, slots=True)
class Blank:
    dots: int


Item: TypeAlias = TextLine | Bars | QrSymbol | Raster | Blank


@dataclass(frozen=True, slots=True)
class PrintedReceipt:
    """One piece of paper, from cut to cut."""

    items: tuple[Item, ...]

    @property
    def lines(self) -> tuple[str, ...]:
        """Every line of text, from top to bottom, as a person reads it."""
        return tuple(item.text for item in self.items if isinstance(item, TextLine))

    @property
    def symbols(self) -> tuple[str, ...]:
        """What the bar and QR codes say, from top to bottom."""
        return tuple(item.text for item in self.items if isinstance(item, Bars | QrSymbol))

    def png(self) -> bytes:
        """Draw it; a scanner reads the symbols from the picture."""
        strips = [strip for strip in map(_draw, self.items) if strip.height]
        picture = Image.new("L", (DOTS, sum(s.height for s in strips) + 2 * MARGIN), _WHITE)
        top = MARGIN
        for strip in strips:
            picture.paste(strip, (0, top))
            top += strip.height
        out = io.BytesIO()
        picture.save(out, "PNG", optimize=True)
        return out.getvalue()


def _draw(item: Item) -> Image.Image:
    match item:
        case TextLine():
            return _across(_text(item), item.align, height=LINE_DOTS)
        case Bars():
            return _bars(item)
        case QrSymbol():
            return _across(_qr(item), item.align)
        case Raster():
            bits = Image.frombytes("1", (item.width, item.height), item.bits, "raw", "1;I")
            return _across(bits.convert("L"), item.align)
        case Blank():
            return Image.new("L", (DOTS, item.dots), _WHITE)


def _across(mark: Image.Image, align: int, *, height: int = 0) -> Image.Image:
    """Place a mark on a strip of paper; what is too wide is cut off, as in life."""
    strip = Image.new("L", (DOTS, max(height, mark.height)), _WHITE)
    strip.paste(mark, (max(0, (0, (DOTS - mark.width) // 2, DOTS - mark.width)[align]), 0))
    return strip


def _text(line: TextLine) -> Image.Image:
    marks = [_glyph(char, run.style) for run in line.runs for char in run.text]
    picture = Image.new("L", _size(marks), _WHITE)
    left = 0
    for mark in marks:
        picture.paste(mark, (left, picture.height - mark.height))
        left += mark.width
    return picture


def _size(marks: Iterable[Image.Image]) -> tuple[int, int]:
    sizes = [mark.size for mark in marks]
    return sum(width for width, _ in sizes), max((height for _, height in sizes), default=0)


@cache
def _glyph(char: str, style: Style) -> Image.Image:
    cell = Image.new("L", CELL, _WHITE)
    pen = ImageDraw.Draw(cell)
    pen.text((0, 19), char, font=_font(), anchor="ls", fill=_BLACK, stroke_width=style.bold / 2)
    if style.underline:
        pen.line((0, 22, CELL[0], 22), fill=_BLACK)
    if style.inverse:
        cell = ImageChops.invert(cell)
    return scaled(cell, CELL[0] * style.wide, CELL[1] * style.tall)


@cache
def _font() -> ImageFont.FreeTypeFont:
    # Pillow's own font has ASCII only; python-barcode, which python-escpos needs, brings this one.
    font = resources.files("barcode") / "fonts" / "DejaVuSansMono.ttf"
    return ImageFont.truetype(io.BytesIO(font.read_bytes()), _FONT_DOTS)


def _bars(item: Bars) -> Image.Image:
    row = bytes(_BLACK if module == "1" else _WHITE for module in item.modules)
    symbol = Image.frombytes("L", (len(row), 1), row)
    symbol = scaled(symbol, len(row) * item.module, item.height)
    if not item.label:
        return _across(symbol, item.align)
    label = _text(TextLine((Run(item.text, Style()),)))
    strip = _across(symbol, item.align, height=item.height + LINE_DOTS)
    middle = (0, (DOTS - symbol.width) // 2, DOTS - symbol.width)[item.align] + symbol.width // 2
    strip.paste(label, (max(0, middle - label.width // 2), item.height + 2))
    return strip


def _qr(item: QrSymbol) -> Image.Image:
    levels: dict[str, Any] = {
        "L": qrcode.ERROR_CORRECT_L,
        "M": qrcode.ERROR_CORRECT_M,
        "Q": qrcode.ERROR_CORRECT_Q,
        "H": qrcode.ERROR_CORRECT_H,
    }
    symbol = qrcode.QRCode(error_correction=levels[item.level], border=QUIET)
    symbol.add_data(item.text)
    rows: list[list[bool]] = symbol.get_matrix()
    modules = bytes(_BLACK if module else _WHITE for row in rows for module in row)
    picture = Image.frombytes("L", (len(rows), len(rows)), modules)
    return scaled(picture, len(rows) * item.module, len(rows) * item.module)


def scaled(picture: Image.Image, width: int, height: int) -> Image.Image:
    # Pillow's annotation names numpy, which is not here.
    return picture.resize((width, height), Image.Resampling.NEAREST)  # pyright: ignore[reportUnknownMemberType]
