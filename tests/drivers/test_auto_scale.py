"""A scale of which nobody said what it speaks, over a real tty."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from posedge.clock import SystemClock
from posedge.drivers.auto_scale import LEARNT, AutoScale
from posedge.drivers.memory import Memory
from posedge.link.interface import Link
from posedge.link.serial import Bits, ParityLetter, open_serial
from posedge.model.capabilities import Scale, ScaleState
from posedge.model.errors import DeviceError
from posedge.model.events import Weighed
from posedge.model.value import Json
from posedge.sim.scale import ScaleSim
from posedge.tasks import Crew
from posedge.wire.scales.judge import NOT_READY
from tests.doubles.place import Place

PATIENCE_S = 30
ASKED = ["toledo", "dialog-04", "mt-sics", "nci", "cas-retail", "berkel"]


@dataclass
class Shop:
    sim: ScaleSim
    options: dict[str, Json] = field(default_factory=dict)
    memory: Memory = field(default_factory=Memory)
    opened: list[str] = field(default_factory=list)

    async def open_at(self, baud: int, bits: Bits, parity: ParityLetter) -> Link:
        self.opened.append(f"{baud} {bits}{parity}1")
        return await open_serial(self.sim.pty.path, baud=baud)

    async def open(self) -> Link:
        self.opened.append("as configured")
        return await open_serial(self.sim.pty.path, baud=9600)

    def make(self, place: Place[Any]) -> AutoScale:
        options = {"listen_ms": 500, **self.options}
        site = replace(place.site, memory=self.memory, options=options)
        return AutoScale(replace(site, open=self.open, open_at=self.open_at))


async def failure(scale: AutoScale) -> DeviceError:
    try:
        await scale.run()
    except DeviceError as error:
        return error
    raise AssertionError("a driver never returns")


@asynccontextmanager
async def running(
    shop: Shop,
) -> AsyncIterator[tuple[AutoScale, Place[Any], asyncio.Task[DeviceError]]]:
    place: Place[Any] = Place(None, SystemClock())
    scale = shop.make(place)
    async with Crew("test") as crew, asyncio.timeout(PATIENCE_S):
        crew.start(shop.sim.serve(), name="sim")
        yield scale, place, crew.start(failure(scale), name="driver")


async def weighed(place: Place[Any], state: ScaleState) -> Weighed:
    while True:
        events = place.events
        if events and isinstance(events[-1], Weighed) and events[-1].state is state:
            return events[-1]
        await place.heard(len(events) + 1)


@pytest.mark.parametrize("protocol", ASKED)
async def test_a_scale_that_answers_is_recognised_and_driven(protocol: str) -> None:
    shop = Shop(ScaleSim(protocol), {"probe": True, "unanswered": 5})
    shop.sim.put(1250)
    async with running(shop) as (scale, place, _):
        assert (await weighed(place, ScaleState.STABLE_WEIGHT)).shown == "1.250 kg"
        assert isinstance(scale, Scale)
        assert scale.weight().weight_g == 1250
        assert (shop.memory.recall(LEARNT) or "").startswith(f"{protocol} ")
        await place.answering.wait()
        assert place.reports == [None]
        assert "AutoScale" in repr(scale)


async def test_a_stream_is_recognised_without_a_question() -> None:
    shop = Shop(ScaleSim("cas-22"))
    shop.sim.put(1250)
    async with running(shop) as (scale, place, _):
        assert (await weighed(place, ScaleState.STABLE_WEIGHT)).shown == "1.250 kg"
        assert shop.memory.recall(LEARNT) == "cas-22 9600 8N1"
        assert shop.opened == ["9600 8N1", "9600 8N1"]
        for call in (scale.zero, scale.tare):
            with pytest.raises(DeviceError, match="press the key"):
                await call()


async def test_what_was_learnt_is_tried_first_and_learnt_anew_when_it_is_wrong() -> None:
    sim = ScaleSim("mt-sics")
    sim.put(1250)
    shop = Shop(sim, {"probe": True})
    await shop.memory.learn(LEARNT, "mt-sics 9600 8N1")
    async with running(shop) as (_, place, _run):
        await weighed(place, ScaleState.STABLE_WEIGHT)
        assert shop.opened == ["9600 8N1"]
    await shop.memory.learn(LEARNT, "berkel 2400 7E1")
    shop.opened.clear()
    async with running(shop) as (_, place, _run):
        await weighed(place, ScaleState.STABLE_WEIGHT)
        assert shop.opened[0] == "2400 7E1"
        assert shop.memory.recall(LEARNT) == "mt-sics 9600 8N1"
    sim.pty.unplug()


@pytest.mark.parametrize(
    ("protocol", "options", "said"),
    [
        ("mt-sics", {}, "probe = true"),
        ("toledo-8213", {"probe": True}, "say driver = with the protocol"),
    ],
)
async def test_what_is_not_recognised_says_what_to_do(
    protocol: str, options: dict[str, Json], said: str
) -> None:
    shop = Shop(ScaleSim(protocol), options)
    shop.sim.put(1250)
    async with running(shop) as (scale, place, run):
        with pytest.raises(DeviceError, match="not connected"):
            await scale.zero()
        error = await run
        assert error.code == "scale.unrecognised"
        assert said in error.message
        assert (scale.weight(), place.events) == (NOT_READY, [])
        assert shop.memory.recall(LEARNT) is None


async def test_dialog_06_is_recognised_and_refused_with_its_reason() -> None:
    shop = Shop(ScaleSim("dialog-06"), {"probe": True})
    async with running(shop) as (_, _place, run):
        assert (await run).code == "scale.unsupported"


async def test_a_strange_stream_is_listened_to_at_every_speed_and_not_asked() -> None:
    shop = Shop(ScaleSim("cas-22"), {"probe": True})
    shop.sim.faults.garbled = True
    async with running(shop) as (_, _place, run):
        error = await run
        assert "no scale's stream" in error.message
        assert shop.opened == ["9600 8N1", "9600 7E1", "4800 8N1", "2400 8N1", "19200 8N1"]


async def test_a_line_whose_settings_are_not_ours_is_opened_as_it_is() -> None:
    shop = Shop(ScaleSim("cas-22"))
    place: Place[Any] = Place(None, SystemClock())
    site = replace(place.site, open=shop.open, options={"listen_ms": 500})
    async with Crew("test") as crew, asyncio.timeout(PATIENCE_S):
        crew.start(shop.sim.serve(), name="sim")
        crew.start(failure(AutoScale(site)), name="driver")
        await weighed(place, ScaleState.ZERO)
        assert shop.opened == ["as configured"] * 2
        shop.sim.pty.unplug()
