"""All devices of the box: found by udev or named in the configuration, each with its supervisor."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from posedge.bus import Bus
from posedge.clock import Clock, Ids
from posedge.devices.address import Address, Tcp, Through, beyond_line, parse
from posedge.devices.case import MEND, Case
from posedge.devices.catalog import Catalog
from posedge.devices.identity import Names, serial_key, static_id
from posedge.devices.inventory import Body, Inventory, Plugged, Unplugged
from posedge.devices.match import Match, match, spoken
from posedge.devices.network import configured
from posedge.devices.openers import Opener, open_link, prepare
from posedge.devices.past import Past
from posedge.devices.roster import capable, find
from posedge.devices.settings import DevicesSettings, StaticDevice
from posedge.devices.supervisor import Plan, Supervisor, Surroundings
from posedge.devices.tapes import Tapes
from posedge.drivers.interface import NO_RULES, Driver
from posedge.drivers.memory import Memory
from posedge.drivers.passage import Passes
from posedge.drivers.registry import DRIVERS
from posedge.model.capabilities import DeviceStatus
from posedge.model.errors import DeviceError, MisuseError
from posedge.model.explanation import Undriven
from posedge.tasks import Crew
from posedge.wire.embedded import Reading

T = TypeVar("T")

REMEMBERED = 64
"""Devices of which the past is kept: more than a shop has ports, and 0.5 MB at most."""


class Source(Protocol):
    """Where devices are announced: posedge.devices.udev.Udev, or a test."""

    def events(self) -> AsyncIterator[Plugged | Unplugged]: ...


@dataclass(frozen=True, slots=True)
class _Driven:
    """A supervisor at work, and for what."""

    match: Match
    supervisor: Supervisor
    task: asyncio.Task[None]


class Devices:
    """Owns every device. `run` serves them until it is cancelled; a bug in a driver ends it.

    Static devices are known from the start and tried for ever; plugged ones end when they go.
    `called` is the device that the role of a printer means.
    """

    def __init__(
        self,
        settings: DevicesSettings,
        catalog: Catalog,
        names: Names,
        *,
        bus: Bus,
        clock: Clock,
        ids: Ids,
        chance: random.Random,
        opener: Opener = open_link,
        drivers: Mapping[str, type[Driver]] = DRIVERS,
        memory: Memory | None = None,
        codes: Reading = NO_RULES,
        called: Callable[[str | None], str | None] = lambda name: name,
    ) -> None:
        self._settings = settings
        self._catalog = catalog
        self._names = names
        self._opener = opener
        self._called = called
        self._around = Surroundings(bus, clock, ids, self._open, chance, memory or Memory(), codes)
        self._drivers = drivers
        self._inventory = Inventory()
        self._undriven: dict[str, Undriven] = {}
        self._driven: dict[str, _Driven] = {}
        self._seen: dict[str, float] = {}
        self._pasts: dict[str, Past] = {}
        self._static = tuple(Supervisor(self._plan(each), self._around) for each in settings.static)
        addresses = (parse(each.address, each.driver, each.options) for each in settings.static)
        self._named = frozenset(each for each in addresses if isinstance(each, Tcp))
        self._configured = frozenset(each.name for each in settings.static) | {
            each.name for each in settings.assign if each.name
        }
        self._crew = Crew("devices")
        self._applying = asyncio.Lock()

    async def run(self, source: Source | None = None, discovery: Source | None = None) -> None:
        async with self._crew:
            for supervisor in self._static:
                self._crew.start(supervisor.run(), name=supervisor.plan.name)
            if source is not None and self._settings.udev:
                self._crew.start(self._follow(source), name="udev")
                self._crew.start(prepare(), name="prepare")
            if discovery is not None:
                self._crew.start(self._follow(discovery), name="discovery")
            await self._crew.broken()

    async def apply(self, event: Plugged | Unplugged) -> None:
        """Take in that something was plugged in or unplugged; call while `run` runs."""
        now_s = asyncio.get_running_loop().time()
        for path in self._inventory.apply(event):
            self._seen.setdefault(path, now_s)
            await self._settle(path)

    def statuses(self) -> tuple[DeviceStatus, ...]:
        return tuple(supervisor.status() for supervisor in self._all())

    def undriven(self) -> tuple[Undriven, ...]:
        return tuple(self._undriven[path] for path in sorted(self._undriven))

    def cases(self) -> tuple[Case, ...]:
        """Return what is known of each device, for posedge.devices.explain."""
        static = (
            Case(None, None, said, None, supervisor)
            for said, supervisor in zip(self._settings.static, self._static, strict=True)
        )
        found = (self._case(path) for path in sorted({*self._driven, *self._undriven}))
        return (*static, *(each for each in found if each is not None))

    def names(self, capability: type[T]) -> tuple[str, ...]:
        """Return the names of the devices that can do `capability`, on line or not."""
        return tuple(each.plan.name for each in capable(self._all(), capability))

    def find(self, capability: type[T], name: str | None = None) -> tuple[str, T]:
        """Return name and driver of the device with this name or id, or (None) of the only one.

        NotFoundError `device.unknown`; MisuseError `device.ambiguous` when there are several;
        DeviceError `device.offline` with the reason when it does not answer.
        """
        return find(self._all(), capability, name)

    @property
    def tapes(self) -> Tapes:
        """The last minutes of each device, card data masked."""
        return self._around.tapes

    def __repr__(self) -> str:
        return f"<Devices {self._all()!r}, {len(self._undriven)} undriven>"

    async def _open(self, address: Address) -> Any:
        """Open a line, or the way through a printer."""
        if not isinstance(address, Through):
            return await self._opener(address)
        try:
            _, printer = self.find(Passes, self._called(address.printer))  # type: ignore[type-abstract]
        except MisuseError as error:
            text = f"it hangs behind {address.printer!r}, which is no ESC/POS printer here"
            raise DeviceError("device.unreachable", text) from error
        return printer.passage()

    def _all(self) -> tuple[Supervisor, ...]:
        return (*self._static, *(each.supervisor for each in self._driven.values()))

    def _case(self, path: str) -> Case | None:
        body = self._inventory.body(path)
        if body is None:  # it has just left
            return None
        driven = self._driven.get(path)
        return Case(
            body,
            self._catalog.get(body.usb.id) if body.usb else None,
            spoken(body, self._settings.assign),
            self._undriven[path] if driven is None else driven.match,
            None if driven is None else driven.supervisor,
        )

    async def _follow(self, source: Source) -> None:
        async for event in source.events():
            async with self._applying:
                await self.apply(event)

    async def _settle(self, path: str) -> None:
        """Make what runs on a physical device agree with what is there."""
        body = self._inventory.body(path)
        decided = await self._decide(body) if body is not None else None
        if body is None:
            del self._seen[path]
        running = self._driven.get(path)
        if running is not None and not _still(running.match, decided, body):
            await self._end(path, running)
        self._undriven.pop(path, None)
        if isinstance(decided, Undriven):
            self._undriven[path] = decided
        elif decided is not None and path not in self._driven:
            await self._begin(decided)

    async def _decide(self, body: Body) -> Match | Undriven | None:
        if configured(body, self._named):
            return None
        serial = serial_key(body)
        if serial is not None and self._inventory.twins(body):
            await self._names.mark_shared(serial)
        shared = serial is not None and self._names.shared(serial)
        return match(body, self._catalog, self._settings.assign, shared=shared)

    async def _begin(self, decided: Match) -> None:
        driver = self._drivers[decided.driver]
        taken = self._configured | {each.plan.name for each in self._all()}
        name = decided.name or await self._names.name(
            decided.id, decided.port_key, driver.kind, taken
        )
        plan = Plan(
            id=decided.id,
            name=name,
            driver=driver,
            address=decided.address,
            options=decided.options,
            model=decided.model,
            port=decided.port,
            port_key=decided.port_key,
        )
        try:
            supervisor = Supervisor(
                plan, self._around, self._past(plan.id), self._seen[decided.body]
            )
        except DeviceError as error:  # one device's options are wrong: the others go on
            self._undriven[decided.body] = Undriven(
                id=decided.id,
                port=decided.port,
                model=decided.model,
                reason=error.message,
                remedy=MEND,
            )
            return
        task = self._crew.start(supervisor.run(), name=name)
        self._driven[decided.body] = _Driven(decided, supervisor, task)

    def _past(self, device: str) -> Past:
        """Return what is remembered of a device; of many, the ones that were here last."""
        past = self._pasts.pop(device, None) or Past()
        self._pasts[device] = past
        if len(self._pasts) > REMEMBERED:
            del self._pasts[next(iter(self._pasts))]
        return past

    async def _end(self, path: str, running: _Driven) -> None:
        """Tell at once that it is gone; then wait until its driver has let go of it."""
        del self._driven[path]
        running.task.cancel()
        await running.supervisor.depart()
        await asyncio.wait({running.task})

    def _plan(self, static: StaticDevice) -> Plan:
        return Plan(
            id=static_id(static.name),
            name=static.name,
            driver=self._drivers[static.driver],
            address=parse(static.address, static.driver, static.options),
            options=beyond_line(static.options),
            model=static.driver,
            port=static.address,
        )


def _still(running: Match, decided: Match | Undriven | None, body: Body | None) -> bool:
    """Whether what runs is still right: the same device and driver, its node still there."""
    if body is None or not isinstance(decided, Match):
        return False
    same = (decided.id, decided.driver) == (running.id, running.driver)
    moved = isinstance(running.address, Tcp) and decided.address != running.address
    return same and not moved and running.node in {node.path for node in body.nodes}
