"""The terminal's end of one conversation with a register."""

import asyncio
from collections import deque

from posedge.model.errors import ProtocolError
from posedge.sim.zvt_faults import Faults, Step
from posedge.sim.zvt_wire import Wire
from posedge.wire.zvt.apdu import Apdu
from posedge.wire.zvt.codes import Result
from posedge.wire.zvt.decode import Answer, FromRegister, Unknown, from_register
from posedge.wire.zvt.register import ABORT, Errand, Negative, Positive


class TerminalLine:
    """Says and hears messages. `payment` and `settled` tell when `Faults.cut_at` counts.

    `stopped`: the register asked to stop the payment (06 B0) while it was `stoppable`.
    `thought` collects when it was the terminal's turn, as pairs of the loop's time: what is left
    of a payment is the register's own share.
    """

    def __init__(self, wire: Wire, faults: Faults, thought: deque[tuple[float, float]]) -> None:
        self._wire = wire
        self._faults = faults
        self._thought = thought
        self._heard_at: float | None = None
        self.stoppable = False
        self.stopped = False

    def payment(self) -> None:
        self._wire.scissors.payment(runs=True)
        self.stopped = False
        self.stoppable = True

    def settled(self) -> None:
        self._wire.scissors.payment(runs=False)
        self.stoppable = False

    async def say(self, frame: Apdu) -> None:
        if self._heard_at is not None:
            self._thought.append((self._heard_at, asyncio.get_running_loop().time()))
            self._heard_at = None
        await self._wire.send(frame)

    async def hear(self, timeout_s: float | None = None) -> FromRegister | None:
        """Return the register's next message, None after `timeout_s`; ProtocolError for noise.

        A command that cannot be read is an unknown one: it is answered, and the line goes on.
        """
        try:
            async with asyncio.timeout(timeout_s):
                frame = await self._wire.receive()
        except TimeoutError:
            return None
        self._heard_at = asyncio.get_running_loop().time()
        try:
            return from_register(frame)
        except ProtocolError:
            return Unknown(frame.command, len(frame.data))

    async def asks(self, frame: Apdu, *, timeout_s: float) -> Answer | None:
        """Say something and return what the register answered, None when it did not in time."""
        await self.say(frame)
        loop = asyncio.get_running_loop()
        deadline_s = loop.time() + timeout_s + self._wire.mending_s
        while True:
            answer = await self.hear(max(0.0, deadline_s - loop.time()))
            if answer is None or isinstance(answer, Positive | Negative):
                return answer
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
            await self._wire.hush()


BUSY = Negative(Result.WAIT)
IMPOSSIBLE = Negative(Result.NOT_POSSIBLE)
