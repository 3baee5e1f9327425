"""The box: everything is built here, in the order in which it depends on each other.

Journal and event log open first and close last; devices live around payments, since a payment
that may still finish needs its terminal; the relay ends first.
"""

from collections.abc import Mapping
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Self

import structlog
from pydantic import JsonValue

import posedge
from posedge.app.hooks import Hooks
from posedge.app.orders import Orders
from posedge.app.room import begin_checks, begin_days
from posedge.app.world import World
from posedge.bus import Bus
from posedge.checkout.checkout import Checkout
from posedge.checkout.settings import Identity
from posedge.devices.catalog import load as load_catalog
from posedge.devices.identity import Names
from posedge.devices.registry import Devices
from posedge.drawers.drawers import Drawers
from posedge.drivers.memory import Memory
from posedge.journal.prints import SqlitePrints, open_prints
from posedge.journal.shelf import Keep, SqliteShelf, open_shelf
from posedge.journal.store import SqliteJournal, open_journal
from posedge.model.status import BoxStatus, EventLogStatus
from posedge.payments.announce import Announcer
from posedge.payments.closing_time import ClosingTime
from posedge.payments.desk import Desk
from posedge.payments.reconciliations import Reconciliations
from posedge.printing.queue import PrintQueue
from posedge.relay.relay import Relay
from posedge.settings import Settings
from posedge.tasks import Crew
from posedge.terminals.checks import Checks
from posedge.terminals.surroundings import Surroundings

PAYMENT_DRAIN_S = 15
"""At the end a payment may finish; systemd waits 20 s (TimeoutStopSec)."""

RELAY_DRAIN_S = 2

DEVICE_NOTES = "device/"
LEARNT_NOTES = "learnt/"

log = structlog.get_logger()


