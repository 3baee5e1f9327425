import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from posedge.clock import SystemClock
from posedge.drivers.hid_scale import HidScale
from posedge.link.interface import Nature
from posedge.link.memory_reports import QUEUE_REPORTS, MemoryReports
from posedge.model.capabilities import Scale, ScaleState, Weight
from posedge.model.errors import DeviceError, DeviceGone
from posedge.model.events import Weighed
from posedge.sim.hid_scale import DESCRIPTOR, HidScaleSim, Status, Unit
from posedge.tasks import Crew
from tests.doubles.place import Place

PATIENCE_S = 5
WEIGHS_ONLY = bytes.fromhex("058d 0940 7510 9501 8102")
STABLE, UNSTABLE, ZERO = ScaleState.STABLE_WEIGHT, ScaleState.UNSTABLE, ScaleState.ZERO


class Plugged:
    """A scale at work, and the other end of its cable."""

    def __init__(self, descriptor: bytes = DESCRIPTOR) -> None:
        self.sim = HidScaleSim()
        self.line = MemoryReports(Nature(0x0922, 0x8003, descriptor))
        self.place = Place(self.line, SystemClock(), {"settle_ms": 100})
        self.driver = HidScale(self.place.site)

    async def put(self, digits: int, status: Status | None = None) -> None:
        await self.line.send(self.sim.put(digits, status))

    async def obey(self) -> None:
        while True:
            self.sim.take(await self.line.taken())
            await self.line.send(self.sim.report())

    @property
    def told(self) -> list[tuple[ScaleState, int | None]]:
        return [(e.state, e.weight_g) for e in self.place.events if isinstance(e, Weighed)]


@asynccontextmanager
async def plugged(descriptor: bytes = DESCRIPTOR, *, obeys: bool = True) -> AsyncIterator[Plugged]:
    scale = Plugged(descriptor)
    async with Crew("test") as crew, asyncio.timeout(PATIENCE_S):
        crew.start(scale.driver.run(), name="driver")
        if obeys:
            crew.start(scale.obey(), name="sim")
        await scale.place.answering.wait()
        yield scale


async def test_each_change_is_told_once_and_moving_is_no_weight() -> None:
    async with plugged() as scale:
        assert isinstance(scale.driver, Scale)
        assert scale.driver.weight().state is ScaleState.NOT_READY
        for digits, status in ((0, None), (300, Status.MOTION), (1254, None), (1254, None)):
            await scale.put(digits, status)
        await scale.put(9, Status.OVER_LIMIT)
        await scale.place.heard(4)
        assert scale.told == [
            (ZERO, 0),
            (UNSTABLE, None),
            (STABLE, 1254),
            (ScaleState.OVERWEIGHT, None),
        ]


async def test_pounds_keep_what_the_scale_shows() -> None:
    async with plugged() as scale:
        scale.sim.unit, scale.sim.exponent = Unit.POUND, -2
        await scale.put(276)
        await scale.place.heard(1)
        assert scale.driver.weight() == Weight(state=STABLE, weight_g=1252, shown="2.76 lb")
        assert "2.76 lb" in repr(scale.driver)


async def test_trouble_is_reported_in_words_and_ends() -> None:
    async with plugged() as scale:
        await scale.put(7)
        await scale.put(0, Status.ZERO_AGAIN)
        await scale.line.send(b"\x03\x0f")
        await scale.put(7)
        await scale.place.heard(3)
        assert scale.told == [(STABLE, 7), (ScaleState.NOT_READY, None), (STABLE, 7)]
        reasons = [reason and reason[:21] for reason in scale.place.reports]
        assert reasons == [None, "the scale must be zer", "the scale says what c", None]


async def test_zeroing() -> None:
    async with plugged() as scale:
        await scale.put(15)
        await scale.driver.zero()
        assert scale.driver.weight().state is ZERO
        with pytest.raises(DeviceError) as tare:
            await scale.driver.tare()
        assert tare.value.code == "scale.unsupported"


async def test_a_scale_that_does_not_zero_and_one_that_cannot() -> None:
    async with plugged(obeys=False) as scale:
        await scale.put(15)
        with pytest.raises(DeviceError) as refused:
            await scale.driver.zero()
        assert refused.value.code == "scale.refused"
    async with plugged(WEIGHS_ONLY) as scale:
        with pytest.raises(DeviceError) as unsupported:
            await scale.driver.zero()
        assert unsupported.value.code == "scale.unsupported"


async def test_unplugged_there_is_no_weight() -> None:
    scale = Plugged()
    await scale.put(15)
    await scale.line.cut()
    with pytest.raises(DeviceGone):
        await scale.driver.run()
    assert scale.told == [(STABLE, 15), (ScaleState.NOT_READY, None)]
    with pytest.raises(DeviceError) as offline:
        await scale.driver.zero()
    assert offline.value.code == "scale.offline"


async def test_reports_that_nobody_took_leave_no_weight_until_the_next() -> None:
    scale = Plugged()
    for _ in range(QUEUE_REPORTS + 1):
        await scale.put(15)
    await scale.line.cut()
    with pytest.raises(DeviceGone):
        await scale.driver.run()
    assert scale.told == [(STABLE, 15), (ScaleState.NOT_READY, None)]


async def test_a_line_that_takes_no_order() -> None:
    async with plugged() as scale:
        scale.line.deaf = True
        with pytest.raises(DeviceError) as stalled:
            await scale.driver.zero()
        assert stalled.value.code == "device.stalled"
