"""Who opened the drawer, with which sale or why, and for how long: all of it in the journal."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from posedge.bus import Bus
from posedge.clock import Ids
from posedge.drawers.drawers import Drawers
from posedge.drawers.settings import DrawerSettings
from posedge.model.drawer import OpenedBy, Opening
from posedge.model.errors import DeviceError, MisuseError, NotFoundError, StorageError
from posedge.model.events import DrawerAccount, DrawerChanged
from posedge.printing.settings import PrintingSettings
from posedge.tasks import Crew
from tests.doubles.journal import MemoryJournal
from tests.doubles.shelf import MemoryShelf
from tests.doubles.simloop import SimClock, SimLoop
from tests.doubles.terminal import FakeDevices

SALE = Opening(by=OpenedBy.SALE, sale="sale-1", till="till-1", operator="Anna")
CHANGE = Opening(by=OpenedBy.REASON, reason="no sale: change", caller="till-1")


@dataclass
class Till:
    """A drawer with a contact. `lag_s` is how long after its pulse it opens."""

    journal: MemoryJournal = field(default_factory=MemoryJournal)
    shelf: MemoryShelf = field(default_factory=MemoryShelf)
    stuck: bool = False
    silent: bool = False
    contact: bool = True
    drawer_open: bool | None = None

    async def kick(self, drawer: int = 0) -> None:
        if self.silent:
            await asyncio.sleep(1000)
        if self.stuck:
            await asyncio.sleep(2)
            raise DeviceError("drawer.stuck", "it is locked")
        if self.contact:
            await self.move(is_open=True)

    async def move(self, *, is_open: bool) -> None:
        """Open it with its key, or push it shut."""
        await self.bus.publish(DrawerChanged(at=self.clock.now(), device="printer", open=is_open))
        await asyncio.sleep(0.1)

    @asynccontextmanager
    async def on(self) -> AsyncIterator[Drawers]:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, SimLoop)
        self.clock = SimClock(loop, "boot", loop.time())
        self.bus = Bus(self.shelf)
        async with Crew("box") as crew:
            drawers = Drawers(
                self.journal,
                FakeDevices(printer=self),
                tuple,
                self.bus,
                clock=self.clock,
                ids=Ids(self.clock, random.Random(1)),
                crew=crew,
                settings=DrawerSettings(left_open_s=60),
                called=PrintingSettings(roles={"receipts": "printer"}).device,
            )
            crew.start(drawers.run(), name="drawers")
            await asyncio.sleep(0.1)
            yield drawers
            await asyncio.sleep(0.1)

    def said(self) -> list[tuple[str, str, int | None]]:
        """Return what the journal says: verb, by, seconds."""
        return [
            (each.type.partition(".")[2], each.data["by"], each.data.get("open_s"))
            for each in self.journal.entries
        ]

    def told(self) -> list[tuple[str, str]]:
        events = [each for each in self.shelf.events if isinstance(each, DrawerAccount)]
        return [(each.what, each.by.value) for each in events]


async def test_a_drawer_behind_a_printer_is_found_by_what_the_printer_is_used_for() -> None:
    till = Till()
    async with till.on() as drawers:
        assert await drawers.open("receipts", 0, CHANGE) == "printer"
    assert till.said() == [("opened", "reason", None)]
    assert till.journal.entries[0].data["drawer"] == "printer"


async def test_an_opening_for_a_reason_is_accounted_for_from_pulse_to_closing() -> None:
    till = Till()
    async with till.on() as drawers:
        await till.move(is_open=False)
        assert await drawers.open("printer", 0, CHANGE) == "printer"
        (status,) = drawers.statuses()
        assert (status.open, status.opening) == (True, CHANGE)
        await asyncio.sleep(12)
        await till.move(is_open=False)
        (status,) = drawers.statuses()
        assert not status.open
    assert till.said() == [("opened", "reason", None), ("closed", "reason", 12)]
    assert till.told() == [("opened", "reason"), ("closed", "reason")]
    assert till.journal.entries[0].data["reason"] == "no sale: change"


async def test_the_opening_of_a_sale_is_noted_with_the_sale_and_not_again() -> None:
    till = Till()
    async with till.on() as drawers:
        await drawers.open(None, 0, SALE, noted=True)
        await till.move(is_open=False)
    assert till.said() == [("closed", "sale", 0)]
    assert till.journal.entries[0].data["sale"] == "sale-1"


async def test_a_key_is_told_apart_from_a_pulse() -> None:
    till = Till()
    async with till.on() as drawers:
        await till.move(is_open=False)
        await till.move(is_open=True)
        await till.move(is_open=True)
        await till.move(is_open=False)
        await drawers.open("printer", 0, CHANGE)
        await till.move(is_open=False)
        await till.move(is_open=True)
    assert [each[:2] for each in till.said()] == [
        ("opened", "key"),
        ("closed", "key"),
        ("opened", "reason"),
        ("closed", "reason"),
        ("opened", "key"),
    ]


async def test_a_pulse_is_no_excuse_for_ever() -> None:
    till = Till(contact=False)
    async with till.on() as drawers:
        await till.move(is_open=False)
        await drawers.open("printer", 0, CHANGE)
        await asyncio.sleep(6)
        await till.move(is_open=True)
    assert [each[:2] for each in till.said()] == [("opened", "reason"), ("opened", "key")]


async def test_a_drawer_found_open_at_the_start_was_opened_unseen() -> None:
    till = Till()
    async with till.on():
        await till.move(is_open=True)
    assert till.said() == [("opened", "unseen", None)]


async def test_without_a_contact_the_pulse_is_all_there_is() -> None:
    till = Till(contact=False)
    async with till.on() as drawers:
        await drawers.open("printer", 0, CHANGE)
        assert drawers.statuses() == ()
    assert till.said() == [("opened", "reason", None)]


@pytest.mark.parametrize(("fault", "why"), [("stuck", "locked"), ("silent", "no answer within")])
async def test_a_drawer_that_did_not_open_is_noted(fault: str, why: str) -> None:
    till = Till()
    setattr(till, fault, True)
    async with till.on() as drawers:
        await till.move(is_open=False)
        with pytest.raises(DeviceError):
            await drawers.open("printer", 0, CHANGE)
        await till.move(is_open=True)
    assert [each[:2] for each in till.said()] == [
        ("opened", "reason"),
        ("failed", "reason"),
        ("opened", "key"),
    ]
    assert why in till.journal.entries[1].data["why"]


async def test_an_unknown_drawer_is_noted_for_a_sale_only() -> None:
    till = Till()
    async with till.on() as drawers:
        with pytest.raises(NotFoundError):
            await drawers.open("nowhere", 0, CHANGE)
        assert till.said() == []
        with pytest.raises(MisuseError):
            await drawers.open("nowhere", 0, SALE, noted=True)
    assert till.said() == [("failed", "sale", None)]


async def test_a_drawer_that_stands_open_too_long_is_told_once() -> None:
    till = Till()
    async with till.on() as drawers:
        await drawers.open("printer", 0, CHANGE)
        await asyncio.sleep(59)
        assert not drawers.statuses()[0].left_open
        await asyncio.sleep(500)
        assert drawers.statuses()[0].left_open
        await till.move(is_open=False)
        await drawers.open("printer", 0, CHANGE)
        await till.move(is_open=False)
        await asyncio.sleep(100)
    assert till.said() == [
        ("opened", "reason", None),
        ("left_open", "reason", 60),
        ("closed", "reason", 559),
        ("opened", "reason", None),
        ("closed", "reason", 0),
    ]


async def test_a_broken_disk_opens_nothing_and_stops_no_watching() -> None:
    till = Till()
    async with till.on() as drawers:
        await till.move(is_open=False)
        till.journal.fail()
        with pytest.raises(StorageError):
            await drawers.open("printer", 0, CHANGE)
        await till.move(is_open=True)
        assert drawers.statuses()[0].open
    assert till.said() == []
