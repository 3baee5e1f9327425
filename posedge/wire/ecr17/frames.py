"""What travels: messages `STX … ETX LRC`, `ACK ETX LRC`, `NAK ETX LRC`, progress `SOH … EOT`.

The LRC is the exclusive or of 7F and the message; whether STX and ETX count is not the same on
every firmware (Communication Protocol; padosoft/rust-ecr17-protocol names the four ways).
"""

from collections.abc import Generator
from dataclasses import dataclass, field
from enum import StrEnum

from posedge.model.errors import ProtocolError
from posedge.wire.redact import redact_text

SOH, STX, ETX, EOT, ACK, NAK = 0x01, 0x02, 0x03, 0x04, 0x06, 0x15
BASE = 0x7F
MAX_BYTES = 1100
"""Of one message: the longest has 26 + 1024 (command K)."""


class Lrc(StrEnum):
    """Which bytes around a message its checksum covers."""

    STD = "std"
    STX = "stx"  # STX and ETX
    NOEXT = "noext"  # ETX only
    STX_NOEXT = "stx-noext"  # STX only

    def of(self, payload: bytes) -> int:
        lrc = BASE
        for byte in payload:
            lrc ^= byte
        if self in {Lrc.STX, Lrc.STX_NOEXT}:
            lrc ^= STX
        if self in {Lrc.STX, Lrc.NOEXT}:
            lrc ^= ETX
        return lrc


@dataclass(frozen=True, slots=True)
class Packet:
    """A message, or ACK or NAK as a payload of one byte. Its bytes stay out of every repr."""

    payload: bytes = field(repr=False)
    lrc: int = field(repr=False)

    def fits(self, lrc: Lrc) -> bool:
        return lrc.of(self.payload) == self.lrc

    @property
    def is_ack(self) -> bool:
        return self.payload == bytes([ACK])

    @property
    def is_nak(self) -> bool:
        return self.payload == bytes([NAK])


@dataclass(frozen=True, slots=True)
class Progress:
    """What the terminal shows now; nobody acknowledges it."""

    text: str


Heard = Packet | Progress


def packet(payload: bytes, lrc: Lrc) -> bytes:
    """Return a message as it goes over the line."""
    return bytes([STX, *payload, ETX, lrc.of(payload)])


def control(byte: int, lrc: Lrc) -> bytes:
    """Return an ACK or NAK as it goes over the line."""
    return bytes([byte, ETX, lrc.of(bytes([byte]))])


def progress(text: str) -> bytes:
    return bytes([SOH]) + f"{text:20.20}".encode("ascii", "replace") + bytes([EOT])


class Decoder:
    """Frames out of any segmentation. Lives as long as its connection.

    Bytes between frames are noise and passed over; a frame that begins anew counts from there.
    ProtocolError `ecr.endless` for one without an end, raised again by every further `pull`.
    """

    def __init__(self) -> None:
        self._unread = bytearray()
        self._error: ProtocolError | None = None
        self._endless = False
        self._parser = self._frames()
        next(self._parser)

    def feed(self, data: bytes) -> None:
        if self._error is None:
            self._unread += data

    def pull(self) -> Heard | None:
        """Return the next frame, or None when more bytes are needed."""
        if self._error is not None:
            raise self._error
        for count, byte in enumerate(self._unread, 1):
            heard = self._parser.send(byte)
            if self._endless:
                raise self._fail()
            if heard is not None:
                del self._unread[:count]
                return heard
        self._unread.clear()
        return None

    def __repr__(self) -> str:
        return f"<Decoder {self._error or f'{len(self._unread)} bytes waiting'}>"

    def _fail(self) -> ProtocolError:
        self._unread.clear()
        text = f"a message of more than {MAX_BYTES} bytes: is this ECR17?"
        self._error = ProtocolError("ecr.endless", text)
        return self._error

    def _frames(self) -> Generator[Heard | None, int, None]:
        byte = yield None
        while True:
            if byte in {STX, SOH}:
                body, byte = yield from self._until(ETX if byte == STX else EOT, byte)
                if body is not None:
                    byte = yield body
            elif byte in {ACK, NAK}:
                first, byte = byte, (yield None)
                if byte == ETX:
                    byte = yield Packet(bytes([first]), (yield None))
            else:
                byte = yield None

    def _until(self, end: int, start: int) -> Generator[None, int, tuple[Heard | None, int]]:
        """Return what stands before `end`; None and the byte that begins anew instead."""
        body = bytearray()
        while (byte := (yield None)) != end:
            if byte in {STX, SOH}:
                return None, byte
            body.append(byte)
            if len(body) > MAX_BYTES:
                self._endless = True
                return None, byte
        if start == SOH:
            return Progress(redact_text(body.decode("ascii", "replace").strip())), byte
        return Packet(bytes(body), (yield None)), byte
