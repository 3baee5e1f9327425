import pytest
from pydantic import ValidationError

from posedge.model.errors import ConflictError, DeviceBusy, MisuseError
from posedge.model.payment import MONEY_MOVED, Attempt, AttemptKind, State
from posedge.model.stamp import Stamp
from posedge.payments.order import MAX_MINOR, Order, check_free, check_same, refusal
from posedge.payments.original import check_original
from tests.doubles.counter import euros, order

NOW = Stamp(utc_ns=0, monotonic_ns=0, boot_id="a", trusted=False)


def attempt(
    key: str = "p1", state: State = State.APPROVED, kind: AttemptKind = AttemptKind.SALE
) -> Attempt:
    return Attempt(
        id=key,
        sale=f"sale-{key}",
        till="till-1",
        kind=kind,
        terminal="front",
        amount=euros(1250),
        state=state,
        created=NOW,
    )


@pytest.mark.parametrize(
    ("kind", "minor", "original"),
    [
        (AttemptKind.SALE, 0, None),
        (AttemptKind.SALE, -1, None),
        (AttemptKind.SALE, 1, "p0"),
        (AttemptKind.REVERSAL, 1, None),
        (AttemptKind.SALE, MAX_MINOR + 1, None),
        (AttemptKind.SALE, 2**63, None),
    ],
)
def test_orders_that_make_no_sense_are_refused(
    kind: AttemptKind, minor: int, original: str | None
) -> None:
    with pytest.raises(ValidationError):
        order(kind=kind, minor=minor, original=original)


@pytest.mark.parametrize(
    "other",
    [
        order(sale="another"),
        order(minor=1251),
        order(kind=AttemptKind.REFUND),
        order(terminal="side"),
    ],
)
def test_the_same_id_with_other_content_is_a_conflict(other: Order) -> None:
    check_same(order(), attempt())
    with pytest.raises(ConflictError) as conflict:
        check_same(other, attempt())
    assert conflict.value.code == "payment.conflict"


def test_sale_and_terminal_are_locked_by_what_is_not_settled() -> None:
    running = attempt("p0", State.IN_PROGRESS)
    assert refusal(order(terminal="side"), "side", [running], held=False) is None
    busy = refusal(order(), "front", [running], held=False)
    assert isinstance(busy, DeviceBusy)
    assert busy.code == "terminal.locked"
    open_sale = refusal(order(sale="sale-p0", terminal="side"), "side", [running], held=False)
    assert isinstance(open_sale, MisuseError)
    assert open_sale.code == "sale.payment_open"
    check_free("side", [running])
    ending = refusal(order(terminal="side"), "side", [running], held=True)
    assert isinstance(ending, DeviceBusy)
    assert "being ended" in ending.message


@pytest.mark.parametrize("state", [state for state in State if state is not State.APPROVED])
def test_only_what_moved_can_come_back(state: State) -> None:
    back = order("r1", kind=AttemptKind.REFUND, original="p1")
    if state in MONEY_MOVED:
        check_original(back, "front", attempt(state=state), [])
    else:
        with pytest.raises(MisuseError, match="there is nothing for a"):
            check_original(back, "front", attempt(state=state), [])


def test_an_open_return_counts_in_full_and_a_failed_one_not_at_all() -> None:
    back = order("r2", kind=AttemptKind.REFUND, original="p1")
    refund = AttemptKind.REFUND
    check_original(back, "front", attempt(), [attempt("r1", State.DECLINED, refund)])
    with pytest.raises(MisuseError, match=r"only 0.00 EUR"):
        check_original(back, "front", attempt(), [attempt("r1", State.IN_DOUBT, refund)])


@pytest.mark.parametrize("kind", [AttemptKind.REFUND, AttemptKind.REVERSAL])
def test_what_went_to_the_customer_is_not_given_to_them_again(kind: AttemptKind) -> None:
    back = order("r2", kind=kind, original="r1")
    for before in (AttemptKind.REFUND, AttemptKind.REVERSAL):
        with pytest.raises(MisuseError, match="there is nothing for a"):
            check_original(back, "front", attempt("r1", kind=before), [])
