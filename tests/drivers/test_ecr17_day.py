"""An ECR17 terminal's end of day: one sum for all schemes, and its host's word on it."""

from collections.abc import AsyncIterator

import pytest

from posedge.drivers.ecr17 import Ecr17Terminal
from posedge.model.errors import DeviceError, NotStarted
from posedge.model.money import Money
from posedge.model.payment import AttemptKind
from posedge.model.reconciliation import EndOfDay, Reconciling, SchemeTotal
from posedge.model.value import Json
from posedge.sim.ecr17 import Ecr17Sim
from posedge.sim.ecr17_faults import Step
from tests.doubles.till import at_port, driven
from tests.doubles.zvt import NOON, Notebook, attempt

CALM: dict[str, Json] = {"timezone": "UTC", "answer_ms": 4000, "read_ms": 2000, "receipt_ms": 2000}
HASTY: dict[str, Json] = {**CALM, "answer_ms": 200, "read_ms": 200, "ack_ms": 200, "receipt_ms": 50}


@pytest.fixture
async def sim() -> AsyncIterator[Ecr17Sim]:
    async with Ecr17Sim(now=lambda: NOON, reply_s=0.1) as running:
        yield running


@pytest.fixture
def driver(sim: Ecr17Sim) -> Ecr17Terminal:
    return driven(Ecr17Terminal, at_port(sim.port), CALM)


def total(minor: int) -> tuple[SchemeTotal, ...]:
    return (SchemeTotal(scheme="", amount=Money(minor=minor, currency="EUR")),)


async def paid(driver: Ecr17Terminal, minor: int, key: str) -> Notebook:
    book = Notebook()
    wanted = attempt(minor, preimage=await driver.preimage()).model_copy(update={"id": key})
    await driver.execute(wanted, book)
    assert book.results[0].approved
    return book


async def test_the_sum_of_its_session(driver: Ecr17Terminal) -> None:
    assert isinstance(driver, Reconciling)
    await paid(driver, 1250, "a1")
    last = await paid(driver, 300, "a2")
    back = attempt(300, AttemptKind.REVERSAL, original_receipt_no=last.results[0].receipt_no)
    await driver.execute(back, Notebook())
    day = await driver.end_of_day(None)
    assert day == EndOfDay(
        text="the terminal has closed its session", totals=total(1250), host_totals=total(1250)
    )
    assert (await driver.end_of_day(None)).totals == total(0)


async def test_a_host_that_says_otherwise_is_told(sim: Ecr17Sim, driver: Ecr17Terminal) -> None:
    sim.faults.host_off_minor = 500
    await paid(driver, 1250, "a1")
    day = await driver.end_of_day(None)
    assert (day.totals, day.host_totals) == (total(1250), total(1750))


async def test_a_session_that_is_kept_goes_on(sim: Ecr17Sim, driver: Ecr17Terminal) -> None:
    sim.faults.keeps_session = True
    await paid(driver, 1250, "a1")
    with pytest.raises(DeviceError, match="HOST NON RAGGIUNTO") as caught:
        await driver.end_of_day(None)
    assert caught.value.code == "terminal.refused"
    sim.faults.keeps_session = False
    assert (await driver.end_of_day(None)).totals == total(1250)


async def test_silence_is_not_known_and_nothing_is_said_twice(sim: Ecr17Sim) -> None:
    driver = driven(Ecr17Terminal, at_port(sim.port), HASTY)
    sim.faults.silent_at = Step.CLOSING
    await paid(driver, 1250, "a1")
    with pytest.raises(DeviceError) as caught:
        await driver.end_of_day(None)
    assert (type(caught.value), caught.value.code) == (DeviceError, "terminal.silent")
    sim.faults.silent_at = None
    assert (await driver.end_of_day(None)).totals == total(0)  # it had closed it


async def test_a_terminal_that_is_away_or_busy_begins_nothing(sim: Ecr17Sim) -> None:
    driver = driven(Ecr17Terminal, at_port(sim.port), HASTY)
    sim.faults.busy = True
    with pytest.raises(NotStarted):
        await driver.end_of_day(None)
    with pytest.raises(NotStarted):
        await driven(Ecr17Terminal, at_port(1), HASTY).end_of_day(None)
