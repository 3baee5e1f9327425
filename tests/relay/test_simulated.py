"""Box, broker and headquarters on one virtual-time loop: whatever fails, ledger = journal."""

import asyncio
import random
from pathlib import Path

import pytest
from sqlalchemy import select

from posedge.hq.ingest import Ingest
from posedge.hq.ledger import Ledger
from posedge.hq.schema import ENTRY
from posedge.hq.schema import STREAM as STREAMS
from posedge.model.entry import Draft
from posedge.model.topics import BoxTopics
from posedge.relay.relay import Relay
from posedge.relay.settings import RelaySettings
from posedge.tasks import Crew, Worker, cancel
from tests.doubles.broker import Faults, MemoryBroker
from tests.doubles.journal import MemoryJournal
from tests.doubles.simloop import SimClock, SimLoop, simulate

BOX = BoxTopics("acme", "s0042", "bx7f3k2")
HOUR = 3600.0


class World:
    """One box, one broker, one headquarters; each can be ended and started again."""

    def __init__(self, path: Path, crew: Crew, faults: Faults) -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, SimLoop)
        self.loop = loop
        self.crew = crew
        self.clock = SimClock(loop)
        self.chance = random.Random(loop.chance.random())
        self.broker = MemoryBroker(random.Random(self.chance.random()), faults=faults)
        self.journal = MemoryJournal()
        self.worker = Worker("ledger")
        self.url = f"sqlite:///{path}"
        self.made = 0
        self.acked = 0
        self.box: asyncio.Task[None] | None = None
        self.hq: asyncio.Task[None] | None = None

    def start_box(self) -> None:
        self.relay = Relay(
            self.journal,
            self.broker,
            BOX,
            settings=RelaySettings(host="broker", will_delay_s=30),
            clock=self.clock,
            chance=random.Random(self.chance.random()),
            version="1",
        )
        self.box = self.crew.start(self.relay.run(), name="box")

    async def cut_box(self) -> None:
        """The power goes and comes: notes and entries that were durable are there."""
        assert self.box is not None
        self.journal = self.journal.cut()
        self.broker.cut(BOX.box)
        await cancel(self.box)
        await asyncio.sleep(self.chance.uniform(1, 60))
        self.start_box()

    def start_hq(self) -> None:
        self.ledger = Ledger(self.url)
        self.ingest = Ingest(
            self.ledger,
            self.worker.run,
            self.broker,
            tenant="acme",
            client_id="hq-ingest",
            clock=self.clock,
            chance=random.Random(self.chance.random()),
        )
        self.hq = self.crew.start(self.ingest.run(), name="hq")

    async def kill_hq(self) -> None:
        assert self.hq is not None
        self.broker.cut("hq-ingest")
        await cancel(self.hq)
        self.ledger.close()
        await asyncio.sleep(self.chance.uniform(0.1, 30))
        self.start_hq()

    async def sell(self, count: int = 1) -> None:
        for _ in range(count):
            self.made += 1
            number = self.made
            draft = Draft(
                id=f"0199c2d4-6b0e-7c31-9a55-{number:012x}",
                type="sale.completed",
                subject=f"sale/{number}",
                at=self.clock.now(),
                data={"number": number},
            )
            try:
                async with asyncio.timeout(1):
                    await self.journal.append((draft,))
            except TimeoutError:
                self.made -= 1  # the power went first: it was never promised
            else:
                self.relay.wake()

    async def drained(self, within_s: float) -> float:
        began = self.loop.time()
        async with asyncio.timeout(within_s):
            while self.relay.status().behind or not self.relay.status().online:  # noqa: ASYNC110 - virtual time
                await asyncio.sleep(0.1)
        return self.loop.time() - began

    def check(self) -> None:
        """Every entry of the journal is in the ledger, once, byte for byte, chain intact."""
        with self.ledger.engine.connect() as database:
            rows = database.execute(
                select(ENTRY.c.sequence, ENTRY.c.body, ENTRY.c.flag).order_by(ENTRY.c.sequence)
            ).all()
            stream = database.execute(select(STREAMS)).one()
        assert [row.sequence for row in rows] == list(range(1, self.journal.last + 1))
        assert [row.body for row in rows] == [entry.body for entry in self.journal.entries]
        assert {row.flag for row in rows} <= {None}
        assert (stream.upto, stream.stored) == (self.journal.last, self.journal.last)
        assert stream.head == self.journal.entries[-1].hash
        assert self.relay.status().acked == self.journal.last


async def _outage(path: Path, hours: float) -> World:
    async with Crew("world") as crew:
        world = World(path, crew, Faults(lost=0.01, twice=0.02, late=0.05, puback_lost=0.005))
        world.start_hq()
        world.start_box()
        began = world.loop.time()
        next_cut = began + world.chance.expovariate(1 / (4 * HOUR))
        is_down = False
        while (elapsed := world.loop.time() - began) < (hours + 2) * HOUR:
            down = HOUR < elapsed < (hours + 1) * HOUR
            if down != is_down:
                is_down = down
                world.broker.down(forget=True) if down else world.broker.up()
            if world.loop.time() > next_cut:
                next_cut += world.chance.expovariate(1 / (4 * HOUR))
                await world.cut_box()
                if world.chance.random() < 0.5:
                    await world.kill_hq()
            await asyncio.sleep(world.chance.expovariate(1 / 300))
            await world.sell(world.chance.randint(1, 3))
        await world.drained(600)
        world.check()
        assert world.box is not None
        assert world.hq is not None
        await cancel(world.box)
        await cancel(world.hq)
        world.ledger.close()
        return world


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_three_days_without_broker_lose_and_double_nothing(tmp_path: Path, seed: int) -> None:
    world = simulate(_outage(tmp_path / "hq.db", 72), seed=seed)
    assert world.made > 500
