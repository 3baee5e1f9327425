"""The attempts as the journal knows them: each move is durable before anybody sees it.

The lock of a terminal and of a sale is an unsettled attempt in the journal; `unsettled` is that
list, read from it at the start and in step with it ever after.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from posedge.clock import Clock, Ids
from posedge.journal.interface import Journal
from posedge.model.entry import Draft
from posedge.model.errors import MisuseError, NotFoundError
from posedge.model.events import PaymentChanged
from posedge.model.payment import (
    DOUBTFUL,
    Attempt,
    Cause,
    Evidence,
    TerminalResult,
    advance,
)
from posedge.model.stamp import Stamp
from posedge.payments.announce import Announcer

RECENT = 20
"""Attempts that the status shows."""

_UNWANTED = "give-back/"

Change = Callable[[Attempt], Attempt]


@dataclass(slots=True)
class _Page:
    """An unsettled attempt. `turn` makes its moves one after the other."""

    attempt: Attempt
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    settled: asyncio.Event = field(default_factory=asyncio.Event)


class Book:
    """Owns the state of every attempt; nothing else appends `payment` entries."""

    def __init__(self, journal: Journal, announcer: Announcer, clock: Clock, ids: Ids) -> None:
        self._journal = journal
        self._announcer = announcer
        self._clock = clock
        self._ids = ids
        self._pages: dict[str, _Page] = {}
        self._recent: dict[str, Attempt] = {}
        self._newest: dict[str, str] = {}

    async def load(self) -> None:
        """Read what the journal holds: once, before any work."""
        for entry in reversed(await self._journal.recent("payment", RECENT)):
            self._remember(_attempt(entry.data))
        for entry in await self._journal.unsettled("payment"):
            attempt = _attempt(entry.data)
            self._pages[attempt.id] = _Page(attempt)

    @property
    def unsettled(self) -> tuple[Attempt, ...]:
        return tuple(page.attempt for page in self._pages.values())

    @property
    def recent(self) -> tuple[Attempt, ...]:
        """Newest first."""
        return tuple(reversed(self._recent.values()))

    async def find(self, attempt_id: str) -> Attempt | None:
        page = self._pages.get(attempt_id)
        if page:
            return page.attempt
        entry = await self._journal.latest(_subject(attempt_id))
        return _attempt(entry.data) if entry else None

    async def get(self, attempt_id: str) -> Attempt:
        attempt = await self.find(attempt_id)
        if attempt is None:
            raise NotFoundError("payment.unknown", f"there is no payment {attempt_id}")
        return attempt

    async def returns(self, original: str) -> list[Attempt]:
        """Return the attempts that were made to give money of `original` back.

        Also those that are reserved and not in the journal yet.
        """
        prefix = _return(original, "")
        noted = {name.removeprefix(prefix) for name in await self._journal.notes(prefix)}
        begun = {each.id for each in self.unsettled if each.original == original}
        return [await self.get(attempt_id) for attempt_id in sorted(noted | begun)]

    async def newest(self, limit: int) -> tuple[Attempt, ...]:
        entries = await self._journal.recent("payment", limit)
        return tuple(_attempt(entry.data) for entry in entries)

    def superseded(self, attempt: Attempt) -> bool:
        """Whether its terminal has taken another attempt since: its last receipt is not ours."""
        return self._newest.get(attempt.terminal, attempt.id) != attempt.id

    async def settle(self, attempt_id: str) -> Attempt:
        """Return the attempt when it is settled, however long that takes."""
        page = self._pages.get(attempt_id)
        if page:
            await page.settled.wait()
        return await self.get(attempt_id)

    def reserve(self, attempt: Attempt) -> None:
        """Lock sale and terminal from this moment; `create` makes it durable."""
        self._pages[attempt.id] = _Page(attempt)
        self._newest[attempt.terminal] = attempt.id

    async def create(self, attempt: Attempt) -> None:
        notes = {_return(attempt.original, attempt.id): ""} if attempt.original else None
        await self._store(attempt, notes=notes)

    async def move(
        self,
        attempt_id: str,
        cause: Cause,
        *,
        result: TerminalResult | None = None,
        evidence: Evidence | None = None,
        heard: Stamp | None = None,
        change: Change = lambda attempt: attempt,
        notes: Mapping[str, str | None] | None = None,
    ) -> Attempt:
        """Move as the table says; MisuseError `payment.impossible_move` if it does not.

        `heard`: when the terminal last spoke, which counts where a doubt begins; None: up to now.
        """

        def moved(attempt: Attempt) -> Attempt:
            state = advance(attempt.state, cause, attempt.id)
            begins = state in DOUBTFUL and attempt.state not in DOUBTFUL
            last = (heard or self.now()) if begins else attempt.heard
            after = {"state": state, "cause": cause, "heard": last}
            known = {"result": result or attempt.result}
            proof = {"evidence": (*attempt.evidence, *([evidence] if evidence else []))}
            return change(attempt.model_copy(update={**after, **known, **proof}))

        return await self.amend(attempt_id, moved, notes)

    async def unwant(self, attempt_id: str, evidence: Evidence) -> Attempt:
        """Decide that a partial approval goes back, and note that it has to."""
        notes = {f"{_UNWANTED}{attempt_id}": ""}
        return await self.move(attempt_id, Cause.UNWANTED, evidence=evidence, notes=notes)

    async def unwanted(self) -> list[str]:
        """Return the attempts that are still to be given back."""
        return [name.removeprefix(_UNWANTED) for name in await self._journal.notes(_UNWANTED)]

    async def given_back(self, attempt_id: str) -> None:
        await self._journal.put_note(f"{_UNWANTED}{attempt_id}", None)

    @staticmethod
    def no_longer_unwanted(attempt_id: str) -> Mapping[str, None]:
        """Return the note's removal, for whoever takes it over in the journal."""
        return {f"{_UNWANTED}{attempt_id}": None}

    async def amend(
        self,
        attempt_id: str,
        change: Change,
        notes: Mapping[str, str | None] | None = None,
    ) -> Attempt:
        """Store an unsettled attempt as `change` makes it; no entry when it changes nothing."""
        page = self._page(attempt_id)
        async with page.turn:
            after = change(self._page(attempt_id).attempt)
            if after != page.attempt:
                await self._store(after, notes)
            return after

    async def contradict(self, attempt: Attempt, evidence: Evidence) -> None:
        """Keep a fact that speaks against what an operator said; the state stays."""
        after = attempt.model_copy(update={"evidence": (*attempt.evidence, evidence)})
        await self._append(after, "payment.contradicted")

    def now(self) -> Stamp:
        return self._clock.now()

    def _page(self, attempt_id: str) -> _Page:
        page = self._pages.get(attempt_id)
        if page is None:
            raise MisuseError("payment.settled", f"payment {attempt_id} is settled: nothing to do")
        return page

    async def _store(self, attempt: Attempt, notes: Mapping[str, str | None] | None = None) -> None:
        await self._append(attempt, "payment.changed", notes)
        page = self._pages[attempt.id]
        before, page.attempt = page.attempt, attempt
        if attempt.settled:
            del self._pages[attempt.id]
            page.settled.set()
        if before is attempt or before.state is not attempt.state:
            self._announce(attempt)

    async def _append(
        self, attempt: Attempt, kind: str, notes: Mapping[str, str | None] | None = None
    ) -> None:
        data = {**attempt.model_dump(mode="json"), "open": not attempt.settled}
        draft = Draft(self._ids.new(), kind, _subject(attempt.id), self._clock.now(), data)
        await self._journal.append((draft,), notes=notes)
        self._remember(attempt)

    def _remember(self, attempt: Attempt) -> None:
        self._recent.pop(attempt.id, None)
        self._recent[attempt.id] = attempt
        while len(self._recent) > RECENT:
            del self._recent[next(iter(self._recent))]

    def _announce(self, attempt: Attempt) -> None:
        self._announcer.say(
            PaymentChanged(
                at=self._clock.now(),
                payment=attempt.id,
                sale=attempt.sale,
                terminal=attempt.terminal,
                kind=attempt.kind,
                amount=attempt.amount,
                state=attempt.state,
                cause=attempt.cause,
            )
        )


def _attempt(data: Mapping[str, Any]) -> Attempt:
    return Attempt.model_validate({name: data[name] for name in data if name != "open"})


def _subject(attempt_id: str) -> str:
    return f"payment/{attempt_id}"


def _return(original: str, attempt_id: str) -> str:
    return f"return/{original}/{attempt_id}"
