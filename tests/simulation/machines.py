"""The two computers of the story: the box in the shop, and headquarters. Both can lose power."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from posedge.app.box import Box
from posedge.app.world import World
from posedge.checkout.settings import CheckoutSettings
from posedge.clock import Ids
from posedge.devices.settings import DevicesSettings
from posedge.hq.ingest import Ingest
from posedge.hq.ledger import Ledger
from posedge.model.errors import PosedgeError
from posedge.relay.settings import RelaySettings
from posedge.settings import BoxIdentity, Settings
from tests.doubles.broker import MemoryBroker
from tests.doubles.simloop import SimClock
from tests.simulation.disk import Disk
from tests.simulation.hosts import Host, HostLoop
from tests.simulation.shop import Shop

T = TypeVar("T")

TENANT, STORE, BOX, INGEST = "acme", "s0042", "bx7f3k2", "hq-ingest"


class Away(Exception):  # noqa: N818 - a state of the world
    """The box did not answer: no power, still starting, or the answer was lost."""


class Machine:
    """A host that boots, loses its power and boots again, each time with a new disk controller."""

    def __init__(self, loop: HostLoop, folder: Path, broker: MemoryBroker, seed: float) -> None:
        self._loop = loop
        self._broker = broker
        self._chance = random.Random(seed)
        self.folder = folder
        self.boots = 0
        self.cuts = 0
        self.host: Host | None = None

    @property
    def on(self) -> bool:
        return self.host is not None

    def _power_up(self, name: str) -> tuple[Host, Disk, SimClock, random.Random]:
        assert self.host is None, "it is on"
        self.boots += 1
        self.folder.mkdir(exist_ok=True)
        self.host = self._loop.host(f"{name}-{self.boots}")
        chance = random.Random(self._chance.random())
        clock = SimClock(self._loop, f"{name}-{self.boots}", self._loop.time())
        return self.host, Disk(self.folder, chance), clock, chance

    def start(self, body: Any, name: str) -> asyncio.Task[Any]:
        assert self.host is not None, "it is off"
        task = self._loop.start_on(self.host, body, name=name)
        task.add_done_callback(self._judge)
        return task

    def _judge(self, task: asyncio.Task[Any]) -> None:
        """Whatever is neither an error of ours nor a cancellation is a bug."""
        error = None if task.cancelled() else task.exception()
        if error is not None and not isinstance(error, PosedgeError):
            self._loop.unhandled.append(f"{task.get_name()}: {error!r}")


class BoxMachine(Machine):
    """The box. `listeners` hear its event stream from each start on, behind what they had."""

    def __init__(
        self,
        loop: HostLoop,
        folder: Path,
        broker: MemoryBroker,
        shop: Shop,
        seed: float,
    ) -> None:
        super().__init__(loop, folder, broker, seed)
        self._shop = shop
        self._disk: Disk | None = None
        self._life: asyncio.Task[None] | None = None
        self._stopping = asyncio.Event()
        self.box: Box | None = None
        self.listeners: Sequence[Callable[[Box], Awaitable[None]]] = ()
        self.settings = Settings(
            state_dir=folder,
            box=BoxIdentity(tenant=TENANT, store=STORE, name=BOX),
            devices=DevicesSettings(udev=False, static=shop.devices, models=folder / "none"),
            checkout=CheckoutSettings(printer="printer front", header=("Corner shop",)),
            relay=RelaySettings(host="broker"),
        )

    def boot(self) -> None:
        _, disk, clock, chance = self._power_up("box")
        world = World(
            clock=clock,
            ids=Ids(clock, chance),
            chance=chance,
            run=disk.worker,
            opener=self._shop.open,
            broker=lambda _: self._broker,
            source=lambda _: None,
        )
        self._disk = disk
        self._stopping = asyncio.Event()
        self._life = self.start(self._live(world), name="life")

    def cut(self) -> None:
        """Take its power, in whatever it is doing."""
        if self.host is None or self._disk is None:
            return
        self.cuts += 1
        self._loop.drop(self.host)
        self._disk.cut()
        self._broker.cut(BOX)
        self._shop.forsake()
        self.host = self.box = None

    async def stop(self) -> None:
        """Shut it down in order, as an update does; the power may go meanwhile."""
        if self.host is None or self._life is None:
            return
        host, life = self.host, self._life
        self._stopping.set()
        await asyncio.wait([life, host.lost], return_when=asyncio.FIRST_COMPLETED)
        if self.host is host:
            life.result()
            self._loop.drop(host)  # the process has ended: nobody hears what was asked meanwhile
            self.host = self.box = None

    async def ask(self, question: Callable[[Box], Awaitable[T]], within_s: float) -> T:
        """Ask as a till does; Away when no answer came in time, or was lost on its way."""
        if self.box is None or self.host is None:
            raise Away
        host = self.host
        answer = self.start(_said(question, self.box), name="request")
        await asyncio.wait(
            [answer, host.lost], timeout=within_s, return_when=asyncio.FIRST_COMPLETED
        )
        if not answer.done():
            answer.cancel()
            raise Away
        if answer.cancelled():
            raise Away
        result: T = answer.result()
        return result

    async def _live(self, world: World) -> None:
        host = self.host
        async with Box(self.settings, world) as box:
            if self.host is not host:
                return  # it is being buried
            self.box = box
            for number, listener in enumerate(self.listeners):
                self.start(listener(box), name=f"listener-{number}")
            ends = [
                self.start(box.broken(), name="broken"),
                self.start(self._stopping.wait(), name="stopping"),
            ]
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            self.box = None
            for end in ends:
                end.cancel()


class Headquarters(Machine):
    """Ingest and ledger."""

    ledger: Ledger

    @property
    def url(self) -> str:
        return f"sqlite:///{self.folder / 'ledger.db'}"

    def boot(self) -> None:
        _, self._disk, clock, chance = self._power_up("hq")
        self.ledger = Ledger(self.url)
        ingest = Ingest(
            self.ledger,
            self._disk.worker("ledger"),
            self._broker,
            tenant=TENANT,
            client_id=INGEST,
            clock=clock,
            chance=chance,
        )
        self.start(ingest.run(), name="ingest")

    def cut(self) -> None:
        if self.host is None:
            return
        self.cuts += 1
        self._loop.drop(self.host)
        self._disk.die()
        self._broker.cut(INGEST)
        self.ledger.close()
        self.host = None


async def _said(question: Callable[[Box], Awaitable[T]], box: Box) -> T:
    return await question(box)
