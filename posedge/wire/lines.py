"""Scanners on a serial line or a USB serial port: codes divided by a terminator, or by silence.

Nothing here raises: what cannot be read is a Dropped, and the line goes on behind it.
"""

import re
from enum import StrEnum
from typing import Literal

from posedge.wire.scan import Dropped, Scan, garbled

MAX_BYTES = 8192
"""The fullest code there is: a QR of version 40 holds 7,089 digits; AIM prefix and spare on top."""

Charset = Literal["ascii", "utf-8", "latin-1", "cp1252", "shift_jis", "gb18030"]


class Terminator(StrEnum):
    """How the scanner is configured to end a code; ANY takes CR, LF and both."""

    ANY = "any"
    CR = "cr"
    LF = "lf"
    CRLF = "crlf"
    TAB = "tab"
    NONE = "none"


ENDS = {
    Terminator.ANY: re.compile(rb"[\r\n]+"),
    Terminator.CR: re.compile(rb"\r[\r\n]*"),
    Terminator.LF: re.compile(rb"\n[\r\n]*"),
    Terminator.CRLF: re.compile(rb"\r\n[\r\n]*"),
    Terminator.TAB: re.compile(rb"\t[\t\r\n]*"),
    Terminator.NONE: re.compile(rb"(?!)"),
}
"""With the empty lines behind it: a line that sends nothing else is skipped in one step."""

LONGEST_END = 2
BREAKS = b"\r\n"
"""No code begins or ends with these: they are a terminator that the scanner was not asked for."""

ENDLESS = Dropped("scan.endless", "More came than any code holds: check baud rate and terminator")
GARBLED = Dropped("scan.garbled", "The code came garbled: scan again; check baud rate and charset")
UNTERMINATED = Dropped("scan.unterminated", "The code broke off before its end: scan again")


class LineDecoder:
    """Feed bytes, pull scans; say `silence` when the line was quiet for longer than a code is."""

    def __init__(
        self, terminator: Terminator = Terminator.ANY, *, charset: Charset = "utf-8"
    ) -> None:
        self._terminator = terminator
        self._charset = charset
        self._buffer = bytearray()
        self._searched = 0  # bytes that hold no end: else each byte would cost the whole buffer
        self._skipping = False

    @property
    def pending(self) -> bool:
        """Whether a code has begun: then `silence` is due when no more comes."""
        return bool(self._buffer)

    def feed(self, data: bytes) -> None:
        self._buffer += data

    def void(self) -> None:
        """Skip what comes up to the next end: the tail of a code whose beginning was not seen."""
        self._skipping = True

    def next_scan(self) -> Scan | Dropped | None:
        """Return the next whole code; None when more bytes are needed."""
        while end := ENDS[self._terminator].search(self._buffer, self._searched):
            line = bytes(self._buffer[: end.start()])
            self._forget(end.end())
            if self._skipping:
                self._skipping = False
            elif line.strip(BREAKS):
                return self._decoded(line)
        if len(self._buffer) >= MAX_BYTES + LONGEST_END:
            return self._overrun()
        self._searched = max(0, len(self._buffer) + 1 - LONGEST_END)
        return None

    def silence(self) -> Scan | Dropped | None:
        """End the code without a terminator; a rest on a line that has one is no code."""
        rest = bytes(self._buffer)
        skipped, self._skipping = self._skipping, False
        self._forget(len(rest))
        if skipped or not rest.strip(BREAKS):
            return None
        return self._decoded(rest) if self._terminator is Terminator.NONE else UNTERMINATED

    def __repr__(self) -> str:
        return f"<LineDecoder {self._terminator}: {len(self._buffer)} bytes>"

    def _decoded(self, line: bytes) -> Scan | Dropped:
        if len(line) > MAX_BYTES:
            return ENDLESS
        try:
            text = line.strip(BREAKS).decode(self._charset)
        except UnicodeDecodeError:
            return GARBLED
        return GARBLED if garbled(text) else Scan(text)

    def _overrun(self) -> Dropped | None:
        """Forget what came, but for what may be the first half of a terminator."""
        self._forget(len(self._buffer) + 1 - LONGEST_END)
        reported, self._skipping = self._skipping, True
        return None if reported else ENDLESS

    def _forget(self, count: int) -> None:
        del self._buffer[:count]
        self._searched = 0
