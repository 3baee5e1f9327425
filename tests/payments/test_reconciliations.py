"""Ending a terminal's day: compared, told, never twice, never guessed."""

import asyncio
from dataclasses import replace
from datetime import datetime, time
from zoneinfo import ZoneInfo

import pytest

from posedge.model.case import CaseKind
from posedge.model.entry import Entry
from posedge.model.errors import (
    ConflictError,
    DeviceBusy,
    DeviceError,
    MisuseError,
    NotFoundError,
    NotStarted,
    StorageError,
)
from posedge.model.payment import AttemptKind, State
from posedge.model.reconciliation import DayState, DifferenceKind, EndOfDay, SchemeTotal
from posedge.model.stamp import NS_PER_S
from posedge.payments.closing_time import RETRY_S, last_ns
from posedge.payments.reconciliations import ANSWER_S
from posedge.payments.settings import PaymentSettings
from tests.doubles.counter import euros, order
from tests.doubles.day import WORK_S, DayCounter, DayTerminal
from tests.doubles.journal import MemoryJournal
from tests.doubles.simloop import PowerCut, SimLoop, simulate
from tests.doubles.terminal import Act, Fault

DAY_S = 24 * 3600


def said(count: int, minor: int, scheme: str = "girocard") -> EndOfDay:
    total = SchemeTotal(scheme=scheme, count=count, amount=euros(minor))
    return EndOfDay(text="closed", totals=(total,) if count else (), printed=("END OF DAY",))


async def test_a_day_that_agrees() -> None:
    shop = DayCounter()
    shop.day.answers = [said(2, 2500), said(1, 300)]
    async with shop.open() as (desk, days):
        never = [("front", None), ("side", None)]
        assert [(each.terminal, each.last) for each in days.days] == never
        assert [each.ends for each in days.days] == [True, False]
        await desk.pay(order("p1"))
        await desk.pay(order("p2"))
        shop.day.plan(Act.DECLINE)
        await desk.pay(order("p3"))
        await desk.pay(order("p4", terminal="side"))
        first = await days.run("day-1", None, who="Ada")
        assert (first.state, first.terminal, first.since) == (DayState.AGREED, "front", None)
        assert (first.who, first.printed, first.differences) == ("Ada", ("END OF DAY",), ())
        assert first.journal_totals == first.terminal_totals
        await desk.pay(order("p5", minor=300))
        second = await days.run("day-2", "front", who="Ada")
        assert (second.state, second.since) == (DayState.AGREED, first.begun)
        assert shop.day.asked == [None, first.begun]
        assert shop.day.known == [("p1", "p2"), ("p5",)]
        assert await days.run("day-1", "front", who="Bob") == first
        assert await days.get("day-1") == first
        assert await days.recent(5) == (second, first)
        assert days.days[0].last == second
        with pytest.raises(ConflictError):
            await days.run("day-1", "side", who="Ada")
        with pytest.raises(NotFoundError):
            await days.get("day-9")
        assert desk.cases.open == ()
    assert (
        shop.told() == [f"reconciliation.{verb}" for verb in ("begun", "compared", "completed")] * 2
    )


async def test_each_difference_is_a_case_that_names_its_payments() -> None:
    shop = DayCounter()
    shop.day.answers = [said(1, 1250)]
    async with shop.open() as (desk, days):
        await desk.pay(order("p1"))
        await desk.pay(order("p2"))
        day = await days.run("day-1", "front", who="Ada")
        assert day.state is DayState.DIFFERENT
        assert [each.kind for each in day.differences] == [DifferenceKind.TOTAL]
        (case,) = desk.cases.open
        assert (case.kind, case.code) == (CaseKind.RECONCILIATION, "reconciliation.total")
        assert case.payments == ("p1", "p2")
        assert "12.50 EUR in 1" in case.text
        assert (await days.run("day-2", "front", who="Ada")).state is DayState.UNCOMPARED


