"""Devices at work without a box around them: for the command line."""

import random
from collections.abc import Sequence

from posedge.bus import Bus
from posedge.clock import Ids, SystemClock
from posedge.devices.catalog import load
from posedge.devices.identity import Names
from posedge.devices.registry import Devices
from posedge.devices.settings import DevicesSettings
from posedge.model.events import Envelope, Event


class PassingShelf:
    """Numbers events and keeps none: nobody listens who was away."""

    def __init__(self) -> None:
        self._last = 0

    async def put(self, event: Event) -> Envelope:
        self._last += 1
        return Envelope(sequence=self._last, event=event)

    async def after(self, sequence: int, limit: int) -> Sequence[Envelope]:  # noqa: ARG002 - a Shelf
        return ()

    @property
    def held(self) -> tuple[int, int]:
        return self._last + 1, self._last


def devices_alone(settings: DevicesSettings) -> Devices:
    """Return the devices of this configuration; names last as long as the process."""

    async def forget(_key: str, _value: str) -> None: ...

    clock, chance = SystemClock(), random.SystemRandom()
    return Devices(
        settings,
        load(shop=settings.models),
        Names({}, forget),
        bus=Bus(PassingShelf()),
        clock=clock,
        ids=Ids(clock, chance),
        chance=chance,
    )
