"""The driver and toy programs that are good, crash, hang and lie at each step."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from posedge.drivers.interface import Driver
from posedge.drivers.vendor import UNMASKED, VendorTerminal
from posedge.model.capabilities import Ability, FindingKind, Terminal
from posedge.model.errors import DeviceError, InDoubt, NotStarted
from posedge.model.payment import AttemptKind
from posedge.model.value import Json
from posedge.tasks import cancel
from tests.doubles.till import driven
from tests.doubles.toy import Toy
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
        assert driver.able == {Ability.REFUND, Ability.CANCEL}
        assert await driver.preimage() is None
        assert await driver.status() == "ready"
        book = Notebook()
        await driver.execute(attempt(), book)
        assert repr(driver) == "<VendorTerminal terminal: idle>"
        finding = await driver.find(attempt(), waited_s=0)
    (result,) = book.results
    assert (result.approved, str(result.amount), result.pan_last4) == (True, "12.50 EUR", "1111")
    assert (book.accepts, book.shown) == (1, [("", "insert card")])
    assert book.prints == [(True, ("KASSE", "12,50"))]
    assert toy.charged == {"a1": 1250}
    assert (finding.kind, finding.result) == (FindingKind.APPROVED, result)


async def test_a_no_is_an_answer(toy: Toy) -> None:
    toy.switch("decline")
    assert await concluded(toy, CALM, Notebook()) == "declined"
    async with plugged(toy) as driver:
        finding = await driver.find(attempt(), waited_s=0)
    assert finding.kind is FindingKind.NOT_COMPLETED


async def test_refused_before_it_began(toy: Toy) -> None:
    toy.switch("refuse")
    assert await concluded(toy, CALM, Notebook()) == "not started"


STEPS = ("before pay", "pay", "card", "charged", "before commit", "committed")


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["segfault", "hang", "exit", "garble", "babble"])
@pytest.mark.parametrize("step", STEPS)
async def test_what_it_does_wrong_ends_with_it(toy: Toy, step: str, fault: str) -> None:
    """What recovery concludes is what its terminal really keeps."""
    toy.plan(step, fault)
    state = await concluded(toy, HASTY if fault == "hang" else CALM, Notebook())
    kept = toy.charged
    assert state == ("approved" if kept else "not_completed")
    assert kept == ({"a1": 1250} if step == "committed" else kept)


@pytest.mark.parametrize(
    "lie",
    [
        {"reference": "another"},
        {"amount_minor": 1251},
        {"amount_minor": 0},
        {"amount_minor": None},
        {"currency": "CHF"},
    ],
)
async def test_a_lie_is_not_believed(toy: Toy, lie: dict[str, object]) -> None:
    toy.lie(**lie)
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
        toy.lie(reference="another")
        finding = await driver.find(attempt(), waited_s=LONG_S)
    assert finding.kind is FindingKind.UNKNOWN


async def test_less_than_asked_is_partial(toy: Toy) -> None:
    toy.lie(amount_minor=800)
    async with plugged(toy) as driver:
        book = Notebook()
        await driver.execute(attempt(), book)
        assert str(book.results[0].amount) == "8.00 EUR"
        assert (await driver.find(attempt(), waited_s=0)).kind is FindingKind.PARTIAL


async def test_words_of_another_call_are_passed_over(toy: Toy) -> None:
    toy.plan("card", json.dumps({"result": {"reference": "a1", "approved": True}}), call=99)
    assert await concluded(toy, CALM, Notebook()) == "approved"


async def test_an_end_that_is_none_is_doubt(toy: Toy) -> None:
    toy.plan("card", json.dumps({"ok": "done"}), call=2)
    assert await concluded(toy, CALM, Notebook()) == "not_completed"
    toy.plan("card", json.dumps({"error": {"code": "broken"}}), call=2)
    assert await concluded(toy, CALM, Notebook()) in {"not_completed", "approved"}


@pytest.mark.parametrize("fails_at", ["accepted", "result", "printed"])
async def test_what_cannot_be_stored_is_not_kept(toy: Toy, fails_at: str) -> None:
    assert await concluded(toy, CALM, Notebook(fails_at)) == "not_completed"
    assert toy.charged == {}


async def test_a_reference_that_nobody_knows_yet(toy: Toy) -> None:
    async with plugged(toy) as driver:
        assert (await driver.find(attempt(), waited_s=0)).kind is FindingKind.UNKNOWN
        assert (await driver.find(attempt(), waited_s=LONG_S)).kind is FindingKind.NOT_COMPLETED


@pytest.mark.parametrize("fault", ["segfault", "hang"])
async def test_one_that_dies_while_nobody_asks_is_noticed(toy: Toy, fault: str) -> None:
    toy.plan("before ping", fault)
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
    toy.plan("pay", "hang")
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


@pytest.mark.parametrize("fault", ["segfault", "hang", "garble", "foreign"])
async def test_one_that_does_not_start(toy: Toy, fault: str) -> None:
    if fault == "foreign":
        toy.switch("foreign")
    else:
        toy.plan("start", fault)
    driver = driven(VendorTerminal, toy.open, {**CALM, "start_ms": 700})
    with pytest.raises(DeviceError):
        await driver.run()
    assert repr(driver).endswith("away>")


async def test_cancelling_is_passed_on(toy: Toy) -> None:
    async with plugged(toy) as driver:
        await driver.cancel()  # nothing runs: nothing happens
        book = Notebook()
        book.on_accepted = driver.cancel
        await driver.execute(attempt(), book)
        assert await driver.status() == "ready"
    assert "cancelled" in (toy.folder / "books").read_text()


async def test_a_whole_card_number_is_cut_and_reported(toy: Toy) -> None:
    warnings = Reports()
    toy.lie(pan_last4="4111111111111111")
    async with plugged(toy, CALM, warnings) as driver:
        book = Notebook()
        await driver.execute(attempt(), book)
    assert book.results[0].pan_last4 == "1111"
    assert warnings.said == [UNMASKED]


async def test_a_refund_names_its_original(toy: Toy) -> None:
    async with plugged(toy) as driver:
        book = Notebook()
        wanted = attempt(400, AttemptKind.REFUND, original_receipt_no="0001")
        await driver.execute(wanted, book)
    assert str(book.results[0].amount) == "4.00 EUR"
