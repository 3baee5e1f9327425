"""Customer displays by protocol: whole pictures for the glass, as bytes.

Each row is placed by itself, so that no display scrolls, and a picture heals what noise did to the
one before. Nothing here can be read back: these displays never answer.

Sources: Epson, DM-D ESC/POS command reference; CD5220 as in the manuals of its makers; Logic
Controls PD3000 user's manual; AEDEX as in the manuals of the displays that emulate it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from posedge.wire.display_text import CodePage
from posedge.wire.escpos import SELECT_PRINTER

DIM, FULL = 1, 4
"""Brightness in four steps."""


class Dialect(StrEnum):
    """The command languages that customer displays speak."""

    CD5220 = "cd5220"
    EPSON = "epson"
    LOGIC_CONTROLS = "logic-controls"
    AEDEX = "aedex"


class Encoder(Protocol):
    """From what to show to bytes. Rows are given in the display's own width and code page."""

    def begin(self, page: CodePage) -> bytes:
        """Put the display into the state that the others count on; its glass is blank."""
        ...

    def picture(self, rows: Sequence[bytes]) -> bytes:
        """Replace what is on the glass."""
        ...

    def brightness(self, step: int) -> bytes | None:
        """Return the command for DIM to FULL; None where there is none."""
        ...


@dataclass(frozen=True, slots=True)
class Cd5220:
    def begin(self, page: CodePage) -> bytes:  # noqa: ARG002 - set by its switches
        return b"\x1b@" + b"\x1b\x11" + b"\x1b_\x00" + b"\x0c"  # overwrite, no cursor

    def picture(self, rows: Sequence[bytes]) -> bytes:
        return b"".join(b"\x1bl\x01%c%b" % (y, row) for y, row in enumerate(rows, 1))

    def brightness(self, step: int) -> bytes:
        return b"\x1b*%c" % step


EPSON_PAGES: Mapping[CodePage, int] = {
    "ascii": 0,
    "cp437": 0,
    "cp850": 2,
    "cp852": 18,
    "cp858": 19,
    "cp866": 17,
    "cp1252": 16,
}
"""ESC t (DM-D reference, "select character code table")."""

SELECT_DISPLAY = b"\x1b=\x02"
"""ESC =, on a line that display and printer share."""


@dataclass(frozen=True, slots=True)
class Epson:
    """`chained`: a printer is on the same line, and gets its turn back after every command."""

    chained: bool = False

    def begin(self, page: CodePage) -> bytes:
        table = b"\x1bt%c" % EPSON_PAGES[page]
        return self._sent(b"\x1b@" + table + b"\x1f\x01" + b"\x1fC\x00" + b"\x0c")

    def picture(self, rows: Sequence[bytes]) -> bytes:
        placed = (b"\x1f$\x01%c%b" % (y, row) for y, row in enumerate(rows, 1))
        return self._sent(b"".join(placed))

    def brightness(self, step: int) -> bytes:
        return self._sent(b"\x1fX%c" % step)

    def _sent(self, commands: bytes) -> bytes:
        return SELECT_DISPLAY + commands + SELECT_PRINTER if self.chained else commands


@dataclass(frozen=True, slots=True)
class LogicControls:
    def begin(self, page: CodePage) -> bytes:  # noqa: ARG002 - set by its switches
        return b"\x1f" + b"\x11" + b"\x14"  # normal mode: no scrolling; no cursor

    def picture(self, rows: Sequence[bytes]) -> bytes:
        return b"".join(b"\x10%c%b" % (y * len(row), row) for y, row in enumerate(rows))

    def brightness(self, step: int) -> bytes:
        return b"\x04" + (b"\x20", b"\x40", b"\x60", b"\xff")[step - 1]


@dataclass(frozen=True, slots=True)
class Aedex:
    """Two rows, by number; it has no command for its brightness."""

    def begin(self, page: CodePage) -> bytes:  # noqa: ARG002 - set by its switches
        return b""

    def picture(self, rows: Sequence[bytes]) -> bytes:
        return b"".join(b"!#%d%b\r" % (number, row) for number, row in enumerate(rows, 1))

    def brightness(self, step: int) -> None:  # noqa: ARG002
        return None


ENCODERS: Mapping[Dialect, Encoder] = {
    Dialect.CD5220: Cd5220(),
    Dialect.EPSON: Epson(),
    Dialect.LOGIC_CONTROLS: LogicControls(),
    Dialect.AEDEX: Aedex(),
}
