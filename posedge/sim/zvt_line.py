"""The terminal's end of one TCP connection."""

import asyncio
from collections import deque
from typing import Protocol

from posedge.sim.zvt_faults import Faults, Step
from posedge.wire.zvt.apdu import Apdu, ApduDecoder
from posedge.wire.zvt.codes import Result
from posedge.wire.zvt.decode import FromRegister, from_register
from posedge.wire.zvt.register import ABORT, Errand, Negative, Positive


class Hangup(Exception):  # noqa: N818 - the other side's decision, not a mistake
    """The register has gone, or the line was cut."""


class Reader(Protocol):
    """What is used of an asyncio.StreamReader."""

    async def read(self, n: int, /) -> bytes: ...


class Hook(Protocol):
    """What is used of an asyncio.WriteTransport."""

    def abort(self) -> None: ...


class Writer(Protocol):
    """What is used of an asyncio.StreamWriter."""

    @property
    def transport(self) -> Hook: ...

    def write(self, data: bytes, /) -> None: ...

    async def drain(self) -> None: ...


class TerminalLine:
    """Says and hears frames. `payment` starts the count for `Faults.cut_at`.

    `stopped`: the register asked to stop the payment (06 B0) while it was `stoppable`.
    `thought` collects when it was the terminal's turn, as pairs of the loop's time: what is left
    of a payment is the register's own share.
    """

    def __init__(
        self,
        reader: Reader,
        writer: Writer,
        faults: Faults,
        thought: deque[tuple[float, float]],
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._faults = faults
        self._decoder = ApduDecoder()
        self._thought = thought
        self._arrived_at = 0.0
        self._heard_at: float | None = None
        self._said_at = 0.0
        self._said: int | None = None
        self.stoppable = False
        self.stopped = False

    def payment(self) -> None:
        self._said = 0
        self.stopped = False
        self.stoppable = True

    def settled(self) -> None:
        self._said = None
        self.stoppable = False

    async def say(self, frame: Apdu) -> None:
        data = frame.to_bytes()
        kept = self._uncut(data)
        if self._heard_at is not None:
            self._said_at = asyncio.get_running_loop().time()
            self._thought.append((self._heard_at, self._said_at))
            self._heard_at = None
        try:
            self._writer.write(kept)
            await self._writer.drain()
        except ConnectionError as error:
            raise Hangup from error
        if len(kept) < len(data):
            self._writer.transport.abort()
            raise Hangup

    async def hear(self, timeout_s: float | None = None) -> FromRegister | None:
        """Return the register's next message, None after `timeout_s`; ProtocolError for noise."""
        try:
            async with asyncio.timeout(timeout_s):
                while (frame := self._decoder.pull()) is None:
                    await self._feed()
        except TimeoutError:
            return None
        self._heard_at = max(self._arrived_at, self._said_at)
        return from_register(frame)

    async def asks(self, frame: Apdu, *, timeout_s: float) -> bool:
        """Say something and return whether the register agreed in time."""
        await self.say(frame)
        while True:
            answer = await self.hear(timeout_s)
            if answer is None or isinstance(answer, Negative):
                return False
            if isinstance(answer, Positive):
                return True
            await self.refuse(answer)

    async def refuse(self, message: FromRegister) -> None:
        """Answer what comes at the wrong time; an abort is taken while it is possible."""
        if isinstance(message, Errand) and message.command == ABORT:
            self.stopped |= self.stoppable
            await self.say((Positive() if self.stoppable else IMPOSSIBLE).to_apdu())
        elif not isinstance(message, Positive | Negative):
            await self.say(BUSY.to_apdu())

    async def silence(self, step: Step) -> None:
        """Say and hear nothing more until the register gives up, when `step` is to be silent."""
        if self._faults.silent_at is step:
            while True:
                await self._feed()

    async def _feed(self) -> None:
        try:
            data = await self._reader.read(4096)
        except ConnectionError as error:
            raise Hangup from error
        if not data:
            raise Hangup
        self._arrived_at = asyncio.get_running_loop().time()
        self._decoder.feed(data)

    def _uncut(self, data: bytes) -> bytes:
        if self._said is None or self._faults.cut_at is None:
            return data
        room = max(0, self._faults.cut_at - self._said)
        self._said += len(data)
        return data[:room]


BUSY = Negative(Result.WAIT)
IMPOSSIBLE = Negative(Result.NOT_POSSIBLE)
