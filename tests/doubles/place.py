"""A driver's place in a box that is not there: what it published and reported can be read."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from posedge.bus import Bus
from posedge.clock import Clock, Ids
from posedge.drivers.interface import Site
from posedge.drivers.memory import Memory
from posedge.model.events import Envelope, Event
from posedge.model.value import Json
from tests.doubles.shelf import MemoryShelf

L = TypeVar("L")


class NewsShelf(MemoryShelf):
    """Tells when something was put."""

    def __init__(self) -> None:
        super().__init__()
        self.grown = asyncio.Event()

    async def put(self, event: Event) -> Envelope:
        envelope = await super().put(event)
        self.grown.set()
        return envelope


@dataclass
class Place(Generic[L]):
    """`opened` is handed out by `site.open`."""

    opened: L
    clock: Clock
    options: Mapping[str, Json] = field(default_factory=dict)
    memory: Memory = field(default_factory=Memory)
    shelf: NewsShelf = field(default_factory=NewsShelf)
    reports: list[str | None] = field(default_factory=list)
    warnings: list[str | None] = field(default_factory=list)
    answering: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def site(self) -> Site[L]:
        return Site(
            device="dev-1",
            name="front",
            open=self._open,
            bus=Bus(self.shelf),
            clock=self.clock,
            ids=Ids(self.clock),
            options=self.options,
            report=self._report,
            warn=self._warn,
            memory=self.memory,
        )

    @property
    def events(self) -> list[Event]:
        return self.shelf.events

    async def heard(self, count: int) -> None:
        """Return when `count` events were published."""
        while len(self.events) < count:
            await self.shelf.grown.wait()
            self.shelf.grown.clear()

    async def _open(self) -> L:
        return self.opened

    async def _warn(self, warning: str | None) -> None:
        self.warnings.append(warning)

    async def _report(self, reason: str | None) -> None:
        self.reports.append(reason)
        if reason is None:
            self.answering.set()
