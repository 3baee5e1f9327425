"""A payment terminal whose day can be ended, by sums or by a provider's list."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from posedge.clock import Ids
from posedge.model.errors import DeviceError
from posedge.model.payment import Attempt, TerminalResult
from posedge.model.reconciliation import EndOfDay
from posedge.model.stamp import Stamp
from posedge.payments.closing_time import ClosingTime
from posedge.payments.daybook import DayBook
from posedge.payments.desk import Desk
from posedge.payments.period import Period
from posedge.payments.reconciliations import Reconciliations
from posedge.tasks import Crew
from tests.doubles.counter import Counter
from tests.doubles.simloop import SimClock, SimLoop
from tests.doubles.terminal import Act, FakeTerminal

WORK_S = 30
"""How long it talks to its hosts."""


@dataclass
class DayTerminal(FakeTerminal):
    """`answers` are what its ends of day bring, one after the other; then it has no totals."""

    answers: list[EndOfDay | DeviceError] = field(default_factory=list)
    asked: list[Stamp | None] = field(default_factory=list)
    known: list[tuple[str, ...]] = field(default_factory=list[tuple[str, ...]])
    work_s: float = WORK_S

    def _decide(self, attempt: Attempt, act: Act) -> TerminalResult:
        """Say no scheme of what it undoes, as many do."""
        result = super()._decide(attempt, act)
        return result.model_copy(update={"scheme": ""}) if attempt.original else result

    async def end_of_day(self, since: Stamp | None, known: Sequence[Attempt] = ()) -> EndOfDay:
        assert not self._busy, "an end of day while a payment runs"
        self.asked.append(since)
        self.known.append(tuple(each.id for each in known))
        self._busy = True
        try:
            await asyncio.sleep(self.work_s)
        finally:
            self._busy = False
        answer = self.answers.pop(0) if self.answers else EndOfDay(text="closed")
        if isinstance(answer, DeviceError):
            raise answer
        return answer


@dataclass
class DayCounter(Counter):
    """A counter whose front terminal's day can be ended."""

    day: DayTerminal = field(default_factory=DayTerminal)
    crew: Crew = field(init=False)
    clock: SimClock = field(init=False)

    def __post_init__(self) -> None:
        self.front = self.day
        super().__post_init__()

    @asynccontextmanager
    async def open(self) -> AsyncIterator[tuple[Desk, Reconciliations]]:
        async with self.desk() as desk, Crew("days") as self.crew:
            loop = asyncio.get_running_loop()
            assert isinstance(loop, SimLoop)
            self.clock = SimClock(loop, f"boot-{self.boots}", trusted=self.trusted)
            book = DayBook(self.journal, self.clock, Ids(self.clock, loop.chance))
            days = Reconciliations(book, Period(self.journal), desk, self.devices, self.crew)
            await days.start()
            yield desk, days

    def closing(self, days: Reconciliations, at: str) -> ClosingTime:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, SimLoop)
        return ClosingTime(days, self.clock, Ids(self.clock, loop.chance), at=at)

    def told(self) -> list[str]:
        return [each.type for each in self.journal.entries if each.type[:6] == "reconc"]
