"""The driver and toy programs that are good, crash, hang and lie at each step."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from posedge.drivers.interface import Driver
from posedge.drivers.vendor import UNMASKED, VendorTerminal
from posedge.model.errors import DeviceError, InDoubt, NotStarted
from posedge.model.payment import AttemptKind
from posedge.model.rehearsal import Rehearsal
from posedge.model.terminal import Ability, FindingKind, Terminal
from posedge.model.value import Json
from posedge.sim.vendor_faults import Outcome, Step, Trouble
from posedge.tasks import cancel
from tests.doubles.till import driven
from tests.doubles.vendor import Toy
from tests.doubles.zvt import Notebook, Reports, attempt

CALM: dict[str, Json] = {"start_ms": 20_000, "beat_ms": 50, "read_ms": 5_000, "answer_ms": 5_000}
HASTY: dict[str, Json] = {**CALM, "read_ms": 500, "answer_ms": 500}
LONG_S = 10


@pytest.fixture
def toy(tmp_path: Path) -> Toy:
    return Toy.installed(tmp_path)


@asynccontextmanager
async def plugged(
    toy: Toy, options: dict[str, Json] = CALM, warnings: Reports | None = None
) -> AsyncIterator[VendorTerminal]:
    """Run one life of the driver, as the supervisor does."""
    reports = Reports()
    driver = driven(VendorTerminal, toy.open, options, reports=reports, warnings=warnings)
    running = asyncio.get_running_loop().create_task(driver.run())
    try:
        async with asyncio.timeout(30):
            await reports.until(lambda: bool(reports.said))
        yield driver
    finally:
        with suppress(DeviceError):
            await cancel(running)


async def concluded(toy: Toy, options: dict[str, Json], book: Notebook) -> str:
    """Pay in one life of the program, and ask in the next when that left a doubt."""
    async with plugged(toy, options) as driver:
        try:
            await driver.preimage()
            await driver.execute(attempt(), book)
        except NotStarted:
            return "not started"
        except InDoubt:
            book.doubted = True
        else:
            return "approved" if book.results[-1].approved else "declined"
    async with plugged(toy) as again:
        return (await again.find(attempt(), waited_s=LONG_S)).kind.value


async def test_a_good_one(toy: Toy) -> None:
    async with plugged(toy) as driver:
        checked: Driver = driver
        assert isinstance(checked, Terminal)
        assert driver.able == {
            Ability.REFUND,
            Ability.REVERSAL,
            Ability.PREAUTH,
            Ability.RELEASE,
            Ability.PARTIAL,
            Ability.CANCEL,
        }
        assert await driver.preimage() is None
        assert await driver.status() == "ready"
        book = Notebook()
        await driver.execute(attempt(), book)
        assert repr(driver) == "<VendorTerminal terminal: idle>"
        finding = await driver.find(attempt(), waited_s=0)
    (result,) = book.results
    assert (result.approved, str(result.amount), result.pan_last4) == (True, "12.50 EUR", "1111")
    assert (book.accepts, book.shown) == (1, [("", "Insert card")])
    assert book.prints == [(True, ("KASSE", "Beleg 0001")), (False, ("HÄNDLER", "Beleg 0001"))]
    assert toy.charged == {"a1": 1250}
    assert (finding.kind, finding.result) == (FindingKind.APPROVED, result)


async def test_a_no_is_an_answer(toy: Toy) -> None:
    toy.switch(outcome=Outcome.DECLINE)
    assert await concluded(toy, CALM, Notebook()) == "declined"
    async with plugged(toy) as driver:
        finding = await driver.find(attempt(), waited_s=0)
    assert finding.kind is FindingKind.NOT_COMPLETED


async def test_refused_before_it_began(toy: Toy) -> None:
    toy.switch(busy=True)
    assert await concluded(toy, CALM, Notebook()) == "not started"


STEPS = (Step.PAY, Step.CARD, Step.CHARGED, Step.COMMIT, Step.COMMITTED)
FAULTS = (Trouble.SEGFAULT, Trouble.HANG, Trouble.EXIT, Trouble.GARBLE, Trouble.BABBLE)


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("step", STEPS)
async def test_what_it_does_wrong_ends_with_it(toy: Toy, step: Step, fault: Trouble) -> None:
    """What recovery concludes is what its terminal really keeps."""
    toy.plan(step, fault)
    state = await concluded(toy, HASTY if fault is Trouble.HANG else CALM, Notebook())
    kept = toy.charged
    assert state == ("approved" if kept else "not_completed")
    assert kept == ({"a1": 1250} if step is Step.COMMITTED else kept)


@pytest.mark.parametrize(
    "lie",
    [
        {"foreign": True},
        {"amount_minor": 1251},
        {"amount_minor": -1},
        {"amountless": True},
        {"currency": "CHF"},
    ],
)
async def test_a_lie_is_not_believed(toy: Toy, lie: dict[str, object]) -> None:
    toy.switch(**lie)
    async with plugged(toy) as driver:
        book = Notebook()
        with pytest.raises(InDoubt) as doubt:
            await driver.execute(attempt(), book)
        assert doubt.value.code == "terminal.uncorrelated"
        assert book.results == []
        assert toy.charged == {}
        assert (await driver.find(attempt(), waited_s=LONG_S)).kind is FindingKind.NOT_COMPLETED


async def test_a_lie_about_the_past_is_not_believed(toy: Toy) -> None:
    async with plugged(toy) as driver:
        await driver.execute(attempt(), Notebook())
        toy.switch(foreign=True)
        finding = await driver.find(attempt(), waited_s=LONG_S)
    assert finding.kind is FindingKind.UNKNOWN


async def test_less_than_asked_is_partial(toy: Toy) -> None:
    toy.switch(amount_minor=800)
    async with plugged(toy) as driver:
        book = Notebook()
        await driver.execute(attempt(), book)
        assert str(book.results[0].amount) == "8.00 EUR"
        assert (await driver.find(attempt(), waited_s=0)).kind is FindingKind.PARTIAL


async def test_words_of_another_call_are_passed_over(toy: Toy) -> None:
    toy.switch(another_call=True)
    assert await concluded(toy, HASTY, Notebook()) == "not_completed"
    assert toy.charged == {}


@pytest.mark.parametrize("words", [Trouble.MUMBLE, Trouble.FAIL])
@pytest.mark.parametrize("step", STEPS)
async def test_an_end_that_is_none_is_doubt(toy: Toy, step: Step, words: Trouble) -> None:
    toy.plan(step, words)
    state = await concluded(toy, HASTY, Notebook())
    assert state == ("approved" if toy.charged else "not_completed")


async def test_a_refused_commit_proves_nothing(toy: Toy) -> None:
    toy.plan(Step.COMMITTED, Trouble.REFUSE)
    assert await concluded(toy, CALM, Notebook()) == "approved"
    assert toy.charged == {"a1": 1250}


async def test_a_payment_that_is_given_up_is_taken_back(toy: Toy) -> None:
    toy.switch(customer_s=0.2)
    async with plugged(toy) as driver:
        book = Notebook()
        paying = asyncio.get_running_loop().create_task(driver.execute(attempt(), book))
        async with asyncio.timeout(10):
            while not book.shown:  # noqa: ASYNC110 - a notebook tells nobody
                await asyncio.sleep(0.01)
        await cancel(paying)
    async with plugged(toy) as again:
        finding = await again.find(attempt(), waited_s=LONG_S)
    assert (finding.kind, toy.charged) == (FindingKind.NOT_COMPLETED, {})


@pytest.mark.parametrize("fails_at", ["accepted", "result", "printed"])
async def test_what_cannot_be_stored_is_not_kept(toy: Toy, fails_at: str) -> None:
    assert await concluded(toy, CALM, Notebook(fails_at)) == "not_completed"
    assert toy.charged == {}


async def test_a_reference_that_nobody_knows_yet(toy: Toy) -> None:
    async with plugged(toy) as driver:
        assert (await driver.find(attempt(), waited_s=0)).kind is FindingKind.UNKNOWN
        assert (await driver.find(attempt(), waited_s=LONG_S)).kind is FindingKind.NOT_COMPLETED


@pytest.mark.parametrize("fault", [Trouble.SEGFAULT, Trouble.HANG])
async def test_one_that_dies_while_nobody_asks_is_noticed(toy: Toy, fault: Trouble) -> None:
    toy.plan(Step.PING, fault)
    driver = driven(VendorTerminal, toy.open, HASTY)
    async with asyncio.timeout(20):
        with pytest.raises(DeviceError):
            await driver.run()
    for ask in (driver.execute(attempt(), Notebook()), driver.preimage()):
        with pytest.raises(NotStarted):
            await ask
    with pytest.raises(DeviceError):
        await driver.find(attempt(), waited_s=0)


async def test_the_box_s_loop_does_not_notice_one_that_spins(toy: Toy) -> None:
    toy.plan(Step.PAY, Trouble.SPIN)
    loop = asyncio.get_running_loop()
    latest = 0.0
    async with plugged(toy, HASTY) as driver:
        paying = loop.create_task(driver.execute(attempt(), Notebook()))
        while not paying.done():
            before = loop.time()
            await asyncio.sleep(0.01)
            latest = max(latest, loop.time() - before)
        with pytest.raises(InDoubt):
            await paying
    assert latest < 0.3


@pytest.mark.parametrize("fault", [Trouble.SEGFAULT, Trouble.HANG, Trouble.GARBLE, None])
async def test_one_that_does_not_start(toy: Toy, fault: Trouble | None) -> None:
    if fault is None:
        toy.switch(version=2)
    else:
        toy.plan(Step.START, fault)
    driver = driven(VendorTerminal, toy.open, {**CALM, "start_ms": 700})
    with pytest.raises(DeviceError):
        await driver.run()
    assert repr(driver).endswith("away>")


async def test_cancelling_is_passed_on(toy: Toy) -> None:
    async with plugged(toy) as driver:
        await driver.cancel()  # nothing runs: nothing happens
        toy.switch(outcome=Outcome.IGNORE)
        book = Notebook()
        book.on_accepted = driver.cancel
        await driver.execute(attempt(), book)
        assert await driver.status() == "ready"
    assert (book.results[0].approved, book.results[0].cancelled) == (False, True)


async def test_a_whole_card_number_is_cut_and_reported(toy: Toy) -> None:
    warnings = Reports()
    toy.switch(unmasked=True)
    async with plugged(toy, CALM, warnings) as driver:
        book = Notebook()
        await driver.execute(attempt(), book)
    assert book.results[0].pan_last4 == "1111"
    assert warnings.said == [UNMASKED]


async def test_what_is_about_a_payment_names_it(toy: Toy) -> None:
    async with plugged(toy) as driver:
        book = Notebook()
        await driver.execute(attempt(), book)
        wanted = attempt(400, AttemptKind.REFUND, original_receipt_no="0001")
        await driver.execute(wanted.model_copy(update={"id": "r1"}), book)
        undone = attempt(kind=AttemptKind.REVERSAL).model_copy(
            update={"id": "v1", "original": "a1"}
        )
        await driver.execute(undone, book)
        with pytest.raises(NotStarted, match="unknown original"):
            await driver.execute(undone.model_copy(update={"id": "v2"}), book)
    assert [str(each.amount) for each in book.results] == ["12.50 EUR", "4.00 EUR", "12.50 EUR"]
    assert toy.charged == {"r1": 400, "v1": 1250}


async def test_a_reference_is_carried_out_once(toy: Toy) -> None:
    async with plugged(toy) as driver:
        await driver.execute(attempt(), Notebook())
        with pytest.raises(NotStarted, match="carried out already"):
            await driver.execute(attempt(), Notebook())
    assert toy.charged == {"a1": 1250}


def test_it_is_tried_in_its_test_mode_by_its_operator_s_word(toy: Toy) -> None:
    driver = driven(VendorTerminal, toy.open, {"test_mode": True, "currency": "CHF"})
    assert driver.rehearsal == Rehearsal(test_mode=True, currency="CHF")
