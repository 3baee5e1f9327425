"""Three days in a shop: tills sell, the broker is away for 72 hours, and all else fails too."""

import asyncio
import hashlib
import random
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from posedge.app import Box
from posedge.hq.ledger import Ledger
from posedge.hq.queries import Queries
from posedge.model.payment import State
from posedge.sim.printer_condition import Faults as PrinterFaults
from posedge.sim.zvt_faults import Faults as TerminalFaults
from posedge.tasks import Crew
from tests.doubles.broker import Faults as BrokerFaults
from tests.doubles.broker import MemoryBroker
from tests.doubles.simloop import SimClock
from tests.simulation.check import OPEN, Evidence, attempts_of, charge_of, findings
from tests.simulation.hosts import HostLoop
from tests.simulation.machines import Away, BoxMachine, Headquarters
from tests.simulation.mood import become
from tests.simulation.shop import PLACES, Shop
from tests.simulation.till import Till

HOUR = 3600.0
LOOK_S = 600.0


@dataclass(frozen=True)
class Plan:
    """How long and how much. Rushes are when customers come; between them the shop is quiet.

    `cut_share` of the rushes lose the power within `cut_steps` steps of the box, wherever it is
    then; `cut_again_share` of the starts do so within `cut_again_steps`, in their recovery.
    """

    before_h: float = 2.0
    outage_h: float = 72.0
    after_h: float = 2.0
    tills: int = 3
    rush_every_h: float = 6.0
    open_h: tuple[float, float] = (8.0, 20.0)
    cut_share: float = 0.9
    cut_steps: int = 6_000
    cut_again_share: float = 0.3
    cut_again_steps: int = 1_500
    night_cut_h: float = 8.0
    heal_h: float = 6.0


SHORT = Plan(before_h=1, outage_h=9, after_h=2, rush_every_h=1.5)


@dataclass(frozen=True)
class Outcome:
    """What the story came to; `found` is empty when all promises were kept."""

    found: tuple[str, ...]
    hours: float
    counts: Counter[str]
    digest: str