class Box:
    """The box without its HTTP edge: `async with` starts it, and leaving ends it in order."""

    journal: SqliteJournal
    shelf: SqliteShelf
    prints: SqlitePrints
    bus: Bus
    devices: Devices
    desk: Desk
    reconciliations: Reconciliations
    checks: Checks
    queue: PrintQueue
    drawers: Drawers
    checkout: Checkout
    relay: Relay

    def __init__(self, settings: Settings, world: World) -> None:
        self.settings = settings
        self.world = world
        self.started = world.clock.now()
        self._stack = AsyncExitStack()
        self._life: Crew

    async def __aenter__(self) -> Self:
        try:
            await self._open_storage()
            self._life = await self._stack.enter_async_context(Crew("box"))
            await self._start_devices()
            await self._start_payments()
            self._start_relay()
            self._life.start(self.journal.tend(), name="tend")
        except BaseException:
            await self._stack.aclose()
            raise
        log.info("box started", box=self.settings.box.name, version=posedge.__version__)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            await self.relay.drain(RELAY_DRAIN_S)
        finally:
            await self._stack.__aexit__(kind, error, trace)

    async def broken(self) -> None:
        """Wait until some part fails, then raise what it failed with."""
        await self._life.broken()

    async def check(self) -> None:
        """Prove that loop, disk and both stores' threads work; StorageError when they don't.

        A full disk is no reason to end: nothing is acknowledged, and it may get room again.
        """
        await self.journal.after(self.journal.last, 1)
        await self.shelf.after(self.bus.last, 1)

    async def status(self) -> BoxStatus:
        identity = self.settings.box
        first, last = self.shelf.held
        return BoxStatus(
            version=posedge.__version__,
            box=identity.name,
            store=identity.store,
            tenant=identity.tenant,
            started=self.started,
            now=self.world.clock.now(),
            journal=self.journal.status(),
            events=EventLogStatus(first=first, last=last, alarm=self.shelf.alarm),
            relay=self.relay.status(),
            desk=self.desk.status(),
            devices=self.devices.statuses(),
            undriven=self.devices.undriven(),
            days=self.reconciliations.days,
            prints_waiting=self.queue.waiting,
            drawers=self.drawers.statuses(),
        )

    async def _open_storage(self) -> None:
        settings, world = self.settings, self.world
        run = world.run("journal")
        settings.state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.journal = await open_journal(
            settings.journal_path, source=settings.topics.source, chance=world.chance, run=run
        )
        self._stack.push_async_callback(self.journal.close)
        keep = Keep(settings.events.keep_count, settings.events.keep_days)
        self.shelf = await open_shelf(
            settings.events_path, clock=world.clock, run=world.run("events"), keep=keep
        )
        self._stack.push_async_callback(self.shelf.close)
        self.prints = await open_prints(
            settings.prints_path, clock=world.clock, run=world.run("prints")
        )
        self._stack.push_async_callback(self.prints.close)
        self.bus = Bus(self.shelf)

    async def _start_devices(self) -> None:
        world, run = self.world, self.world.run("udev")
        kept = await self.journal.notes(DEVICE_NOTES)
        names = Names(
            {key.removeprefix(DEVICE_NOTES): value for key, value in kept.items()},
            lambda key, value: self.journal.put_note(DEVICE_NOTES + key, value),
        )
        settings = self.settings.devices
        catalog = await run(lambda: load_catalog(shop=settings.models))
        self.devices = Devices(
            settings,
            catalog,
            names,
            bus=self.bus,
            clock=world.clock,
            ids=world.ids,
            chance=world.chance,
            opener=world.opener,
            memory=Memory(
                await self.journal.notes(LEARNT_NOTES), self.journal.put_note, prefix=LEARNT_NOTES
            ),
            codes=self.settings.codes.reading,
            called=self.settings.printing.device,
        )
        discovery = world.discovery() if settings.discover else None
        self._life.start(self.devices.run(world.source(run), discovery), name="devices")

    async def _start_payments(self) -> None:
        """Recovery comes before any work is taken: desk first, then the sales left open."""
        world = self.world
        crew = await self._stack.enter_async_context(Crew("payments", drain_s=PAYMENT_DRAIN_S))
        self._life.start(crew.broken(), name="payments")
        self.desk = Desk(
            self.journal,
            self.devices,
            self.bus,
            clock=world.clock,
            ids=world.ids,
            crew=crew,
            settings=self.settings.payments,
        )
        self.queue = PrintQueue(
            self.prints,
            self.devices,
            Announcer(self.bus, crew),
            clock=world.clock,
            crew=crew,
            settings=self.settings.printing,
        )
        self.drawers = Drawers(
            self.journal,
            self.devices,
            self.devices.statuses,
            self.bus,
            clock=world.clock,
            ids=world.ids,
            crew=self._life,
            settings=self.settings.drawers,
            called=self.queue.device,
        )
        self._life.start(self.drawers.run(), name="drawers")
        identity = self.settings.box
        self.checkout = Checkout(
            self.journal,
            self.desk,
            self.devices,
            self.queue,
            self.bus,
            drawers=self.drawers,
            clock=world.clock,
            ids=world.ids,
            crew=crew,
            identity=Identity(tenant=identity.tenant, store=identity.store),
            settings=self.settings.checkout,
            display=self.settings.display,
            merchant_copy=self.settings.payments.merchant_copy,
        )
        await self.desk.start()
        self._stack.push_async_callback(self.desk.close)
        await self._start_days(crew)
        await self.queue.resume()
        self._stack.push_async_callback(self.queue.close)
        await self.checkout.resume()
        self._stack.push_async_callback(self.checkout.close)

    async def _start_days(self, crew: Crew) -> None:
        world, desk, devices = self.world, self.desk, self.devices
        days = await begin_days(self.journal, desk, devices, world, crew)
        self.reconciliations = days
        closing = ClosingTime(days, world.clock, world.ids, at=self.settings.payments.end_of_day)
        self._life.start(closing.run(), name="closing")
        around = Surroundings(desk, devices, days, world.clock, world.ids)
        self.checks = await begin_checks(self.settings, world.run("checks"), around, self._life)

    def _start_relay(self) -> None:
        settings, world = self.settings, self.world
        self.relay = Relay(
            self.journal,
            world.broker(settings.relay),
            settings.topics,
            settings=settings.relay,
            clock=world.clock,
            chance=world.chance,
            version=posedge.__version__,
            bus=self.bus,
            states={"device": self._about, "peripherals": self._peripherals},
            verbs={
                **Orders(self.desk, self.reconciliations).verbs,
                **Hooks(self.devices).verbs,
            },
        )
        self._stack.callback(self.journal.listen(self.relay.wake))
        self._life.start(self.relay.run(), name="relay")

    def _about(self) -> Mapping[str, JsonValue]:
        return {"version": posedge.__version__, "started": self.started.rfc3339}

    def _peripherals(self) -> Mapping[str, JsonValue]:
        return {
            each.name: {"kind": each.kind, "state": each.state, "reason": each.reason}
            for each in self.devices.statuses()
        }
