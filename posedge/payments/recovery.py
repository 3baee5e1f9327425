"""What became of a payment in doubt: ask the terminal until it proves something.

Nothing here moves money. A person is called after the deadline, and the box goes on asking: a
machine's fact settles what nobody has decided, and speaks up when it contradicts who did.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from itertools import chain, repeat

import structlog

from posedge.model.case import CaseKind
from posedge.model.errors import MisuseError, PosedgeError, ProtocolError, StorageError
from posedge.model.payment import (
    DOUBTFUL,
    MONEY_MOVED,
    Attempt,
    Cause,
    Evidence,
    State,
    TerminalResult,
)
from posedge.model.stamp import NS_PER_S, Stamp
from posedge.model.terminal import Finding, FindingKind, Terminal
from posedge.payments.book import Book
from posedge.payments.cases import Cases
from posedge.payments.order import Devices
from posedge.payments.settings import PaymentSettings
from posedge.payments.turns import Turns
from posedge.payments.witness import is_partial
from posedge.tasks import Crew, cancel

PAUSES_S = (1, 2, 5, 10, 20, 40)
LONGEST_PAUSE_S = 60
"""Quick while the customer still stands there, then no more than a terminal can bear."""

ASK_S = 120
"""A question that takes longer has hung, and would keep the terminal from the next payment."""

STORAGE_S = 10
"""Between tries to write while the disk is full; what has failed for good ends the process."""

EVIDENCE = 50
"""Pieces kept that settle nothing; a terminal whose words change each time fills no disk."""

_FOUND = {
    FindingKind.APPROVED: Cause.FOUND_APPROVED,
    FindingKind.PARTIAL: Cause.FOUND_PARTIAL,
    FindingKind.NOT_COMPLETED: Cause.FOUND_NOT_COMPLETED,
}

TEXT = 500
"""Characters of one piece: an entry of the journal has a limit too."""

log = structlog.get_logger()


class Recovery:
    """Pursues each doubtful attempt in a task of its own."""

    def __init__(
        self,
        book: Book,
        cases: Cases,
        terminals: Devices,
        turns: Turns,
        crew: Crew,
        *,
        settings: PaymentSettings,
        ask_till: Callable[[Attempt], None],
    ) -> None:
        self._book = book
        self._cases = cases
        self._ask_till = ask_till
        self._terminals = terminals
        self._turns = turns
        self._crew = crew
        self._settings = settings
        self._pursuits: dict[str, asyncio.Task[None]] = {}

    def pursue(self, attempt_id: str) -> None:
        """Start asking what became of it; nobody may be at work on it any more."""
        task = self._crew.start(self._pursue(attempt_id), name=f"recover.{attempt_id}")
        self._pursuits[attempt_id] = task

    async def close(self) -> None:
        """Stop asking. The doubt stays in the journal and is pursued after the next start."""
        for task in tuple(self._pursuits.values()):
            await cancel(task)

    async def _pursue(self, attempt_id: str) -> None:
        """Pursue to the end, also when the disk is full for a while."""
        try:
            while True:
                try:
                    return await self._clear_up(attempt_id)
                except StorageError as error:
                    log.critical("payment.unrecorded", payment=attempt_id, reason=error.message)
                await asyncio.sleep(STORAGE_S)
        finally:
            del self._pursuits[attempt_id]

    async def _clear_up(self, attempt_id: str) -> None:
        attempt = await self._book.get(attempt_id)
        if not attempt.settled and attempt.state not in DOUBTFUL:
            attempt = await self._book.move(attempt_id, Cause.CRASHED)
        if attempt.state in DOUBTFUL:
            await self._ask_until_known(attempt_id)

    async def _ask_until_known(self, attempt_id: str) -> None:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._settings.deadline_s
        pauses = chain(PAUSES_S, repeat(LONGEST_PAUSE_S))
        while not await self._ask(attempt_id):
            left_s = deadline - loop.time()
            if left_s <= 0:
                await self._call_operator(attempt_id)
            await asyncio.sleep(min(next(pauses), left_s) if left_s > 0 else self._settings.slow_s)

    async def _call_operator(self, attempt_id: str) -> None:
        attempt = await self._book.get(attempt_id)
        if attempt.state in {State.IN_DOUBT, State.IN_DOUBT_AFTER_APPROVAL}:
            await self._book.move(attempt_id, Cause.DEADLINE)
            log.error("payment.needs_operator", payment=attempt_id, terminal=attempt.terminal)

    async def _ask(self, attempt_id: str) -> bool:
        """Ask once; True when there is nothing more to ask."""
        attempt = await self._book.get(attempt_id)
        async with self._turns.of(attempt.terminal):
            if self._book.superseded(attempt):
                return True
            finding = await self._finding(attempt)
            return await self._conclude(attempt_id, attempt.terminal, finding)

    async def _finding(self, attempt: Attempt) -> Finding:
        try:
            _, terminal = self._terminals.find(Terminal, attempt.terminal)  # type: ignore[type-abstract]
            waited = waited_s(attempt, self._book.now())
            async with asyncio.timeout(ASK_S):
                return checked(await terminal.find(attempt, waited_s=waited), attempt)
        except TimeoutError:
            return Finding(kind=FindingKind.UNKNOWN, text=f"no answer within {ASK_S} s")
        except PosedgeError as error:
            return Finding(kind=FindingKind.UNKNOWN, text=f"{error.code}: {error.message}")

    async def _conclude(self, attempt_id: str, terminal: str, finding: Finding) -> bool:
        evidence = Evidence(
            at=self._book.now(),
            source=f"terminal {terminal}",
            text=finding.text[:TEXT],
            result=finding.result,
        )
        cause = _FOUND.get(finding.kind)
        if cause is None:
            with suppress(MisuseError):  # settled already: an operator was quicker
                await self._book.amend(attempt_id, lambda now: _noted(now, evidence))
            if finding.kind is FindingKind.UNTOLD:
                await self._call_operator(attempt_id)
            return False
        try:
            after = await self._book.move(
                attempt_id, cause, result=finding.result, evidence=evidence
            )
            if after.state is State.PARTIAL:
                self._ask_till(after)
        except MisuseError:  # settled already: an operator was quicker
            await self._compare(await self._book.get(attempt_id), cause, evidence)
        return True

    async def _compare(self, attempt: Attempt, cause: Cause, evidence: Evidence) -> None:
        """Hold the machine's fact against what the operator said; a case comes first, and stays."""
        fact = cause is not Cause.FOUND_NOT_COMPLETED
        if fact is not (attempt.state in MONEY_MOVED):
            moved = "moved" if fact else "did not move"
            await self._cases.begin(
                f"contradiction-{attempt.id}",
                CaseKind.CONTRADICTION,
                terminal=attempt.terminal,
                code="payment.contradicted",
                text=f"{attempt.terminal} says that {attempt.amount} {moved}, and a person settled"
                f" the payment otherwise: find out who is right, and mend the books",
                payments=(attempt.id,),
            )
            await self._book.contradict(attempt, evidence)
            log.error("payment.contradicted", payment=attempt.id, operator=attempt.state.value)


