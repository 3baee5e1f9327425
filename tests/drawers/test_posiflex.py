"""A drawer on USB, accounted for like one behind a printer, and preferred to it."""

import asyncio
from dataclasses import replace

from posedge.bus import Bus
from posedge.checkout.opening import open_drawer
from posedge.checkout.settings import CheckoutSettings
from posedge.clock import Ids, SystemClock
from posedge.drawers.drawers import Drawers
from posedge.drivers.posiflex_drawer import PosiflexDrawer
from posedge.link.interface import Nature
from posedge.link.memory_reports import MemoryReports
from posedge.model.capabilities import DeviceState, DeviceStatus, Kind
from posedge.model.events import DrawerAccount
from posedge.sim.hid_drawer import DESCRIPTOR, PRODUCT, VENDOR, HidDrawerSim
from posedge.tasks import Crew
from tests.doubles.journal import MemoryJournal
from tests.doubles.place import NewsShelf, Place
from tests.doubles.store import basket, cash
from tests.doubles.terminal import FakeDevices

QUICK = {"interval_ms": 50, "reply_ms": 50, "opening_ms": 200, "unanswered": 2}


class Behind:
    """A drawer behind a printer, at which nothing hangs in this shop."""

    def __init__(self) -> None:
        self.kicks: list[int] = []

    async def kick(self, drawer: int = 0) -> None:
        self.kicks.append(drawer)

    @property
    def drawer_open(self) -> bool | None:
        return None


def status(name: str, kind: Kind) -> DeviceStatus:
    return DeviceStatus(
        id=name,
        name=name,
        kind=kind,
        model="",
        driver="",
        port="",
        state=DeviceState.ONLINE,
        since="2026-01-01T00:00:00Z",
    )


async def test_a_sale_opens_the_drawer_that_is_a_device_and_accounts_for_it() -> None:
    sim, clock, shelf, journal = HidDrawerSim(), SystemClock(), NewsShelf(), MemoryJournal()
    line, printer = MemoryReports(Nature(VENDOR, PRODUCT, DESCRIPTOR)), Behind()
    place = Place(line, clock, QUICK, shelf=shelf)
    bus = Bus(shelf)
    till = PosiflexDrawer(replace(place.site, device="till", bus=bus))

    async def answer() -> None:
        while True:
            if (reply := sim.take(await line.taken())) is not None:
                await line.send(reply)

    def accounts() -> list[tuple[str, str, str]]:
        told = [each for each in shelf.events if isinstance(each, DrawerAccount)]
        return [(each.what, each.drawer, each.by.value) for each in told]

    async def accounted(count: int) -> None:
        while len(accounts()) < count:
            await shelf.grown.wait()
            shelf.grown.clear()

    async with Crew("test") as crew, asyncio.timeout(5):
        drawers = Drawers(
            journal,
            FakeDevices(receipts=printer, till=till),
            lambda: (status("receipts", Kind.PRINTER), status("till", Kind.DRAWER)),
            bus,
            clock=clock,
            ids=Ids(clock),
            crew=crew,
        )
        crew.start(drawers.run(), name="drawers")
        crew.start(answer(), name="sim")
        crew.start(till.run(), name="driver")
        await place.answering.wait()

        sale = basket(1, cash(1190))
        await open_drawer(drawers, sale, CheckoutSettings(printer="receipts"))
        sim.push()
        await accounted(1)
        sim.open = True
        await accounted(2)
        sim.push()
        await accounted(3)
        assert printer.kicks == []
        await open_drawer(drawers, sale, CheckoutSettings(drawer_device="receipts", drawer=1))
        assert printer.kicks == [1]
        await open_drawer(
            drawers, sale.model_copy(update={"printer": "receipts"}), CheckoutSettings()
        )
        assert printer.kicks == [1, 0]
    assert accounts() == [
        ("closed", "till", "sale"),
        ("opened", "till", "key"),
        ("closed", "till", "key"),
    ]


async def test_of_two_drawers_none_is_the_only_one() -> None:
    clock = SystemClock()
    async with Crew("test") as crew:
        drawers = Drawers(
            MemoryJournal(),
            FakeDevices(),
            lambda: (status("left", Kind.DRAWER), status("right", Kind.DRAWER)),
            Bus(NewsShelf()),
            clock=clock,
            ids=Ids(clock),
            crew=crew,
        )
        assert drawers.own is None
