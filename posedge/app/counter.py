"""Terminals and the payment desk by themselves, for the command line where no box runs.

The same journal, behind the same lock, with the same rules and the same recovery. Only terminals
of the configuration are opened, since a scanner that is taken for seconds loses a code.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AsyncExitStack, suppress
from types import TracebackType
from typing import Self

from posedge.app.room import begin_checks, begin_days
from posedge.app.world import World
from posedge.bus import Bus
from posedge.devices.alone import PassingShelf
from posedge.devices.catalog import load as load_catalog
from posedge.devices.identity import Names
from posedge.devices.registry import Devices
from posedge.devices.settings import DevicesSettings
from posedge.drivers.registry import DRIVERS
from posedge.journal.store import open_journal
from posedge.model.capabilities import DeviceState, Kind
from posedge.model.events import Envelope, Gap, PaymentProgress
from posedge.model.payment import Attempt
from posedge.model.reconciliation import Declaration, Reconciliation
from posedge.model.terminal import Terminal
from posedge.payments.desk import Desk
from posedge.payments.order import Order
from posedge.payments.reconciliations import Reconciliations
from posedge.settings import Settings
from posedge.tasks import Crew
from posedge.terminals.checks import Checks
from posedge.terminals.overview import TerminalStatus, asked, known, overview
from posedge.terminals.report import Report
from posedge.terminals.surroundings import Patience, Surroundings

WHO = "the command line"

DRAIN_S = 15
"""At the end a payment may finish, as in the box."""

ANSWER_S = 10
"""How long a terminal may take until it is on line: it registers, and some initialise then."""


class Counter:
    """`async with` opens the journal and recovers; StorageError `storage.busy` when a box runs."""

    desk: Desk
    devices: Devices
    _days: Reconciliations
    _checks: Checks

    def __init__(self, settings: Settings, world: World, patience: Patience | None = None) -> None:
        self._settings = settings
        self._patience = patience or Patience()
        self._world = world
        self._bus = Bus(PassingShelf())
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        try:
            await self._open()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stack.__aexit__(kind, error, trace)

    async def terminals(self) -> Sequence[TerminalStatus]:
        for each in self.devices.names(Terminal):  # type: ignore[type-abstract]
            await self._await_online(each)
        return overview(self.devices)

    async def terminal(self, name: str) -> TerminalStatus:
        await self._await_online(name)
        return await asked(self.devices, name)

    async def pay(self, order: Order) -> Attempt:
        if order.terminal is not None:
            await self._await_online(order.terminal)
        return await self.desk.pay(order)

    async def get(self, attempt_id: str) -> Attempt:
        return await self.desk.get(attempt_id)

    async def cancel(self, attempt_id: str) -> Attempt:
        return await self.desk.cancel(attempt_id)

    async def decide(self, attempt_id: str, *, keep: bool) -> Attempt:
        return await self.desk.decide(attempt_id, keep=keep, who=WHO)

    async def reconcile(
        self, number: str, name: str, declared: Declaration | None = None
    ) -> Reconciliation:
        if declared is None:
            await self._await_online(name)
        return await self._days.run(number, name, who=WHO, declared=declared)

    async def check(self, number: str, name: str, *, real_money: bool, confirm: str) -> Report:
        await self._await_online(name)
        return self._checks.start(number, name, real_money=real_money, confirm=confirm, who=WHO)

    async def checked(self, name: str) -> Report:
        return self._checks.report(name)

    async def stop_check(self, name: str) -> Report:
        return await self._checks.stop(name)

    async def shown(self, attempt_id: str) -> AsyncGenerator[str, None]:
        """Yield what the terminal shows during a payment, for ever."""
        async for each in self._bus.listen():
            event = each.event if isinstance(each, Envelope) else None
            if isinstance(event, PaymentProgress) and event.payment == attempt_id:
                yield event.text

    async def _open(self) -> None:
        settings, world = self._settings, self._world
        settings.state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        journal = await open_journal(
            settings.journal_path,
            source=settings.topics.source,
            chance=world.chance,
            run=world.run("journal"),
        )
        self._stack.push_async_callback(journal.close)
        life = await self._stack.enter_async_context(Crew("counter"))
        self.devices = await self._devices()
        life.start(self.devices.run(), name="devices")
        crew = await self._stack.enter_async_context(Crew("payments", drain_s=DRAIN_S))
        self.desk = Desk(
            journal,
            self.devices,
            self._bus,
            clock=world.clock,
            ids=world.ids,
            crew=crew,
            settings=settings.payments,
        )
        await self.desk.start()
        self._stack.push_async_callback(self.desk.close)
        self._days = await begin_days(journal, self.desk, self.devices, world, crew)
        around = Surroundings(
            self.desk, self.devices, self._days, world.clock, world.ids, self._patience
        )
        self._checks = await begin_checks(settings, world.run("checks"), around, life)

    async def _devices(self) -> Devices:
        settings, world = _terminals_of(self._settings.devices), self._world

        async def forget(_key: str, _value: str) -> None: ...

        return Devices(
            settings,
            await world.run("catalog")(lambda: load_catalog(shop=settings.models)),
            Names({}, forget),
            bus=self._bus,
            clock=world.clock,
            ids=world.ids,
            chance=world.chance,
            opener=world.opener,
        )

    async def _await_online(self, name: str) -> None:
        """Wait a moment for a terminal that was only just called; whoever uses it says the rest."""
        known(self.devices, name)

        def online() -> bool:
            return known(self.devices, name).state is DeviceState.ONLINE

        with suppress(TimeoutError):
            async with asyncio.timeout(ANSWER_S):
                await _until(self._bus.listen(0), online)


async def _until(news: AsyncGenerator[Envelope | Gap, None], reached: Callable[[], bool]) -> None:
    if reached():
        return
    async for _ in news:
        if reached():
            return


def _terminals_of(settings: DevicesSettings) -> DevicesSettings:
    static = tuple(each for each in settings.static if DRIVERS[each.driver].kind is Kind.TERMINAL)
    return settings.model_copy(
        update={"udev": False, "discover": False, "static": static, "assign": ()}
    )
