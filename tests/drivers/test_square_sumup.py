"""What Square's and SumUp's records mean; pure."""

from decimal import Decimal

import pytest

from posedge.drivers import square_records as square
from posedge.drivers import sumup_records as sumup
from posedge.drivers.cloud_interface import Step
from posedge.model.money import Money
from posedge.model.payment import AttemptKind
from tests.doubles.clouds import wanted

CHECKOUT = square.Checkout(
    id="chk",
    status="COMPLETED",
    amount_money=square.Sum(amount=1250, currency="EUR"),
    reference_id="a1",
    payment_ids=("pay",),
)
PAID = square.Payment(
    id="pay", status="COMPLETED", amount_money=square.Sum(amount=1250, currency="EUR")
)


@pytest.mark.parametrize(
    ("changes", "step"),
    [
        ({}, Step.APPROVED),
        ({"status": "PENDING"}, Step.UNDERWAY),
        ({"status": "CANCEL_REQUESTED"}, Step.UNDERWAY),
        ({"status": "CANCELED"}, Step.UNCLEAR),  # and bears a payment
        ({"status": "CANCELED", "payment_ids": None}, Step.DECLINED),
        ({"status": "NEW_AND_UNKNOWN"}, Step.UNCLEAR),
        ({"reference_id": "a2"}, Step.UNCLEAR),
        ({"amount_money": square.Sum(amount=1, currency="EUR")}, Step.UNCLEAR),
    ],
)
def test_squares_checkout(changes: dict[str, object], step: Step) -> None:
    found = CHECKOUT.model_copy(update=changes)
    assert square.weigh_checkout(wanted(), found, [PAID]).step is step


@pytest.mark.parametrize(
    ("changes", "step"),
    [
        ({"status": "FAILED"}, Step.DECLINED),
        ({"status": "APPROVED"}, Step.UNCLEAR),
        ({"terminal_checkout_id": "another"}, Step.UNCLEAR),
        ({"tip_money": square.Sum(amount=10, currency="EUR")}, Step.UNCLEAR),  # nobody asked
        ({"amount_money": square.Sum(amount=1250, currency="CHF")}, Step.UNCLEAR),
    ],
)
def test_squares_payment(changes: dict[str, object], step: Step) -> None:
    payment = PAID.model_copy(update=changes)
    assert square.weigh_checkout(wanted(), CHECKOUT, [payment]).step is step
    assert square.weigh_checkout(wanted(), CHECKOUT, [PAID, PAID]).step is Step.UNCLEAR


@pytest.mark.parametrize(
    ("method", "cvm", "signature"),
    [
        ("SIGNATURE", "signature", True),
        ("PIN_AND_SIGNATURE", "PIN and signature", True),
        ("PIN", "PIN", False),
        ("NONE", "", False),
        (None, "", False),
    ],
)
def test_square_says_who_is_to_sign(method: str | None, cvm: str, *, signature: bool) -> None:
    details = {"card_details": {"verification_method": method, "application_identifier": "a0"}}
    payment = square.Payment.model_validate(PAID.model_dump() | details)
    result = square.weigh_checkout(wanted(), CHECKOUT, [payment]).result
    assert result is not None
    assert (result.cvm, result.signature, result.aid) == (cvm, signature, "a0")


@pytest.mark.parametrize(
    ("changes", "step"),
    [
        ({}, Step.APPROVED),
        ({"status": "PENDING"}, Step.UNDERWAY),
        ({"status": "REJECTED"}, Step.DECLINED),
        ({"reason": "posedge t a2"}, Step.NOTHING),
        ({"amount_money": square.Sum(amount=1, currency="EUR")}, Step.UNCLEAR),
    ],
)
def test_squares_refund(changes: dict[str, object], step: Step) -> None:
    made = square.Refund(
        id="r", status="COMPLETED", amount_money=PAID.amount_money, reason="posedge t a1"
    )
    attempt = wanted(1250, AttemptKind.REFUND)
    assert square.weigh_refund(attempt, [made.model_copy(update=changes)]).step is step


def test_a_key_that_is_too_long_for_square_is_hashed() -> None:
    long = wanted(key="x" * 64)
    assert len(square.key_of(long)) == square.MAX_KEY
    assert square.key_of(wanted(key="y" * 64)) != square.key_of(long)


SOLD = sumup.Transaction(
    id="tx",
    status="SUCCESSFUL",
    amount=Decimal("12.5"),
    currency="EUR",
    foreign_transaction_id="a1",
)


@pytest.mark.parametrize(
    ("changes", "step"),
    [
        ({}, Step.APPROVED),
        ({"status": "REFUNDED"}, Step.APPROVED),
        ({"status": "PENDING"}, Step.UNDERWAY),
        ({"status": "FAILED"}, Step.DECLINED),
        ({"status": "STRANGE"}, Step.UNCLEAR),
        ({"amount": Decimal("12.51")}, Step.UNCLEAR),
        ({"amount": Decimal("12.501")}, Step.UNCLEAR),
        ({"foreign_transaction_id": None}, Step.UNCLEAR),
    ],
)
def test_sumups_transaction(changes: dict[str, object], step: Step) -> None:
    assert sumup.weigh_transaction(wanted(), SOLD.model_copy(update=changes)).step is step


@pytest.mark.parametrize(
    ("method", "cvm"),
    [("offline PIN + signature", "offline PIN + signature"), ("na", ""), (None, "")],
)
def test_who_signs_at_sumup_does_so_on_its_own_screen(method: str | None, cvm: str) -> None:
    found = SOLD.model_copy(update={"verification_method": method})
    result = sumup.weigh_transaction(wanted(), found).result
    assert result is not None
    assert (result.cvm, result.signature) == (cvm, False)


@pytest.mark.parametrize(
    ("before", "events", "step"),
    [
        ("tx:0", [], Step.NOTHING),
        ("tx:0", ["1.00"], Step.APPROVED),
        ("tx:100", ["1.00", "1.00"], Step.APPROVED),
        ("tx:0", ["2.00"], Step.UNCLEAR),
        ("tx:0", ["0.001"], Step.UNCLEAR),
        ("other:0", ["1.00"], Step.UNCLEAR),
        (None, ["1.00"], Step.UNCLEAR),
    ],
)
def test_sumups_refund(before: str | None, events: list[str], step: Step) -> None:
    told = [{"type": "REFUND", "status": "REFUNDED", "amount": each} for each in events]
    told.append({"type": "REFUND", "status": "FAILED", "amount": "9.99"})
    found = sumup.Transaction.model_validate({**SOLD.model_dump(), "events": told})
    attempt = wanted(100, AttemptKind.REFUND).model_copy(update={"reference": before})
    assert sumup.weigh_refund(attempt, found).step is step


@pytest.mark.parametrize(
    ("minor", "currency", "said"),
    [
        (1250, "EUR", (1250, 2)),
        (1250, "JPY", (1250, 0)),
        (125_000, "HUF", (1250, 0)),
        (125_050, "HUF", None),
    ],
)
def test_how_sumup_counts(minor: int, currency: str, said: tuple[int, int] | None) -> None:
    assert sumup.units(Money(minor=minor, currency=currency)) == said
