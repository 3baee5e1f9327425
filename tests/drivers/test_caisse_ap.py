"""The driver against the simulated terminal over real TCP, and what a person must find out."""

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest
import structlog

from posedge.drivers.caisse_ap import UNMASKED, CaisseApTerminal
from posedge.drivers.interface import Driver
from posedge.link.interface import Link
from posedge.link.memory import MemoryLink
from posedge.model.errors import DeviceError, InDoubt, NotStarted
from posedge.model.payment import Attempt, AttemptKind
from posedge.model.terminal import FindingKind, Terminal
from posedge.model.value import Json
from posedge.sim.caisse_ap import TEST_PAN, CaisseApSim, Outcome, Step
from posedge.sim.charge import Charge
from posedge.tasks import cancel
from tests.doubles.till import at_port, driven, settled
from tests.doubles.zvt import Notebook, Reports, attempt

CALM: dict[str, Json] = {"answer_ms": 4000, "rest_ms": 10, "status_ms": 5}
HASTY: dict[str, Json] = {**CALM, "answer_ms": 150}
LONG_S = 5


@pytest.fixture
async def sim() -> AsyncIterator[CaisseApSim]:
    async with CaisseApSim() as running:
        yield running


@pytest.fixture
def driver(sim: CaisseApSim) -> CaisseApTerminal:
    return driven(CaisseApTerminal, at_port(sim.port), CALM)


@pytest.fixture
def hasty(sim: CaisseApSim) -> CaisseApTerminal:
    return driven(CaisseApTerminal, at_port(sim.port), HASTY)


async def in_doubt(driver: CaisseApTerminal, book: Notebook | None = None) -> str:
    with pytest.raises(InDoubt) as doubt:
        await driver.execute(attempt(), book or Notebook())
    return doubt.value.code


async def test_it_is_a_driver_and_a_terminal(driver: CaisseApTerminal) -> None:
    checked: Driver = driver
    assert isinstance(checked, Terminal)
    assert repr(driver) == "<CaisseApTerminal terminal: idle>"
    assert await driver.preimage() is None
    assert await driver.status() == "reachable"


async def test_approval_and_refund(sim: CaisseApSim, driver: CaisseApTerminal) -> None:
    book = Notebook()
    await driver.execute(attempt(), book)
    await driver.execute(attempt(400, AttemptKind.REFUND), book)
    assert sim.ledger == [
        Charge(AttemptKind.SALE, 1250, "100001"),
        Charge(AttemptKind.REFUND, 400, "100002"),
    ]
    first, second = book.results
    assert (first.approved, str(first.amount), first.auth_code) == (True, "12.50 EUR", "100001")
    assert (first.scheme, first.entry, first.pan_last4) == ("CB", "contactless", "1234")
    assert (str(second.amount), second.terminal_id) == ("4.00 EUR", "424242")


@pytest.mark.parametrize(
    ("outcome", "code", "cancelled"),
    [
        (Outcome.DECLINE, "0104", False),
        (Outcome.FORBID, "0105", False),
        (Outcome.TIME_OUT, "0108", False),
        (Outcome.ABANDON, "0111", True),
    ],
)
async def test_no_is_an_answer(
    sim: CaisseApSim, driver: CaisseApTerminal, outcome: Outcome, code: str, *, cancelled: bool
) -> None:
    sim.faults.outcome = outcome
    book = Notebook()
    await driver.execute(attempt(), book)
    (result,) = book.results
    assert (result.approved, result.code, result.cancelled) == (False, code, cancelled)
    assert result.text
    assert sim.ledger == []


@pytest.mark.parametrize("step", Step)
async def test_silence_is_doubt_and_then_a_person_must_look(
    sim: CaisseApSim, hasty: CaisseApTerminal, step: Step
) -> None:
    sim.faults.silent_at = step
    assert await in_doubt(hasty) == "terminal.silent"
    assert (await hasty.find(attempt(), waited_s=0)).kind is FindingKind.UNKNOWN
    assert (await hasty.find(attempt(), waited_s=LONG_S)).kind is FindingKind.UNTOLD
    assert len(sim.ledger) == (step is Step.ANSWER)


