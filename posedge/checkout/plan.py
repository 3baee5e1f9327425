"""What a sale does next, decided from what the journal knows of it. Pure.

Ids of payments are derived from the sale's, so whoever decides again, after a power cut too,
decides the same and nothing is charged twice.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from posedge.model.money import Money
from posedge.model.payment import DOUBTFUL, Attempt, AttemptKind, State
from posedge.model.sale import SaleRequest, SaleState


@dataclass(frozen=True, slots=True)
class Tries:
    """What was tried for one card tender; `reversals` oldest first."""

    tender: int
    attempt: Attempt | None = None
    reversals: tuple[Attempt, ...] = ()

    @property
    def kept(self) -> bool:
        """Whether money moved and has not been given back whole."""
        moved = self.attempt.moved.minor if self.attempt else 0
        return moved > sum(each.moved.minor for each in self.reversals)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a sale cannot be completed: a stable code and a sentence."""

    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Pay:
    tender: int


@dataclass(frozen=True, slots=True)
class GiveBack:
    """Reverse what a tender moved; `number` counts the tries."""

    tender: int
    number: int


@dataclass(frozen=True, slots=True)
class Await:
    attempt: str


@dataclass(frozen=True, slots=True)
class Keep:
    """Tell the desk that the part which was approved is kept: the rest is paid otherwise."""

    attempt: str


@dataclass(frozen=True, slots=True)
class Complete:
    pass


@dataclass(frozen=True, slots=True)
class Void:
    """Give back what moved; from here on nothing is charged any more."""

    failure: Failure


@dataclass(frozen=True, slots=True)
class End:
    state: SaleState
    failure: Failure


@dataclass(frozen=True, slots=True)
class Stuck:
    """Money cannot be moved back by the box: a person must help. The sale stays VOIDING."""

    failure: Failure


Doing: TypeAlias = Pay | GiveBack | Await | Keep | Complete | Void | End
Step: TypeAlias = Doing | Stuck


def attempt_id(sale: str, tender: int) -> str:
    return str(uuid.uuid5(uuid.UUID(sale), f"tender/{tender}"))


def card_tenders(request: SaleRequest) -> tuple[int, ...]:
    return tuple(at for at, tender in enumerate(request.tenders) if tender.kind == "card")


def plan(request: SaleRequest, tries: Sequence[Tries], voiding: Failure | None) -> Step:
    """Return the next step; `voiding` is the reason once giving back has been decided."""
    for each in tries:
        for attempt in (each.attempt, *each.reversals):
            if attempt and not attempt.settled:
                kept = attempt.state is State.PARTIAL and not _failure(request, each)
                return Keep(attempt.id) if kept else Await(attempt.id)
    if voiding:
        return _give_back(tries, voiding)
    for each in tries:
        failure = _failure(request, each)
        if failure:
            return give_up(tries, failure)
    unpaid = [each.tender for each in tries if each.attempt is None]
    return Pay(unpaid[0]) if unpaid else Complete()


def give_up(tries: Sequence[Tries], failure: Failure) -> Void | End:
    """Return the step that ends a sale that failed."""
    if any(each.kept for each in tries):
        return Void(failure)
    return End(SaleState.DECLINED, failure)


def in_doubt(tries: Sequence[Tries]) -> bool:
    attempts = [attempt for each in tries for attempt in (each.attempt, *each.reversals)]
    return any(attempt is not None and attempt.state in DOUBTFUL for attempt in attempts)


def _give_back(tries: Sequence[Tries], failure: Failure) -> Step:
    for each in tries:
        if not each.kept:
            continue
        if each.attempt and each.attempt.kind is not AttemptKind.SALE:
            why = f"{failure.reason}; but {each.attempt.moved} went back to the card already"
            return Stuck(Failure("payment.irreversible", why))
        last = each.reversals[-1] if each.reversals else None
        if last and last.state in {State.DECLINED, State.PARTIAL_KEPT}:
            why = f"{failure.reason}; but the terminal does not give back: {_words(last)}"
            return Stuck(Failure("payment.reversal_refused", why))
        return GiveBack(each.tender, len(each.reversals))
    return End(SaleState.VOIDED, failure)


def _failure(request: SaleRequest, each: Tries) -> Failure | None:
    attempt = each.attempt
    if attempt is None:
        return None
    asked = Money(minor=abs(request.tenders[each.tender].amount_minor), currency=request.currency)
    if attempt.moved == asked + tip_on_top(attempt):
        return None
    if attempt.moved.minor:
        return Failure("payment.partial", f"only {attempt.moved} of {asked} was approved")
    return Failure(f"payment.{attempt.state.value}", _words(attempt))


def tip_on_top(attempt: Attempt) -> Money:
    """Return the tip that the terminal asked for, beyond what the till wanted."""
    tip = attempt.result.tip if attempt.result and attempt.asks_tip else None
    return tip or Money(minor=0, currency=attempt.amount.currency)


def _words(attempt: Attempt) -> str:
    said = attempt.result.text if attempt.result else ""
    seen = attempt.evidence[-1].text if attempt.evidence else ""
    return said or seen or f"the payment was {attempt.state.value.replace('_', ' ')}"
