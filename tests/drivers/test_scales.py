"""Every dialect against its simulated scale: the same plate, over a real tty and in real time."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from posedge.clock import SystemClock
from posedge.devices.address import CUSTOM, Line
from posedge.drivers.registry import DRIVERS
from posedge.drivers.scale import DialectScale
from posedge.drivers.scales import SCALES
from posedge.link.interface import Link
from posedge.link.serial import open_serial
from posedge.model.capabilities import Kind, Scale, ScaleState, Weight
from posedge.model.errors import DeviceError
from posedge.model.events import Weighed
from posedge.model.value import Json
from posedge.sim.scale import VOICES, ScaleSim
from posedge.sim.scale_plate import Plate
from posedge.sim.scale_records import Dialog04
from posedge.tasks import Crew
from posedge.wire.scales.judge import NOT_READY
from tests.doubles.place import Place

PATIENCE_S = 20
NAMES = [each.name for each in SCALES]
OPTIONS: dict[str, dict[str, Json]] = {
    "toledo-8213": {"unit": "kg"},
    "dialog-04": {"unit_price": 299},
}
NEVER_EMPTY = {"dialog-04"}
"""To this one less than the least weight that may be sold is no weight, the empty plate too."""
NO_WEIGHT = {"dialog-06"}
OUT_OF_RANGE = {"berkel"}
"""It tells under and over by one bit."""
NOT_BY_LINE = {"dialog-04", "cas-22", "cas-retail"}
WEIGHING = [name for name in NAMES if name not in NO_WEIGHT]


async def failure(scale: DialectScale) -> DeviceError:
    try:
        await scale.run()
    except DeviceError as error:
        return error
    raise AssertionError("a driver never returns")


@asynccontextmanager
async def shop(
    sim: ScaleSim, name: str
) -> AsyncIterator[tuple[DialectScale, Place[Link], asyncio.Task[DeviceError]]]:
    link = await open_serial(sim.pty.path, baud=9600)
    place: Place[Link] = Place(link, SystemClock(), OPTIONS.get(name, {}))
    scale = DRIVERS[name](place.site)
    assert isinstance(scale, DialectScale)
    async with Crew("test") as crew, asyncio.timeout(PATIENCE_S):
        crew.start(sim.serve(), name="sim")
        yield scale, place, crew.start(failure(scale), name="driver")
    sim.pty.unplug()


async def seen(place: Place[Link], state: ScaleState) -> Weighed:
    """Return the newest event as soon as it is in `state`."""
    while True:
        events = place.events
        if events and isinstance(events[-1], Weighed) and events[-1].state is state:
            return events[-1]
        await place.heard(len(events) + 1)


def test_a_driver_for_each_simulated_scale() -> None:
    assert [*VOICES] == NAMES
    assert {each.kind for each in SCALES} == {Kind.SCALE}


@pytest.mark.parametrize("name", WEIGHING)
async def test_every_state_is_told_apart(name: str) -> None:
    sim = ScaleSim(name)
    async with shop(sim, name) as (scale, place, _):
        assert isinstance(scale, Scale)
        if name not in NEVER_EMPTY:
            assert (await seen(place, ScaleState.ZERO)).weight_g == 0
        sim.put(1250, moving_s=0.4)
        await seen(place, ScaleState.UNSTABLE)
        apples = await seen(place, ScaleState.STABLE_WEIGHT)
        shown = "1.25 kg" if name == "toledo-8213" else "1.250 kg"
        assert (apples.weight_g, apples.shown, apples.net) == (1250, shown, False)
        assert scale.weight() == Weight(state=ScaleState.STABLE_WEIGHT, weight_g=1250, shown=shown)
        for weight_g, state in ((20_000, ScaleState.OVERWEIGHT), (-50, ScaleState.UNDER_ZERO)):
            sim.put(weight_g)
            wanted = ScaleState.NOT_READY if name in OUT_OF_RANGE else state
            assert (await seen(place, wanted)).weight_g is None
        sim.faults.silent = True
        await seen(place, ScaleState.NOT_READY)
        assert scale.weight() == NOT_READY
        weights = [each.weight_g for each in place.events if isinstance(each, Weighed)]
        assert set(weights) <= {None, 0, 1250}


@pytest.mark.parametrize("name", [name for name in WEIGHING if name not in NOT_BY_LINE])
async def test_zero_and_tare(name: str) -> None:
    sim = ScaleSim(name)
    async with shop(sim, name) as (scale, place, _):
        await seen(place, ScaleState.ZERO)
        sim.put(20)
        await seen(place, ScaleState.STABLE_WEIGHT)
        await scale.zero()
        assert scale.weight().state is ScaleState.ZERO
        sim.put(270)
        await seen(place, ScaleState.STABLE_WEIGHT)
        if name == "toledo-8213":
            with pytest.raises(DeviceError, match="press the key"):
                await scale.tare()
            return
        await scale.tare()
        assert scale.weight().state is ScaleState.ZERO
        sim.put(1270)
        weighed = await seen(place, ScaleState.STABLE_WEIGHT)
        assert (weighed.weight_g, weighed.net) == (1000, name != "berkel")


@pytest.mark.parametrize("name", sorted(NOT_BY_LINE))
async def test_what_the_line_cannot_do_is_said(name: str) -> None:
    sim = ScaleSim(name)
    async with shop(sim, name) as (scale, place, _):
        sim.put(1250)
        await seen(place, ScaleState.STABLE_WEIGHT)
        for call in (scale.zero, scale.tare):
            with pytest.raises(DeviceError) as caught:
                await call()
            assert caught.value.code == "scale.unsupported"
        assert scale.weight().weight_g == 1250


async def test_a_refusal_of_the_scale_is_passed_on() -> None:
    sim = ScaleSim("mt-sics")
    async with shop(sim, "mt-sics") as (scale, place, _):
        sim.put(1250)
        await seen(place, ScaleState.STABLE_WEIGHT)
        with pytest.raises(DeviceError, match="above the scale's limit") as caught:
            await scale.zero()
        assert caught.value.code == "scale.refused"


async def test_the_checksums_of_dialog_06_are_not_guessed() -> None:
    async with shop(ScaleSim("dialog-06"), "dialog-06") as (scale, place, run):
        error = await run
        assert error.code == "scale.unsupported"
        assert 'driver = "dialog-04"' in error.message
        assert place.reports == [error.message]
        assert scale.weight() == NOT_READY


async def test_an_8213_must_have_its_unit_told() -> None:
    sim = ScaleSim("toledo-8213")
    link = await open_serial(sim.pty.path, baud=9600)
    with pytest.raises(DeviceError, match="option unit") as caught:
        DRIVERS["toledo-8213"](Place(link, SystemClock()).site)
    assert caught.value.code == "options.invalid"
    await link.close()
    sim.pty.unplug()


async def test_prices_that_the_scale_computed() -> None:
    sim = ScaleSim("cas-retail")
    OPTIONS["cas-retail"] = {"prices": True}
    try:
        async with shop(sim, "cas-retail") as (_, place, _run):
            sim.put(1250)
            weighed = await seen(place, ScaleState.STABLE_WEIGHT)
            assert (weighed.unit_price, weighed.total) == ("2.99", "3.74")
    finally:
        del OPTIONS["cas-retail"]


@pytest.mark.parametrize("name", WEIGHING)
async def test_garbled_answers_say_what_to_check(name: str) -> None:
    sim = ScaleSim(name)
    sim.faults.garbled = True
    async with shop(sim, name) as (_, place, run):
        error = await run
        assert error.code == "scale.silent"
        custom = CUSTOM.get(name, Line())
        assert f"{custom.baud} baud {custom.bits}{custom.parity}1" in error.message
        assert not any(isinstance(each, Weighed) for each in place.events)


class Repeating(Dialog04):
    """Tells that it refused to weigh a load again."""

    def __init__(self) -> None:
        super().__init__()
        self.repeated = asyncio.Event()

    def answer(self, command: bytes, plate: Plate, now_s: float) -> bytes:
        if self.why == b"21":
            self.repeated.set()
        return super().answer(command, plate, now_s)


async def test_a_load_that_a_dialog_scale_weighs_once_stays_known() -> None:
    sim = ScaleSim("dialog-04")
    sim.voice = voice = Repeating()
    async with shop(sim, "dialog-04") as (scale, place, _):
        sim.put(1250)
        await seen(place, ScaleState.STABLE_WEIGHT)
        count = len(place.events)
        await voice.repeated.wait()
        assert scale.weight().weight_g == 1250
        assert len(place.events) == count


async def test_a_weight_that_is_sent_once_is_lost_with_the_line() -> None:
    sim = ScaleSim()
    async with shop(sim, "toledo") as (_, place, _run):
        await seen(place, ScaleState.ZERO)
        sim.order("once on")
        sim.put(750)
        await seen(place, ScaleState.STABLE_WEIGHT)
        sim.faults.silent = True
        await seen(place, ScaleState.NOT_READY)
        sim.faults.silent = False
        sim.order("once off")
        await seen(place, ScaleState.STABLE_WEIGHT)
        sim.pty.unplug()
        await seen(place, ScaleState.NOT_READY)


@pytest.mark.parametrize("name", [name for name in WEIGHING if name not in NEVER_EMPTY])
async def test_a_change_is_published_well_within_a_quarter_of_a_second(name: str) -> None:
    sim = ScaleSim(name)
    delays_s: list[float] = []
    async with shop(sim, name) as (_, place, _run):
        await seen(place, ScaleState.ZERO)
        for weight_g in range(100, 600, 100):
            start = time.perf_counter()
            sim.put(weight_g)
            await place.heard(len(place.events) + 1)
            delays_s.append(time.perf_counter() - start)
    assert sorted(delays_s)[len(delays_s) // 2] < 0.25
