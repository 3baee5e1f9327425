"""Reservations, tips, parts and the end of day, against the simulated terminal over real TCP."""

from collections.abc import AsyncIterator

import pytest

from posedge.drivers.zvt import ZvtTerminal
from posedge.model.errors import DeviceError, NotStarted
from posedge.model.money import Money
from posedge.model.payment import Attempt, AttemptKind
from posedge.model.reconciliation import Reconciling
from posedge.model.value import Json
from posedge.sim.charge import Charge
from posedge.sim.zvt import ZvtTerminalSim
from posedge.sim.zvt_faults import Outcome, Step
from tests.doubles.zvt import HASTY, NOON, Notebook, Reports, attempt, concluded, terminal


@pytest.fixture
async def sim() -> AsyncIterator[ZvtTerminalSim]:
    async with ZvtTerminalSim(now=lambda: NOON, reply_s=3) as running:
        yield running


def euros(minor: int) -> Money:
    return Money(minor=minor, currency="EUR")


def of_reservation(kind: AttemptKind, minor: int, receipt_no: str = "0231") -> Attempt:
    about = {"original_amount": euros(2500)}
    return attempt(minor, kind, original_receipt_no=receipt_no).model_copy(update=about)


async def reserve(driver: ZvtTerminal) -> None:
    book = Notebook()
    await driver.execute(attempt(2500, AttemptKind.PREAUTH), book)
    assert book.results[0].approved


@pytest.mark.parametrize("capture", ["book-total", "partial-reversal"])
async def test_a_reservation_is_booked_once_for_less(sim: ZvtTerminalSim, capture: str) -> None:
    options: dict[str, Json] = {"capture": capture}
    driver = terminal(sim.port, **options)
    await reserve(driver)
    book = Notebook()
    await driver.execute(of_reservation(AttemptKind.CAPTURE, 1800), book)
    assert book.results[0].amount == euros(1800)
    assert sim.ledger == [
        Charge(AttemptKind.PREAUTH, 2500, "0231", "000231", reversed=True),
        Charge(AttemptKind.CAPTURE, 1800, "0232", "000232"),
    ]
    with pytest.raises(NotStarted, match="already reversed"):
        await driver.execute(of_reservation(AttemptKind.CAPTURE, 100), Notebook())
    wanted = attempt(1800, AttemptKind.REVERSAL, original_receipt_no="0232")
    await driver.execute(wanted, Notebook())
    assert [charge.amount_minor for charge in sim.ledger if not charge.reversed] == [1800]
    assert sim.ledger[-1].kind is AttemptKind.REVERSAL


async def test_a_reservation_is_given_up(sim: ZvtTerminalSim) -> None:
    driver = terminal(sim.port)
    await reserve(driver)
    await driver.execute(of_reservation(AttemptKind.RELEASE, 2500), Notebook())
    assert [charge.kind for charge in sim.ledger if not charge.reversed] == [AttemptKind.RELEASE]
    with pytest.raises(NotStarted):
        await driver.execute(of_reservation(AttemptKind.RELEASE, 2500, "0999"), Notebook())


@pytest.mark.parametrize("minor", [2501, 99_999])
async def test_more_than_was_reserved_is_refused_by_the_terminal(
    sim: ZvtTerminalSim, minor: int
) -> None:
    driver = terminal(sim.port)
    await reserve(driver)
    with pytest.raises(NotStarted, match="amount"):
        await driver.execute(of_reservation(AttemptKind.CAPTURE, minor), Notebook())
    assert [charge.reversed for charge in sim.ledger] == [False]


async def test_what_cannot_be_said_is_not_sent(sim: ZvtTerminalSim) -> None:
    leftover: dict[str, Json] = {"capture": "partial-reversal"}
    unknown = attempt(100, AttemptKind.CAPTURE, original_receipt_no="0231")
    with pytest.raises(NotStarted, match="reserved amount"):
        await terminal(sim.port, **leftover).execute(unknown, Notebook())
    for kind in (AttemptKind.CAPTURE, AttemptKind.RELEASE):
        with pytest.raises(NotStarted, match="receipt number"):
            await terminal(sim.port).execute(attempt(100, kind), Notebook())


