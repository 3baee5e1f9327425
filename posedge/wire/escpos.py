"""ESC/POS: what a receipt printer is asked, and what it answers on its one return channel.

From Epson's command reference: DLE EOT, GS a, ESC p, ESC @, GS ( H <Function 48>. The answers
share a channel and are told apart by fixed bits ("Transmission Status Identification"):
`0xx1xx10` answers DLE EOT, `0xx1xx00` opens four bytes of automatic status (ASB), 37h a block.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, TypeAlias

from posedge.model.errors import MisuseError, ProtocolError

INITIALISE: Final = b"\x1b@"
LONGEST_DATA = 520
"""The longest run of data behind one of our commands: a QR code's 512 characters and its header."""

RESYNCHRONISE: Final = bytes(LONGEST_DATA) + INITIALISE
"""Ends whatever a cut line left half-sent: NUL fills its data, and does nothing elsewhere."""

SELECT_PRINTER: Final = b"\x1b=\x01"
"""ESC =: what follows is for the printer again, not for the display that hangs on its line."""

JOB_ID_BYTES = 4
MAX_OWED = 4
"""Real-time answers awaited at a time: one round of all four kinds."""

_RASTER_HEAD = 8
_IN_REAL_TIME = (b"\x04", b"\x05", b"\x14")

_PULSE_UNIT_MS = 2
_PULSE_MAX = 255

_FIXED = 0x93
"""The bits that tell the kinds of answer apart."""

_REAL_TIME = 0x12
_AUTO = 0x10
_AUTO_REST = 0x90
"""Never set in the second to fourth byte of automatic status."""

_AUTO_BYTES = 4
_BLOCK = 0x37
_PROCESS_ID = 0x22
_PROCESS_ID_BYTES = 7


class Query(IntEnum):
    """What DLE EOT n asks for."""

    PRINTER = 1
    OFFLINE_CAUSE = 2
    ERROR_CAUSE = 3
    PAPER = 4


class Connector(IntEnum):
    """The pin of the drawer connector that gets the pulse (ESC p, m)."""

    PIN_2 = 0
    PIN_5 = 1


class Asb(IntEnum):
    """What GS a n reports on its own."""

    DRAWER = 1
    ONLINE = 2
    ERROR = 4
    PAPER = 8


EVERYTHING: Final = Asb.DRAWER | Asb.ONLINE | Asb.ERROR | Asb.PAPER
BEGIN_JOB: Final = INITIALISE + bytes((0x1D, 0x61, EVERYTHING))
"""Modes of the job before are forgotten, and with them ASB: it is switched on again."""


def query(kind: Query) -> bytes:
    return bytes((0x10, 0x04, kind))


def kick(connector: Connector, *, on_ms: int, off_ms: int) -> bytes:
    """Return the drawer's pulse; units of 2 ms, at most 510 ms each."""
    on, off = on_ms // _PULSE_UNIT_MS, off_ms // _PULSE_UNIT_MS
    if not (0 < on <= _PULSE_MAX and 0 < off <= _PULSE_MAX):
        raise MisuseError("pulse.invalid", "give the drawer a pulse of 2 to 510 ms on and off")
    return bytes((0x1B, 0x70, connector, on, off))


def when_done(job: bytes) -> bytes:
    """Ask the printer to answer `job` once everything before it is on paper."""
    if len(job) != JOB_ID_BYTES or not job.isascii() or not job.decode().isprintable():
        raise MisuseError("job.invalid", f"a job id is 4 printable ASCII characters, not {job!r}")
    return b"\x1d(H\x06\x0000" + job


def foreign_job(content: bytes, job: bytes | None) -> bytes:
    """Return a job of somebody else's bytes: what they leave unfinished is filled up and ended."""
    ending = b"" if job is None else when_done(job)
    return BEGIN_JOB + content + bytes(LONGEST_DATA) + BEGIN_JOB + ending


