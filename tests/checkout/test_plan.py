import pytest

from posedge.checkout.plan import (
    Await,
    Complete,
    End,
    Failure,
    GiveBack,
    Keep,
    Pay,
    Step,
    Stuck,
    Tries,
    Void,
    attempt_id,
    in_doubt,
    plan,
)
from posedge.model.payment import Attempt, AttemptKind, State, TerminalResult
from posedge.model.sale import SaleState
from posedge.model.stamp import Stamp
from posedge.payments.order import give_back_id
from tests.doubles.counter import euros
from tests.doubles.store import basket, card, sale_id

NOW = Stamp(utc_ns=0, monotonic_ns=0, boot_id="a", trusted=False)
SALE = basket(1, card(500), card(690))
WHY = Failure("payment.declined", "card declined")


def attempt(state: State, minor: int = 500, got: int | None = None, key: str = "p") -> Attempt:
    result = None if got is None else TerminalResult(approved=True, amount=euros(got))
    return Attempt(
        id=key,
        sale=SALE.id,
        till="till-1",
        kind=AttemptKind.SALE,
        terminal="front",
        amount=euros(minor),
        state=state,
        created=NOW,
        result=result,
    )


PAID = attempt(State.APPROVED)
DECLINED = attempt(State.DECLINED, 690)
NO = Failure("payment.declined", "the payment was declined")


@pytest.mark.parametrize(
    ("first", "second", "voiding", "step"),
    [
        (Tries(0), Tries(1), None, Pay(0)),
        (Tries(0, PAID), Tries(1), None, Pay(1)),
        (Tries(0, PAID), Tries(1, attempt(State.APPROVED, 690)), None, Complete()),
        (Tries(0, PAID), Tries(1, attempt(State.OPERATOR_APPROVED, 690)), None, Complete()),
        (Tries(0, attempt(State.IN_DOUBT)), Tries(1), None, Await("p")),
        (Tries(0, PAID), Tries(1, attempt(State.SENDING, 690, key="q")), None, Await("q")),
        (Tries(0, attempt(State.DECLINED)), Tries(1), None, End(SaleState.DECLINED, NO)),
        (Tries(0, PAID), Tries(1, DECLINED), None, Void(NO)),
        (Tries(0, attempt(State.PARTIAL, got=250)), Tries(1), None, Await("p")),
        (Tries(0, attempt(State.PARTIAL, 900, got=500)), Tries(1), None, Keep("p")),
        (Tries(0, attempt(State.PARTIAL_KEPT, 900, got=500)), Tries(1), None, Pay(1)),
        (
            Tries(0, attempt(State.PARTIAL_UNWANTED, got=250)),
            Tries(1),
            None,
            Void(Failure("payment.partial", "only 2.50 EUR of 5.00 EUR was approved")),
        ),
        (Tries(0, PAID), Tries(1), WHY, GiveBack(0, 0)),
        (Tries(0, PAID, (attempt(State.NOT_SENT),)), Tries(1), WHY, GiveBack(0, 1)),
        (Tries(0, PAID, (attempt(State.IN_DOUBT, key="r"),)), Tries(1), WHY, Await("r")),
        (Tries(0, PAID, (PAID,)), Tries(1, DECLINED), WHY, End(SaleState.VOIDED, WHY)),
        (
            Tries(0, PAID, (attempt(State.DECLINED),)),
            Tries(1),
            WHY,
            Stuck(
                Failure(
                    "payment.reversal_refused",
                    "card declined; but the terminal does not give back: the payment was declined",
                )
            ),
        ),
    ],
)
def test_a_sale_knows_its_next_step(
    first: Tries, second: Tries, voiding: Failure | None, step: Step
) -> None:
    assert plan(SALE, [first, second], voiding) == step


def test_a_reversal_of_only_a_part_is_for_a_person() -> None:
    half = attempt(State.PARTIAL_KEPT, got=250)
    assert isinstance(plan(SALE, [Tries(0, PAID, (half,))], WHY), Stuck)


@pytest.mark.parametrize("kind", [AttemptKind.REFUND, AttemptKind.REVERSAL])
def test_what_went_back_to_a_card_is_not_charged_again(kind: AttemptKind) -> None:
    given = attempt(State.PARTIAL_KEPT, got=250).model_copy(update={"kind": kind})
    why = "card declined; but 2.50 EUR went back to the card already"
    stuck = Stuck(Failure("payment.irreversible", why))
    assert plan(SALE, [Tries(0, given)], WHY) == stuck


def test_ids_of_payments_are_the_same_for_ever_and_all_different() -> None:
    assert attempt_id(sale_id(1), 0) == "cea72b70-1a73-5da1-a52a-f27aa235fd52"
    made = {
        *(attempt_id(sale_id(n), at) for n in (1, 2) for at in (0, 1)),
        *(
            give_back_id(attempt_id(sale_id(n), at), no)
            for n in (1, 2)
            for at in (0, 1)
            for no in (0, 1)
        ),
    }
    assert len(made) == 12


def test_doubt_is_seen_in_payments_and_in_what_gives_them_back() -> None:
    assert in_doubt([Tries(0, attempt(State.NEEDS_OPERATOR))])
    assert in_doubt([Tries(0, PAID, (attempt(State.IN_DOUBT),))])
    assert not in_doubt([Tries(0, attempt(State.SENDING)), Tries(1)])