async def test_a_reversal_is_of_the_scheme_of_what_it_undoes() -> None:
    shop = DayCounter()
    async with shop.open() as (desk, days):
        await desk.pay(order("p1"))
        assert (await days.run("day-1", None, who="Ada")).state is DayState.UNCOMPARED
        shop.day.answers = [said(1, -1250)]
        back = await desk.reverse("r1", "p1")
        assert (back.kind, back.state) == (AttemptKind.REVERSAL, State.APPROVED)
        assert (await days.run("day-2", None, who="Ada")).state is DayState.AGREED


async def test_a_damaged_entry_is_no_payment_and_no_end() -> None:
    class Torn(MemoryJournal):
        async def after(
            self, sequence: int, limit: int, *, stream: str | None = None
        ) -> tuple[Entry, ...]:
            entries = await super().after(sequence, limit, stream=stream)
            return tuple(
                replace(each, hash="") if each.subject == "payment/p1" else each for each in entries
            )

    shop = DayCounter(journal=Torn())
    shop.day.answers = [said(1, 300)]
    async with shop.open() as (desk, days):
        await desk.pay(order("p1"))
        await desk.pay(order("p2", minor=300))
        assert (await days.run("day-1", None, who="Ada")).state is DayState.AGREED


async def test_what_the_terminal_refuses_leaves_its_day_as_it_was() -> None:
    shop = DayCounter()
    shop.day.answers = [
        NotStarted("terminal.unreachable", "it does not answer"),
        DeviceError("terminal.refused", "no connection to the host"),
        said(1, 1250),
    ]
    async with shop.open() as (desk, days):
        await desk.pay(order("p1"))
        for number in ("day-1", "day-2"):
            day = await days.run(number, None, who="Ada")
            assert (day.state, day.text != "") == (DayState.FAILED, True)
        assert (await days.run("day-3", None, who="Ada")).state is DayState.AGREED
        assert desk.cases.open == ()


async def test_a_terminal_in_use_is_left_alone_and_one_that_ends_its_day_takes_no_payment() -> None:
    shop = DayCounter()
    shop.day.answers = [said(1, 1250)]
    async with shop.open() as (desk, days):
        shop.day.plan(Act.APPROVE, Fault.LOST_END)
        shop.day.forgetful = True
        doubt = await desk.pay(order("p1"))
        assert doubt.state is State.IN_DOUBT_AFTER_APPROVAL
        with pytest.raises(DeviceBusy, match="wait, or resolve it"):
            await days.run("day-1", None, who="Ada")
        shop.day.forgetful = False
        await desk.settle("p1")
        running = shop.crew.start(days.run("day-2", None, who="Ada"), name="day")
        await asyncio.sleep(WORK_S / 2)
        with pytest.raises(DeviceBusy, match="being ended"):
            await desk.pay(order("p2"))
        with pytest.raises(DeviceBusy, match="being ended"):
            await days.run("day-3", None, who="Ada")
        assert (await days.run("day-2", None, who="Bob")).who == "Ada"
        assert (await running).state is DayState.AGREED
        assert (await desk.pay(order("p2"))).state is State.APPROVED
    assert shop.day.asked == [None]


async def test_what_is_still_to_be_given_back_comes_first() -> None:
    shop = DayCounter()
    async with shop.open() as (desk, days):
        shop.day.plan(Act.PARTIAL)
        await desk.pay(order("p1"))
        with pytest.raises(DeviceBusy):
            await days.run("day-1", None, who="Ada")
        shop.day.reachable = False
        await desk.decide("p1", keep=False, who="till-1")
        await asyncio.sleep(1)
        with pytest.raises(DeviceBusy, match="p1"):
            await days.run("day-1", None, who="Ada")


LOST = DeviceError("terminal.silent", "no word within 180 s")