def raster(width: int, rows: Sequence[bytes]) -> bytes:
    """Return GS v 0 for a picture, in strips, so that a cut one is soon filled up.

    What would be a real-time command (DLE EOT, ENQ, DC4) in the middle of it gets a dot more: a
    printer obeys those in data too, the drawer's pulse among them.
    """
    across = width // 8
    strip = max(1, (LONGEST_DATA - _RASTER_HEAD) // across)
    return b"".join(
        b"\x1dv0\x00" + across.to_bytes(2, "little") + len(part).to_bytes(2, "little") + _calm(part)
        for part in (rows[at : at + strip] for at in range(0, len(rows), strip))
    )


def _calm(rows: Sequence[bytes]) -> bytes:
    data = b"".join(rows)
    for order in _IN_REAL_TIME:
        data = data.replace(b"\x10" + order, b"\x11" + order)
    return data


def job_id(number: int) -> bytes:
    """Return four printable bytes for `number`, the same for numbers 94**4 apart."""
    return bytes(0x21 + number // 94**place % 94 for place in range(JOB_ID_BYTES))


@dataclass(frozen=True, slots=True)
class RealTimeStatus:
    """One byte in answer to DLE EOT; which kind it answers is known only from the order."""

    query: Query
    byte: int


@dataclass(frozen=True, slots=True)
class AutoStatus:
    """Four bytes that the printer sends by itself when something changes."""

    printer: int
    error: int
    paper: int
    reserved: int


@dataclass(frozen=True, slots=True)
class JobDone:
    """Everything before this job's GS ( H is on paper."""

    job: bytes


Message: TypeAlias = RealTimeStatus | AutoStatus | JobDone


class Decoder:
    """The return channel of one connection. Feed it, then pull messages until None.

    Tell it of every DLE EOT that is sent. A byte that fits nothing ends it for good: every call
    to `next_message` from then on raises the same ProtocolError.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._owed: deque[Query] = deque()
        self._fault: ProtocolError | None = None

    @property
    def owed(self) -> int:
        """How many answers to DLE EOT are still to come."""
        return len(self._owed)

    def asked(self, *queries: Query) -> None:
        if len(self._owed) + len(queries) > MAX_OWED:
            raise MisuseError("query.early", "wait for the answers to the queries before")
        self._owed.extend(queries)

    def feed(self, data: bytes) -> None:
        self._buffer += data

    def next_message(self) -> Message | None:
        """Return the next whole message; None when more bytes are needed."""
        if self._fault is not None:
            raise self._fault
        if not self._buffer:
            return None
        first = self._buffer[0]
        if first & _FIXED == _REAL_TIME:
            return self._real_time()
        if first & _FIXED == _AUTO:
            return self._auto()
        if first == _BLOCK:
            return self._job_done()
        raise self._broken(f"{first:02x} begins no status")

    def _real_time(self) -> RealTimeStatus:
        if not self._owed:
            raise self._broken("an answer to DLE EOT that nobody asked for")
        return RealTimeStatus(self._owed.popleft(), self._take(1)[0])

    def _auto(self) -> AutoStatus | None:
        if any(byte & _AUTO_REST for byte in self._buffer[1:_AUTO_BYTES]):
            raise self._broken("automatic status is cut short")
        if len(self._buffer) < _AUTO_BYTES:
            return None
        return AutoStatus(*self._take(_AUTO_BYTES))

    def _job_done(self) -> JobDone | None:
        frame = bytes(self._buffer[:_PROCESS_ID_BYTES])
        if len(frame) > 1 and frame[1] != _PROCESS_ID:
            raise self._broken(f"block {frame[1]:02x} was not asked for")
        if len(frame) < _PROCESS_ID_BYTES:
            return None
        if frame[-1] != 0:
            raise self._broken("a process id without its end")
        return JobDone(self._take(_PROCESS_ID_BYTES)[2:-1])

    def _take(self, count: int) -> bytes:
        taken = bytes(self._buffer[:count])
        del self._buffer[:count]
        return taken

    def _broken(self, what: str) -> ProtocolError:
        self._fault = ProtocolError("printer.garbled", f"the printer's status is garbled: {what}")
        self._buffer.clear()
        return self._fault
