"""Star Line Mode: what a receipt printer is asked, and its automatic status (ASB).

From Star's "Line Thermal Printer STAR Line Mode Command Specifications" Rev. 0.09; pages are
given as printed there. StarPRNT printers understand the same commands, as far as they are used.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from posedge.model.errors import MisuseError, ProtocolError

INITIALISE: Final = b"\x1b@"
LONGEST_DATA = 520
"""The longest run of data behind one of our commands: a QR code's 512 characters and its header."""

_QUIT_RASTER: Final = b"\x1b*rB"
RESYNCHRONISE: Final = bytes(LONGEST_DATA) + b"\x1e" + _QUIT_RASTER + INITIALISE
"""Ends whatever was left half-sent: NUL fills counted data, RS ends a bar code's, ESC * r B quits
raster mode and does nothing elsewhere."""

REPORT: Final = b"\x1b\x1ea\x01"
"""ESC RS a 1: send automatic status, now and on each change (p. 3-53)."""

BEGIN_JOB: Final = INITIALISE + REPORT
ASK: Final = b"\x1b\x06\x01"
"""ESC ACK SOH: send the status at once; not to be used while it comes on its own (p. 3-53)."""

COUNT: Final = b"\x17"
"""ETB: once everything before it is printed, add one to the counter and send status (p. 3-54)."""

COUNT_FROM_ZERO: Final = b"\x1b\x1eE\x00"
COUNTS = 32
"""The ETB counter has five bits."""

MAX_CODE128 = 255
_ASK, _CALM = b"\x1b\x06", b"\x1f\x06"
_PULSE_UNIT_MS = 10
_PULSE_MAX = 127

_XON_XOFF = frozenset({0x11, 0x13})
_FIXED = 0x91
"""Bits 7, 4 and 0 tell header 1 (001) from the rest of automatic status (000) (p. 5-12)."""

_HEADER = 0x01
_FEWEST = 6
"""Header 1 and 2 and printer status 1 to 4: what every version has."""

_COUNTER = 5
"""Printer status 6, the eighth byte."""


class Circuit(IntEnum):
    """The drive circuit of the drawer connector: BEL, and SUB for the second (p. 3-45)."""

    ONE = 0
    TWO = 1


_DRIVE: Final = {Circuit.ONE: b"\x07", Circuit.TWO: b"\x1a"}


class Symbology(IntEnum):
    """n1 of ESC b (p. 3-41)."""

    EAN13 = 3
    CODE128 = 6


class Level(IntEnum):
    """n of ESC GS y S 1 (p. 3-119)."""

    L = 0
    M = 1
    Q = 2
    H = 3


class Position(IntEnum):
    """n of ESC GS a (p. 3-27)."""

    LEFT = 0
    CENTRE = 1
    RIGHT = 2


CP858: Final = b"\x1b\x1dt\x04"
"""ESC GS t 4: the code page of Western Europe with the euro sign (p. 3-6)."""

BOLD: Final = b"\x1bE"
NOT_BOLD: Final = b"\x1bF"
DOUBLE: Final = b"\x1bi\x01\x01"
NOT_DOUBLE: Final = b"\x1bi\x00\x00"
CUT: Final = b"\x1bd\x03"
"""ESC d 3: feed to the cutter, partial cut; a printer with one kind of cut does that."""


def foreign_job(content: bytes) -> bytes:
    """Return a job of somebody else's bytes: what they leave unfinished is filled up and ended."""
    return BEGIN_JOB + content + RESYNCHRONISE + BEGIN_JOB


def position(where: Position) -> bytes:
    return bytes((0x1B, 0x1D, 0x61, where))


def bar_code(symbology: Symbology, data: bytes, *, module: int, height: int) -> bytes:
    """Return ESC b with its text below; `module` is 2 to 4 dots, `height` in dots.

    RS ends the data: there is no length, so a control character must never be in it.
    """
    if not data.isascii() or not data.decode().isprintable() or len(data) > MAX_CODE128:
        raise MisuseError("barcode.invalid", "a bar code takes printable ASCII characters only")
    return bytes((0x1B, 0x62, symbology, 2, module - 1, height)) + data + b"\x1e"


