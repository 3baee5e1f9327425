"""The virtual printer's print buffer: styles, lines and symbols, one method for each command.

Every method takes the command's parameter bytes. A parameter outside the reference's range raises
ProtocolError; symbol data that a printer declines prints nothing and is kept in `declined`.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from posedge.model.errors import ProtocolError
from posedge.sim.printer_mechanism import Mechanism
from posedge.sim.printer_paper import (
    DOTS,
    LINE_DOTS,
    Bars,
    Blank,
    QrSymbol,
    Raster,
    TextLine,
)
from posedge.sim.printer_parameters import between, one_of
from posedge.sim.printer_row import CODE_PAGES, Row
from posedge.wire.symbols import code128, ean13, refused

BARCODES: Final[dict[int, tuple[str, Callable[[bytes], tuple[str, str]]]]] = {
    2: ("ean13", ean13),
    67: ("ean13", ean13),
    73: ("code128", code128),
}
"""GS k: the symbologies that this printer draws, by m of function A (0-6) and B (65-73)."""

_LABELS: Final = {0: False, 2: True, 48: False, 50: True}
"""GS H: no label, or one below; this printer puts none above."""

_LEVELS: Final = {48: "L", 49: "M", 50: "Q", 51: "H"}
_SWITCH: Final = {0: 0, 1: 1, 2: 2, 48: 0, 49: 1, 50: 2}
"""Numbers may be given as such or as the digit's character."""


@dataclass(frozen=True, slots=True)
class SymbolSettings:
    height: int = 162
    module: int = 3
    label: bool = False
    qr_module: int = 3
    qr_level: str = "L"
    qr_data: bytes = b""


class Press:
    def __init__(self, mechanism: Mechanism) -> None:
        self._mechanism = mechanism
        self.declined: list[ProtocolError] = []
        self._initial()

    def _initial(self) -> None:
        self._row = Row()
        self._spacing = LINE_DOTS
        self._symbols = SymbolSettings()

    def initialise(self, _: bytes) -> None:
        """ESC @: the unfinished line is lost, modes return to what they were at power-on."""
        self._initial()
        self._mechanism.reports(0)

    # Text

    def character(self, byte: int) -> None:
        for line in self._row.character(byte):
            self._print(line)

    def tab(self) -> None:
        for line in self._row.tab():
            self._print(line)

    def line_feed(self) -> None:
        self._print(self._row.finished())

    def feed_lines(self, n: bytes) -> None:
        self.feed_dots(bytes((min(255, n[0] * self._spacing),)))

    def feed_dots(self, n: bytes) -> None:
        if not self._row.empty:
            self.line_feed()
        self._mechanism.prints(Blank(n[0]))

    # Modes

    def modes(self, n: bytes) -> None:
        """ESC !: font, bold, double height, double width and underline in one byte."""
        self._row.style = replace(
            self._row.style,
            bold=bool(n[0] & 0x08),
            tall=2 if n[0] & 0x10 else 1,
            wide=2 if n[0] & 0x20 else 1,
            underline=bool(n[0] & 0x80),
        )

    def size(self, n: bytes) -> None:
        """GS !: multipliers 1 to 8."""
        self._row.style = replace(self._row.style, wide=(n[0] >> 4 & 7) + 1, tall=(n[0] & 7) + 1)

    def bold(self, n: bytes) -> None:
        self._row.style = replace(self._row.style, bold=bool(n[0] & 1))

    def underline(self, n: bytes) -> None:
        self._row.style = replace(self._row.style, underline=bool(one_of(n, _SWITCH)))

    def inverse(self, n: bytes) -> None:
        self._row.style = replace(self._row.style, inverse=bool(n[0] & 1))

    def align(self, n: bytes) -> None:
        """ESC a: in force from the next line that begins."""
        align = one_of(n, _SWITCH)
        if self._row.empty:
            self._row.style = replace(self._row.style, align=align)

    def font(self, n: bytes) -> None:
        if one_of(n, _SWITCH):
            raise ProtocolError("font.missing", "this printer has font A only")

    def page(self, n: bytes) -> None:
        self._row.page = one_of(n, CODE_PAGES)

    def spacing(self, n: bytes) -> None:
        self._spacing = n[0]

    def default_spacing(self, _: bytes) -> None:
        self._spacing = LINE_DOTS

    # Symbols and pictures

    def bar_height(self, n: bytes) -> None:
        self._symbols = replace(self._symbols, height=between(n[0], 1, 255))

    def bar_module(self, n: bytes) -> None:
        self._symbols = replace(self._symbols, module=between(n[0], 2, 6))

    def bar_label(self, n: bytes) -> None:
        self._symbols = replace(self._symbols, label=one_of(n, _LABELS))

    def barcode(self, kind: int, data: bytes) -> None:
        """GS k: a symbol that is wrong or wider than the paper is left out."""
        self._begins_line("GS k")
        try:
            self._mechanism.prints(self._bars(kind, data))
        except ProtocolError as error:
            self.declined.append(error)

    def qr_module(self, n: bytes) -> None:
        self._symbols = replace(self._symbols, qr_module=between(n[0], 1, 16))

    def qr_level(self, n: bytes) -> None:
        self._symbols = replace(self._symbols, qr_level=one_of(n, _LEVELS))

    def qr_store(self, data: bytes) -> None:
        self._symbols = replace(self._symbols, qr_data=data)

    def qr_print(self) -> None:
        self._begins_line("GS ( k")
        settings = self._symbols
        text = settings.qr_data.decode("utf-8", "replace")
        self._mechanism.prints(
            QrSymbol(text, settings.qr_module, settings.qr_level, self._row.style.align)
        )

    def raster(self, width: int, height: int, bits: bytes) -> None:
        self._begins_line("GS v 0")
        self._mechanism.prints(Raster(width, height, bits, self._row.style.align))

    # Paper, drawer, status

    def cut(self, feed_dots: int = 0) -> None:
        self._begins_line("GS V")
        if feed_dots:
            self._mechanism.prints(Blank(feed_dots))
        self._mechanism.cuts()

    def pulse(self, parameters: bytes) -> None:
        self._mechanism.pulses(one_of(parameters[:1], _SWITCH))

    def reports(self, n: bytes) -> None:
        self._mechanism.reports(n[0])

    def completes(self, job: bytes) -> None:
        self._mechanism.completes(job)

    def _bars(self, kind: int, data: bytes) -> Bars:
        symbology, encode = BARCODES[kind]
        modules, text = encode(data)
        settings = self._symbols
        if len(modules) * settings.module > DOTS:
            raise refused(f"{text} is wider than the paper")
        return Bars(
            symbology=symbology,
            text=text,
            modules=modules,
            module=settings.module,
            height=settings.height,
            label=settings.label,
            align=self._row.style.align,
        )

    def _print(self, line: TextLine) -> None:
        self._mechanism.prints(line)
        if self._spacing > LINE_DOTS:
            self._mechanism.prints(Blank(self._spacing - LINE_DOTS))

    def _begins_line(self, command: str) -> None:
        if not self._row.empty:
            raise ProtocolError("command.misplaced", f"{command} counts only where a line begins")
