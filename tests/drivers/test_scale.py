"""The scales' driver against a scale in memory and virtual time, in the dialect of an 8217."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import pytest

from posedge.clock import SystemClock
from posedge.drivers.interface import Site
from posedge.drivers.registry import DRIVERS
from posedge.drivers.scale import ASLEEP_S, LIVELY_S, DialectScale
from posedge.link.interface import Link
from posedge.link.memory import MemoryLink
from posedge.model.capabilities import Scale, ScaleState, Weight
from posedge.model.errors import DeviceError, DeviceGone
from posedge.model.events import Weighed
from posedge.model.value import Json
from posedge.tasks import Crew
from posedge.wire.scales.judge import NOT_READY
from tests.doubles.place import Place
from tests.doubles.simloop import SimClock, SimLoop, simulate

PATIENCE_S = 60


def toledo(site: Site[Any]) -> DialectScale:
    scale = DRIVERS["toledo"](site)
    assert isinstance(scale, DialectScale)
    return scale


@dataclass
class FarScale:
    """The scale's end of the line: answers each command with what the test says."""

    link: MemoryLink
    answers: dict[bytes, bytes] = field(default_factory=dict)
    heard: list[bytes] = field(default_factory=list)

    async def serve(self) -> None:
        with suppress(DeviceError):
            while True:
                command = await self.link.read()
                self.heard.append(command)
                await self.link.write(self.answers.get(command, b""), deadline_s=1)


@dataclass
class Shop:
    scale: DialectScale
    far: FarScale
    place: Place[Link]
    run: asyncio.Task[DeviceError]

    def says(self, answer: bytes) -> None:
        self.far.answers[b"W"] = answer

    @property
    def seen(self) -> list[tuple[ScaleState, int | None, bool]]:
        return [(e.state, e.weight_g, e.net) for e in self.place.events if isinstance(e, Weighed)]


async def failure(scale: DialectScale) -> DeviceError:
    try:
        await scale.run()
    except DeviceError as error:
        return error
    raise AssertionError("a driver never returns")


@asynccontextmanager
async def shop(**options: Json) -> AsyncIterator[Shop]:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, SimLoop)
    ours, theirs = MemoryLink.pair()
    place: Place[Link] = Place(ours, SimClock(loop), options)
    scale, far = toledo(place.site), FarScale(theirs, {b"W": b"\x0200.000\r"})
    async with Crew("test") as crew, asyncio.timeout(PATIENCE_S):
        crew.start(far.serve(), name="scale")
        yield Shop(scale, far, place, crew.start(failure(scale), name="driver"))


def virtually(test: Callable[[], Coroutine[Any, Any, None]]) -> Callable[[], None]:
    def run() -> None:
        simulate(test())

    run.__name__ = test.__name__
    return run


@virtually
async def test_a_weight_is_published_once_and_only_on_change() -> None:
    async with shop() as at:
        await at.place.heard(1)
        at.says(b"\x02?A\r")
        await at.place.heard(2)
        at.says(b"\x0201.234\r")
        await at.place.heard(3)
        await asyncio.sleep(5)
        at.says(b"\x0201.000N\r")
        await at.place.heard(4)
        assert at.seen == [
            (ScaleState.ZERO, 0, False),
            (ScaleState.UNSTABLE, None, False),
            (ScaleState.STABLE_WEIGHT, 1234, False),
            (ScaleState.STABLE_WEIGHT, 1000, True),
        ]
        assert at.place.reports == [None]
        assert at.scale.weight() == Weight(
            state=ScaleState.STABLE_WEIGHT, weight_g=1000, net=True, shown="1.000 kg"
        )
        assert "STABLE_WEIGHT 1.000 kg" in repr(at.scale)
        assert isinstance(at.scale, Scale)


async def asked(at: Shop) -> int:
    """Return how often the scale is asked in a second."""
    before = len(at.far.heard)
    await asyncio.sleep(1)
    return len(at.far.heard) - before


@virtually
async def test_it_asks_at_least_ten_times_a_second_while_something_happens() -> None:
    async with shop() as at:
        await at.place.heard(1)
        assert 10 <= await asked(at) <= 13


@virtually
async def test_at_rest_it_asks_less_often_and_sees_a_change_in_time() -> None:
    async with shop() as at:
        await at.place.heard(1)
        await asyncio.sleep(LIVELY_S)
        for number in range(1, 6):
            assert await asked(at) in {4, 5}
            await asyncio.sleep(number * 0.037)
            changed_s = asyncio.get_running_loop().time()
            at.says(b"\x0201.%03d\r" % number)
            await at.place.heard(1 + number)
            assert asyncio.get_running_loop().time() - changed_s <= 0.24
            assert 10 <= await asked(at) <= 13
            await asyncio.sleep(LIVELY_S)


@virtually
async def test_asleep_it_asks_still_less_and_its_weight_stays_fresh() -> None:
    async with shop() as at:
        await at.place.heard(1)
        await asyncio.sleep(LIVELY_S + ASLEEP_S + 1)
        assert await asked(at) in {2, 3}
        assert at.scale.weight().state is not ScaleState.NOT_READY
        await asyncio.sleep(LIVELY_S + ASLEEP_S + 1)
        changed_s = asyncio.get_running_loop().time()
        at.says(b"\x0201.500\r")
        await at.place.heard(2)
        assert asyncio.get_running_loop().time() - changed_s <= 0.4