async def test_a_late_answer_is_doubt(sim: CaisseApSim, hasty: CaisseApTerminal) -> None:
    sim.faults.late_ms = 400
    assert await in_doubt(hasty) == "terminal.silent"
    assert len(sim.ledger) == 1


@pytest.mark.parametrize(
    ("fault", "value", "code"),
    [
        ("amount_minor", 1251, "terminal.uncorrelated"),
        ("amount_minor", 800, "terminal.uncorrelated"),
        ("currency", 756, "terminal.uncorrelated"),
        ("till", "02", "terminal.uncorrelated"),
        ("only_takes", True, "terminal.unproven"),
        ("busy", True, "device.gone"),
    ],
)
async def test_what_is_not_the_answer_is_doubt(
    sim: CaisseApSim, driver: CaisseApTerminal, fault: str, value: object, code: str
) -> None:
    setattr(sim.faults, fault, value)
    book = Notebook()
    assert await in_doubt(driver, book) == code
    assert book.results == []


async def test_a_decline_of_somebody_else_is_doubt(
    sim: CaisseApSim, driver: CaisseApTerminal
) -> None:
    sim.faults.outcome, sim.faults.till = Outcome.DECLINE, "02"
    assert await in_doubt(driver) == "terminal.uncorrelated"


@pytest.mark.parametrize("fault", ["duplicates", "hangs_up"])
async def test_an_answer_that_comes_twice_or_ends_the_connection_counts_once(
    sim: CaisseApSim, driver: CaisseApTerminal, fault: str
) -> None:
    setattr(sim.faults, fault, True)
    book = Notebook()
    await driver.execute(attempt(), book)
    assert [result.approved for result in book.results] == [True]


async def test_two_answers_in_one_segment_are_one() -> None:
    ours, theirs = MemoryLink.pair()

    async def connect() -> Link:
        return ours

    said = b"CZ0040300CA00201CB0041250CD0010CE003978AE00210"
    await theirs.write(said + said, deadline_s=1)
    book = Notebook()
    await driven(CaisseApTerminal, connect, CALM).execute(attempt(), book)
    assert [result.approved for result in book.results] == [True]


async def answered(said: bytes) -> Notebook:
    """Have a terminal say this, whatever it was asked."""
    ours, theirs = MemoryLink.pair()

    async def connect() -> Link:
        return ours

    await theirs.write(said, deadline_s=1)
    book = Notebook()
    await driven(CaisseApTerminal, connect, CALM).execute(attempt(), book)
    return book


@pytest.mark.parametrize(
    ("said", "code", "cancelled"),
    [
        (b"CZ0040320AE00201AF00206", "0106", True),  # nothing of the request in it
        (b"CZ0040320CJ012999999999999AE00201AF00209CA00201", "0109", False),
        (b"CZ0040320AE00201AF02904" + b"57DO NOT HONOUR        0001", "0104", False),
        (b"CZ0040320AE00201AF00213\r\n", "0113", False),
        (b"CZ0040320AE00201", "01", False),
    ],
)
async def test_a_refusal_in_few_words_is_one(said: bytes, code: str, *, cancelled: bool) -> None:
    (result,) = (await answered(said)).results
    assert (result.approved, result.code, result.cancelled) == (False, code, cancelled)
    assert result.text
    assert ("DO NOT HONOUR" in result.text) == (b"HONOUR" in said)


async def test_an_approval_with_zeros_in_front_and_a_receipt_in_it() -> None:
    inner = b"CK003100AK008VElDS0VU"
    echoed = b"CZ0040320CA00201CB00800001250CD0010CE003978AE00210CC003001"
    said = echoed + b"ZT%03d" % len(inner) + inner
    (result,) = (await answered(said)).results
    assert (result.approved, str(result.amount)) == (True, "12.50 EUR")


@pytest.mark.parametrize(
    "said",
    [
        b"CZ0040320AE00210",  # an approval has to say of what
        b"CZ0040320CA00201CD0010CE003978AE00210",
        b"CZ0040320CB0041249AE00201AF00204",
        b"CZ0040320AE00299",
    ],
)
async def test_an_answer_that_proves_nothing_is_doubt(said: bytes) -> None:
    with pytest.raises(InDoubt):
        await answered(said)


