"""What lies on a label of the virtual label printer, as text, as symbols and as a picture."""

import io
from dataclasses import dataclass
from importlib import resources
from typing import TypeAlias

import qrcode
from PIL import Image, ImageDraw, ImageFont

from posedge.sim.datamatrix import matrix
from posedge.sim.printer_paper import scaled
from posedge.wire.matrix_size import data_matrix_words

_BLACK, _WHITE = 0, 255
_TEXT_BELOW = 24
"""Dots for the digits below a bar code."""


@dataclass(frozen=True, slots=True)
class PrintedText:
    left: int
    top: int
    height: int
    text: str


@dataclass(frozen=True, slots=True)
class PrintedBars:
    left: int
    top: int
    height: int
    module: int
    modules: str
    text: str


@dataclass(frozen=True, slots=True)
class PrintedQr:
    left: int
    top: int
    module: int
    level: str
    text: str


@dataclass(frozen=True, slots=True)
class PrintedDataMatrix:
    """`text` is the data, FNC1 as GS."""

    left: int
    top: int
    module: int
    text: str


Mark: TypeAlias = PrintedText | PrintedBars | PrintedQr | PrintedDataMatrix


@dataclass(frozen=True, slots=True)
class PrintedLabel:
    """One label of `width` by `height` dots; what lies outside is cut off, as in life."""

    width: int
    height: int
    marks: tuple[Mark, ...]

    @property
    def lines(self) -> tuple[str, ...]:
        return tuple(mark.text for mark in self.marks if isinstance(mark, PrintedText))

    @property
    def symbols(self) -> tuple[str, ...]:
        return tuple(mark.text for mark in self.marks if not isinstance(mark, PrintedText))

    def png(self) -> bytes:
        """Draw it; a scanner reads the symbols from the picture."""
        picture = Image.new("L", (self.width, self.height), _WHITE)
        for mark in self.marks:
            _draw(picture, mark)
        out = io.BytesIO()
        picture.save(out, "PNG", optimize=True)
        return out.getvalue()


def _draw(picture: Image.Image, mark: Mark) -> None:
    match mark:
        case PrintedText():
            _write(picture, mark.left, mark.top, mark.height, mark.text)
        case PrintedBars():
            row = [[module == "1" for module in mark.modules]]
            symbol = scaled(_cells(row), len(mark.modules) * mark.module, mark.height)
            picture.paste(symbol, (mark.left, mark.top))
            _write(picture, mark.left, mark.top + mark.height + 2, _TEXT_BELOW, mark.text)
        case PrintedQr():
            _square(picture, mark.left, mark.top, mark.module, _qr(mark))
        case PrintedDataMatrix():
            rows = matrix(data_matrix_words(mark.text))
            _square(picture, mark.left, mark.top, mark.module, rows)


def _write(picture: Image.Image, left: int, top: int, height: int, text: str) -> None:
    # python-barcode brings this font; its characters are 0.6 of their height apart.
    font = resources.files("barcode") / "fonts" / "DejaVuSansMono.ttf"
    face = ImageFont.truetype(io.BytesIO(font.read_bytes()), height)
    ImageDraw.Draw(picture).text((left, top), text, font=face, fill=_BLACK)


def _qr(mark: PrintedQr) -> list[list[bool]]:
    levels = {
        "L": qrcode.ERROR_CORRECT_L,
        "M": qrcode.ERROR_CORRECT_M,
        "Q": qrcode.ERROR_CORRECT_Q,
        "H": qrcode.ERROR_CORRECT_H,
    }
    symbol = qrcode.QRCode(error_correction=levels[mark.level], border=0)
    symbol.add_data(mark.text, optimize=0)
    rows: list[list[bool]] = symbol.get_matrix()
    return rows


def _square(picture: Image.Image, left: int, top: int, module: int, rows: list[list[bool]]) -> None:
    size = len(rows) * module
    picture.paste(scaled(_cells(rows), size, size), (left, top))


def _cells(rows: list[list[bool]]) -> Image.Image:
    cells = bytes(_BLACK if cell else _WHITE for row in rows for cell in row)
    return Image.frombytes("L", (len(rows[0]), len(rows)), cells)
