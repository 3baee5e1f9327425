"""A SumUp reader's end of day: each payment of ours looked up, and what that cannot show."""

from decimal import Decimal

import pytest

from posedge.drivers import cloud
from posedge.drivers.sumup_day import listed
from posedge.drivers.sumup_records import Transaction
from posedge.model.errors import NotStarted
from posedge.model.money import Money
from posedge.model.payment import Attempt, AttemptKind, State, TerminalResult
from posedge.model.reconciliation import DifferenceKind, EndOfDay
from posedge.model.stamp import Stamp
from posedge.payments.comparison import Booked, compare
from posedge.sim.cloud_faults import Way
from tests.doubles.clouds import Ended, shop, wanted

SALE, REFUND = AttemptKind.SALE, AttemptKind.REFUND
AT = Stamp(utc_ns=0, monotonic_ns=0, boot_id="b", trusted=True)


def euros(minor: int) -> Money:
    return Money(minor=minor, currency="EUR")


def done(attempt: Attempt, reference: str | None = None) -> Attempt:
    """Return it as the journal has it once its money moved."""
    result = TerminalResult(approved=True, amount=attempt.amount)
    update = {"state": State.APPROVED, "result": result, "reference": reference}
    return attempt.model_copy(update=update)


def sale(key: str = "a1", minor: int = 1250) -> Attempt:
    return done(wanted(minor, key=key))


def refund(key: str, minor: int, reference: str | None = "tx:0") -> Attempt:
    return done(wanted(minor, REFUND, key=key), reference)


def transaction(
    *back: str, status: str = "SUCCESSFUL", amount: str = "12.50", foreign: str = "a1"
) -> Transaction:
    events = [{"type": "REFUND", "status": "REFUNDED", "amount": each} for each in back]
    return Transaction.model_validate(
        {
            "id": "tx",
            "status": status,
            "amount": Decimal(amount),
            "currency": "EUR",
            "foreign_transaction_id": foreign,
            "events": events,
        }
    )


def booked(attempt: Attempt) -> Booked:
    return Booked(attempt.id, attempt.kind, attempt.moved, "", frozenset({attempt.id}), AT)


def differences(known: list[Attempt], found: Transaction | None) -> list[DifferenceKind]:
    lines = listed(known, {each.id: found for each in known} if found else {})
    day = EndOfDay(text="looked up", listed=lines, complete=False)
    return [each.kind for each in compare(day, [booked(each) for each in known])]


@pytest.mark.parametrize(
    ("known", "found", "kinds"),
    [
        ([sale()], transaction(), []),
        ([sale()], None, [DifferenceKind.MISSING_AT_TERMINAL]),
        ([sale()], transaction(status="FAILED"), [DifferenceKind.MISSING_AT_TERMINAL]),
        ([sale()], transaction(status="PENDING"), [DifferenceKind.MISSING_AT_TERMINAL]),
        ([sale()], transaction(foreign="another"), [DifferenceKind.MISSING_AT_TERMINAL]),
        ([sale()], transaction(amount="12.505"), [DifferenceKind.MISSING_AT_TERMINAL]),
        ([sale()], transaction(amount="12.49"), [DifferenceKind.AMOUNT]),
        ([sale()], transaction("1.00"), [DifferenceKind.MISSING_IN_JOURNAL]),
        ([sale(), refund("r1", 250)], transaction("2.50"), []),
        ([sale(), refund("r1", 1250)], transaction("12.50", status="REFUNDED"), []),
        ([refund("r2", 250, "tx:300")], transaction("3.00", "2.50"), []),
        ([refund("r2", 250, "tx:300")], transaction("3.00"), [DifferenceKind.MISSING_AT_TERMINAL]),
        ([refund("r1", 250)], None, [DifferenceKind.MISSING_AT_TERMINAL]),
        ([refund("r1", 250)], transaction("2.40"), [DifferenceKind.AMOUNT]),
        (
            [refund("r1", 100), refund("r2", 200, "tx:100")],
            transaction("1.00", "2.00", "0.50"),
            [DifferenceKind.MISSING_IN_JOURNAL],
        ),
        (
            [refund("r1", 100), refund("r2", 200, "tx:100")],
            transaction("1.00"),
            [DifferenceKind.MISSING_AT_TERMINAL],
        ),
        ([refund("r1", 250, None)], transaction("2.50"), [DifferenceKind.MISSING_AT_TERMINAL]),
        ([refund("r1", 250)], transaction("2.505"), [DifferenceKind.MISSING_AT_TERMINAL]),
    ],
)
def test_what_sumup_knows_of_ours(
    known: list[Attempt], found: Transaction | None, kinds: list[DifferenceKind]
) -> None:
    assert differences(known, found) == kinds


def settled(attempt: Attempt, ended: Ended) -> Attempt:
    update = {"state": ended.state, "result": ended.result, "reference": ended.diary.key}
    return attempt.model_copy(update=update)


async def test_each_payment_of_the_day_is_looked_up() -> None:
    async with shop("sumup") as s:
        paid = await s.pay(wanted())
        known = [settled(wanted(), paid)]
        back = wanted(250, REFUND, key="r1", original=paid)
        known.append(settled(back, await s.pay(back)))
        day = await s.driver.end_of_day(None, known)
        assert [(each.reference, each.amount.minor) for each in day.listed or ()] == [
            ("a1", 1250),
            ("r1", 250),
        ]
        assert not day.complete
        assert "each of 2 payments was looked up" in day.text
        assert "not seen" in day.text
        stranger = sale("a9")
        day = await s.driver.end_of_day(None, [*known, stranger])
        (missing,) = compare(day, [booked(each) for each in (*known, stranger)])
        assert missing.payments == ("a9",)
        assert missing.text == "sale 12.50 EUR is not known to its provider"


async def test_a_provider_that_is_away_leaves_the_day_as_it_was() -> None:
    async with shop("sumup") as s:
        s.faults.way, s.faults.at, s.faults.times = Way.DOWN, ("transaction",), None
        with pytest.raises(NotStarted):
            await s.driver.end_of_day(None, [sale()])


async def test_records_that_take_too_long_leave_it_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cloud, "RECORDS_S", 0)
    async with shop("sumup") as s:
        with pytest.raises(NotStarted, match="declare its totals"):
            await s.driver.end_of_day(None, [sale()])