def code128(text: str) -> bytes:
    """Write data for Code 128 in code set B: `%7` begins it, and % is doubled as %0 (p. 5-3)."""
    return b"%7" + text.encode("ascii").replace(b"%", b"%0")


def qr_code(data: bytes, *, cell: int, level: Level = Level.M) -> bytes:
    """Return model 2, level, cell size in dots, data and print: ESC GS y (p. 3-119)."""
    size = len(data).to_bytes(2, "little")
    settings = (
        b"\x1b\x1dyS0\x02" + b"\x1b\x1dyS1" + bytes((level,)) + b"\x1b\x1dyS2" + bytes((cell,))
    )
    return settings + b"\x1b\x1dyD1\x00" + size + data + b"\x1b\x1dyP"


def raster(rows: Sequence[bytes]) -> bytes:
    """Return a picture in raster mode, from the left edge: ESC * r A, P 0 continuous, E 1 no cut.

    From Star's Graphic Mode Command Specifications: `b` and a length in front of each row. What
    would be ESC ACK in the middle of it, asked for in real time, gets a dot more.
    """
    sent = (b"b" + len(row).to_bytes(2, "little") + row.replace(_ASK, _CALM) for row in rows)
    return b"\x1b*rA" + b"\x1b*rP0\x00" + b"\x1b*rE1\x00" + b"".join(sent) + _QUIT_RASTER


def kick(circuit: Circuit, *, on_ms: int, off_ms: int) -> bytes:
    """Return the drawer's pulse; units of 10 ms, at most 1.27 s each, for circuit one only.

    Circuit two has a pulse of 200 ms by itself. Obeyed in order, behind what is printed.
    """
    on, off = on_ms // _PULSE_UNIT_MS, off_ms // _PULSE_UNIT_MS
    if not (0 < on <= _PULSE_MAX and 0 < off <= _PULSE_MAX):
        raise MisuseError("pulse.invalid", "give the drawer a pulse of 10 to 1270 ms on and off")
    return bytes((0x1B, 0x07, on, off)) + _DRIVE[circuit]


@dataclass(frozen=True, slots=True)
class AutoStatus:
    """One automatic status: printer status 1, 2, … in order, at least four bytes."""

    version: int
    status: bytes

    @property
    def executed(self) -> bool:
        """Whether an ETB was obeyed: set in the status that it causes, and not again."""
        return bool(self.status[0] & 0x02)

    @property
    def count(self) -> int | None:
        """How many ETB were obeyed, modulo 32; None for firmware that does not count."""
        return _number(self.status[_COUNTER]) if len(self.status) > _COUNTER else None


class Decoder:
    """The return channel of one connection. Feed it, then pull statuses until None.

    A byte that fits nothing ends it for good: every call to `next_status` from then on raises the
    same ProtocolError. XON and XOFF of a serial line may come anywhere and are skipped.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._fault: ProtocolError | None = None

    def feed(self, data: bytes) -> None:
        self._buffer += bytes(byte for byte in data if byte not in _XON_XOFF)

    def next_status(self) -> AutoStatus | None:
        """Return the next whole status; None when more bytes are needed."""
        if self._fault is not None:
            raise self._fault
        if not self._buffer:
            return None
        first = self._buffer[0]
        if first & _FIXED != _HEADER:
            raise self._broken(f"{first:02x} begins no status")
        length = _number(first)
        if length < _FEWEST:
            raise self._broken(f"it announces {length} bytes")
        if any(byte & _FIXED for byte in self._buffer[1:length]):
            raise self._broken("it is cut short")
        return self._take(length) if len(self._buffer) >= length else None

    def _take(self, length: int) -> AutoStatus:
        frame = bytes(self._buffer[:length])
        del self._buffer[:length]
        return AutoStatus(version=_number(frame[1]), status=frame[2:])

    def _broken(self, what: str) -> ProtocolError:
        self._fault = ProtocolError("printer.garbled", f"the printer's status is garbled: {what}")
        self._buffer.clear()
        return self._fault


def _number(byte: int) -> int:
    """Read the five bits of a header or the counter: 1 to 3, then 5 and 6 (p. 5-7)."""
    return byte >> 1 & 0x07 | byte >> 2 & 0x18