def checked(finding: Finding, attempt: Attempt) -> Finding:
    """Hold a finding against the attempt; ProtocolError when it cannot be about it."""
    if finding.kind not in {FindingKind.APPROVED, FindingKind.PARTIAL}:
        return finding
    result = finding.result or TerminalResult(approved=True)
    partial = is_partial(result, attempt)
    if not result.approved or (finding.kind is FindingKind.PARTIAL and not partial):
        raise ProtocolError("payment.uncorrelated", f"{finding.text}: contradicts itself")
    kind = FindingKind.PARTIAL if partial else FindingKind.APPROVED
    return finding.model_copy(update={"kind": kind})


def waited_s(attempt: Attempt, now: Stamp) -> int:
    """Return the seconds that the terminal was silent for certain, also when the clock was wrong.

    Where neither one boot nor trusted clocks prove more, it is the time since this boot.
    """
    since = now.since(attempt.heard or attempt.sent or attempt.created)
    return now.monotonic_ns // NS_PER_S if since is None else since


def _noted(attempt: Attempt, evidence: Evidence) -> Attempt:
    said = {(before.source, before.text, before.result) for before in attempt.evidence}
    news = (evidence.source, evidence.text, evidence.result) not in said
    if not news or len(attempt.evidence) >= EVIDENCE:
        return attempt
    return attempt.model_copy(update={"evidence": (*attempt.evidence, evidence)})
