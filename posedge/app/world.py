"""What the box gets from outside: time, chance, threads, links and the broker, all exchangeable."""

import random
from collections.abc import Callable
from dataclasses import dataclass

from posedge.clock import Clock, Ids, SystemClock
from posedge.devices.openers import Opener, open_link
from posedge.devices.registry import Source
from posedge.devices.udev import Udev
from posedge.mqtt.interface import Broker
from posedge.relay.settings import RelaySettings
from posedge.tasks import Run, Worker


@dataclass(frozen=True, slots=True)
class World:
    """Everything that a simulated box gets from elsewhere."""

    clock: Clock
    ids: Ids
    chance: random.Random
    run: Callable[[str], Run]
    opener: Opener
    broker: Callable[[RelaySettings], Broker | None]
    source: Callable[[Run], Source | None]
    discovery: Callable[[], Source | None] = lambda: None


def real_world() -> World:
    """Return the kernel's clocks, devices and network, and one thread for each blocking room."""
    clock, chance = SystemClock(), random.SystemRandom()
    return World(
        clock=clock,
        ids=Ids(clock, chance),
        chance=chance,
        run=lambda name: Worker(name).run,
        opener=open_link,
        broker=_broker,
        source=Udev,
        discovery=_discovery,
    )


def _discovery() -> Source:
    from posedge.devices.discovery import Discovery  # noqa: PLC0415 - 3 MB, for who wants it

    return Discovery()


def _broker(settings: RelaySettings) -> Broker | None:
    if settings.address is None:
        return None
    from posedge.mqtt.client import AiomqttBroker  # noqa: PLC0415 - 2 MB that only a relay needs

    return AiomqttBroker(settings.address)
