"""What a person reads off a terminal's slip: the same comparison, and nobody asks the terminal."""

import asyncio

import pytest

from posedge.model.errors import ConflictError, DeviceError, MisuseError, NotFoundError
from posedge.model.reconciliation import (
    DayState,
    Declaration,
    DifferenceKind,
    EndOfDay,
    SchemeTotal,
    TerminalDay,
)
from posedge.payments.closing_time import LOOK_S
from posedge.payments.declared import Slip, declaration
from tests.doubles.counter import euros, order
from tests.doubles.day import DayCounter
from tests.doubles.simloop import PowerCut, simulate

DAY_S = 24 * 3600


def slip(*lines: str, of: str | None = None) -> Declaration:
    return declaration("Ada", lines, "EUR", of)


@pytest.mark.parametrize(
    ("line", "scheme", "minor"),
    [
        ("visa=12.34", "visa", 1234),
        ("  Visa Credit  12,34 ", "Visa Credit", 1234),
        ("visa = -0.50", "visa", -50),
        ("17", "", 1700),
        ("=17.1", "", 1710),
        ("visa 2 =\t3", "visa 2", 300),
    ],
)
def test_lines_of_a_slip(line: str, scheme: str, minor: int) -> None:
    assert slip(line).totals == (SchemeTotal(scheme=scheme, amount=euros(minor)),)


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        (["visa"], "money.unreadable"),
        (["visa 1.234,56"], "money.unreadable"),
        (["visa 1.234"], "money.decimals"),
        (["1 234,56"], "money.unreadable"),
        (["visa 1 234,56"], "money.unreadable"),
        (["a" + 1990 * " " + "b"], "money.unreadable"),
        (["=" * 2000], "money.unreadable"),
        (["a=b=1"], "money.unreadable"),
        ([""], "reconciliation.mistaken"),
        (["visa 1", "VISA 2"], "reconciliation.mistaken"),
        (["visa 1", "2"], "reconciliation.mistaken"),
        (["x" * 41 + " 1"], "reconciliation.mistaken"),
        (["12345=1"], "reconciliation.mistaken"),
        (["visa 10000000000.01"], "reconciliation.mistaken"),
    ],
)
def test_what_is_no_slip(lines: list[str], code: str) -> None:
    with pytest.raises(MisuseError) as caught:
        slip(*lines)
    assert caught.value.code == code


def test_a_slip_is_read_as_it_was_typed() -> None:
    typed = Slip(who="Ada", totals="visa 12,34\n\ngirocard=5\n", currency="EUR", of="day-1")
    assert typed.read() == slip("visa=12.34", "girocard=5", of="day-1")


async def test_a_slip_of_a_terminal_that_nobody_can_ask_ends_its_day() -> None:
    shop = DayCounter()
    async with shop.open() as (desk, days):
        await desk.pay(order("p1", terminal="side"))
        with pytest.raises(MisuseError, match="side tells no totals"):
            await days.run("day-1", "side", who="x")
        first = await days.run("day-1", "side", who="till-1", declared=slip("girocard=12.50"))
        assert (first.state, first.declared, first.of) == (DayState.AGREED, True, None)
        assert (first.who, first.differences) == ("Ada (till-1)", ())
        assert "by Ada (till-1)" in first.text
        await desk.pay(order("p2", terminal="side", minor=300))
        second = await days.run("day-2", "side", who="till-1", declared=slip("4.00"))
        assert (second.state, second.since) == (DayState.DIFFERENT, first.begun)
        (case,) = desk.cases.open
        assert case.payments == ("p2",)
        assert "all schemes: the terminal says 4.00 EUR, the journal 3.00 EUR in 1" in case.text
        assert await days.run("day-2", "side", who="x", declared=slip("4.00")) == second
        for other in (slip("3.00"), slip("4.00", of="day-1"), None):
            with pytest.raises(ConflictError):
                await days.run("day-2", "side", who="x", declared=other)
        with pytest.raises(ConflictError):
            await days.run("day-2", "front", who="x", declared=slip("4.00"))
        assert days.days[1] == TerminalDay(terminal="side", ends=False, last=second)
    assert shop.day.asked == []


async def test_a_mistyped_slip_is_entered_again() -> None:
    shop = DayCounter()
    async with shop.open() as (desk, days):
        await desk.pay(order("p1"))
        wrong = await days.run("day-1", "front", who="x", declared=slip("visa 12.50"))
        assert [each.kind for each in wrong.differences] == [DifferenceKind.SCHEMES]
        await desk.pay(order("p2", minor=300))
        again = slip("girocard 12.50", of="day-1")
        right = await days.run("day-2", "front", who="x", declared=again)
        assert (right.state, right.of, right.since) == (DayState.AGREED, "day-1", wrong.since)
        assert days.days[0].last == right
        with pytest.raises(MisuseError, match="lacks its totals"):
            await days.run("day-3", "front", who="x", declared=slip("1.00", of="day-2"))
        running = await days.run("day-4", "front", who="x", declared=slip("3.00"))
        assert (running.state, running.since) == (DayState.AGREED, wrong.begun)


