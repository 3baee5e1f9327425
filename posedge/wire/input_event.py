"""The kernel's struct input_event: bytes of /dev/input/eventN to key events.

Source: linux/input.h and Documentation/input/event-codes.rst. Native byte order and word size:
24 bytes on a 64-bit kernel's programs, 16 on a 32-bit one's.
"""

from dataclasses import dataclass
from struct import Struct

from posedge.wire.keys import Key

INPUT_EVENT = Struct("@llHHi")  # seconds, microseconds, type, code, value

EV_SYN = 0x00
EV_KEY = 0x01
SYN_REPORT = 0
SYN_DROPPED = 3
RELEASED, PRESSED = 0, 1  # 2 is autorepeat


@dataclass(frozen=True, slots=True)
class Lost:
    """The kernel's buffer overflowed (SYN_DROPPED): keys are missing from here on."""

    at_ns: int


class InputDecoder:
    """Feed bytes, pull keys. After SYN_DROPPED all up to the next SYN_REPORT is void."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._void = False

    def feed(self, data: bytes) -> None:
        self._buffer += data

    def next_event(self) -> Key | Lost | None:
        """Return the next press, release or loss; None when more bytes are needed."""
        while len(self._buffer) >= INPUT_EVENT.size:
            event = self._event(self._buffer[: INPUT_EVENT.size])
            del self._buffer[: INPUT_EVENT.size]
            if event is not None:
                return event
        return None

    def __repr__(self) -> str:
        return f"<InputDecoder {len(self._buffer)} bytes{', void' if self._void else ''}>"

    def _event(self, data: bytearray) -> Key | Lost | None:
        seconds, microseconds, kind, code, value = INPUT_EVENT.unpack(data)
        at_ns = (seconds * 1_000_000 + microseconds) * 1000
        if (kind, code) == (EV_SYN, SYN_DROPPED):
            self._void = True
            return Lost(at_ns)
        if (kind, code) == (EV_SYN, SYN_REPORT):
            self._void = False
        elif kind == EV_KEY and value in {RELEASED, PRESSED} and not self._void:
            return Key(code, down=value == PRESSED, at_ns=at_ns)
        return None
