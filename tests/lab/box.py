"""posedge's side: the real Devices on the real udev, their events in memory."""

import asyncio
import json
import logging
import os
import random
import sys
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import structlog

from posedge.bus import Bus
from posedge.clock import Clock, Ids, SystemClock
from posedge.devices.catalog import load
from posedge.devices.identity import Names
from posedge.devices.registry import Devices
from posedge.devices.settings import Assignment, DevicesSettings
from posedge.devices.udev import Udev
from posedge.model.capabilities import DeviceState
from posedge.model.events import DeviceChanged, Envelope, Event
from posedge.tasks import Crew, Worker
from tests.doubles.shelf import MemoryShelf
from tests.lab.hands import PORT

TURNS = int(os.environ.get("POSEDGE_LAB_TURNS", "1000"))
"""How many plugs and pulls, and how many pairs of scans."""

PATIENCE_S = 15.0
"""Ten times what anything here takes under emulation."""

LINE_BYTES = 1024 * 1024
"""The longest answer is a picture of a receipt."""

UEVENTS = 2000
"""Those of some fifty plugs and pulls."""

ASSIGNED = (Assignment(device="0eb8:f000", driver="toledo", options={"bits": 8, "parity": "N"}),)
"""As the operator must for a scale: what it speaks, no id tells."""


@dataclass(frozen=True, slots=True)
class Load:
    """What a process holds: it must be the same again when everything was unplugged.

    Without the threads of asyncio's own pool: it starts the few it may have as they are needed.
    """

    tasks: int
    threads: int
    descriptors: int

    @classmethod
    def now(cls) -> "Load":
        descriptors = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - and no Path object lives on
        threads = [each for each in threading.enumerate() if not each.name.startswith("asyncio_")]
        return cls(len(asyncio.all_tasks()), len(threads), descriptors)


class Box:
    """Devices at work, as the box has them; it ends with its block."""

    def __init__(self, assigned: tuple[Assignment, ...] = ASSIGNED) -> None:
        clock: Clock = SystemClock()
        self.clock = clock
        self._shelf = MemoryShelf()
        self.bus = Bus(self._shelf)
        self._worker = Worker("udev")
        self._crew = Crew("box")
        self._notes: dict[str, str] = {}
        self._uevents: deque[Mapping[str, Any]] = deque(maxlen=UEVENTS)
        self.devices = Devices(
            DevicesSettings(assign=assigned, models=Path("/nowhere")),
            load(),
            Names({}, self._keep),
            bus=self.bus,
            clock=clock,
            ids=Ids(clock),
            chance=random.Random(1),
        )

    async def __aenter__(self) -> Self:
        await self._crew.__aenter__()
        self._crew.start(self.devices.run(Udev(self._worker.run)), name="devices")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._crew.__aexit__(kind, error, trace)
        self._worker.close()

    def since(self, mark: int) -> list[Event]:
        """Return what was published behind the event with number `mark`."""
        return self._shelf.events[mark:]

    async def heard(self, wanted: Callable[[Event], bool], *, after: int, count: int = 1) -> Event:
        """Wait for as many `wanted` events behind `after`; return the last of them."""
        found: list[Event] = []
        try:
            async with asyncio.timeout(PATIENCE_S):
                async for told in self.bus.listen(after):
                    assert isinstance(told, Envelope), "memory keeps all"
                    if wanted(told.event):
                        found.append(told.event)
                    if len(found) == count:
                        return told.event
        except TimeoutError:
            said = f"only heard {self.since(after)[-5:]}; {self.devices!r}"
            raise TimeoutError(said) from None
        raise AssertionError("a bus has no end")

    async def online(self, what: str, *, after: int) -> DeviceChanged:
        """Return the event that a device of this kind or with this id works."""
        return await self._changed(what, DeviceState.ONLINE, after)

    async def offline(self, what: str, *, after: int) -> DeviceChanged:
        """Return the event that a device of this kind or with this id is gone."""
        return await self._changed(what, DeviceState.OFF_OFFLINE, after)

    async def uevents(self) -> Sequence[Mapping[str, Any]]:
        """Return what kernel and udev told lately, oldest first."""
        self._uevents.extend((await told("uevents"))["told"])
        return tuple(self._uevents)

    async def _changed(self, what: str, state: DeviceState, after: int) -> DeviceChanged:
        def wanted(event: Event) -> bool:
            return (
                isinstance(event, DeviceChanged)
                and what in {event.kind, event.device}
                and event.state is state
            )

        event = await self.heard(wanted, after=after)
        assert isinstance(event, DeviceChanged), "that is what was wanted"
        return event

    async def _keep(self, key: str, value: str) -> None:
        self._notes[key] = value


def quiet() -> None:
    """Let warnings alone be logged, to standard error."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


async def told(*words: str | float) -> Mapping[str, Any]:
    """Give the hands an order; return their answer once it is done."""
    reader, writer = await asyncio.open_connection("127.0.0.1", PORT, limit=LINE_BYTES)
    try:
        writer.write(" ".join(map(str, words)).encode() + b"\n")
        answer: Mapping[str, Any] = json.loads(await reader.readline()) or {}
    finally:
        writer.close()
        await writer.wait_closed()
    assert "error" not in answer, answer["error"]
    return answer