async def test_the_slip_of_a_day_that_the_box_ended_without_totals() -> None:
    shop = DayCounter()
    shop.day.answers = [EndOfDay(text="closed")] * 2
    async with shop.open() as (desk, days):
        await desk.pay(order("p1"))
        first = await days.run("day-1", "front", who="x")
        await desk.pay(order("p2", minor=300))
        second = await days.run("day-2", "front", who="x")
        assert (first.state, second.state) == (DayState.UNCOMPARED, DayState.UNCOMPARED)
        early = await days.run("day-3", "front", who="x", declared=slip("12.50", of="day-1"))
        assert early.state is DayState.AGREED
        assert days.days[0].last == second
        late = await days.run("day-4", "front", who="x", declared=slip("3.00", of="day-2"))
        assert (late.state, days.days[0].last) == (DayState.AGREED, late)
        shop.day.answers = [EndOfDay(text="closed", totals=())]
        assert (await days.run("day-5", "front", who="x")).state is DayState.AGREED
        for of, terminal, what in (
            ("day-5", "front", "lacks its totals"),
            ("day-2", "side", "an end of day of front"),
        ):
            with pytest.raises(MisuseError, match=what):
                await days.run("day-6", terminal, who="x", declared=slip("3.00", of=of))
        with pytest.raises(NotFoundError):
            await days.run("day-6", "front", who="x", declared=slip("3.00", of="day-9"))
    async with shop.open() as (_, days):
        assert days.days[0].last is not None
        assert days.days[0].last.id == "day-5"


async def test_the_slip_of_a_day_that_nobody_knew_the_end_of_ends_the_doubt() -> None:
    shop = DayCounter()
    shop.day.answers = [DeviceError("terminal.silent", "no word")]
    async with shop.open() as (desk, days):
        await desk.pay(order("p1"))
        assert (await days.run("day-1", "front", who="x")).state is DayState.UNKNOWN
        with pytest.raises(MisuseError, match="resolve case"):
            await days.run("day-2", "front", who="x", declared=slip("12.50"))
        of = await days.run("day-2", "front", who="x", declared=slip("12.50", of="day-1"))
        assert of.state is DayState.AGREED
        (case,) = desk.cases.open
        await desk.cases.resolve(case.id, who="Ada", why="it printed", evidence="the slip")
        after = await days.run("day-3", "front", who="x")
        assert after.journal_totals == ()  # p1 was in the day that the slip ended


async def test_a_slip_without_a_name_is_of_the_only_terminal() -> None:
    shop = DayCounter()
    async with shop.open() as (_, days):
        for name in (None, "nobody"):
            with pytest.raises(NotFoundError, match="front, side"):
                await days.run("day-1", name, who="x", declared=slip("0"))
        del shop.devices.devices["side"]
        only = await days.run("day-1", None, who="x", declared=slip("0"))
        assert (only.terminal, only.state) == ("front", DayState.AGREED)


async def test_the_time_of_the_day_leaves_slips_to_people() -> None:
    shop = DayCounter()
    shop.day.answers = [EndOfDay(text="closed")]
    async with shop.open() as (desk, days):
        await desk.pay(order("p1", terminal="side"))
        await desk.pay(order("p2"))
        shop.crew.start(shop.closing(days, "22:30").run(), name="closing")
        await asyncio.sleep(DAY_S)
        (ended,) = await days.recent(9)
        assert (ended.terminal, ended.state) == ("front", DayState.UNCOMPARED)
        told = slip("12.50", of=ended.id)
        assert (await days.run("slip", "front", who="x", declared=told)).state is DayState.AGREED
    async with shop.open() as (_, days):
        shop.crew.start(shop.closing(days, "22:30").run(), name="closing")
        await asyncio.sleep(3 * LOOK_S)
        assert len(shop.day.asked) == 1


def test_power_that_goes_at_any_moment_leaves_a_slip_whole_or_not_there() -> None:
    seen: set[DayState | None] = set()
    for cut_at in range(40, 130):
        shop = DayCounter()

        async def first(shop: DayCounter = shop) -> None:
            async with shop.open() as (desk, days):
                await desk.pay(order("p1"))
                await days.run("day-1", "front", who="x", declared=slip("99.99"))
                await asyncio.sleep(10)

        try:
            simulate(first(), seed=cut_at, cut_at=cut_at)
        except PowerCut:
            shop.power_cut()
        begun = "reconciliation.begun" in shop.told()

        async def second(shop: DayCounter = shop) -> tuple[DayState | None, int]:
            async with shop.open() as (desk, days):
                last = days.days[0].last
                return last.state if last else None, len(desk.cases.open)

        state, cases = simulate(second(), seed=cut_at)
        assert (state, cases) == ((DayState.DIFFERENT, 1) if begun else (None, 0))
        seen.add(state)
    assert seen == {None, DayState.DIFFERENT}