@pytest.mark.parametrize("step", [Step.RESULT, Step.RECEIPT, Step.COMPLETION])
@pytest.mark.parametrize("kind", [AttemptKind.PREAUTH, AttemptKind.CAPTURE, AttemptKind.RELEASE])
async def test_a_reservation_in_doubt_is_found_as_it_is(
    sim: ZvtTerminalSim, kind: AttemptKind, step: Step
) -> None:
    driver = terminal(sim.port, **HASTY)
    if kind is not AttemptKind.PREAUTH:
        await reserve(driver)
    before = len(sim.ledger)
    sim.faults.silent_at = step
    state, _ = await concluded(driver, of_reservation(kind, 2500))
    done = [charge for charge in sim.ledger[before:] if not charge.reversed]
    assert (state == "approved") == bool(done), (state, sim.ledger)


async def test_tip_and_cashback_are_parts_of_the_amount(sim: ZvtTerminalSim) -> None:
    book = Notebook()
    parts = {"tip": euros(100), "cashback": euros(500), "partial": True}
    await terminal(sim.port).execute(attempt(1850).model_copy(update=parts), book)
    (result,) = book.results
    assert (result.amount, result.tip, result.cashback) == (euros(1850), euros(100), euros(500))


@pytest.mark.parametrize("lost", [False, True])
async def test_a_tip_that_the_customer_adds_comes_on_top(sim: ZvtTerminalSim, lost: bool) -> None:
    sim.faults.tip_minor = 150
    sim.faults.silent_at = Step.COMPLETION if lost else None
    driver = terminal(sim.port, **HASTY)
    wanted = attempt(1250).model_copy(update={"asks_tip": True})
    state, result = await concluded(driver, wanted)
    assert state == "approved"
    assert result is not None
    assert (result.amount, result.tip) == (euros(1400), euros(150))


async def test_a_terminal_that_did_not_ask_adds_no_tip(sim: ZvtTerminalSim) -> None:
    sim.faults.tip_minor = 150
    book = Notebook()
    await terminal(sim.port).execute(attempt(1250), book)
    assert (book.results[0].amount, book.results[0].tip) == (euros(1250), None)


async def test_the_end_of_day_gives_totals_and_what_is_still_reserved(
    sim: ZvtTerminalSim,
) -> None:
    driver = terminal(sim.port)
    reconciling: Reconciling = driver
    for minor in (1000, 2000):
        await driver.execute(attempt(minor), Notebook())
    await driver.execute(attempt(500, AttemptKind.REFUND), Notebook())
    await reserve(driver)
    await reserve(driver)
    day = await reconciling.end_of_day(None)
    assert day.text == "the terminal has closed its day; still reserved: 0234, 0235"
    assert day.totals is not None
    assert [(each.scheme, each.count, each.amount) for each in day.totals] == [
        ("girocard", 3, euros(2500))
    ]
    assert day.receipts == ("0231", "0233")
    assert (await driver.end_of_day(None)).totals == ()


async def test_an_end_of_day_that_is_not_answered_is_not_known(sim: ZvtTerminalSim) -> None:
    sim.faults.silent_at = Step.DAY
    with pytest.raises(DeviceError):
        await terminal(sim.port, **HASTY).end_of_day(None)


async def test_a_terminal_gets_what_it_asks_for(sim: ZvtTerminalSim) -> None:
    sim.faults.needs = 0x03
    reports = Reports()
    driver = terminal(sim.port, reports)
    assert await driver._greeting() is None
    assert sim.faults.needs == 0


async def test_a_decline_reserves_nothing(sim: ZvtTerminalSim) -> None:
    sim.faults.outcome = Outcome.DECLINE
    book = Notebook()
    await terminal(sim.port).execute(attempt(2500, AttemptKind.PREAUTH), book)
    assert not book.results[0].approved
    assert sim.ledger == []