@pytest.mark.parametrize("closed", [True, False])
async def test_an_end_that_was_not_heard_is_a_case_and_never_repeated_blindly(
    *, closed: bool
) -> None:
    shop = DayCounter()
    shop.day.answers = [LOST, said(1, 300) if closed else said(2, 1550)]
    async with shop.open() as (desk, days):
        await desk.pay(order("p1"))
        day = await days.run("day-1", None, who="Ada")
        assert (day.state, day.text) == (DayState.UNKNOWN, f"{LOST.code}: {LOST.message}")
        (case,) = desk.cases.open
        assert (case.code, case.payments) == ("reconciliation.unknown", ("p1",))
        with pytest.raises(MisuseError, match="resolve case day-1-unknown first"):
            await days.run("day-2", None, who="Ada")
        assert (await desk.pay(order("p2", minor=300))).state is State.APPROVED
        await desk.cases.resolve(case.id, who="Ada", why="host asked", evidence="its list")
        after = await days.run("day-3", None, who="Ada")
        assert after.state is DayState.AGREED
        assert after.journal_totals == after.terminal_totals


async def test_a_terminal_that_hangs_is_left() -> None:
    shop = DayCounter(day=DayTerminal(work_s=2 * ANSWER_S))
    async with shop.open() as (_, days):
        day = await days.run("day-1", None, who="Ada")
        assert (day.state, day.text) == (DayState.UNKNOWN, f"no end of it within {ANSWER_S} s")


async def test_a_day_whose_case_could_not_be_stored_is_filed_before_another_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shop = DayCounter()
    shop.day.answers = [LOST, said(1, 1250)]
    async with shop.open() as (desk, days):
        await desk.pay(order("p1"))

        async def full(*_: object, **__: object) -> None:
            raise StorageError("storage.failed", "no space")

        with monkeypatch.context() as broken:
            broken.setattr(desk.cases, "begin", full)
            with pytest.raises(StorageError):
                await days.run("day-1", None, who="Ada")
        with pytest.raises(StorageError, match="restart"):
            await days.run("day-2", None, who="Ada")
    async with shop.open() as (desk, days):
        assert [each.code for each in desk.cases.open] == ["reconciliation.unknown"]
        await desk.cases.resolve("day-1-unknown", who="Ada", why="asked the host", evidence="-")
        assert (await days.run("day-3", None, who="Ada")).state is DayState.AGREED


async def test_a_disk_that_fails_is_told_to_who_asked() -> None:
    shop = DayCounter()
    async with shop.open() as (desk, days):
        await desk.pay(order("p1"))
        asyncio.get_running_loop().call_later(WORK_S / 2, shop.journal.fail)
        with pytest.raises(StorageError, match="No space"):
            await days.run("day-1", None, who="Ada")
        shop.journal.mend()
        with pytest.raises(StorageError, match="restart"):
            await days.run("day-2", None, who="Ada")


async def test_the_count_goes_on_behind_a_journal_that_was_put_back() -> None:
    shop = DayCounter()
    shop.day.answers = [said(1, 1250), said(2, 600)]
    async with shop.open() as (desk, days):
        await desk.pay(order("p1"))
        await days.run("day-1", None, who="Ada")
        await desk.pay(order("p2", minor=300))
        shop.journal.begin("a" * 16)
        await desk.pay(order("p3", minor=300))
        assert (await days.run("day-2", None, who="Ada")).state is DayState.AGREED


async def test_the_time_of_the_day_ends_it_once_and_makes_up_for_what_was_missed() -> None:
    shop = DayCounter(settings=PaymentSettings(end_of_day="22:30"))
    shop.day.answers = [DeviceError("terminal.refused", "host away"), said(1, 1250), said(1, 300)]
    async with shop.open() as (desk, days):
        now_ns = shop.clock.now().utc_ns
        shop.crew.start(shop.closing(days, "22:30").run(), name="closing")
        await desk.pay(order("p1"))
        wait_s = 1 + (last_ns(now_ns, time(22, 30)) - now_ns) // NS_PER_S + DAY_S
        await asyncio.sleep(wait_s - 60)
        assert shop.day.asked == []
        await asyncio.sleep(180)
        assert [each.state for each in await days.recent(9)] == [DayState.FAILED]
        await asyncio.sleep(RETRY_S)
        assert [each.state for each in await days.recent(9)] == [DayState.AGREED, DayState.FAILED]
        await asyncio.sleep(DAY_S)
        assert len(shop.day.asked) == 2  # nothing was sold
        await desk.pay(order("p2", minor=300))
    await asyncio.sleep(DAY_S)
    async with shop.open() as (_, days):
        shop.crew.start(shop.closing(days, "22:30").run(), name="closing")
        await asyncio.sleep(WORK_S + 5)
        (last, *_) = await days.recent(9)
        assert (last.state, last.who) == (DayState.AGREED, "the box's schedule")


