"""The cases that wait for a person, as the journal knows them. Nothing else appends `case`."""

from collections.abc import Mapping, Sequence
from typing import Any

import structlog

from posedge.clock import Clock, Ids
from posedge.journal.interface import Journal
from posedge.model.case import Case, CaseKind, Resolution
from posedge.model.entry import Draft
from posedge.model.errors import MisuseError, NotFoundError

log = structlog.get_logger()


class Cases:
    """One per box; `load` once before the first use."""

    def __init__(self, journal: Journal, clock: Clock, ids: Ids) -> None:
        self._journal = journal
        self._clock = clock
        self._ids = ids
        self._open: dict[str, Case] = {}

    async def load(self) -> None:
        for entry in await self._journal.unsettled("case"):
            case = _case(entry.data)
            self._open[case.id] = case

    @property
    def open(self) -> tuple[Case, ...]:
        """Oldest first."""
        return tuple(self._open.values())

    async def begin(
        self,
        case_id: str,
        kind: CaseKind,
        *,
        terminal: str,
        code: str,
        text: str,
        payments: Sequence[str],
        notes: Mapping[str, str | None] | None = None,
    ) -> Case:
        """Open a case; the same id again is the same case. `notes` go with it."""
        known = await self._find(case_id)
        if known:
            return known
        case = Case(
            id=case_id,
            kind=kind,
            terminal=terminal,
            code=code,
            text=text,
            payments=tuple(payments),
            opened=self._clock.now(),
        )
        await self._append("case.opened", case, notes)
        self._open[case_id] = case
        log.error("case.opened", case=case_id, kind=kind.value, code=code, terminal=terminal)
        return case

    async def get(self, case_id: str) -> Case:
        case = await self._find(case_id)
        if case is None:
            raise NotFoundError("case.unknown", f"there is no case {case_id}", case=case_id)
        return case

    async def resolve(self, case_id: str, *, who: str, why: str, evidence: str) -> Case:
        """End a case by a person's word; MisuseError `case.resolved` when one did already."""
        case = await self.get(case_id)
        if case.resolution is not None:
            raise MisuseError("case.resolved", f"{case.resolution.who} ended it: nothing to do")
        word = Resolution(at=self._clock.now(), who=who, why=why, evidence=evidence)
        ended = case.model_copy(update={"resolution": word})
        self._open.pop(case_id, None)
        try:
            await self._append("case.resolved", ended, None)
        except BaseException:
            self._open[case_id] = case
            raise
        return ended

    async def _find(self, case_id: str) -> Case | None:
        entry = await self._journal.latest(f"case/{case_id}")
        return _case(entry.data) if entry else None

    async def _append(self, kind: str, case: Case, notes: Mapping[str, str | None] | None) -> None:
        data = {**case.model_dump(mode="json"), "open": case.resolution is None}
        draft = Draft(self._ids.new(), kind, f"case/{case.id}", self._clock.now(), data)
        await self._journal.append((draft,), notes=notes)


def _case(data: Mapping[str, Any]) -> Case:
    return Case.model_validate({name: data[name] for name in data if name != "open"})
