"""The payment desk: no payment lost, doubled or guessed.

    CREATED durable -> pre-image -> SENDING durable -> the terminal -> the result durable before
    it is acknowledged -> outcome, or IN_DOUBT and recovery.

The caller may go away at any point: the payment belongs to the crew. Its end is known by `get`,
by the same order again, or from the bus.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog

from posedge.bus import Bus
from posedge.clock import Clock, Ids
from posedge.journal.interface import Journal
from posedge.model.errors import MisuseError, StorageError
from posedge.model.payment import DOUBTFUL, Attempt, Cause, State
from posedge.model.status import DeskStatus
from posedge.model.terminal import Terminal
from posedge.payments.announce import Announcer
from posedge.payments.book import Book
from posedge.payments.cases import Cases
from posedge.payments.conversation import Conversation
from posedge.payments.decisions import Decisions
from posedge.payments.order import (
    Devices,
    Order,
    check_able,
    check_free,
    check_same,
    refusal,
    reversal_of,
)
from posedge.payments.original import check_original
from posedge.payments.recovery import Recovery
from posedge.payments.settings import PaymentSettings
from posedge.payments.turns import Turns
from posedge.payments.verdict import Verdicts
from posedge.tasks import Crew

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Running:
    conversation: Conversation
    task: asyncio.Task[None]


class Desk:
    """One per box. `start` before the first order; `close` before the crew is left.

    The crew should drain (a payment takes up to some minutes); what is cut off is in doubt after
    the next start, never lost.
    """

    def __init__(
        self,
        journal: Journal,
        terminals: Devices,
        bus: Bus,
        *,
        clock: Clock,
        ids: Ids,
        crew: Crew,
        settings: PaymentSettings | None = None,
    ) -> None:
        self._terminals = terminals
        self._crew = crew
        self._announcer = Announcer(bus, crew)
        self._book = Book(journal, self._announcer, clock, ids)
        self.cases = Cases(journal, clock, ids)
        self._verdicts = Verdicts(self._book, crew)
        self._turns = Turns()
        settings = settings or PaymentSettings()
        self._decisions = Decisions(self._book, self.cases, self.reverse, crew, settings)
        self._recovery = Recovery(
            self._book,
            self.cases,
            terminals,
            self._turns,
            crew,
            settings=settings,
            ask_till=self._decisions.ask,
        )
        self._door = asyncio.Lock()
        self._open = False
        self._running: dict[str, _Running] = {}

    async def start(self) -> None:
        """Take up what the last run left open, then open for business."""
        await self._book.load()
        await self.cases.load()
        for attempt in self._book.unsettled:
            await self._book.move(attempt.id, Cause.CRASHED)
        for attempt in self._book.unsettled:
            self._pursue(attempt)
        self._open = True
        await self._decisions.resume()

    async def close(self) -> None:
        """Take no more orders and stop asking about doubtful ones. What runs may finish."""
        self._open = False
        await self._recovery.close()
        await self._decisions.close()

    async def pay(self, order: Order) -> Attempt:
        """Carry `order` out; return when it is settled, in doubt, or PARTIAL: see `decide`.

        The same order again returns the same attempt. ConflictError `payment.conflict`: other
        content under a known id. DeviceBusy `terminal.locked`, MisuseError `sale.payment_open`:
        another attempt is not settled. MisuseError `payment.returned`, `payment.not_moved`,
        `payment.not_whole`, `payment.elsewhere`: the original does not allow it;
        `terminal.unable`. StorageError: the outcome could not be stored.
        """
        async with self._door:
            known = await self._book.find(order.id)
            if known:
                check_same(order, known)
            else:
                await self._admit(order)
        running = self._running.get(order.id)
        if running:
            await asyncio.shield(running.task)
        attempt = await self._book.get(order.id)
        if not attempt.settled and attempt.state not in {*DOUBTFUL, State.PARTIAL}:
            raise StorageError(
                "storage.failed",
                f"payment {order.id} could not be stored yet: mend the disk and ask again",
                payment=order.id,
            )
        return attempt

    async def reverse(self, attempt_id: str, original_id: str) -> Attempt:
        """Undo the whole of an approved payment by a new attempt `attempt_id`; see `pay`."""
        original = await self._book.get(original_id)
        return await self.pay(reversal_of(attempt_id, original))

    async def decide(self, attempt_id: str, *, keep: bool, who: str) -> Attempt:
        """Keep a partial approval or have it given back; see Decisions.decide."""
        return await self._decisions.decide(attempt_id, keep=keep, who=who)

    async def cancel(self, attempt_id: str) -> Attempt:
        """Request that a running payment end; an approval may still come, and then counts.

        MisuseError `payment.not_running` when the terminal is not at work on it. DeviceError
        when it cannot be told.
        """
        attempt = await self._book.get(attempt_id)
        if attempt.settled:
            return attempt
        running = self._running.get(attempt_id)
        if running is None:
            raise MisuseError(
                "payment.not_running",
                f"payment {attempt_id} is {attempt.state.value}: cancelling comes too late",
                payment=attempt_id,
            )
        await running.conversation.cancel()
        return await self._book.get(attempt_id)

    async def cut(self, attempt_id: str) -> None:
        """Hear no more of a running payment, as if its line were lost: the go-live check's test."""
        if attempt_id in self._running:
            self._running[attempt_id].conversation.cut()

    async def resolve(
        self, attempt_id: str, *, approved: bool, who: str, why: str, evidence: str
    ) -> Attempt:
        """Settle by a person's word what the machine could not say; see Verdicts.give."""
        return await self._verdicts.give(
            attempt_id, approved=approved, who=who, why=why, evidence=evidence
        )

    async def get(self, attempt_id: str) -> Attempt:
        """Return the attempt; NotFoundError `payment.unknown`."""
        return await self._book.get(attempt_id)

    @asynccontextmanager
    async def hold(self, terminal: str) -> AsyncGenerator[None, None]:
        """Keep payments off `terminal` meanwhile.

        DeviceBusy `terminal.locked` while something on it is open, or is still to be given back.
        """
        async with self._turns.hold(terminal):
            back = [await self._book.get(each) for each in await self._book.unwanted()]
            check_free(terminal, (*self._book.unsettled, *back))
            yield

    async def find(self, attempt_id: str) -> Attempt | None:
        return await self._book.find(attempt_id)

    async def settle(self, attempt_id: str) -> Attempt:
        """Return the attempt once it is settled, however long that takes."""
        return await self._book.settle(attempt_id)

    async def recent(self, limit: int) -> tuple[Attempt, ...]:
        """Return the last attempts, newest first."""
        return await self._book.newest(limit)

    def status(self) -> DeskStatus:
        doubtful = [each for each in self._book.unsettled if each.state in DOUBTFUL]
        waiting = sum(each.state is State.NEEDS_OPERATOR for each in doubtful)
        return DeskStatus(
            in_doubt=len(doubtful) - waiting,
            needs_operator=waiting,
            undecided=sum(each.state is State.PARTIAL for each in self._book.unsettled),
            cases=self.cases.open,
            blocked=tuple(sorted({each.terminal for each in doubtful})),
            recent=self._book.recent,
        )

    async def _admit(self, order: Order) -> None:
        """Start `order` or say no. No await between the lock and the task that owns it."""
        if not self._open:
            raise MisuseError("desk.closed", "the desk is not open: try again in a moment")
        name, terminal = self._terminals.find(Terminal, order.terminal)  # type: ignore[type-abstract]
        check_able(order, name, terminal.able)
        original = await self._original(order, name)
        no = refusal(order, name, self._book.unsettled, held=self._turns.is_held(name))
        if no:
            raise no
        attempt = order.begun(name, original, at=self._book.now())
        self._book.reserve(attempt)
        conversation = Conversation(self._book, self._announcer, attempt, terminal)
        task = self._crew.start(self._run(conversation), name=f"pay.{order.id}")
        self._running[order.id] = _Running(conversation, task)

    async def _original(self, order: Order, terminal: str) -> Attempt | None:
        if order.original is None:
            return None
        original = await self._book.get(order.original)
        check_original(order, terminal, original, await self._book.returns(original.id))
        return original

    async def _run(self, conversation: Conversation) -> None:
        attempt = conversation.attempt
        try:
            async with self._turns.of(attempt.terminal):
                after = await conversation.run()
            self._pursue(after)
        except StorageError as error:
            log.critical("payment.unrecorded", payment=attempt.id, reason=error.message)
            self._recovery.pursue(attempt.id)
        finally:
            del self._running[attempt.id]

    def _pursue(self, attempt: Attempt) -> None:
        """Bring what is not settled further: the till decides on a part, recovery on a doubt."""
        if attempt.state is State.PARTIAL:
            self._decisions.ask(attempt)
        elif not attempt.settled:
            self._recovery.pursue(attempt.id)