async def test_the_time_of_the_day_waits_for_a_quiet_moment_a_clock_and_a_person() -> None:
    shop = DayCounter(trusted=False)
    shop.day.answers = [LOST]
    async with shop.open() as (desk, days):
        await desk.pay(order("p1"))
        shop.crew.start(shop.closing(days, "22:30").run(), name="closing")
        await asyncio.sleep(DAY_S)
        assert shop.day.asked == []
        shop.clock.trusted = True
        shop.day.plan(Act.PARTIAL)
        await desk.pay(order("p2"))
        await asyncio.sleep(60)
        assert shop.day.asked == []
        await desk.decide("p2", keep=True, who="till-1")
        await asyncio.sleep(RETRY_S)
        assert len(shop.day.asked) == 1
        await desk.pay(order("p3"))
        await asyncio.sleep(DAY_S)
        assert len(shop.day.asked) == 1
    async with shop.open() as (_, days):
        await shop.closing(days, "").run()


def test_the_time_of_the_day_is_the_zones_also_when_its_clocks_change() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    at = time(22, 30)
    for now, last in (
        ("2026-11-23T21:29:59+00:00", "2026-11-22T21:30:00+00:00"),
        ("2026-11-23T21:30:00+00:00", "2026-11-23T21:30:00+00:00"),
        ("2026-10-25T12:00:00+00:00", "2026-10-24T20:30:00+00:00"),
        ("2026-10-25T21:31:00+00:00", "2026-10-25T21:30:00+00:00"),
    ):
        now_ns = int(datetime.fromisoformat(now).timestamp()) * NS_PER_S
        last_s = int(datetime.fromisoformat(last).timestamp())
        assert last_ns(now_ns, at, berlin) == last_s * NS_PER_S


def test_power_that_goes_at_any_moment_leaves_a_day_that_is_known_or_a_case() -> None:
    for cut_at in range(40, 260, 3):
        shop = DayCounter()
        shop.day.answers = [said(2, 9999)]

        async def first(shop: DayCounter = shop) -> None:
            async with shop.open() as (desk, days):
                await desk.pay(order("p1"))
                await days.run("day-1", None, who="Ada")
                await asyncio.sleep(10)

        try:
            simulate(first(), seed=cut_at, cut_at=cut_at)
        except PowerCut:
            shop.power_cut()
        asked = len(shop.day.asked)
        begun = "reconciliation.begun" in shop.told()

        async def second(shop: DayCounter = shop) -> tuple[DayState | None, list[str]]:
            async with shop.open() as (desk, days):
                last = days.days[0].last
                return last.state if last else None, [each.code for each in desk.cases.open]

        state, cases = simulate(second(), seed=cut_at)
        assert len(shop.day.asked) == asked
        assert asked <= begun  # never asked before it stood in the journal
        assert (state, cases) in (
            (None, []),
            (DayState.UNKNOWN, ["reconciliation.unknown"]),
            (DayState.DIFFERENT, ["reconciliation.total"]),
        )
        assert (state is not None) == begun


def test_the_cuts_reach_every_stage() -> None:
    """The range above would be no test if it ended before the day did."""
    shop = DayCounter()

    async def whole() -> int:
        async with shop.open() as (desk, days):
            await desk.pay(order("p1"))
            await days.run("day-1", None, who="Ada")
            loop = asyncio.get_running_loop()
            assert isinstance(loop, SimLoop)
            return loop.steps

    assert 60 < simulate(whole(), seed=1) < 250
