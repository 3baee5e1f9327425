"""The scale's driver against a scale in memory and virtual time; then against the simulated one."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import pytest

from posedge.clock import SystemClock
from posedge.drivers.toledo import ToledoScale
from posedge.link.interface import Link
from posedge.link.memory import MemoryLink
from posedge.link.serial import open_serial
from posedge.model.capabilities import Scale, ScaleState, Weight
from posedge.model.errors import DeviceError, DeviceGone
from posedge.model.events import Weighed
from posedge.model.value import Json
from posedge.sim.scale import ScaleSim
from posedge.tasks import Crew
from posedge.wire.toledo_weight import NOT_READY
from tests.doubles.place import Place
from tests.doubles.simloop import SimClock, SimLoop, simulate

PATIENCE_S = 60
REAL_PATIENCE_S = 10
EMPTY = Weight(state=ScaleState.ZERO, weight_g=0)


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
    scale: ToledoScale
    far: FarScale
    place: Place[Link]
    run: asyncio.Task[DeviceError]

    def says(self, answer: bytes) -> None:
        self.far.answers[b"W"] = answer

    @property
    def seen(self) -> list[tuple[ScaleState, int | None, bool]]:
        return [(e.state, e.weight_g, e.net) for e in self.place.events if isinstance(e, Weighed)]


async def failure(scale: ToledoScale) -> DeviceError:
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
    scale, far = ToledoScale(place.site), FarScale(theirs, {b"W": b"\x0200.000\r"})
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
        assert at.scale.weight() == Weight(state=ScaleState.STABLE_WEIGHT, weight_g=1000, net=True)
        assert "STABLE_WEIGHT 1000" in repr(at.scale)
        assert isinstance(at.scale, Scale)


@virtually
async def test_it_asks_at_least_ten_times_a_second() -> None:
    async with shop() as at:
        await at.place.heard(1)
        before = len(at.far.heard)
        await asyncio.sleep(1)
        assert 10 <= len(at.far.heard) - before <= 13


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
        assert at.place.reports == ["the scale weighs in pounds: set it to kilograms"]
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
        await ToledoScale(Place(ours, SystemClock(), {"interval_ms": 101}).site).run()


# Against the simulated scale, over a real tty and in real time


@asynccontextmanager
async def real_shop(sim: ScaleSim) -> AsyncIterator[tuple[ToledoScale, Place[Link]]]:
    link = await open_serial(sim.pty.path, baud=9600)
    place: Place[Link] = Place(link, SystemClock())
    scale = ToledoScale(place.site)
    async with Crew("test") as crew, asyncio.timeout(REAL_PATIENCE_S):
        crew.start(sim.serve(), name="sim")
        crew.start(failure(scale), name="driver")
        yield scale, place
    sim.pty.unplug()


async def weighed(place: Place[Link], state: ScaleState) -> Weighed:
    """Return the newest event as soon as it is in `state`."""
    while True:
        events = place.events
        if events and isinstance(events[-1], Weighed) and events[-1].state is state:
            return events[-1]
        await place.heard(len(events) + 1)


async def test_goods_on_a_simulated_scale() -> None:
    sim = ScaleSim()
    async with real_shop(sim) as (scale, place):
        await weighed(place, ScaleState.ZERO)
        sim.put(1234, moving_s=0.2)
        await weighed(place, ScaleState.UNSTABLE)
        assert (await weighed(place, ScaleState.STABLE_WEIGHT)).weight_g == 1234
        sim.put(20_000)
        await weighed(place, ScaleState.OVERWEIGHT)
        sim.put(-500)
        await weighed(place, ScaleState.UNDER_ZERO)
        sim.put(250)
        await weighed(place, ScaleState.STABLE_WEIGHT)
        await scale.zero()
        assert scale.weight() == EMPTY
        sim.put(750)
        await weighed(place, ScaleState.STABLE_WEIGHT)
        await scale.tare()
        sim.put(1750)
        net = await weighed(place, ScaleState.STABLE_WEIGHT)
        assert (net.weight_g, net.net) == (1000, True)


async def test_faults_of_a_simulated_scale() -> None:
    sim = ScaleSim()
    async with real_shop(sim) as (_, place):
        await weighed(place, ScaleState.ZERO)
        sim.faults.garbled = True
        await weighed(place, ScaleState.NOT_READY)
        sim.faults.garbled = False
        await weighed(place, ScaleState.ZERO)
        sim.faults.once = True
        sim.put(800)
        assert (await weighed(place, ScaleState.STABLE_WEIGHT)).weight_g == 800
        sim.faults.silent = True
        await weighed(place, ScaleState.NOT_READY)
        sim.faults.silent = sim.faults.once = False
        await weighed(place, ScaleState.STABLE_WEIGHT)
        sim.pty.unplug()
        await weighed(place, ScaleState.NOT_READY)


async def test_a_change_is_published_well_within_a_quarter_of_a_second() -> None:
    sim = ScaleSim()
    delays_s: list[float] = []
    async with real_shop(sim) as (_, place):
        await weighed(place, ScaleState.ZERO)
        for weight_g in range(100, 1100, 100):
            start = time.perf_counter()
            sim.put(weight_g)
            await place.heard(len(place.events) + 1)
            delays_s.append(time.perf_counter() - start)
    assert sorted(delays_s)[len(delays_s) // 2] < 0.2
