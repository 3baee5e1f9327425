"""What a terminal's words travel on; here, one TCP connection. For a serial line see zvt_serial."""

from typing import NoReturn, Protocol

from posedge.sim.tcp import Reader, Writer
from posedge.sim.zvt_faults import Faults
from posedge.wire.zvt.apdu import Apdu, ApduDecoder


class Hangup(Exception):  # noqa: N818 - the other side's decision, not a mistake
    """The register has gone, or the line was cut."""


class Scissors:
    """Cuts what is said in a payment at `Faults.cut_at`."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._said: int | None = None

    def payment(self, *, runs: bool) -> None:
        """Begin to count, or count no more."""
        self._said = 0 if runs else None

    def cut(self, data: bytes) -> bytes:
        """Return what is left of `data`."""
        if self._said is None or self._faults.cut_at is None:
            return data
        room = max(0, self._faults.cut_at - self._said)
        self._said += len(data)
        return data[:room]


class Wire(Protocol):
    """Frames to and from a register; Hangup when it has gone, or the line is cut.

    `hush` hears and says nothing more until the register gives up, and ends in Hangup.
    `mending_s` is how much later a frame may come because the line had to say it again.
    """

    scissors: Scissors

    @property
    def mending_s(self) -> float: ...

    async def send(self, frame: Apdu) -> None: ...

    async def receive(self) -> Apdu: ...

    async def hush(self) -> NoReturn: ...


class StreamWire:
    """A TCP connection: frames as they are."""

    mending_s = 0.0

    def __init__(self, reader: Reader, writer: Writer, faults: Faults) -> None:
        self.scissors = Scissors(faults)
        self._reader = reader
        self._writer = writer
        self._decoder = ApduDecoder()

    async def send(self, frame: Apdu) -> None:
        data = frame.to_bytes()
        kept = self.scissors.cut(data)
        try:
            self._writer.write(kept)
            await self._writer.drain()
        except ConnectionError as error:
            raise Hangup from error
        if len(kept) < len(data):
            self._writer.transport.abort()
            raise Hangup

    async def receive(self) -> Apdu:
        while (frame := self._decoder.pull()) is None:
            await self._feed()
        return frame

    async def hush(self) -> NoReturn:
        while True:
            await self._feed()

    async def _feed(self) -> None:
        try:
            data = await self._reader.read(4096)
        except ConnectionError as error:
            raise Hangup from error
        if not data:
            raise Hangup
        self._decoder.feed(data)
