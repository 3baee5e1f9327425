import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from posedge.clock import SystemClock
from posedge.drivers.posiflex_drawer import PosiflexDrawer
from posedge.link.interface import Nature
from posedge.link.memory_reports import MemoryReports
from posedge.model.capabilities import Drawer
from posedge.model.errors import DeviceError, DeviceGone, MisuseError
from posedge.model.events import DrawerChanged
from posedge.sim.hid_drawer import DESCRIPTOR, PRODUCT, VENDOR, HidDrawerSim
from posedge.tasks import Crew
from tests.doubles.place import Place

PATIENCE_S = 5
QUICK = {"interval_ms": 50, "reply_ms": 50, "opening_ms": 200, "unanswered": 2}


class Plugged:
    """A drawer at work, and the other end of its cable."""

    def __init__(self) -> None:
        self.sim = HidDrawerSim()
        self.line = MemoryReports(Nature(VENDOR, PRODUCT, DESCRIPTOR))
        self.place = Place(self.line, SystemClock(), QUICK)
        self.driver = PosiflexDrawer(self.place.site)

    async def answer(self) -> None:
        while True:
            reply = self.sim.take(await self.line.taken())
            if reply is not None:
                await self.line.send(reply)

    @property
    def told(self) -> list[bool]:
        return [event.open for event in self.place.events if isinstance(event, DrawerChanged)]


@asynccontextmanager
async def plugged() -> AsyncIterator[Plugged]:
    drawer = Plugged()
    async with Crew("test") as crew, asyncio.timeout(PATIENCE_S):
        crew.start(drawer.answer(), name="sim")
        crew.start(drawer.driver.run(), name="driver")
        await drawer.place.answering.wait()
        yield drawer
    assert not drawer.sim.bricked


async def test_it_opens_and_every_change_is_told_once() -> None:
    async with plugged() as drawer:
        assert isinstance(drawer.driver, Drawer)
        seen = [drawer.driver.drawer_open]
        await drawer.driver.kick()
        seen.append(drawer.driver.drawer_open)
        assert seen == [False, True]
        drawer.sim.push()
        await drawer.place.heard(3)
        assert drawer.told == [False, True, False]
        assert "open=False" in repr(drawer.driver)


async def test_opened_by_its_key_it_is_told_too() -> None:
    async with plugged() as drawer:
        drawer.sim.open = True
        await drawer.place.heard(2)
        assert drawer.told == [False, True]


async def test_one_that_stays_shut_is_said() -> None:
    async with plugged() as drawer:
        drawer.sim.jammed = True
        with pytest.raises(DeviceError) as stuck:
            await drawer.driver.kick()
        assert stuck.value.code == "drawer.stuck"


async def test_there_is_no_second_drawer() -> None:
    async with plugged() as drawer:
        with pytest.raises(MisuseError):
            await drawer.driver.kick(1)


async def test_answers_that_come_too_late_or_say_nothing_do_not_count() -> None:
    async with plugged() as drawer:
        for _ in range(5):
            await drawer.line.send(b"\x60" + bytes(119))  # "open", before anybody asked
        await drawer.line.send(b"\x10" + bytes(119))
        drawer.sim.open = True
        await drawer.place.heard(2)
        assert drawer.told == [False, True]


async def test_unplugged_it_is_neither_open_nor_closed() -> None:
    drawer = Plugged()
    await drawer.line.cut()
    with pytest.raises(DeviceGone):
        await drawer.driver.run()
    assert drawer.driver.drawer_open is None
    with pytest.raises(DeviceError) as offline:
        await drawer.driver.kick()
    assert offline.value.code == "drawer.offline"


async def test_one_that_does_not_answer() -> None:
    drawer = Plugged()
    with pytest.raises(DeviceError) as silent:
        async with asyncio.timeout(PATIENCE_S):
            await drawer.driver.run()
    assert silent.value.code == "drawer.silent"


@pytest.mark.parametrize(("vendor", "product"), [(VENDOR, 0x0C23), (0x03F0, 0x2039)])
async def test_to_a_bootloader_or_a_stranger_not_a_byte_is_sent(vendor: int, product: int) -> None:
    line = MemoryReports(Nature(vendor, product, DESCRIPTOR))
    with pytest.raises(DeviceError) as strange:
        await PosiflexDrawer(Place(line, SystemClock()).site).run()
    assert strange.value.code == "device.unsupported"
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await line.taken()
