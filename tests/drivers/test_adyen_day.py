"""An Adyen terminal's end of day: its totals, exactly, or an honest word that there are none."""

from decimal import Decimal

import pytest

from posedge.drivers.adyen_day import day_of, judge
from posedge.model.errors import DeviceError, NotStarted, PosedgeError
from posedge.model.money import Money
from posedge.model.payment import AttemptKind
from posedge.model.reconciliation import Reconciling, SchemeTotal
from posedge.sim.adyen_faults import Alien, Faults, Seal, Step
from posedge.wire.nexo.answers import Response, Result
from posedge.wire.nexo.envelope import Answer, Notice, Received
from posedge.wire.nexo.totals import Total, Totals
from tests.doubles.adyen import HASTY, LOCAL, Diary, pair, terminal
from tests.doubles.zvt import attempt

BOTH = pytest.mark.parametrize("way", ["local", "cloud"])


def said(count: int, minor: int, brand: str = "mc", currency: str = "EUR") -> SchemeTotal:
    return SchemeTotal(scheme=brand, count=count, amount=Money(minor=minor, currency=currency))


def line(
    kind: str = "Debit",
    amount: str | None = "1.00",
    *,
    brand: str = "visa",
    currency: str = "EUR",
    count: int | None = 1,
) -> Total:
    return Total(brand, currency, kind, count, None if amount is None else Decimal(amount))


def told(*lines: Total, failures: tuple[str, ...] = ()) -> Totals:
    return Totals(period="1007", kept=True, lines=lines, failures=failures)


def test_its_day_can_be_ended() -> None:
    assert isinstance(terminal(1, **LOCAL), Reconciling)


@BOTH
async def test_the_sums_of_what_was_charged_since_the_last_time(way: str) -> None:
    async with pair(way) as (driver, _):
        await driver.execute(attempt(), book := Diary())
        refund = attempt(300, AttemptKind.REFUND).model_copy(update={"id": "refund"})
        await driver.execute(refund, Diary())
        reversal = attempt(kind=AttemptKind.REVERSAL).model_copy(
            update={"id": "back", "original_receipt_no": book.results[0].receipt_no}
        )
        day = await driver.end_of_day(None)
        assert (day.totals, day.text) == ((said(2, 950),), "the terminal has ended its period 1000")
        await driver.execute(reversal, Diary())
        day = await driver.end_of_day(None)
        assert day.totals == (said(1, -1250),)
        day = await driver.end_of_day(None)
        assert (day.totals, day.text) == ((), "the terminal has ended its period 1002")


async def test_other_sums_are_told_as_they_are() -> None:
    async with pair("local", Faults(totals_off_minor=5)) as (driver, _):
        await driver.execute(attempt(), Diary())
        assert (await driver.end_of_day(None)).totals == (said(1, 1255),)


@BOTH
async def test_a_terminal_that_keeps_no_totals_says_so(way: str) -> None:
    async with pair(way, Faults(totalless=True)) as (driver, _):
        day = await driver.end_of_day(None)
    assert (day.totals, day.listed) == (None, None)
    assert "keeps no totals: NotAllowed" in day.text


@BOTH
@pytest.mark.parametrize(
    ("faults", "begun"),
    [
        (Faults(maintenance=True), False),
        (Faults(busy=True), False),
        (Faults(alien=Alien.SERVICE), False),
        (Faults(silent_at=Step.DIAGNOSIS), False),
        (Faults(silent_at=Step.TOTALS), True),
    ],
)
async def test_only_what_may_have_ended_its_period_is_not_known(
    way: str, faults: Faults, begun: bool
) -> None:
    async with pair(way, faults, HASTY) as (driver, _):
        with pytest.raises(PosedgeError) as caught:
            await driver.end_of_day(None)
    assert isinstance(caught.value, NotStarted) is not begun


@pytest.mark.parametrize("seal", list(Seal))
async def test_totals_that_are_not_sealed_are_not_believed(seal: Seal) -> None:
    async with pair("local", Faults(seal=seal)) as (driver, _):
        with pytest.raises(PosedgeError):
            await driver.end_of_day(None)


def test_each_kind_has_its_direction() -> None:
    day = day_of(
        told(
            line(count=5, amount="10.50"),
            line("Credit", "2.25"),
            line("ReverseDebit", "1.00"),
            line("ReverseCredit", "0.25"),
            line("CompletedReservation", "3"),
            line("Declined", "77"),
            line("FirstReservation", "88", count=3),
            line("Debit", "500", brand="amex", currency="JPY"),
            line("Debit", "0.50", count=0),
            line("Award", "0", count=0),
        )
    )
    assert day.totals == (said(9, 1100, "visa"), said(1, 500, "amex", "JPY"))


def test_a_terminal_that_tells_no_brands_apart_tells_one_sum() -> None:
    assert day_of(told(line(brand=""), line("Credit", brand=""))).totals == (said(2, 0, ""),)


@pytest.mark.parametrize(
    "wrong",
    [
        told(line("Award", "1.00")),
        told(line(amount=None)),
        told(line(amount="1.005")),
        told(line(count=None)),
        told(line(currency="")),
        told(line(currency="euro")),
        told(line(), failures=("UnreachableHost",)),
        Totals(period="", kept=False, lines=(), failures=()),
    ],
)
def test_totals_that_cannot_be_told_exactly_are_not_told(wrong: Totals) -> None:
    day = day_of(wrong)
    assert day.totals is None
    assert day.text.startswith("the terminal has ended its period")


def failed(condition: str, *, plain: bool = False) -> Answer:
    return Answer({}, Response(Result.FAILURE, condition), plain)


@pytest.mark.parametrize(
    ("received", "error", "code"),
    [
        (None, DeviceError, "terminal.empty"),
        (Notice("Reject", "no"), DeviceError, "terminal.rejected"),
        (failed("Busy"), NotStarted, "terminal.refused"),
        (failed("LoggedOut", plain=True), NotStarted, "terminal.refused"),
        (failed("Refusal"), DeviceError, "terminal.refused"),
        (failed("UnreachableHost"), DeviceError, "terminal.unclear"),
        (failed("NotAllowed", plain=True), DeviceError, "terminal.unclear"),
        (failed("Refusal", plain=True), DeviceError, "terminal.unclear"),
    ],
)
def test_what_no_totals_prove(received: Received, error: type[DeviceError], code: str) -> None:
    with pytest.raises(error) as caught:
        judge(received)
    assert (type(caught.value), caught.value.code) == (error, code)
