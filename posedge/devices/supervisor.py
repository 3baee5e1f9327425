"""One device and its driver: run it, and again when it fails, until it is unplugged.

The only place where a device's fault ends. Anything but DeviceError is a bug and goes up.
"""

import asyncio
import random
from collections.abc import Mapping
from dataclasses import dataclass, field

import structlog

from posedge.bus import Bus
from posedge.clock import Clock, Ids
from posedge.devices.address import Address, Option
from posedge.devices.openers import Opener
from posedge.drivers.interface import NO_RULES, Driver, Site
from posedge.drivers.memory import Memory
from posedge.model.capabilities import DeviceState, DeviceStatus
from posedge.model.errors import DeviceError, DeviceGone
from posedge.model.events import DeviceChanged
from posedge.wire.embedded import Reading

log = structlog.get_logger()

FIRST_S = 1.0
LONGEST_S = 60.0
"""Nobody waits longer than a minute for a printer that was switched on again."""

STARTING = "starting"
UNPLUGGED = "unplugged"


@dataclass(frozen=True, slots=True)
class Plan:
    """What to run, decided once for as long as the device is plugged."""

    id: str
    name: str
    driver: type[Driver]
    address: Address
    options: Mapping[str, Option]
    model: str
    port: str


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What every driver may use."""

    bus: Bus
    clock: Clock
    ids: Ids
    opener: Opener
    chance: random.Random
    memory: Memory = field(default_factory=Memory)
    codes: Reading = NO_RULES


class Supervisor:
    """Owns the driver of one device."""

    def __init__(self, plan: Plan, around: Surroundings) -> None:
        self.plan = plan
        self._around = around
        self._state = DeviceState.OFFLINE
        self._reason: str | None = STARTING
        self._since = around.clock.now().rfc3339
        self._warning: str | None = None
        self._failures = 0
        self._departed = False
        self.driver = self._make()

    async def run(self) -> None:
        """Serve the device for ever; cancelling is how it ends."""
        while True:
            try:
                await self.driver.run()
            except DeviceError as error:
                await self._change(_state(error), error.message)
            await asyncio.sleep(backoff_s(self._failures, self._around.chance))
            self._failures += 1
            self.driver = self._make()

    async def depart(self) -> None:
        """Tell that the device was unplugged; what its driver still says is not told any more."""
        await self._change(DeviceState.OFF_OFFLINE, UNPLUGGED)
        self._departed = True

    def status(self) -> DeviceStatus:
        return DeviceStatus(
            id=self.plan.id,
            name=self.plan.name,
            kind=self.plan.driver.kind,
            model=self.plan.model,
            driver=self.plan.driver.name,
            port=self.plan.port,
            state=self._state,
            reason=self._reason,
            since=self._since,
            detail={"address": str(self.plan.address), "failures": self._failures},
        )

    def __repr__(self) -> str:
        return f"<Supervisor {self.plan.name}: {self._state} {self._reason or ''}>"

    def _make(self) -> Driver:
        around = self._around
        return self.plan.driver(
            Site(
                device=self.plan.id,
                name=self.plan.name,
                open=self._open,
                bus=around.bus,
                clock=around.clock,
                ids=around.ids,
                options=self.plan.options,
                report=self._report,
                warn=self._warn,
                scheme=self.plan.address.scheme,
                memory=around.memory.of(self.plan.id),
                codes=around.codes,
            )
        )

    async def _open(self) -> object:
        return await self._around.opener(self.plan.address)

    async def _report(self, reason: str | None) -> None:
        if reason is None:
            self._failures = 0
            await self._change(DeviceState.ONLINE, self._warning)
        else:
            await self._change(DeviceState.OFFLINE, reason)

    async def _warn(self, warning: str | None) -> None:
        self._warning = warning
        if self._state is DeviceState.ONLINE:
            await self._change(DeviceState.ONLINE, warning)

    async def _change(self, state: DeviceState, reason: str | None) -> None:
        if self._departed or (state, reason) == (self._state, self._reason):
            return
        self._state, self._reason = state, reason
        now = self._around.clock.now()
        self._since = now.rfc3339
        log.info("device changed", device=self.plan.id, state=state, reason=reason)
        await self._around.bus.publish(
            DeviceChanged(
                at=now,
                device=self.plan.id,
                name=self.plan.name,
                kind=self.plan.driver.kind,
                state=state,
                reason=reason,
            )
        )


def backoff_s(failures: int, chance: random.Random) -> float:
    """Return 1, 2, 4 … 60 s, a tenth more or less, so that a street of boxes does not march."""
    return min(LONGEST_S, FIRST_S * (1 << min(failures, 10))) * chance.uniform(0.9, 1.1)


def _state(error: DeviceError) -> DeviceState:
    away = isinstance(error, DeviceGone) or error.code == "device.unreachable"
    return DeviceState.OFF_OFFLINE if away else DeviceState.OFFLINE
