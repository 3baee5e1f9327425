"""How a sale stands, told by its entries and its payments together. Pure."""

from collections.abc import Sequence

from posedge.checkout.ledger import Case
from posedge.checkout.plan import Tries, in_doubt
from posedge.model.errors import MisuseError
from posedge.model.payment import Attempt
from posedge.model.sale import SaleState


def state_of(case: Case, tries: Sequence[Tries]) -> SaleState:
    if case.final:
        return case.state
    if in_doubt(tries):
        return SaleState.IN_DOUBT
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
