"""A receipt document becomes the bytes of one ESC/POS job, by python-escpos, in memory.

Pure but slow the first time: python-escpos costs about 280 ms and 17 MB to import, so it is
imported by the first job and not by an idle box, and callers run `render` on a Worker. After that
a receipt takes about 1 ms. What stands where is decided in posedge.drivers.layout.
"""

import logging
import tempfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any, Final

from posedge.drivers.layout import BAR_HEIGHT, Bars, Dots, Gap, Line, Mark, Matrix, Sheet, lay_out
from posedge.model.errors import ConfigError
from posedge.model.receipt import Align, Receipt
from posedge.wire import escpos


@dataclass(frozen=True, slots=True)
class Profile:
    """`base` is the profile of python-escpos that knows code page, cutter and symbols.

    Without `sheet.qr` the printer can't draw the symbol and prints its text.
    """

    base: str
    sheet: Sheet


PROFILES: Final[Mapping[str, Profile]] = MappingProxyType(
    {
        "epson-80mm": Profile("TM-T20II", Sheet(columns=48, dots=576)),
        "epson-80mm-42": Profile("TM-T88V", Sheet(columns=42, dots=512)),
        "generic-58mm": Profile("POS-5890", Sheet(columns=32, dots=384, qr=False)),
    }
)
DEFAULT_PROFILE = "epson-80mm"

CODE_PAGE = "CP858"
"""Western Europe with the euro sign; left to itself python-escpos picks a page that old firmware
draws differently, and writes a string with one Chinese character as raw GB18030."""


def render(receipt: Receipt, profile: str, job: bytes | None) -> bytes:
    """Return the whole job: reset, the parts, cut, and the question whether `job` is out.

    `job` None leaves that question away, for printers that print it instead of answering.
    ConfigError for an unknown profile, MisuseError for a barcode or picture that can't be.
    """
    known = profile_named(profile)
    page = _Page(known)
    for mark in lay_out(receipt, known.sheet):
        page.add(mark)
    ending = b"" if job is None else escpos.when_done(job)
    return escpos.BEGIN_JOB + page.finished() + ending


def profile_named(name: str) -> Profile:
    if name not in PROFILES:
        known = ", ".join(PROFILES)
        raise ConfigError("profile.unknown", f"no printer profile {name!r}: use one of {known}")
    return PROFILES[name]


class _Page:
    """One job under construction; python-escpos keeps state, so a new one for each."""

    def __init__(self, profile: Profile) -> None:
        self._out = _dummy_class()(profile=profile.base)
        self._out.charcode(CODE_PAGE)

    def add(self, mark: Mark) -> None:
        match mark:
            case Line():
                self._line(mark)
            case Gap():
                self._out.text("\n" * mark.lines)
            case Bars():
                self._bars(mark)
            case Matrix():
                self._matrix(mark)
            case Dots():
                self._picture(mark)

    def finished(self) -> bytes:
        self._out.cut(mode="PART")
        output: bytes = self._out.output
        return output

    def _line(self, line: Line) -> None:
        if not line.plain:
            align = "center" if line.align is Align.CENTRE else line.align.value
            size = line.double or None  # None is not sent
            self._out.set(align=align, bold=line.bold, double_width=size, double_height=size)
        self._out.text(line.text + "\n")
        if not line.plain:
            self._reset()

    def _reset(self) -> None:
        self._out.set(align="left", bold=False, normal_textsize=True)

    def _bars(self, bars: Bars) -> None:
        symbology, data = _symbol(bars)
        # Not barcode(), which writes to standard output.
        self._out._hw_barcode(data, symbology, height=BAR_HEIGHT, width=bars.module)  # noqa: SLF001
        self._reset()

    def _picture(self, dots: Dots) -> None:
        self._out.set(align="center")
        # Not image(), which scales and dithers by rules of its own, in one long command.
        self._out._raw(escpos.raster(dots.width, dots.rows))  # noqa: SLF001
        self._reset()

    def _matrix(self, matrix: Matrix) -> None:
        self._out.set(align="center")
        self._out.qr(matrix.text, native=True, size=matrix.module)
        self._out.text("\n")
        self._reset()


def _symbol(bars: Bars) -> tuple[str, str]:
    if bars.symbology == "ean13":
        return "EAN13", bars.text
    # Code set B alone. Set C packs digits into raw bytes, and `16 20 01 …` would be DLE DC4:
    # printers obey real-time commands, the drawer's pulse among them, in the middle of data.
    return "CODE128", "{B" + bars.text.replace("{", "{{")


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