async def test_what_cannot_be_stored_is_doubt_and_what_was_stored_is_not_asked_for(
    driver: CaisseApTerminal,
) -> None:
    assert await in_doubt(driver, Notebook("result")) == "terminal.unstored"
    book = Notebook()
    await driver.execute(attempt(), book)
    crashed = attempt().model_copy(update={"result": book.results[0]})
    finding = await driver.find(crashed, waited_s=0)
    assert (finding.kind, finding.result) == (FindingKind.APPROVED, book.results[0])


async def test_the_answer_is_cut_at_every_byte(sim: CaisseApSim, driver: CaisseApTerminal) -> None:
    """What is settled is what was charged; the rest waits for a person who reads the ledger."""
    for cut in range(2000):
        sim.faults.cut_at = cut
        book = Notebook()
        state, result = await settled(driver, attempt(1000 + cut), book, waited_s=LONG_S)
        assert len(sim.ledger) == cut + 1
        if not book.doubted:
            assert (state, result is not None and result.approved) == ("approved", True)
            break
        assert state == FindingKind.UNTOLD
    assert 60 < cut < 150


async def test_noise_is_doubt() -> None:
    ours, theirs = MemoryLink.pair()

    async def connect() -> Link:
        return ours

    await theirs.write(b"\x02garbage\x03", deadline_s=1)
    assert await in_doubt(driven(CaisseApTerminal, connect, CALM)) == "caisse.unreadable"


async def test_nothing_was_sent_to_a_terminal_that_is_away() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    away = driven(CaisseApTerminal, at_port(port), CALM)
    with pytest.raises(NotStarted):
        await away.execute(attempt(), Notebook())
    with pytest.raises(DeviceError):
        await away.status()
    with pytest.raises(DeviceError):
        await away.run()


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        (attempt(100, AttemptKind.REVERSAL), "terminal.unable"),
        (attempt(100, currency="XTS"), "terminal.amount"),
        (attempt(10**12), "terminal.amount"),
    ],
)
async def test_what_it_cannot_be_asked_for(
    sim: CaisseApSim, driver: CaisseApTerminal, wanted: Attempt, code: str
) -> None:
    with pytest.raises(NotStarted) as refused:
        await driver.execute(wanted, Notebook())
    assert refused.value.code == code
    assert sim.ledger == []


async def test_cancelled_before_it_was_sent() -> None:
    door = asyncio.Event()

    async def connect() -> Link:
        await door.wait()
        return MemoryLink.pair()[0]

    driver = driven(CaisseApTerminal, connect, CALM)
    paying = asyncio.get_running_loop().create_task(driver.execute(attempt(), Notebook()))
    await asyncio.sleep(0)
    assert repr(driver).endswith("busy>")
    await driver.cancel()
    door.set()
    with pytest.raises(NotStarted):
        await paying


async def test_a_running_payment_cannot_be_cancelled_from_here() -> None:
    ours, theirs = MemoryLink.pair()

    async def connect() -> Link:
        return ours

    driver = driven(CaisseApTerminal, connect, HASTY)
    paying = asyncio.get_running_loop().create_task(driver.execute(attempt(), Notebook()))
    await theirs.read()
    with pytest.raises(DeviceError, match="red key"):
        await driver.cancel()
    with pytest.raises(InDoubt):
        await paying


async def test_a_whole_card_number_is_reported_and_kept_nowhere(sim: CaisseApSim) -> None:
    warnings = Reports()
    driver = driven(CaisseApTerminal, at_port(sim.port), CALM, warnings=warnings)
    sim.faults.unmasked = True
    book = Notebook()
    with structlog.testing.capture_logs() as logs:
        await driver.execute(attempt(), book)
    assert warnings.said == [UNMASKED]
    assert TEST_PAN[:12] not in repr((logs, book, driver))


async def test_it_reports_that_it_is_there(sim: CaisseApSim) -> None:
    reports = Reports()
    driver = driven(CaisseApTerminal, at_port(sim.port), CALM, reports=reports)
    running = asyncio.get_running_loop().create_task(driver.run())
    await reports.until(lambda: len(reports.said) > 2)
    await cancel(running)
    assert set(reports.said) == {None}
