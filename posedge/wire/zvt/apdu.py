"""The frame that all transports carry: CLASS INSTR LEN DATA (PA00P015 13.08 §1)."""

from dataclasses import dataclass, field

from posedge.model.errors import MisuseError, ProtocolError

LONG = 0xFF  # LEN of 255 means: two more bytes follow, little-endian
MAX_DATA_BYTES = 16 * 1024
"""Twenty times the longest receipt that was seen; the format itself would allow 65,535."""


@dataclass(frozen=True, slots=True)
class Apdu:
    """One frame: `command` is CLASS and INSTR, e.g. 0x0601. Its data stay out of every repr."""

    command: int
    data: bytes = field(default=b"", repr=False)

    def to_bytes(self) -> bytes:
        size = len(self.data)
        if size > MAX_DATA_BYTES:
            raise MisuseError("apdu.oversized", f"{size} bytes do not fit into one frame")
        length = bytes([size]) if size < LONG else bytes([LONG]) + size.to_bytes(2, "little")
        return self.command.to_bytes(2, "big") + length + self.data

    def __repr__(self) -> str:
        return f"Apdu({self.command >> 8:02X} {self.command & 0xFF:02X}, {len(self.data)} bytes)"


class ApduDecoder:
    """Frames out of any segmentation of the stream. Lives as long as its connection.

    Any two bytes may be a command, so the only thing that can be wrong is a length above the
    limit; ProtocolError `apdu.oversized` is then raised by every further `pull`.
    """

    def __init__(self) -> None:
        self._unread = bytearray()
        self._error: ProtocolError | None = None

    def feed(self, data: bytes) -> None:
        if self._error is None:
            self._unread += data

    def pull(self) -> Apdu | None:
        """Return the next whole frame, or None when more bytes are needed."""
        if self._error is not None:
            raise self._error
        sized = self._sized()
        if sized is None:
            return None
        start, end = sized
        if end - start > MAX_DATA_BYTES:
            raise self._fail(end - start)
        if len(self._unread) < end:
            return None
        frame = Apdu(int.from_bytes(self._unread[:2], "big"), bytes(self._unread[start:end]))
        del self._unread[:end]
        return frame

    def __repr__(self) -> str:
        return f"<ApduDecoder {self._error or f'{len(self._unread)} bytes waiting'}>"

    def _sized(self) -> tuple[int, int] | None:
        """Where the data of the first frame start and end."""
        head = self._unread[:5]
        if len(head) < 3:  # noqa: PLR2004 - CLASS INSTR LEN
            return None
        if head[2] != LONG:
            return 3, 3 + head[2]
        if len(head) < 5:  # noqa: PLR2004 - and the two bytes of a long length
            return None
        return 5, 5 + int.from_bytes(head[3:], "little")

    def _fail(self, size: int) -> ProtocolError:
        self._unread.clear()
        self._error = ProtocolError("apdu.oversized", f"a frame of {size} bytes: is this ZVT?")
        return self._error
