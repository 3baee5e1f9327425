"""The virtual Star printer's print buffer: one method for each command, given its parameters.

As the ESC/POS printer's: out of range raises ProtocolError, a symbol that is declined is left out.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from posedge.model.errors import ProtocolError
from posedge.sim import star_symbols
from posedge.sim.printer_mechanism import Paper
from posedge.sim.printer_paper import DOTS, Bars, Blank, QrSymbol, Raster
from posedge.sim.printer_parameters import between, one_of
from posedge.sim.printer_row import Row
from posedge.wire.symbols import refused

PAGES: Final = {
    1: "cp437",
    3: "cp437",
    4: "cp858",
    5: "cp852",
    6: "cp860",
    7: "cp861",
    8: "cp863",
    9: "cp865",
    10: "cp866",
    11: "cp855",
    12: "cp857",
    13: "cp862",
    14: "cp864",
    15: "cp737",
    17: "cp869",
    32: "cp1252",
    33: "cp1250",
    34: "cp1251",
}
"""ESC GS t: Star's page numbers that Python can decode."""

BARCODES: Final[dict[int, tuple[str, Callable[[bytes], tuple[str, str]]]]] = {
    3: ("ean13", star_symbols.ean13),
    6: ("code128", star_symbols.code128),
}
"""ESC b: the symbologies that this printer draws, by n1."""

_DIGITS: Final = {n: n % 48 for n in (*range(9), *range(48, 57))}
"""Numbers may be given as such or as the digit's character."""

_SWITCH: Final = {0: 0, 1: 1, 48: 0, 49: 1}
_ALIGN: Final = _SWITCH | {2: 2, 50: 2}
_SIZES: Final = {n: n % 48 + 1 for n in (*range(6), *range(48, 54))}
_LEVELS: Final = {0: "L", 1: "M", 2: "Q", 3: "H"}
_MM_DOTS = 8
_LINE_DOTS: Final = {0: 3 * _MM_DOTS, 1: 4 * _MM_DOTS, 48: 3 * _MM_DOTS, 49: 4 * _MM_DOTS}
_CUT_FEED_DOTS = 96
"""From the head to the cutter: 12 mm."""


@dataclass(frozen=True, slots=True)
class QrSettings:
    level: str = "L"
    cell: int = 3
    data: bytes = b""


class StarPress:
    def __init__(self, paper: Paper) -> None:
        self._paper = paper
        self.declined: list[ProtocolError] = []
        self._initial()

    def _initial(self) -> None:
        self._row = Row()
        self._line_dots = _LINE_DOTS[1]
        self._qr = QrSettings()

    def initialise(self, _: bytes) -> None:
        """ESC @: the unfinished line is printed, modes return to what they were at power-on."""
        self.finish_line()
        self._initial()

    def cancel(self) -> None:
        """CAN: the unfinished line is lost."""
        self._initial()

    # Text

    def character(self, byte: int) -> None:
        for line in self._row.character(byte):
            self._paper.prints(line)

    def tab(self) -> None:
        for line in self._row.tab():
            self._paper.prints(line)

    def line_feed(self) -> None:
        self._paper.prints(self._row.finished())

    def feed_lines(self, n: bytes) -> None:
        self.finish_line()
        self._paper.prints(Blank(between(n[0], 1, 127) * self._line_dots))

    def spacing(self, n: bytes) -> None:
        self._line_dots = one_of(n, _LINE_DOTS)

    # Modes

    def size(self, n: bytes) -> None:
        """ESC i: height, then width."""
        tall, wide = one_of(n[:1], _SIZES), one_of(n[1:], _SIZES)
        self._row.style = replace(self._row.style, tall=tall, wide=wide)

    def bold(self, _: bytes) -> None:
        self._row.style = replace(self._row.style, bold=True)

    def not_bold(self, _: bytes) -> None:
        self._row.style = replace(self._row.style, bold=False)

    def inverse(self, _: bytes) -> None:
        self._row.style = replace(self._row.style, inverse=True)

    def not_inverse(self, _: bytes) -> None:
        self._row.style = replace(self._row.style, inverse=False)

    def underline(self, n: bytes) -> None:
        self._row.style = replace(self._row.style, underline=bool(one_of(n, _SWITCH)))

    def align(self, n: bytes) -> None:
        """ESC GS a: heard at the beginning of a line only."""
        align = one_of(n, _ALIGN)
        if self._row.empty:
            self._row.style = replace(self._row.style, align=align)

    def font(self, n: bytes) -> None:
        if one_of(n, _SWITCH):
            raise ProtocolError("font.missing", "this printer has font A only")

    def page(self, n: bytes) -> None:
        self._row.page = one_of(n, PAGES)

    # Symbols

    def barcode(self, parameters: bytes, data: bytes) -> None:
        """ESC b: a symbol that is wrong or wider than the paper is left out."""
        self.finish_line()
        kind, below, mode, height = parameters
        between(height, 1, 255)
        try:
            bars = self._bars(one_of(bytes((kind,)), _DIGITS), data, mode, height)
        except ProtocolError as error:
            self.declined.append(error)
            return
        self._paper.prints(replace(bars, label=between(_DIGITS[below], 1, 4) in {2, 4}))

    def qr_model(self, n: bytes) -> None:
        between(n[0], 1, 2)

    def qr_level(self, n: bytes) -> None:
        self._qr = replace(self._qr, level=one_of(n, _LEVELS))

    def qr_cell(self, n: bytes) -> None:
        self._qr = replace(self._qr, cell=between(n[0], 1, 8))

    def qr_data(self, data: bytes) -> None:
        self._qr = replace(self._qr, data=data)

    def qr_print(self) -> None:
        self.finish_line()
        settings = self._qr
        text = settings.data.decode("utf-8", "replace")
        self._paper.prints(QrSymbol(text, settings.cell, settings.level, self._row.style.align))

    def picture(self, raster: Raster) -> None:
        """ESC * r B: the rows come out, from the left edge."""
        self._paper.prints(raster)

    # Paper

    def cut(self, n: bytes) -> None:
        """ESC d: 0 and 1 cut where it stands, 2 and 3 feed to the cutter first."""
        kind = between(one_of(n, _DIGITS), 0, 3)
        self.finish_line()
        if kind > 1:
            self._paper.prints(Blank(_CUT_FEED_DOTS))
        self._paper.cuts()

    def finish_line(self) -> None:
        """Print what has no end of line yet."""
        if not self._row.empty:
            self.line_feed()

    def _bars(self, kind: int, data: bytes, mode: int, height: int) -> Bars:
        if kind not in BARCODES:
            raise ProtocolError("symbol.missing", f"this printer draws none of kind {kind}")
        symbology, encode = BARCODES[kind]
        modules, text = encode(data)
        module = between(_DIGITS.get(mode, 0), 1, 3) + 1
        if len(modules) * module > DOTS:
            raise refused(f"{text} is wider than the paper")
        return Bars(
            symbology, text, modules, module, height, label=False, align=self._row.style.align
        )
