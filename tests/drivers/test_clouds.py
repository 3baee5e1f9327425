"""Every cloud terminal against its simulated provider: the journal is what the provider moved."""

import asyncio
import subprocess
import sys

import pytest

from posedge.demo.stand_cloud import REQUESTS
from posedge.drivers import clouds
from posedge.drivers.cloud_interface import CloudOptions, last_four
from posedge.model.capabilities import Kind
from posedge.model.errors import DeviceError, InDoubt, NotStarted
from posedge.model.payment import AttemptKind, State
from posedge.model.terminal import FindingKind
from posedge.sim.cloud_alone import CLOUDS, ORDERS, obey
from posedge.sim.cloud_faults import Outcome, Way
from posedge.tasks import cancel
from tests.doubles.clouds import WAITED_S, Diary, driver, shop, until, wanted
from tests.doubles.zvt import Reports

KINDS = tuple(CLOUDS)
UNREACHABLE = "http://127.0.0.1:9"


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


async def test_a_sale(kind: str) -> None:
    async with shop(kind, customer_s=0.4) as s:
        ended = await s.pay(wanted())
        assert (ended.state, s.moved) == (State.APPROVED, 1250)
        assert ended.diary.steps[-2:] == ["accepted", "result"]
        assert ended.diary.shown
        assert ended.result is not None
        assert ended.result.pan_last4 == "4242"
        assert ended.result.receipt_no
        assert not s.warnings.said


@pytest.mark.parametrize(
    ("outcome", "state"),
    [(Outcome.DECLINE, State.DECLINED), (Outcome.CANCEL, State.CANCELLED)],
)
async def test_a_no_is_a_no(kind: str, outcome: Outcome, state: State) -> None:
    async with shop(kind) as s:
        s.faults.outcome = outcome
        ended = await s.pay(wanted())
        assert (ended.state, s.moved) == (state, 0)
        assert ended.result is not None
        assert ended.result.text


@pytest.mark.parametrize("way", list(Way))
async def test_a_fault_at_any_request_leaves_the_journal_right(kind: str, way: Way) -> None:
    async def case(after: int, times: int) -> None:
        async with shop(kind, customer_ms=600, settle_ms=30) as s:
            s.faults.way, s.faults.after, s.faults.times = way, after, times
            ended = await s.pay(wanted())
            assert ended.state is not State.NEEDS_OPERATOR, (after, times, ended.text)
            assert ended.moved == s.moved, (after, times, ended)

    await asyncio.gather(*(case(after, times) for after in range(REQUESTS) for times in (1, 3)))


@pytest.mark.parametrize("way", list(Way))
async def test_a_fault_at_any_request_of_a_refund_leaves_the_journal_right(
    kind: str, way: Way
) -> None:
    async def case(after: int) -> None:
        async with shop(kind, customer_ms=600, settle_ms=30) as s:
            sale = await s.pay(wanted())
            s.faults.way, s.faults.after = way, after
            ended = await s.pay(wanted(100, AttemptKind.REFUND, key="r1", original=sale))
            assert ended.state is not State.NEEDS_OPERATOR, (after, ended.text)
            assert s.moved == 1250 - ended.moved, after

    await asyncio.gather(*(case(after) for after in range(4)))


async def test_a_provider_that_is_away_has_not_begun(kind: str) -> None:
    terminal = driver(kind, UNREACHABLE, Reports(), Reports())
    with pytest.raises(NotStarted):
        await terminal.preimage()
    with pytest.raises(NotStarted):
        await terminal.execute(wanted(), Diary())
    with pytest.raises(DeviceError):
        await terminal.find(wanted(), waited_s=WAITED_S)


async def test_a_provider_that_goes_away_behind_the_command_is_doubt(kind: str) -> None:
    async with shop(kind, customer_s=0.1, customer_ms=200) as s:
        diary = Diary()
        running = asyncio.get_running_loop().create_task(s.driver.execute(wanted(), diary))
        await until(lambda: diary.steps[-1:] == ["accepted"])
        s.faults.way, s.faults.times = Way.LOST, None
        with pytest.raises(InDoubt):
            await running


async def test_what_comes_late_is_found(kind: str) -> None:
    """The card is presented when the box has given up already."""
    async with shop(kind, customer_s=2, customer_ms=50) as s:
        s.faults.at, s.faults.way, s.faults.times = ("stop",), Way.DOWN, None
        diary = Diary()
        with pytest.raises(InDoubt):
            await s.driver.execute(wanted(), diary)
        doubted = wanted().model_copy(update={"state": State.IN_DOUBT, "reference": diary.key})
        early = await s.driver.find(doubted, waited_s=WAITED_S)
        assert early.kind is FindingKind.UNKNOWN
        await until(lambda: bool(s.sim.presented))
        found = await s.driver.find(doubted, waited_s=1)
        assert found.result is not None
        assert (found.kind, s.moved) == (FindingKind.APPROVED, 1250)


