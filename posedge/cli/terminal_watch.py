"""A payment from the command line: shown live, stopped once by Ctrl-C, and waited for."""

import asyncio
import signal
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Sequence
from contextlib import aclosing, contextmanager, suppress
from typing import Protocol

from posedge.model.errors import NotFoundError, PosedgeError
from posedge.model.payment import DOUBTFUL, Attempt, State
from posedge.model.reconciliation import Declaration, Reconciliation
from posedge.payments.order import Order, give_back_id
from posedge.tasks import Crew, cancel
from posedge.terminals.overview import TerminalStatus
from posedge.terminals.report import Report

SIGNALS = (signal.SIGINT, signal.SIGTERM)

LOOK_S = 0.5
"""Between two looks at a payment that somebody else is at work on."""


class Desk(Protocol):
    """The running box (box_client.RunningBox), or a desk of our own (app.counter.Counter)."""

    async def terminals(self) -> Sequence[TerminalStatus]: ...

    async def terminal(self, name: str) -> TerminalStatus: ...

    async def pay(self, order: Order) -> Attempt: ...

    async def get(self, attempt_id: str) -> Attempt: ...

    async def cancel(self, attempt_id: str) -> Attempt: ...

    async def decide(self, attempt_id: str, *, keep: bool) -> Attempt: ...

    async def reconcile(
        self, number: str, name: str, declared: Declaration | None = None
    ) -> Reconciliation: ...

    async def check(self, number: str, name: str, *, real_money: bool, confirm: str) -> Report: ...

    async def checked(self, name: str) -> Report: ...

    async def stop_check(self, name: str) -> Report: ...

    def shown(self, attempt_id: str) -> AsyncGenerator[str, None]: ...


class Watch:
    """`say` is told in lines. `wait_s`: how long a doubt is waited for."""

    def __init__(self, desk: Desk, say: Callable[[str], None], *, wait_s: float) -> None:
        self._desk = desk
        self._say = say
        self._wait_s = wait_s
        self._left = asyncio.Event()
        self._stopped = False

    async def carry_out(self, order: Order, *, keep: bool) -> Attempt:
        """Pay, and return what became of it; unsettled when nobody knows, or waits any longer."""

        async def pay() -> Attempt:
            attempt = await self._desk.pay(order)
            if attempt.state in DOUBTFUL:
                self._say("In doubt: asking the terminal what became of it …")
                attempt = await self._settled(order.id)
            if attempt.state is State.PARTIAL:
                attempt = await self._desk.decide(order.id, keep=keep)
            if attempt.state is State.PARTIAL_UNWANTED:
                await self._given_back(order.id)
            return attempt

        return await self._watched(order.id, pay)

    async def known(self, attempt_id: str) -> Attempt:
        """Return what became of a payment that was begun before; NotFoundError."""
        await self._desk.get(attempt_id)
        return await self._watched(attempt_id, lambda: self._settled(attempt_id))

    async def stop(self, attempt_id: str) -> None:
        """Ask the terminal to stop, once."""
        if self._stopped:
            return
        self._stopped = True
        self._say("Asking the terminal to stop; it may still approve.")
        try:
            await self._desk.cancel(attempt_id)
        except PosedgeError as error:
            self._say(f"It could not be asked: {error.message}")

    async def _watched(self, attempt_id: str, work: Callable[[], Awaitable[Attempt]]) -> Attempt:
        async def working() -> Attempt:
            return await work()

        async with Crew("watch") as crew:
            with interruptible(self._interrupted(crew, attempt_id)):
                crew.start(self._show(attempt_id), name="show")
                task = crew.start(working(), name="work")
                leaving = crew.start(self._left.wait(), name="leave")
                await asyncio.wait({task, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                return task.result()
            await cancel(task)
            return await self._desk.get(attempt_id)

    def _interrupted(self, crew: Crew, attempt_id: str) -> Callable[[], None]:
        """Let the first Ctrl-C stop the payment, and a second one the waiting."""

        def interrupted() -> None:
            if self._stopped:
                self._left.set()
            else:
                crew.start(self.stop(attempt_id), name="stop")

        return interrupted

    async def _settled(self, attempt_id: str) -> Attempt:
        """Look until it is settled, a person is needed, or the doubt was waited for."""
        loop = asyncio.get_running_loop()
        until_s = loop.time() + self._wait_s
        attempt = await self._desk.get(attempt_id)
        while not _over(attempt) and loop.time() < until_s:
            await asyncio.sleep(LOOK_S)
            attempt = await self._desk.get(attempt_id)
        return attempt

    async def _given_back(self, attempt_id: str) -> None:
        """Stay until the part is given back; what is not done by then the box goes on with."""
        loop = asyncio.get_running_loop()
        until_s = loop.time() + self._wait_s
        while loop.time() < until_s:
            with suppress(NotFoundError):
                if (await self._desk.get(give_back_id(attempt_id, 0))).settled:
                    return
            await asyncio.sleep(LOOK_S)

    async def _show(self, attempt_id: str) -> None:
        with suppress(OSError, PosedgeError):  # a comfort: the payment is what counts
            async with aclosing(self._desk.shown(attempt_id)) as texts:
                async for text in texts:
                    self._say(f"  {text}")


def _over(attempt: Attempt) -> bool:
    return attempt.settled or attempt.state in {State.PARTIAL, State.NEEDS_OPERATOR}


@contextmanager
def interruptible(interrupted: Callable[[], None]) -> Generator[None]:
    """Have Ctrl-C and SIGTERM call `interrupted` meanwhile."""
    loop = asyncio.get_running_loop()
    for number in SIGNALS:
        loop.add_signal_handler(number, interrupted)
    try:
        yield
    finally:
        for number in SIGNALS:
            loop.remove_signal_handler(number)
