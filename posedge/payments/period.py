"""What the journal holds of one terminal's day: every payment that began in it and moved money."""

from collections.abc import AsyncGenerator, Mapping
from typing import Any

from posedge.journal.interface import Journal
from posedge.model.entry import Entry
from posedge.model.payment import Attempt, TerminalResult
from posedge.model.stamp import Stamp
from posedge.model.value import Value
from posedge.payments.comparison import Booked

PAGE = 500
"""Entries read at a time: a sale of 300 lines has about 90 KB, and the loop has other work."""


class Mark(Value):
    """The journal's entry behind which a day begins; `at` None: the journal's own beginning."""

    stream: str = ""
    sequence: int = 0
    at: Stamp | None = None


class Period:
    """Reads the journal; one per box."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    async def since(
        self, terminal: str, mark: Mark, until: Mark | None = None
    ) -> tuple[Booked, ...]:
        """Return what `attempts` does, as it is compared."""
        moved = await self.attempts(terminal, mark, until)
        return tuple([await self._booked(each) for each in moved])

    async def attempts(
        self, terminal: str, mark: Mark, until: Mark | None = None
    ) -> tuple[Attempt, ...]:
        """Return the attempts on `terminal` that began behind `mark` and moved money, in order.

        Nothing on it may be open at the end (`until`, else now), so that what began in a day has
        also ended in it.
        """
        found: dict[str, Attempt] = {}
        async for entry in self._entries(mark):
            if until is not None and (entry.stream, entry.sequence) == (
                until.stream,
                until.sequence,
            ):
                break
            if entry.type != "payment.changed" or entry.data.get("terminal") != terminal:
                continue
            attempt = _attempt(entry.data)
            found[attempt.id] = attempt
        return tuple(each for each in found.values() if each.moved.minor)

    async def _entries(self, mark: Mark) -> AsyncGenerator[Entry, None]:
        """Yield what stands behind `mark`, stream by stream; all of it where its stream is gone."""
        streams = [each.id for each in self._journal.streams]
        first = streams.index(mark.stream) if mark.stream in streams else 0
        for stream in streams[first:]:
            sequence = mark.sequence if stream == mark.stream else 0
            while entries := await self._journal.after(sequence, PAGE, stream=stream):
                for entry in entries:
                    if entry.hash:  # else it is what a damaged disk left of one
                        yield entry
                sequence += len(entries)

    async def _booked(self, attempt: Attempt) -> Booked:
        result = attempt.result or TerminalResult(approved=True)
        keys = (attempt.id, attempt.reference, result.receipt_no, result.trace_no)
        return Booked(
            id=attempt.id,
            kind=attempt.kind,
            amount=attempt.moved,
            scheme=result.scheme
            or (await self._scheme(attempt.original) if attempt.original else ""),
            keys=frozenset(key for key in keys if key),
            created=attempt.created,
            receipt_no=result.receipt_no,
        )

    async def _scheme(self, original: str) -> str:
        """Return the scheme of what is undone: many a terminal does not repeat it."""
        entry = await self._journal.latest(f"payment/{original}")
        result = _attempt(entry.data).result if entry else None
        return result.scheme if result else ""


def _attempt(data: Mapping[str, Any]) -> Attempt:
    return Attempt.model_validate({name: data[name] for name in data if name != "open"})
