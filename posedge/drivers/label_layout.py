"""A label laid out for its paper: what goes where, in dots. Pure; knows no printer's language."""

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from posedge.drivers.layout import is_ean13, printable
from posedge.model.errors import MisuseError
from posedge.model.label import Label, LabelBarcode, LabelPart, LabelPrice, LabelText
from posedge.wire.gs1_elements import encode
from posedge.wire.matrix_size import data_matrix_modules, data_matrix_words, qr_modules

MARGIN_MM = 2
GAP_MM = 1
TEXT_TENTHS_MM: Final = {"small": 25, "normal": 35, "large": 60}
PRICE_TENTHS_MM = 90
BAR_MM = 10
BAR_TEXT_MM = 4
MATRIX_TENTHS_MM = 5
"""A module of 0.5 mm: GS1 asks for 0.38 to 0.495 mm on goods, and 203 dpi has eighths."""

CHARACTER_WIDTH = 60
"""Percent of its height that a character is allowed: the scalable font is narrower on average."""

QUIET_MODULES = 20


@dataclass(frozen=True, slots=True)
class Paper:
    """A label's size in dots, and dots per millimetre."""

    width: int
    height: int
    per_mm: int

    def tenths(self, tenths_mm: int) -> int:
        return tenths_mm * self.per_mm // 10


@dataclass(frozen=True, slots=True)
class Words:
    left: int
    top: int
    height: int
    text: str


@dataclass(frozen=True, slots=True)
class Symbol:
    """`module` in dots; `height` of the bars, 0 for a matrix; `data` what the symbol carries."""

    left: int
    top: int
    symbology: Literal["ean13", "code128", "qr", "gs1-datamatrix"]
    module: int
    height: int
    data: str


Place: TypeAlias = Words | Symbol


def lay_out(label: Label, paper: Paper) -> list[Place]:
    """Return what to print; MisuseError for a wrong code, or for more than the label holds."""
    places: list[Place] = []
    top = MARGIN_MM * paper.per_mm
    for part in label.parts:
        for place, height in _part(part, paper, top):
            places.append(place)
            top += height + GAP_MM * paper.per_mm
    if top > paper.height:
        raise MisuseError(
            "label.full",
            f"the parts need {top // paper.per_mm} mm and the label has"
            f" {paper.height // paper.per_mm} mm: take some away, or set the driver's height_mm",
        )
    return places


def _part(part: LabelPart, paper: Paper, top: int) -> Iterator[tuple[Place, int]]:
    """Yield each place with its height; `top` is where the first one begins."""
    match part:
        case LabelText():
            yield from _lines(printable(part.text), TEXT_TENTHS_MM[part.size], paper, top)
        case LabelPrice():
            yield from _lines(str(part.price), PRICE_TENTHS_MM, paper, top)
            top += paper.tenths(PRICE_TENTHS_MM) + GAP_MM * paper.per_mm
            yield from _lines(printable(part.per), TEXT_TENTHS_MM["small"], paper, top)
        case LabelBarcode(symbology="qr" | "gs1-datamatrix"):
            yield _matrix(part, paper, top)
        case LabelBarcode():
            yield _bars(part, paper, top)


def _lines(text: str, tenths_mm: int, paper: Paper, top: int) -> Iterator[tuple[Place, int]]:
    height = paper.tenths(tenths_mm)
    room = paper.width - 2 * MARGIN_MM * paper.per_mm
    characters = max(1, 100 * room // (CHARACTER_WIDTH * height))
    for line in textwrap.wrap(text, characters):
        yield Words(MARGIN_MM * paper.per_mm, top, height, line), height
        top += height + GAP_MM * paper.per_mm


def _bars(part: LabelBarcode, paper: Paper, top: int) -> tuple[Place, int]:
    if part.symbology == "ean13" and not is_ean13(part.text):
        raise MisuseError(
            "barcode.invalid", f"{part.text!r} is no EAN-13: 13 digits, the last one checks"
        )
    modules = 95 if part.symbology == "ean13" else 11 * (len(part.text) + 2) + 13
    fits = (n for n in (4, 3, 2) if n * (modules + QUIET_MODULES) <= paper.width)
    module = next(fits, None)
    if module is None:
        raise _wide(part)
    left = (paper.width - module * modules) // 2
    height = BAR_MM * paper.per_mm
    symbol = Symbol(left, top, part.symbology, module, height, part.text)
    return symbol, height + BAR_TEXT_MM * paper.per_mm


def _matrix(part: LabelBarcode, paper: Paper, top: int) -> tuple[Place, int]:
    module = max(2, paper.tenths(MATRIX_TENTHS_MM))
    if part.symbology == "qr":
        data, modules = part.text, qr_modules(len(part.text))
    else:
        data = encode(part.text)
        modules = data_matrix_modules(len(data_matrix_words(data)))
    if modules is None or modules * module + 2 * MARGIN_MM * paper.per_mm > paper.width:
        raise _wide(part)
    left = (paper.width - module * modules) // 2
    return Symbol(left, top, part.symbology, module, 0, data), module * modules


def _wide(part: LabelBarcode) -> MisuseError:
    return MisuseError(
        "label.wide", f"the label is too narrow for {part.text!r} as {part.symbology}: shorten it"
    )