async def test_nothing_is_said_too_early_of_a_payment_without_a_trace(kind: str) -> None:
    async with shop(kind, settle_ms=60_000) as s:
        doubted = wanted().model_copy(update={"state": State.IN_DOUBT})
        assert (await s.driver.find(doubted, waited_s=59)).kind is FindingKind.UNKNOWN
        assert (await s.driver.find(doubted, waited_s=60)).kind is FindingKind.NOT_COMPLETED


async def test_somebody_elses_records_change_nothing(kind: str) -> None:
    async with shop(kind, customer_ms=60) as s:
        s.faults.foreign = True
        diary = Diary()
        with pytest.raises(InDoubt):
            await s.driver.execute(wanted(), diary)
        doubted = wanted().model_copy(update={"state": State.IN_DOUBT, "reference": diary.key})
        assert (await s.driver.find(doubted, waited_s=WAITED_S)).kind is FindingKind.UNKNOWN
        assert diary.stored is None


@pytest.mark.parametrize(("minor", "currency"), [(999_999, None), (1251, None), (None, "CHF")])
async def test_other_money_is_not_the_answer(
    kind: str, minor: int | None, currency: str | None
) -> None:
    async with shop(kind, customer_ms=60) as s:
        s.faults.amount_minor, s.faults.currency = minor, currency
        diary = Diary()
        with pytest.raises(InDoubt):
            await s.driver.execute(wanted(), diary)
        assert diary.stored is None


async def test_a_number_that_is_not_masked_is_cut_off_and_told(kind: str) -> None:
    async with shop(kind) as s:
        s.faults.unmasked = True
        ended = await s.pay(wanted())
        assert ended.result is not None
        assert ended.result.pan_last4 == "4242"
        assert "4242424242424242" not in ended.result.model_dump_json()
        assert s.warnings.said


async def test_a_wrong_clock_at_the_provider_does_not_matter(kind: str) -> None:
    async with shop(kind) as s:
        s.faults.skew_s = 86_400
        assert (await s.pay(wanted())).moved == s.moved == 1250


async def test_cancelling_while_the_reader_waits(kind: str) -> None:
    async with shop(kind, customer_s=30, customer_ms=20_000) as s:
        diary = Diary()
        running = asyncio.get_running_loop().create_task(s.pay(wanted(), diary))
        await until(lambda: diary.steps[-1:] == ["accepted"])
        await s.driver.cancel()
        ended = await running
        assert (ended.state, s.moved) == (State.CANCELLED, 0)


async def test_an_approval_behind_a_cancel_is_an_approval(kind: str) -> None:
    async with shop(kind, customer_s=0.2, customer_ms=20_000) as s:
        s.faults.at, s.faults.way, s.faults.times = ("stop",), Way.DOWN, None
        diary = Diary()
        running = asyncio.get_running_loop().create_task(s.pay(wanted(), diary))
        await until(lambda: diary.steps[-1:] == ["accepted"])
        await s.driver.cancel()
        assert ((await running).state, s.moved) == (State.APPROVED, 1250)


async def test_cancelling_before_it_is_sent(kind: str) -> None:
    async with shop(kind) as s:
        s.faults.late_s = 0.05
        running = asyncio.get_running_loop().create_task(s.driver.execute(wanted(), Diary()))
        await asyncio.sleep(0)  # it has begun, and asks the provider for the first time
        await s.driver.cancel()
        with pytest.raises(NotStarted):
            await running
        assert s.moved == 0


async def test_cancelling_when_nothing_runs(kind: str) -> None:
    async with shop(kind) as s:
        await s.driver.cancel()
        assert "idle" in repr(s.driver)


async def test_a_customer_who_never_comes(kind: str) -> None:
    async with shop(kind, customer_ms=60) as s:
        s.faults.outcome = Outcome.IGNORE
        assert (await s.pay(wanted())).state is State.CANCELLED


@pytest.mark.parametrize("fails_at", ["reference", "accepted", "result"])
async def test_a_full_disk_at_any_step_leaves_the_journal_right(kind: str, fails_at: str) -> None:
    async with shop(kind, customer_s=0.05, settle_ms=30) as s:
        ended = await s.pay(wanted(), Diary(fails_at))
        if ended.state is State.NEEDS_OPERATOR:  # the reader is at it still
            await until(lambda: bool(s.sim.presented))
            ended = await s.recovered(wanted(), ended.diary)
        assert ended.moved == s.moved


async def test_another_till_has_the_reader(kind: str) -> None:
    async with shop(kind) as s:
        s.faults.busy = True
        assert await s.driver.status() == "busy"
        assert (await s.pay(wanted())).state is State.FAILED_NOT_STARTED


async def test_foreign_money_is_refused_beforehand(kind: str) -> None:
    async with shop(kind) as s:
        with pytest.raises(NotStarted) as refused:
            await s.driver.execute(wanted(currency="CHF"), Diary())
        assert refused.value.code == "terminal.amount"


