"""Ending a terminal's day: its own sums, or its provider's list, against the journal.

    begun (open) -> the terminal -> compared (open) -> cases -> completed
                                 -> failed: its day goes on, or nobody knows (a case)

The terminal takes no payment meanwhile. What was begun and not ended when the box stopped is
unknown: the terminal may have closed its day, and its totals with it. Nothing is tried again
before a person has ended that case; the next end of day is then compared with each of the days
that the terminal can mean. Where a machine tells no totals, a person declares those of the
terminal's slip: the same comparison, and the terminal is not asked.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any

import structlog

from posedge.model.case import CaseKind
from posedge.model.errors import (
    MisuseError,
    NotFoundError,
    NotStarted,
    PosedgeError,
    StorageError,
)
from posedge.model.reconciliation import (
    DayState,
    Declaration,
    Difference,
    EndOfDay,
    Reconciliation,
    Reconciling,
    TerminalDay,
)
from posedge.model.terminal import Terminal
from posedge.payments.comparison import NAMED, Booked, compare, totals_of
from posedge.payments.daybook import DayBook
from posedge.payments.declared import check_open, check_same, slip
from posedge.payments.desk import Desk
from posedge.payments.order import Devices
from posedge.payments.period import Period
from posedge.tasks import Crew

UNKNOWN = "reconciliation.unknown"

ANSWER_S = 900
"""A terminal sends its day to one host after the other; longer is a line that hangs."""

PRINTED, LINE = 200, 80
"""Lines of the terminal's own text that are kept, and characters of each: one entry's worth."""

log = structlog.get_logger()


class Reconciliations:
    """One per box; `start` after the desk's and before the first `run`."""

    def __init__(
        self, book: DayBook, period: Period, desk: Desk, terminals: Devices, crew: Crew
    ) -> None:
        self._book = book
        self._period = period
        self._desk = desk
        self._terminals = terminals
        self._crew = crew
        self._running: dict[str, asyncio.Task[Reconciliation | PosedgeError]] = {}

    async def start(self) -> None:
        """Take up what the last run left open: file its cases, or say that nobody knows."""
        for day in await self._book.load():
            if day.state is DayState.RUNNING and day.declared:
                await self._file(await self._compare(day, slip(day)))
            elif day.state is DayState.RUNNING:
                await self._lose(day, "the box stopped while the terminal ended its day")
            else:
                await self._file(day)

    @property
    def days(self) -> tuple[TerminalDay, ...]:
        """Every terminal, whether its day can be ended, and how it went the last time."""
        known = dict.fromkeys((*self._names, *self._book.last))
        return tuple(
            TerminalDay(terminal=each, ends=each in self._ending, last=self._book.last.get(each))
            for each in known
        )

    async def get(self, number: str) -> Reconciliation:
        """NotFoundError `reconciliation.missing`."""
        return await self._book.get(number)

    async def recent(self, limit: int) -> tuple[Reconciliation, ...]:
        """Return the last ones, newest first."""
        return await self._book.recent(limit)

    async def owes(self, terminal: str, moment_ns: int) -> bool:
        """Whether money moved before `moment_ns` (UTC) that no end of day has taken in."""
        *_, mark = await self._book.marks(terminal)
        booked = await self._period.since(terminal, mark)
        return any(each.created.utc_ns < moment_ns for each in booked)

    async def run(
        self,
        number: str,
        terminal: str | None,
        *,
        who: str,
        declared: Declaration | None = None,
    ) -> Reconciliation:
        """End the day of `terminal` (None: the only one); return how that went.

        With `declared` the terminal is not asked: its slip is compared. The same number again
        returns the same one. It goes on when the caller has gone.
        ConflictError `reconciliation.conflict`: the number is another one's. DeviceBusy
        `terminal.locked`: a payment on it is open. MisuseError `reconciliation.unresolved`: what
        became of the last one is not known, and its case is open; `reconciliation.unable`: it tells
        no totals; `reconciliation.compared`, `reconciliation.elsewhere`: the slip cannot be of
        that end of day.
        """
        running = self._running.get(number)
        if running is None:
            known = await self._book.find(number)
            if known is not None:
                return check_same(known, terminal, declared)
            running = self._running.get(number) or self._begin(
                number, self._run(number, terminal, who, declared)
            )
        outcome = await asyncio.shield(running)
        if isinstance(outcome, PosedgeError):
            raise outcome
        return check_same(outcome, terminal, declared)

    def _begin(
        self, number: str, work: Coroutine[Any, Any, Reconciliation | PosedgeError]
    ) -> asyncio.Task[Reconciliation | PosedgeError]:
        task = self._crew.start(work, name=f"reconcile.{number}")
        self._running[number] = task
        task.add_done_callback(lambda _: self._running.pop(number, None))
        return task

    async def _run(
        self, number: str, terminal: str | None, who: str, declared: Declaration | None
    ) -> Reconciliation | PosedgeError:
        """Finish even when who asked has gone; the error is the asker's, not the crew's."""
        try:
            if declared is not None:
                return await self._declare(number, terminal, who, declared)
            name, device = self._asked(terminal)
            async with self._desk.hold(name):
                self._check_stored(name)
                self._check_resolved(name)
                day = await self._book.begin(number, name, who)
                return await self._end(day, device)
        except StorageError as error:
            log.critical("reconciliation.unrecorded", number=number, reason=error.message)
            return error
        except PosedgeError as error:
            return error

    async def _declare(
        self, number: str, terminal: str | None, who: str, declared: Declaration
    ) -> Reconciliation:
        """Compare a slip; its terminal may be away, or be one that nobody can ask."""
        name = self._named(terminal)
        async with self._desk.hold(name):
            self._check_stored(name)
            if declared.of is None:
                self._check_resolved(name)
            else:
                check_open(await self._book.get(declared.of), name)
            day = await self._book.begin(number, name, f"{declared.who} ({who})", declared)
            return await self._file(await self._compare(day, slip(day)))

    def _asked(self, terminal: str | None) -> tuple[str, Reconciling]:
        if terminal in self._names and terminal not in self._ending:
            text = f"{terminal} tells no totals: end its day on it, then declare its slip"
            raise MisuseError("reconciliation.unable", text)
        return self._terminals.find(Reconciling, terminal)  # type: ignore[type-abstract]

    @property
    def _ending(self) -> tuple[str, ...]:
        return self._terminals.names(Reconciling)  # type: ignore[type-abstract]

    @property
    def _names(self) -> tuple[str, ...]:
        return self._terminals.names(Terminal)  # type: ignore[type-abstract]

    def _named(self, terminal: str | None) -> str:
        names = self._names
        if terminal in names:
            return terminal
        if terminal is None and len(names) == 1:
            return names[0]
        known = ", ".join(names) or "add it to [[devices.static]]"
        raise NotFoundError("device.unknown", f"which terminal is the slip of? There are: {known}")

    def _check_stored(self, terminal: str) -> None:
        """Refuse while the cases of the last one may be missing: the next start files them."""
        last = self._book.last.get(terminal)
        if last is not None and last.ended is None:
            raise StorageError(
                "storage.failed",
                f"end of day {last.id} of {terminal} could not be stored: mend the disk, restart",
            )

    def _check_resolved(self, terminal: str) -> None:
        for case in self._desk.cases.open:
            if case.code == UNKNOWN and case.terminal == terminal:
                raise MisuseError(
                    "reconciliation.unresolved",
                    f"nobody knows what became of the last end of day of {terminal}:"
                    f" resolve case {case.id} first",
                    case=case.id,
                )

    async def _end(self, day: Reconciliation, device: Reconciling) -> Reconciliation:
        first, *_ = await self._book.marks(day.terminal)
        known = await self._period.attempts(day.terminal, first)
        try:
            async with asyncio.timeout(ANSWER_S):
                said = await device.end_of_day(day.since, known)
        except TimeoutError:
            return await self._lose(day, f"no end of it within {ANSWER_S} s")
        except PosedgeError as error:
            if isinstance(error, NotStarted) or error.code == "terminal.refused":
                return await self._fail(day, error)
            return await self._lose(day, f"{error.code}: {error.message}")
        return await self._file(await self._compare(day, said))

    async def _fail(self, day: Reconciliation, error: PosedgeError) -> Reconciliation:
        log.warning("reconciliation.failed", terminal=day.terminal, reason=error.message)
        failed = {"state": DayState.FAILED, "code": error.code, "text": error.message}
        return await self._book.end(day.model_copy(update=failed))

    async def _lose(self, day: Reconciliation, why: str) -> Reconciliation:
        lost = {"state": DayState.UNKNOWN, "code": UNKNOWN, "text": why}
        day = day.model_copy(update=lost)
        await self._book.lost(day)
        return await self._file(day)

    async def _compare(self, day: Reconciliation, said: EndOfDay) -> Reconciliation:
        """Hold what the terminal says against each day that it can mean; the best fit counts."""
        booked, differences = await self._best(day, said)
        silent = said.totals is None and said.listed is None
        agreed = DayState.UNCOMPARED if silent else DayState.AGREED
        day = day.model_copy(
            update={
                "state": DayState.DIFFERENT if differences else agreed,
                "text": said.text,
                "terminal_totals": said.totals or (),
                "journal_totals": totals_of(booked),
                "differences": differences,
                "printed": tuple(line[:LINE] for line in said.printed[:PRINTED]),
            }
        )
        await self._book.compared(day)
        return day

    async def _best(
        self, day: Reconciliation, said: EndOfDay
    ) -> tuple[tuple[Booked, ...], tuple[Difference, ...]]:
        marks, until = await self._book.span(day)
        fits = [
            (booked, compare(said, booked))
            for booked in [await self._period.since(day.terminal, mark, until) for mark in marks]
        ]
        return min(fits, key=lambda fit: len(fit[1]))

    async def _file(self, day: Reconciliation) -> Reconciliation:
        """Open the cases, each under an id of its own for ever, and end the reconciliation."""
        if day.state is DayState.UNKNOWN:
            await self._lost_case(day)
        for number, each in enumerate(day.differences):
            await self._desk.cases.begin(
                f"{day.id}-{number}",
                CaseKind.RECONCILIATION,
                terminal=day.terminal,
                code=f"reconciliation.{each.kind.value}",
                text=f"{each.text}: find out which side is right, and mend the books",
                payments=each.payments,
            )
        return await self._book.end(day)

    async def _lost_case(self, day: Reconciliation) -> None:
        *_, current, _ = await self._book.marks(day.terminal)
        booked = await self._period.since(day.terminal, current)
        await self._desk.cases.begin(
            f"{day.id}-unknown",
            CaseKind.RECONCILIATION,
            terminal=day.terminal,
            code=UNKNOWN,
            text=f"it is not known whether {day.terminal} has ended its day ({day.text}): look at"
            " the terminal or ask its host, and compare the totals with these payments",
            payments=tuple(each.id for each in booked[:NAMED]),
        )
