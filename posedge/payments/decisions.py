"""A partial approval waits for the till's word, and what it does not want is given back.

The word is asked for as long as the settings say, anew after a restart; nobody's word is a no.
What is to be given back is noted in the journal until it is, or until a person must do it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import suppress
from itertools import chain, count, repeat

import structlog

from posedge.model.case import CaseKind
from posedge.model.errors import MisuseError, PosedgeError, StorageError
from posedge.model.payment import MONEY_MOVED, Attempt, Cause, Evidence, State
from posedge.payments.book import Book
from posedge.payments.cases import Cases
from posedge.payments.order import FIRST, give_back_id
from posedge.payments.settings import PaymentSettings
from posedge.tasks import Crew, cancel

PAUSES_S = (1, 2, 5, 10, 60)
LONGEST_PAUSE_S = 600
"""Between tries to give back: quick while the customer stands there, then patient."""

Reverse = Callable[[str, str], Awaitable[Attempt]]

log = structlog.get_logger()


class Decisions:
    """Owns the time between PARTIAL and its end, and giving back after it."""

    def __init__(
        self, book: Book, cases: Cases, reverse: Reverse, crew: Crew, settings: PaymentSettings
    ) -> None:
        self._book = book
        self._cases = cases
        self._reverse = reverse
        self._crew = crew
        self._settings = settings
        self._tasks: set[asyncio.Task[None]] = set()

    async def resume(self) -> None:
        """Go on with what the last run left to be given back."""
        for attempt_id in await self._book.unwanted():
            self._start(self._give_back(attempt_id), f"give_back.{attempt_id}")

    def ask(self, attempt: Attempt) -> None:
        """Let the till decide on a partial approval; what goes back is kept as it is."""
        self._start(self._await_word(attempt), f"decide.{attempt.id}")

    async def decide(self, attempt_id: str, *, keep: bool, who: str) -> Attempt:
        """Take the till's word; the same word again changes nothing.

        MisuseError `payment.not_partial` when there is nothing to decide, or it was decided
        otherwise.
        """
        attempt = await self._book.get(attempt_id)
        if attempt.state is State.PARTIAL:
            deciding = self._crew.start(self._move(attempt, keep=keep, who=who), name="decide")
            await asyncio.shield(deciding)
            attempt = await self._book.get(attempt_id)
        if attempt.state is State.PARTIAL:
            raise StorageError(
                "storage.failed",
                f"the word on payment {attempt_id} could not be stored: mend the disk, ask again",
                payment=attempt_id,
            )
        if attempt.state is not (State.PARTIAL_KEPT if keep else State.PARTIAL_UNWANTED):
            raise MisuseError(
                "payment.not_partial",
                f"payment {attempt_id} is {attempt.state.value}: there is nothing to decide",
                payment=attempt_id,
            )
        return attempt

    async def close(self) -> None:
        """Stop waiting: it goes on after the next start."""
        for task in tuple(self._tasks):
            await cancel(task)

    async def _await_word(self, attempt: Attempt) -> None:
        if attempt.kind not in FIRST:
            await self._move(attempt, keep=True, who="the box: what went back is gone")
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(self._settings.decision_s):
                await self._book.settle(attempt.id)
        who = f"the box: no word within {self._settings.decision_s} s"
        await self._move(attempt, keep=False, who=who)

    async def _move(self, attempt: Attempt, *, keep: bool, who: str) -> None:
        """Finish even when who asked has gone; whoever was quicker has decided."""
        word = Evidence(at=self._book.now(), source=who, text="kept" if keep else "not wanted")
        try:
            if keep:
                await self._book.move(attempt.id, Cause.KEPT, evidence=word)
                return
            await self._book.unwant(attempt.id, word)
        except MisuseError:
            return
        except StorageError as error:
            log.critical("payment.unrecorded", payment=attempt.id, reason=error.message)
            return
        self._start(self._give_back(attempt.id), f"give_back.{attempt.id}")

    def _start(self, work: Coroutine[None, None, None], name: str) -> None:
        task = self._crew.start(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _give_back(self, attempt_id: str) -> None:
        """Reverse until it is done; a terminal that says no, or cannot, leaves it to a person."""
        pauses = chain(PAUSES_S, repeat(LONGEST_PAUSE_S))
        numbers = count()
        while True:
            number = next(numbers)
            back = await self._try(give_back_id(attempt_id, number), attempt_id, pauses)
            if back is not None and back.state in MONEY_MOVED:
                await self._book.given_back(attempt_id)
                return
            if back is None or back.state is State.DECLINED:
                await self._call_person(attempt_id, back)
                return
            await asyncio.sleep(next(pauses))

    async def _try(self, reversal: str, attempt_id: str, pauses: Iterator[int]) -> Attempt | None:
        """Return the settled try; None when the terminal cannot. What cannot begin begins again."""
        while True:
            try:
                await self._reverse(reversal, attempt_id)
            except PosedgeError as error:
                if error.code == "terminal.unable":
                    return None
                log.warning("payment.not_given_back", payment=attempt_id, reason=error.message)
            if await self._book.find(reversal):
                return await self._book.settle(reversal)
            await asyncio.sleep(next(pauses))

    async def _call_person(self, attempt_id: str, back: Attempt | None) -> None:
        attempt = await self._book.get(attempt_id)
        said = back.result.text if back and back.result else "it cannot"
        await self._cases.begin(
            give_back_id(attempt_id, 0),
            CaseKind.GIVE_BACK,
            terminal=attempt.terminal,
            code="payment.reversal_refused",
            text=f"{attempt.moved} must go back to the customer, and {attempt.terminal} does not"
            f" do it ({said}): give it back by hand and say how",
            payments=(attempt_id, *([back.id] if back else [])),
            notes=self._book.no_longer_unwanted(attempt_id),
        )
