"""Everybody in the story, and how long it is."""

import asyncio
import random
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from posedge.tasks import Crew
from tests.doubles.broker import Faults, MemoryBroker
from tests.doubles.simloop import SimClock
from tests.simulation.hosts import HostLoop
from tests.simulation.machines import BoxMachine, Headquarters
from tests.simulation.shop import Shop
from tests.simulation.till import Till

HOUR = 3600.0
OPENING_H = 8
"""The hour of the day at which the story begins."""


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
    rush_every_h: float = 5.0
    open_h: tuple[float, float] = (8.0, 20.0)
    cut_share: float = 0.9
    cut_steps: int = 6_000
    cut_again_share: float = 0.3
    cut_again_steps: int = 1_500
    night_cut_h: float = 8.0
    heal_h: float = 6.0


THREE_DAYS = Plan()
SHORT = Plan(before_h=1, outage_h=9, after_h=2, rush_every_h=1.5)


class Scene:
    """Broker, shop, box, headquarters and tills; nothing is switched on yet."""

    def __init__(self, folder: Path, plan: Plan, crew: Crew, *, forgets_ids: bool) -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, HostLoop)
        folder.mkdir(exist_ok=True)
        self.loop = loop
        self.plan = plan
        self.began_s = loop.time()
        self.counts: Counter[str] = Counter()
        self.chance = chance = random.Random(loop.chance.random())
        faults = Faults(lost=0.01, twice=0.02, late=0.05, puback_lost=0.005)
        self.broker = MemoryBroker(random.Random(chance.random()), faults=faults)
        self.shop = Shop(crew, random.Random(chance.random()))
        self.box = BoxMachine(loop, folder / "box", self.broker, self.shop, chance.random())
        self.hq = Headquarters(loop, folder / "hq", self.broker, chance.random())
        self.tills = [
            Till(
                f"till-{number}",
                self.box,
                self.shop,
                SimClock(loop),
                random.Random(chance.random()),
                forgets_ids=forgets_ids,
            )
            for number in range(1, plan.tills + 1)
        ]
        self.box.listeners = [till.listen for till in self.tills]

    @property
    def hours(self) -> float:
        return (self.loop.time() - self.began_s) / HOUR

    @property
    def is_open(self) -> bool:
        """Whether the shop is open at this time of the day."""
        opens, closes = self.plan.open_h
        return opens <= (OPENING_H + self.hours) % 24 < closes
