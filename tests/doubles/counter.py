"""The box's payment desk between a journal and a terminal that both survive it."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from posedge.bus import Bus
from posedge.clock import Ids
from posedge.model.money import Money
from posedge.model.payment import Attempt, AttemptKind
from posedge.payments.desk import Desk
from posedge.payments.order import Order
from posedge.payments.settings import PaymentSettings
from posedge.tasks import Crew
from tests.doubles.journal import MemoryJournal
from tests.doubles.shelf import MemoryShelf
from tests.doubles.simloop import SimClock, SimLoop
from tests.doubles.terminal import FakeDevices, FakeTerminal


def euros(minor: int) -> Money:
    return Money(minor=minor, currency="EUR")


def order(
    key: str = "p1",
    *,
    sale: str | None = None,
    kind: AttemptKind = AttemptKind.SALE,
    terminal: str | None = "front",
    minor: int = 1250,
    original: str | None = None,
) -> Order:
    return Order(
        id=key,
        sale=sale or f"sale-{key}",
        till="till-1",
        kind=kind,
        terminal=terminal,
        amount=euros(minor),
        original=original,
    )


@dataclass
class Counter:
    """What outlives the box: journal, terminals, and how often it was switched on."""

    front: FakeTerminal = field(default_factory=FakeTerminal)
    side: FakeTerminal = field(default_factory=FakeTerminal)
    journal: MemoryJournal = field(default_factory=MemoryJournal)
    shelf: MemoryShelf = field(default_factory=MemoryShelf)
    devices: FakeDevices = field(default_factory=FakeDevices)
    settings: PaymentSettings = field(default_factory=PaymentSettings)
    boots: int = 0
    trusted: bool = True
    clock_s: float = 0

    def __post_init__(self) -> None:
        self.devices.devices.update(front=self.front, side=self.side)

    @asynccontextmanager
    async def desk(self) -> AsyncIterator[Desk]:
        """Switch the box on and its desk with it; leaving is an orderly shutdown."""
        clock = self.boot()
        async with Crew("payments") as crew:
            desk = Desk(
                self.journal,
                self.devices,
                Bus(self.shelf),
                clock=clock,
                ids=Ids(clock, random.Random(self.boots)),
                crew=crew,
                settings=self.settings,
            )
            await desk.start()
            yield desk

    def boot(self) -> SimClock:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, SimLoop)
        self.boots += 1
        return SimClock(loop, f"boot-{self.boots}", loop.time(), trusted=self.trusted)

    def power_cut(self) -> None:
        self.journal = self.journal.cut()
        self.front.power_cut()
        self.side.power_cut()

    def states(self, key: str) -> list[str]:
        """Return the states that the journal tells of, one after the other."""
        return [
            entry.data["state"]
            for entry in self.journal.entries
            if entry.subject == f"payment/{key}"
        ]


async def until(desk: Desk, key: str, state: str, within_s: float = 10_000) -> Attempt:
    """Wait until the attempt is in `state`."""
    async with asyncio.timeout(within_s):
        attempt = await desk.find(key)
        while attempt is None or attempt.state.value != state:
            await asyncio.sleep(0.1)
            attempt = await desk.find(key)
    return attempt
