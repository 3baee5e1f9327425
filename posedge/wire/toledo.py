"""Mettler Toledo 8217: one letter asks, a frame from STX to CR answers.

Source: DIVA service manual (PSC Magellan 8500), 6.1.3.2 commands, 6.1.4.3 status byte. The status
byte is taken by its place, because it may look like STX or CR. Nothing here raises: what is not a
frame is Garbled, and the next STX begins anew.
"""

import re
from dataclasses import dataclass
from enum import IntFlag

STX = 0x02
EDGE = re.compile(rb"[\x02\r]")

WEIGH = b"W"
ZERO = b"Z"
TARE = b"T\r"
"""With CR, for a tare of five digits may stand before it; `T` alone would wait for them."""

MAX_FRAME_BYTES = 16
"""The longest frame, STX 00.000 N CR, has ten."""

KILOGRAMS = re.compile(rb" *(\d{1,3})\.(\d{3}) ?(N?)")
POUNDS = re.compile(rb" *\d{1,3}\.\d{2} ?N?")


class Flag(IntFlag):
    """Bits of the status byte.

    Bit 6 is always 1 by that manual, "bad command" by others: it proves nothing. Bit 7 is the
    line's parity, which seven data bits never deliver.
    """

    MOTION = 0x01
    OVER_CAPACITY = 0x02
    UNDER_ZERO = 0x04
    OUTSIDE_ZERO_RANGE = 0x08
    CENTRE_OF_ZERO = 0x10
    NET = 0x20
    BIT_6 = 0x40


@dataclass(frozen=True, slots=True)
class Reading:
    """A stable weight within range; `net` when a tare is taken off."""

    weight_g: int
    net: bool

    def to_bytes(self) -> bytes:
        kilograms, grams = divmod(self.weight_g, 1000)
        return b"\x02%02d.%03d%s\r" % (kilograms, grams, b"N" if self.net else b"")


@dataclass(frozen=True, slots=True)
class Status:
    """Why there is no weight, or that nothing is new."""

    flags: Flag

    def to_bytes(self) -> bytes:
        return b"\x02?%c\r" % int(self.flags)


@dataclass(frozen=True, slots=True)
class Pounds:
    """A weight in pounds: the scale is set to another unit than the shop's."""


@dataclass(frozen=True, slots=True)
class Garbled:
    """Bytes that are no frame."""

    data: bytes


Frame = Reading | Status | Pounds | Garbled


class ScaleDecoder:
    """Feed bytes, pull frames."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> None:
        self._buffer += data

    def next_frame(self) -> Frame | None:
        """Return the next frame; None when more bytes are needed."""
        start = self._buffer.find(STX)
        if start != 0 and self._buffer:
            return self._garbled(start if start > 0 else len(self._buffer))
        body = 3 if self._buffer.startswith(b"?", 1) else 1
        edge = EDGE.search(self._buffer, body, MAX_FRAME_BYTES)
        if edge is None:
            full = len(self._buffer) >= MAX_FRAME_BYTES
            return self._garbled(MAX_FRAME_BYTES) if full else None
        if self._buffer[edge.start()] == STX:
            return self._garbled(edge.start())
        frame = bytes(self._buffer[1 : edge.start()])
        del self._buffer[: edge.end()]
        return _frame(frame)

    def __repr__(self) -> str:
        return f"<ScaleDecoder {bytes(self._buffer)!r}>"

    def _garbled(self, size: int) -> Garbled:
        data = bytes(self._buffer[:size])
        del self._buffer[:size]
        return Garbled(data)


def _frame(body: bytes) -> Frame:
    if body[:1] == b"?" and len(body) == len(b"?s"):
        return Status(Flag(body[1] & 0x7F))
    if weight := KILOGRAMS.fullmatch(body):
        return Reading(int(weight[1]) * 1000 + int(weight[2]), net=weight[3] == b"N")
    return Pounds() if POUNDS.fullmatch(body) else Garbled(body)