class Story:
    """One seed. `run` on a HostLoop; `forgets_ids` plants a bug in the tills."""

    def __init__(self, folder: Path, plan: Plan, *, forgets_ids: bool = False) -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, HostLoop)
        self._loop = loop
        self._folder = folder
        folder.mkdir(exist_ok=True)
        self._plan = plan
        self._forgets_ids = forgets_ids
        self._chance = random.Random(loop.chance.random())
        self._began = loop.time()
        self._ended = False
        self.counts: Counter[str] = Counter()

    async def run(self) -> Outcome:
        async with Crew("story") as crew:
            self._set_up(crew)
            self.box.boot()
            self.hq.boot()
            for name, body in (
                ("broker", self._break_broker),
                ("nights", self._cut_at_night),
                ("headquarters", self._cut_headquarters),
                ("printers", self._annoy_printers),
                ("scale", self._weigh),
                ("operator", self._operate),
            ):
                crew.start(body(), name=name)
            await self._trade(crew)
            self._ended = True
            await self._heal()
            return self._conclude()

    def _set_up(self, crew: Crew) -> None:
        chance, plan = self._chance, self._plan
        faults = BrokerFaults(lost=0.01, twice=0.02, late=0.05, puback_lost=0.005)
        self.broker = MemoryBroker(random.Random(chance.random()), faults=faults)
        self.shop = Shop(crew, random.Random(chance.random()))
        self.box = BoxMachine(
            self._loop, self._folder / "box", self.broker, self.shop, chance.random()
        )
        self.hq = Headquarters(self._loop, self._folder / "hq", self.broker, chance.random())
        self.tills = [
            Till(
                f"till-{number}",
                self.box,
                self.shop,
                SimClock(self._loop),
                random.Random(chance.random()),
                forgets_ids=self._forgets_ids,
            )
            for number in range(1, plan.tills + 1)
        ]
        self.box.listeners = [till.listen for till in self.tills]

    async def _trade(self, crew: Crew) -> None:
        """Let customers come while the shop is open, to all tills at once."""
        plan = self._plan
        until = self._began + (plan.before_h + plan.outage_h + plan.after_h) * HOUR
        while True:
            await asyncio.sleep(self._chance.expovariate(1 / (plan.rush_every_h * HOUR)))
            if self._loop.time() >= until:
                return
            if not plan.open_h[0] <= self._hour % 24 < plan.open_h[1]:
                continue
            if self._chance.random() < plan.cut_share:
                self._cut_within(plan.cut_steps)
            visits = [crew.start(self._queue(till), name=till.name) for till in self.tills]
            await asyncio.wait(visits)
            for visit in visits:
                visit.result()

    async def _queue(self, till: Till) -> None:
        for _ in range(self._chance.randint(1, 2)):
            await asyncio.sleep(self._chance.uniform(0, 20))
            await till.serve()

    @property
    def _hour(self) -> float:
        return 8 + (self._loop.time() - self._began) / HOUR

    def _power_fails(self) -> None:
        self.box.cut()
        self._loop.call_later(self._chance.uniform(5, 90), self._power_returns)

    def _power_returns(self) -> None:
        if self.box.on:
            return
        self.box.boot()
        if not self._ended and self._chance.random() < self._plan.cut_again_share:
            self._cut_within(self._plan.cut_again_steps)

    def _cut_within(self, steps: int) -> None:
        if self.box.host is not None:
            self._loop.cut_within(self.box.host, self._chance.randint(1, steps), self._power_fails)

    async def _cut_at_night(self) -> None:
        """Fail when nothing happens, too; and now and then only restart, as for an update."""
        while not self._ended:
            await asyncio.sleep(self._chance.expovariate(1 / (self._plan.night_cut_h * HOUR)))
            if self._chance.random() < 0.5:
                self._power_fails()
            elif self.box.on:
                self.counts["restarts"] += 1
                await self.box.stop()
                await asyncio.sleep(self._chance.uniform(1, 20))
                self._power_returns()

    async def _break_broker(self) -> None:
        await asyncio.sleep(self._plan.before_h * HOUR)
        self.broker.down(forget=self._chance.random() < 0.5)
        await asyncio.sleep(self._plan.outage_h * HOUR)
        self.broker.up()

    async def _cut_headquarters(self) -> None:
        while not self._ended:
            every_s = HOUR / 2 if self.broker.is_up else 8 * HOUR
            await asyncio.sleep(self._chance.expovariate(1 / every_s))
            self.hq.cut()
            await asyncio.sleep(self._chance.uniform(1, 60))
            self.hq.boot()

    async def _annoy_printers(self) -> None:
        while not self._ended:
            await asyncio.sleep(self._chance.expovariate(1 / (2 * HOUR)))
            printer = self.shop.printers[self._chance.choice(PLACES)]
            match self._chance.randrange(5):
                case 0 | 1:
                    printer.load(self._chance.randint(0, 80))
                case 2:
                    printer.cut_line(self._chance.randint(0, 2000))
                case 3:
                    printer.faults = PrinterFaults(cover_open=True)
                case _:
                    printer.faults = PrinterFaults(mute=True)
            await asyncio.sleep(self._chance.uniform(30, HOUR / 3))
            printer.load()
            printer.faults = PrinterFaults()

    async def _weigh(self) -> None:
        """Plug the scale in now and then: it is asked twelve times a second all the while."""
        while not self._ended:
            await asyncio.sleep(self._chance.expovariate(1 / (24 * HOUR)))
            self.shop.plate_port.plug()
            await self.shop.plate_port.opened()
            for _ in range(3):
                self.shop.scale.put(self._chance.randrange(10, 5000), moving_s=0.4)
                await self.shop.scanner.scan("9521234000013")
                await asyncio.sleep(self._chance.uniform(1, 4))
            self.shop.plate_port.unplug()

    async def _operate(self) -> None:
        """Be the person who is called: look at the terminal, and say what it shows."""
        while True:
            await asyncio.sleep(LOOK_S)
            box = self.box.box
            if box is not None and box.desk.status().needs_operator:
                with suppress(Away):
                    await self.box.ask(self._resolve, within_s=60)

    async def _resolve(self, box: Box) -> None:
        attempts = attempts_of(await box.journal.recent("payment", 1000))
        for attempt in attempts:
            if attempt.state is State.NEEDS_OPERATOR:
                free = list(self.shop.terminals[attempt.terminal].ledger)
                for other in attempts:
                    known = other.terminal == attempt.terminal and other.moved.minor
                    if known and (charge := charge_of(other, free)):
                        free.remove(charge)
                asked = attempt.model_copy(update={"state": State.OPERATOR_APPROVED})
                charge = charge_of(asked, [each for each in free if not each.reversed])
                self.counts["resolved by a person"] += 1
                await box.desk.resolve(
                    attempt.id,
                    approved=charge is not None,
                    who="Ada",
                    why="looked at the terminal",
                    evidence=f"{charge}",
                )

    async def _heal(self) -> None:
        """Mend everything, and give it time to come to rest."""
        for terminal in self.shop.terminals.values():
            become(terminal.faults, TerminalFaults())
        for printer in self.shop.printers.values():
            printer.load()
            printer.faults = PrinterFaults()
        self.broker.up()
        if self.box.host is not None:
            self.box.host.due = None
        until = self._loop.time() + self._plan.heal_h * HOUR
        while self._loop.time() < until:
            await asyncio.sleep(LOOK_S)
            with suppress(Away):
                if await self.box.ask(self._is_at_rest, within_s=60):
                    break
        await self.box.stop()
        await asyncio.sleep(LOOK_S)
        self.hq.cut()

    async def _is_at_rest(self, box: Box) -> bool:
        open_ = [each for noun in OPEN for each in await box.journal.unsettled(noun)]
        return not open_ and not box.relay.status().behind

    def _conclude(self) -> Outcome:
        ledger = Ledger(self.hq.url)
        evidence = Evidence(
            journal=self.box.settings.journal_path,
            ledger=ledger,
            tills=self.tills,
            charges={place: sim.ledger for place, sim in self.shop.terminals.items()},
            printers=tuple(self.shop.printers.values()),
        )
        found = (*findings(evidence), *self._loop.unhandled)
        self._count(Queries(ledger))
        digest = self._digest(evidence)
        ledger.close()
        hours = (self._loop.time() - self._began) / HOUR
        return Outcome(found, hours, self.counts, digest)

    def _count(self, queries: Queries) -> None:
        for till in self.tills:
            self.counts += till.counts
        self.counts["power cuts"] = self.box.cuts
        self.counts["headquarters cuts"] = self.hq.cuts
        self.counts["entries"] = queries.counts().entries
        self.counts["duplicates at headquarters"] = queries.counts().duplicates
        self.counts["steps"] = self._loop.steps

    def _digest(self, evidence: Evidence) -> str:
        """Sum up everything that anybody has: the same seed gives the same story."""
        story = hashlib.sha256()
        for part in (
            [entry.body for entry in evidence.entries()],
            [tuple(row) for row in evidence.rows()],
            [till.heard for till in self.tills],
            [(basket.tag, basket.sale) for till in self.tills for basket in till.baskets],
            evidence.charges,
            [printer.receipts for printer in evidence.printers],
            sorted(self.counts.items()),
            self._loop.time(),
        ):
            story.update(repr(part).encode())
        return story.hexdigest()


def tell(folder: Path, seed: int, plan: Plan = Plan(), *, forgets_ids: bool = False) -> Outcome:
    """Run one seed."""
    loop = HostLoop(seed)

    async def run() -> Outcome:
        return await Story(folder, plan, forgets_ids=forgets_ids).run()

    try:
        return loop.run_until_complete(run())
    finally:
        loop.end()
