"""Three days in a shop: tills sell, the broker is away for 72 hours, and all else fails too."""

import asyncio
import hashlib
import random
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from posedge.app.box import Box
from posedge.hq.ledger import Ledger
from posedge.hq.queries import Queries
from posedge.model.payment import State
from posedge.tasks import Crew
from tests.simulation.check import OPEN, Evidence, attempts_of, charge_of, findings
from tests.simulation.hosts import HostLoop
from tests.simulation.machines import Away
from tests.simulation.scene import HOUR, THREE_DAYS, Plan, Scene
from tests.simulation.till import Till
from tests.simulation.trouble import Trouble

LOOK_S = 600.0


@dataclass(frozen=True)
class Outcome:
    """What the story came to; `found` is empty when all promises were kept."""

    found: tuple[str, ...]
    hours: float
    counts: Counter[str]
    digest: str


class Story:
    """One seed, on a HostLoop."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._trouble = Trouble(scene)
        self._chance = random.Random(scene.chance.random())

    async def run(self, crew: Crew) -> Outcome:
        self._scene.box.boot()
        self._scene.hq.boot()
        self._trouble.start(crew)
        crew.start(self._operate(), name="operator")
        await self._trade(crew)
        self._trouble.end()
        await self._come_to_rest()
        return self._conclude()

    async def _trade(self, crew: Crew) -> None:
        """Let customers come while the shop is open, to all tills at once."""
        plan = self._scene.plan
        until = self._scene.began_s + (plan.before_h + plan.outage_h + plan.after_h) * HOUR
        while True:
            await asyncio.sleep(self._chance.gammavariate(4, plan.rush_every_h * HOUR / 4))
            if self._scene.loop.time() >= until:
                return
            if not self._scene.is_open:
                continue
            if self._chance.random() < plan.cut_share:
                self._trouble.cut_within(plan.cut_steps)
            visits = [crew.start(self._queue(till), name=till.name) for till in self._scene.tills]
            await asyncio.wait(visits)
            for visit in visits:
                visit.result()

    async def _queue(self, till: Till) -> None:
        for _ in range(self._chance.randint(1, 2)):
            await asyncio.sleep(self._chance.uniform(0, 20))
            await till.serve()

    async def _operate(self) -> None:
        """Be the person who is called: look at the terminal, and say what it shows."""
        while True:
            await asyncio.sleep(LOOK_S)
            box = self._scene.box.box
            if box is not None and box.desk.status().needs_operator:
                with suppress(Away):
                    await self._scene.box.ask(self._resolve, within_s=60)

    async def _resolve(self, box: Box) -> None:
        attempts = attempts_of(await box.journal.recent("payment", 1000))
        for attempt in attempts:
            if attempt.state is State.NEEDS_OPERATOR:
                free = list(self._scene.shop.terminals[attempt.terminal].ledger)
                for other in attempts:
                    known = other.terminal == attempt.terminal and other.moved.minor
                    if known and (charge := charge_of(other, free)):
                        free.remove(charge)
                asked = attempt.model_copy(update={"state": State.OPERATOR_APPROVED})
                charge = charge_of(asked, [each for each in free if not each.reversed])
                self._scene.counts["resolved by a person"] += 1
                await box.desk.resolve(
                    attempt.id,
                    approved=charge is not None,
                    who="Ada",
                    why="looked at the terminal",
                    evidence=f"{charge}",
                )

    async def _come_to_rest(self) -> None:
        """Give everything time to heal, then switch it off in order."""
        scene = self._scene
        until = scene.loop.time() + scene.plan.heal_h * HOUR
        while scene.loop.time() < until:
            await asyncio.sleep(LOOK_S)
            with suppress(Away):
                if await scene.box.ask(_is_at_rest, within_s=60):
                    break
        await scene.box.stop()
        await asyncio.sleep(LOOK_S)
        scene.hq.cut()

    def _conclude(self) -> Outcome:
        ledger = Ledger(self._scene.hq.url)
        evidence = Evidence(
            journal=self._scene.box.settings.journal_path,
            ledger=ledger,
            tills=self._scene.tills,
            charges={place: sim.ledger for place, sim in self._scene.shop.terminals.items()},
            printers=tuple(self._scene.shop.printers.values()),
        )
        found = (*findings(evidence), *self._scene.loop.unhandled)
        self._count(Queries(ledger))
        digest = self._digest(evidence)
        ledger.close()
        return Outcome(found, self._scene.hours, self._scene.counts, digest)

    def _count(self, queries: Queries) -> None:
        for till in self._scene.tills:
            self._scene.counts += till.counts
        self._scene.counts["power cuts"] = self._scene.box.cuts
        self._scene.counts["headquarters cuts"] = self._scene.hq.cuts
        self._scene.counts["entries"] = queries.counts().entries
        self._scene.counts["duplicates at headquarters"] = queries.counts().duplicates
        self._scene.counts["steps"] = self._scene.loop.steps

    def _digest(self, evidence: Evidence) -> str:
        """Sum up everything that anybody has: the same seed gives the same story."""
        story = hashlib.sha256()
        for part in (
            [entry.body for entry in evidence.entries()],
            [tuple(row) for row in evidence.rows()],
            [till.heard for till in self._scene.tills],
            [(basket.tag, basket.sale) for till in self._scene.tills for basket in till.baskets],
            evidence.charges,
            [printer.receipts for printer in evidence.printers],
            sorted(self._scene.counts.items()),
            self._scene.loop.time(),
        ):
            story.update(repr(part).encode())
        return story.hexdigest()


async def _is_at_rest(box: Box) -> bool:
    waiting = [each for noun in OPEN for each in await box.journal.unsettled(noun)]
    return not waiting and not box.relay.status().behind


def tell(folder: Path, seed: int, plan: Plan = THREE_DAYS, *, forgets_ids: bool = False) -> Outcome:
    """Run one seed; `forgets_ids` plants a bug in the tills."""
    loop = HostLoop(seed)

    async def run() -> Outcome:
        async with Crew("story") as crew:
            return await Story(Scene(folder, plan, crew, forgets_ids=forgets_ids)).run(crew)

    try:
        return loop.run_until_complete(run())
    finally:
        loop.end()