@virtually
async def test_who_reads_the_weight_has_it_asked_for_often() -> None:
    async with shop() as at:
        await at.place.heard(1)
        await asyncio.sleep(LIVELY_S + 1)
        assert at.scale.weight().state is ScaleState.ZERO
        await asyncio.sleep(0.2)
        assert 10 <= await asked(at) <= 13


@virtually
async def test_a_plate_that_moves_never_rests() -> None:
    async with shop() as at:
        at.says(b"\x02?A\r")
        await at.place.heard(1)
        await asyncio.sleep(10 * LIVELY_S)
        assert 10 <= await asked(at) <= 13


@virtually
async def test_at_rest_a_weight_stays_fresh() -> None:
    async with shop(fresh_ms=100) as at:
        await at.place.heard(1)
        await asyncio.sleep(LIVELY_S)
        assert 10 <= await asked(at) <= 13
        for _ in range(100):
            await asyncio.sleep(0.013)
            assert at.scale.weight().state is ScaleState.ZERO


@virtually
async def test_silence_is_not_ready_at_once_and_a_failure_after_five_polls() -> None:
    async with shop() as at:
        await at.place.heard(1)
        at.says(b"")
        await at.place.heard(2)
        assert at.seen[-1] == (ScaleState.NOT_READY, None, False)
        error = await at.run
        assert error.code == "scale.silent"
        assert at.place.reports == [None, error.message]
        with pytest.raises(DeviceError, match="not connected"):
            await at.scale.zero()


@virtually
async def test_garbled_answers_are_not_ready_and_say_so() -> None:
    async with shop(unanswered=2) as at:
        await at.place.heard(1)
        at.says(b"\x82\xb0\xb1.234\x8d")
        error = await at.run
        assert "7E1" in error.message
        assert at.seen[-1] == (ScaleState.NOT_READY, None, False)


@virtually
async def test_noise_before_an_answer_does_no_harm() -> None:
    async with shop() as at:
        at.says(b"xx\x0201.234\r")
        await at.place.heard(1)
        assert at.seen == [(ScaleState.STABLE_WEIGHT, 1234, False)]


@virtually
async def test_a_late_answer_is_not_taken_for_the_next_one() -> None:
    async with shop() as at:
        await at.place.heard(1)
        at.says(b"")
        await at.place.heard(2)
        at.says(b"\x0202.000\r")
        await at.far.link.write(b"\x0201.000\r", deadline_s=1)
        await at.place.heard(3)
        assert at.seen[-1] == (ScaleState.STABLE_WEIGHT, 2000, False)


@virtually
async def test_pounds_are_never_taken_for_kilograms() -> None:
    async with shop() as at:
        at.says(b"\x02001.23\r")
        await asyncio.sleep(10)
        assert at.seen == []
        assert at.place.reports == ['the scale weighs in lb: set it to kg, or say unit = "lb"']
        assert at.scale.weight() == NOT_READY


@virtually
async def test_a_scale_that_sends_each_weight_once() -> None:
    async with shop() as at:
        at.says(b"\x0201.234\r")
        await at.place.heard(1)
        at.says(b"\x02?\x00\r")
        await asyncio.sleep(5)
        assert at.scale.weight().weight_g == 1234
        at.says(b"")
        await at.place.heard(2)
        at.says(b"\x02?\x00\r")
        await asyncio.sleep(5)
        assert at.scale.weight() == NOT_READY


@virtually
async def test_a_weight_that_is_not_fresh_is_not_shown() -> None:
    async with shop(reply_ms=2000) as at:
        at.says(b"\x0201.234\r")
        await at.place.heard(1)
        at.says(b"")
        await asyncio.sleep(0.7)
        assert at.scale.weight() == NOT_READY
        assert at.seen == [(ScaleState.STABLE_WEIGHT, 1234, False)]


@virtually
async def test_unplugged_is_not_ready() -> None:
    async with shop() as at:
        await at.place.heard(1)
        at.far.link.cut()
        assert isinstance(await at.run, DeviceGone)
        assert at.seen[-1] == (ScaleState.NOT_READY, None, False)


@virtually
async def test_zero_and_tare_refused_are_told() -> None:
    async with shop() as at:
        at.says(b"\x0201.234\r")
        await at.place.heard(1)
        for command, call in ((b"Z", at.scale.zero), (b"T\r", at.scale.tare)):
            at.far.answers[command] = b"\x02?@\r"
            with pytest.raises(DeviceError) as caught:
                await call()
            assert caught.value.code == "scale.refused"
            assert command in at.far.heard
        assert at.scale.weight().weight_g == 1234


async def test_options_that_cannot_be() -> None:
    ours, _ = MemoryLink.pair()
    with pytest.raises(DeviceError, match="option interval_ms"):
        await toledo(Place(ours, SystemClock(), {"interval_ms": 101}).site).run()
