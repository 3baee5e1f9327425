"""APDUs on a serial line: DLE STX, the APDU with every DLE doubled, DLE ETX, CRC low, CRC high.

Source: PA00P016 rev 04. It calls the checksum "CRC-XModem", but published frames bear
CRC-16/KERMIT, over the APDU as it was before doubling and the ETX.
"""

from binascii import crc_hqx
from collections.abc import Generator
from dataclasses import dataclass
from enum import IntEnum

from posedge.wire.zvt.apdu import LONG, MAX_DATA_BYTES, Apdu

DLE, STX, ETX = 0x10, 0x02, 0x03
START, END, STUFFED = bytes([DLE, STX]), bytes([DLE, ETX]), bytes([DLE, DLE])
HEAD_BYTES, LONG_HEAD_BYTES = 3, 5
MAX_BYTES = LONG_HEAD_BYTES + MAX_DATA_BYTES

_MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


class Control(IntEnum):
    """What stands alone between frames: the line's word, never the answer to a command."""

    ACK = 0x06
    NAK = 0x15


@dataclass(frozen=True, slots=True)
class Broken:
    """A frame that cannot be read: wrong CRC, a lone DLE in it, too long or too short."""


Heard = Apdu | Control | Broken


def crc16(data: bytes) -> int:
    """CRC-16/KERMIT: 0x2189 for the nine digits 123456789.

    It is CRC-16/XMODEM, which the standard library has, with all bits the other way round.
    """
    low, high = crc_hqx(data.translate(_MIRRORED), 0).to_bytes(2, "little").translate(_MIRRORED)
    return low << 8 | high


def framed(apdu: Apdu) -> bytes:
    """Return a frame as it goes over the line; MisuseError `apdu.oversized`."""
    payload = apdu.to_bytes()
    crc = crc16(payload + bytes([ETX])).to_bytes(2, "little")
    return START + payload.replace(bytes([DLE]), STUFFED) + END + crc


class FrameDecoder:
    """What comes over the line, one at a time. Nothing raises: what is no frame is Broken or noise.

    Bytes between frames that are neither ACK nor NAK are noise and passed over. A frame that begins
    anew in its middle counts from there.
    """

    def __init__(self) -> None:
        self._unread = bytearray()
        self._inside = False
        self._parser = self._start()

    @property
    def inside(self) -> bool:
        """Whether a frame has begun and not ended."""
        return self._inside

    def feed(self, data: bytes) -> None:
        self._unread += data

    def pull(self) -> Heard | None:
        """Return the next thing heard, or None when more bytes are needed."""
        for count, byte in enumerate(self._unread, 1):
            heard = self._parser.send(byte)
            if heard is not None:
                del self._unread[:count]
                return heard
        self._unread.clear()
        return None

    def abandon(self) -> None:
        """Forget the frame that has begun: no more of it came in time."""
        self._inside = False
        self._parser = self._start()

    def __repr__(self) -> str:
        return f"<FrameDecoder {'in a frame' if self._inside else 'between frames'}>"

    def _start(self) -> Generator[Heard | None, int, None]:
        parser = self._line()
        next(parser)
        return parser

    def _line(self) -> Generator[Heard | None, int, None]:
        heard: Heard | None = None
        while True:
            byte, begins = (yield heard), False
            while byte == DLE:
                byte, begins = (yield None), True
            if begins and byte == STX:
                heard = yield from self._frame()
            else:
                heard = _CONTROLS.get(byte)

    def _frame(self) -> Generator[None, int, Apdu | Broken]:
        self._inside = True
        payload, intact = bytearray(), True
        while True:
            byte = yield
            if byte == DLE:
                byte = yield
                if byte == ETX:
                    break
                if byte == STX:
                    payload, intact = bytearray(), True
                    continue
                intact = intact and byte == DLE
            intact = intact and len(payload) < MAX_BYTES
            if intact:
                payload.append(byte)
        crc = bytes([(yield), (yield)])
        self._inside = False
        whole = bytes(payload)
        return _apdu(whole) if intact and _proves(crc, whole) else Broken()


_CONTROLS = {int(control): control for control in Control}


def _proves(crc: bytes, payload: bytes) -> bool:
    return crc16(payload + bytes([ETX])) == int.from_bytes(crc, "little")


def _apdu(payload: bytes) -> Apdu | Broken:
    """Believe the frame's end, which the CRC proves, not the length byte.

    The specification's own examples miscount (PA00P015 13.08 §5.1).
    """
    head = LONG_HEAD_BYTES if payload[2:3] == bytes([LONG]) else HEAD_BYTES
    if len(payload) < head:
        return Broken()
    return Apdu(int.from_bytes(payload[:2], "big"), payload[head:])