async def test_a_reversal_undoes_the_whole(kind: str) -> None:
    async with shop(kind) as s:
        sale = await s.pay(wanted())
        undone = await s.pay(wanted(1250, AttemptKind.REVERSAL, key="v1", original=sale))
        assert (undone.state, s.moved) == (State.APPROVED, 0)


async def test_more_than_was_paid_is_not_given_back(kind: str) -> None:
    async with shop(kind) as s:
        sale = await s.pay(wanted())
        much = await s.pay(wanted(1251, AttemptKind.REFUND, key="r1", original=sale))
        assert (much.moved, s.moved) == (0, 1250)


async def test_a_refund_needs_a_payment_of_this_provider(kind: str) -> None:
    async with shop(kind) as s:
        ended = await s.pay(wanted(1250, AttemptKind.REFUND))
        assert ended.state is State.FAILED_NOT_STARTED


async def test_the_providers_list_of_the_day(kind: str) -> None:
    async with shop(kind) as s:
        sale = await s.pay(wanted())
        await s.pay(wanted(250, AttemptKind.REFUND, key="r1", original=sale))
        day = await s.driver.end_of_day(None)
        if kind == "sumup":  # its list does not tell one reader from another
            assert (day.listed, day.complete) == ((), False)
            return
        assert day.complete
        assert day.listed is not None
        assert sorted((each.kind, each.amount.minor, each.reference) for each in day.listed) == [
            (AttemptKind.REFUND, 250, "r1"),
            (AttemptKind.SALE, 1250, "a1"),
        ]


async def test_the_supervisor_is_told_how_the_reader_is(kind: str) -> None:
    async with shop(kind) as s:
        running = asyncio.get_running_loop().create_task(s.driver.run())
        await s.reports.until(lambda: None in s.reports.said)
        s.faults.busy = True
        await s.reports.until(lambda: "busy" in s.reports.said)
        await cancel(running)


async def test_a_reader_at_our_own_payment_is_not_told_to_be_busy(kind: str) -> None:
    async with shop(kind, customer_s=0.4, status_ms=10) as s:
        running = asyncio.get_running_loop().create_task(s.driver.run())
        await s.reports.until(lambda: None in s.reports.said)
        assert (await s.pay(wanted())).state is State.APPROVED
        assert set(s.reports.said) == {None}
        await cancel(running)


async def test_a_library_that_is_missing_says_what_to_install(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(_: str) -> None:
        raise ModuleNotFoundError("No module", name=kind)

    monkeypatch.setattr(clouds, "import_module", missing)
    with pytest.raises(DeviceError, match="posedge\\[") as told:
        await driver(kind, UNREACHABLE, Reports(), Reports()).status()
    assert told.value.code == "terminal.libraryless"


def test_the_client_is_there_also_in_a_box_that_spares_what_it_can(kind: str) -> None:
    script = f"""
from posedge.cli.run import spare

spare()
from posedge.app import daemon
from posedge.drivers import clouds

from posedge.drivers.{kind}_options import {kind.capitalize()}Options
made = clouds._provider("posedge.drivers.{kind}_provider:{kind.capitalize()}Provider")
print(made.__name__)
"""
    command = [sys.executable, "-c", script]
    said = subprocess.run(command, capture_output=True, check=True, text=True, timeout=60)
    assert said.stdout.strip() == f"{kind.capitalize()}Provider"


def test_what_a_driver_says_of_itself(kind: str) -> None:
    known = next(each for each in clouds.CLOUDS if each.name == kind)
    assert known.kind is Kind.TERMINAL
    assert issubclass(known.options, CloudOptions)


async def test_orders_to_a_simulated_provider(kind: str) -> None:
    async with shop(kind) as s:
        assert obey(s.sim, "") == "nothing charged yet"
        for order in ("way lost at process after 1 times 2", "outcome decline", "busy on"):
            assert obey(s.sim, order) == "nothing charged yet"
        assert (s.faults.way, s.faults.after, s.faults.times) == (Way.LOST, 1, 2)
        assert (s.faults.outcome, s.faults.busy) == (Outcome.DECLINE, True)
        for order in ("mend", "outcome approve", "busy off", "late_s 0", "hooks twice on"):
            obey(s.sim, order)
        assert s.faults.hooks.twice
        assert obey(s.sim, "hooks to http://127.0.0.1:1/x") == "nothing charged yet"
        for order in ("dance", "way lost at", "way lost after x", "way lost for 1"):
            assert obey(s.sim, order) == ORDERS
        await s.pay(wanted())
        assert "sale of 1250" in obey(s.sim, "")


@pytest.mark.parametrize(
    ("number", "said"),
    [("4242", ("4242", False)), (None, ("", False)), ("4242 4242 4242 4242", ("4242", True))],
)
def test_last_four(number: str | None, said: tuple[str, bool]) -> None:
    assert last_four(number) == said
