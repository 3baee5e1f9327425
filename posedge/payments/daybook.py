"""The ends of days as the journal knows them. Nothing else appends `reconciliation` entries."""

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter

from posedge.clock import Clock, Ids
from posedge.journal.interface import Journal
from posedge.model.entry import Draft, Entry
from posedge.model.errors import NotFoundError
from posedge.model.reconciliation import DayState, Declaration, Reconciliation
from posedge.model.stamp import Stamp
from posedge.payments.period import Mark

KEPT = 50
"""Ends of days among which the last one of each terminal is looked for at the start."""

_MARKS = TypeAdapter(tuple[Mark, ...])

_VERBS = {
    DayState.RUNNING: "begun",
    DayState.FAILED: "failed",
    DayState.UNKNOWN: "failed",
}


class DayBook:
    """`marks` of a terminal are where its running day can have begun, the oldest first.

    There is one, and one more for each end of day that nobody knows the end of.
    """

    def __init__(self, journal: Journal, clock: Clock, ids: Ids) -> None:
        self._journal = journal
        self._clock = clock
        self._ids = ids
        self.last: dict[str, Reconciliation] = {}

    async def load(self) -> tuple[Reconciliation, ...]:
        """Read what the journal holds; return what the last run left open."""
        for entry in reversed(await self._journal.recent("reconciliation", KEPT)):
            self._take(_read(entry.data))
        return tuple(_read(entry.data) for entry in await self._journal.unsettled("reconciliation"))

    async def find(self, number: str) -> Reconciliation | None:
        entry = await self._journal.latest(_subject(number))
        return _read(entry.data) if entry else None

    async def get(self, number: str) -> Reconciliation:
        found = await self.find(number)
        if found is None:
            raise NotFoundError("reconciliation.missing", f"there is no reconciliation {number}")
        return found

    async def recent(self, limit: int) -> tuple[Reconciliation, ...]:
        """Return the last ones, newest first."""
        entries = await self._journal.recent("reconciliation", limit)
        return tuple(_read(entry.data) for entry in entries)

    async def marks(self, terminal: str) -> tuple[Mark, ...]:
        text = await self._journal.note(_note(terminal))
        return _MARKS.validate_json(text) if text else (Mark(),)

    async def span(self, day: Reconciliation) -> tuple[tuple[Mark, ...], Mark | None]:
        """Return where the day that is compared can have begun, and where it ended, None: now."""
        if day.of is None:
            return await self.marks(day.terminal), None
        first = await self._first(day.of)
        return _MARKS.validate_python(first.data["behind"]), _mark(first)

    async def begin(
        self, number: str, terminal: str, who: str, declared: Declaration | None = None
    ) -> Reconciliation:
        """Write down that the terminal is about to be asked, or what a person declares."""
        marks = await self.marks(terminal)
        day = Reconciliation(
            id=number,
            terminal=terminal,
            who=who,
            state=DayState.RUNNING,
            begun=self._clock.now(),
            since=marks[0].at,
        )
        if declared is not None:
            of = await self.get(declared.of) if declared.of else None
            slip = {"declared": True, "terminal_totals": declared.totals, "of": declared.of}
            day = day.model_copy(update=slip | ({"since": of.since} if of else {}))
        behind = [each.model_dump(mode="json") for each in marks]
        await self._append(day, is_open=True, more={"behind": behind})
        return day

    async def compared(self, day: Reconciliation) -> None:
        """Write down a closed day whose cases are still to be opened; the next one has begun."""
        mark = _mark(await self._first(day.of or day.id))
        marks = await self.marks(day.terminal) if day.of else (mark,)
        kept = marks[marks.index(mark) :] if mark in marks else marks
        await self._append(day, is_open=True, notes={_note(day.terminal): _text(kept)})

    async def lost(self, day: Reconciliation) -> None:
        """Write down that nobody knows whether the next day has begun; its case is still open."""
        mark = _mark(await self._first(day.id))
        marks = _text((*await self.marks(day.terminal), mark))
        await self._append(day, is_open=True, notes={_note(day.terminal): marks})

    async def end(self, day: Reconciliation) -> Reconciliation:
        """Write the last entry on it."""
        ended = day.model_copy(update={"ended": day.ended or self._clock.now()})
        await self._append(ended, is_open=False)
        return ended

    async def _first(self, number: str) -> Entry:
        first, *_ = await self._journal.history(_subject(number))
        return first

    async def _append(
        self,
        day: Reconciliation,
        *,
        is_open: bool,
        notes: Mapping[str, str | None] | None = None,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        verb = _VERBS.get(day.state, "compared" if is_open else "completed")
        data = {**day.model_dump(mode="json"), "open": is_open, **(more or {})}
        draft = Draft(
            self._ids.new(), f"reconciliation.{verb}", _subject(day.id), self._clock.now(), data
        )
        await self._journal.append((draft,), notes=notes)
        self._take(day)

    def _take(self, day: Reconciliation) -> None:
        """Keep it as the terminal's last; a slip stands for its day, if that is the last one."""
        last = self.last.get(day.terminal)
        if day.of is None or last is None or day.of in {last.id, last.of}:
            self.last[day.terminal] = day


def _read(data: Mapping[str, Any]) -> Reconciliation:
    own = {name: data[name] for name in data if name not in {"open", "behind"}}
    return Reconciliation.model_validate(own)


def _mark(first: Entry) -> Mark:
    """Return the mark behind the first entry of an end of day."""
    begun = Stamp.model_validate(first.data["begun"])
    return Mark(stream=first.stream, sequence=first.sequence, at=begun)


def _subject(number: str) -> str:
    return f"reconciliation/{number}"


def _note(terminal: str) -> str:
    return f"reconciliation.marks/{terminal}"


def _text(marks: tuple[Mark, ...]) -> str:
    return _MARKS.dump_json(marks).decode()
