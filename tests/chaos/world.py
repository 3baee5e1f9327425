"""The box's life around one terminal that survives it, on one loop: killed without a word.

A dead box's tasks stay where they are: its journal never answers again and its lines are gone, so
that nothing of it can act. What is durable and what the terminal knows go on.
"""

import asyncio
import random
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Literal

from posedge.bus import Bus
from posedge.clock import Clock, Ids
from posedge.model.entry import Draft, Entry
from posedge.model.payment import Attempt
from posedge.model.terminal import Terminal
from posedge.payments.desk import Desk
from posedge.payments.settings import PaymentSettings
from posedge.tasks import Crew
from tests.doubles.journal import MemoryJournal
from tests.doubles.shelf import MemoryShelf
from tests.doubles.terminal import FakeDevices

Moment = Literal["before", "after"]


@dataclass(frozen=True, slots=True)
class Kill:
    """Kill -9 around the `commit`th commit of a life, counted from 0."""

    commit: int
    moment: Moment

    def __str__(self) -> str:
        return f"kill {self.moment} commit {self.commit}"


class MortalJournal(MemoryJournal):
    """Tells of each commit before and after it; `on_commit` may end the box."""

    def __init__(self) -> None:
        super().__init__()
        self.commits = 0
        self.on_commit: Callable[[Moment, int], bool] = lambda _moment, _commit: False

    async def append(
        self, drafts: Sequence[Draft], *, notes: Mapping[str, str | None] | None = None
    ) -> tuple[Entry, ...]:
        number, self.commits = self.commits, self.commits + 1
        if self.on_commit("before", number):
            await asyncio.get_running_loop().create_future()
        stored = await super().append(drafts, notes=notes)
        if self.on_commit("after", number):
            await asyncio.get_running_loop().create_future()
        return stored

    def reborn(self) -> "MortalJournal":
        """Return what the next life finds; this one is dead."""
        dead = self.cut()
        heir = MortalJournal()
        heir._entries, heir._notes = list(dead._entries), dict(dead._notes)
        return heir


@dataclass
class Life:
    """One life of the box. `alive` is asked by the lines that the terminal's driver opens.

    `online`: till then nobody pays; a driver that must first start something clears and sets it.
    """

    alive: bool = True
    online: asyncio.Event = field(default_factory=asyncio.Event)
    died: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.online.set()

    def end(self) -> None:
        self.alive = False
        self.died.set()


@dataclass
class World:
    """What outlives the box. `driver` makes the terminal's driver anew for each life."""

    driver: Callable[[Life], Terminal]
    clock: Callable[[int], Clock]
    cut_lines: Callable[[], None]
    settings: PaymentSettings = field(default_factory=PaymentSettings)
    journal: MortalJournal = field(default_factory=MortalJournal)
    lives: int = 0

    @asynccontextmanager
    async def box(self, kill: Kill | None = None) -> AsyncGenerator[tuple[Desk, Life]]:
        """Switch the box on; leaving is an orderly end, or the burial of a dead one."""
        self.lives += 1
        life, clock = Life(), self.clock(self.lives)
        self.journal.on_commit = self._executioner(life, kill)
        crew = Crew(f"box {self.lives}")
        await crew.__aenter__()
        desk = Desk(
            self.journal,
            FakeDevices(terminal=self.driver(life)),
            Bus(MemoryShelf()),
            clock=clock,
            ids=Ids(clock, random.Random(self.lives)),
            crew=crew,
            settings=self.settings,
        )
        try:
            await desk.start()
            yield desk, life
        finally:
            if life.alive:
                await desk.close()
                life.end()
            self.journal = self.journal.reborn()
            self.cut_lines()
            await crew.__aexit__(None, None, None)

    def _executioner(self, life: Life, kill: Kill | None) -> Callable[[Moment, int], bool]:
        def struck(moment: Moment, commit: int) -> bool:
            if kill == Kill(commit, moment) and life.alive:
                life.end()
                self.cut_lines()
            return not life.alive

        return struck

    def attempts(self) -> list[Attempt]:
        """Read every attempt from what is durable alone."""
        latest = {
            entry.subject: entry.data for entry in self.journal.entries if entry.noun == "payment"
        }
        return [
            Attempt.model_validate({key: data[key] for key in data if key != "open"})
            for data in latest.values()
        ]
