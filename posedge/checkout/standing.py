"""How a sale stands, told by its entries and its payments together. Pure."""

from collections.abc import Sequence

from pydantic import ValidationError

from posedge.checkout.ledger import Case
from posedge.checkout.plan import Tries, in_doubt
from posedge.model.errors import MisuseError
from posedge.model.payment import Attempt, State
from posedge.model.sale import Extension, SaleState, TenderRequest, extended


def state_of(case: Case, tries: Sequence[Tries]) -> SaleState:
    if case.final:
        return case.state
    if in_doubt(tries):
        return SaleState.IN_DOUBT
    if any(each.attempt and each.attempt.state is State.PARTIAL for each in tries):
        return SaleState.PARTIAL
    if case.state is SaleState.ACCEPTED and attempts_of(tries):
        return SaleState.PAYING
    return case.state


def attempts_of(tries: Sequence[Tries]) -> list[Attempt]:
    return [
        attempt
        for each in tries
        for attempt in (each.attempt, *each.reversals)
        if attempt is not None
    ]


def undecided(case: Case, tries: Sequence[Tries]) -> Attempt:
    """Return the partial approval that waits for the till; MisuseError `sale.not_partial`."""
    for each in tries:
        if each.attempt and each.attempt.state is State.PARTIAL:
            return each.attempt
    raise MisuseError(
        "sale.not_partial",
        f"sale {case.request.id} is {state_of(case, tries).value}: no part of it waits for a word",
        sale=case.request.id,
    )


def rest_of(
    case: Case, tries: Sequence[Tries], tenders: Sequence[TenderRequest]
) -> Extension | None:
    """Return how the rest is paid; None when that is what the sale says already.

    MisuseError `sale.not_partial`, or `sale.rest` when the sum or a tender is wrong.
    """
    tail = case.basket.tenders[len(case.request.tenders) :]
    if tail and tail[-len(tenders) :] == tuple(tenders):
        return None
    short = undecided(case, tries)
    at = next(each.tender for each in tries if each.attempt == short)
    missing = short.amount.minor - short.approved.minor
    rest = sum(tender.amount_minor for tender in tenders)
    if rest != missing:
        raise MisuseError("sale.rest", f"the tenders sum to {rest}, {missing} is left to pay")
    try:
        extension = Extension(
            tender=at, approved_minor=short.approved.minor, tenders=tuple(tenders)
        )
        extended(case.basket, extension)
    except ValidationError as error:
        raise MisuseError("sale.rest", error.errors()[0]["msg"]) from None
    return extension


def check_for_person(case: Case, tries: Sequence[Tries]) -> None:
    """Raise MisuseError unless only giving money back is left, and no payment is open."""
    state = state_of(case, tries)
    if state is not SaleState.VOIDING or not all(each.settled for each in attempts_of(tries)):
        raise MisuseError(
            "sale.not_for_operator",
            f"sale {case.request.id} is {state.value}: only one whose money the box cannot give"
            " back, with no payment open, is settled by a person",
            sale=case.request.id,
        )
