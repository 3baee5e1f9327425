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
from posedge.devices.address import Address, Option, Serial
from posedge.devices.meter import Meter
from posedge.devices.openers import Opener
from posedge.devices.past import RESTLESS, SLOW_S, Past
from posedge.devices.tapes import Label, Tapes, disclosed
from posedge.devices.watched import FLOODING, WatchedBus, WatchedIds, WatchedLink
from posedge.drivers.interface import NO_RULES, Driver, Site
from posedge.drivers.memory import Memory
from posedge.link.serial import Bits, ParityLetter
from posedge.model.capabilities import DeviceState, DeviceStatus
from posedge.model.errors import DeviceError, DeviceGone
from posedge.model.events import DeviceChanged
from posedge.model.explanation import Change
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
    port_key: str = ""


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
    tapes: Tapes = field(default_factory=Tapes)


class Supervisor:
    """Owns the driver of one device.

    `past` is what is known of it from before; `since_s` the loop's time when it was plugged in,
    None for a device that is awaited from the start on.
    """

    def __init__(
        self,
        plan: Plan,
        around: Surroundings,
        past: Past | None = None,
        since_s: float | None = None,
    ) -> None:
        self.plan = plan
        self._around = around
        self._past = past or Past()
        self._since_s = _now_s() if since_s is None else since_s
        self._ready_ms: int | None = None
        self._meter = Meter(_now_s())
        self._bus = WatchedBus(around.bus, self._meter, self._tell_of_flood)
        self._state = DeviceState.OFFLINE
        self._reason: str | None = STARTING
        self._code: str | None = None
        self._since = around.clock.now().rfc3339
        self._tape = around.tapes.of(plan.id, self._label())
        self._warning: str | None = None
        self._failures = 0
        self._departed = False
        self.driver = self._make()

    async def run(self) -> None:
        """Serve the device for ever; cancelling is how it ends."""
        while True:
            await self._wait_if_restless()
            try:
                await self.driver.run()
            except DeviceError as error:
                self._code = error.code
                self._past.ended(_now_s())
                await self._change(_state(error), error.message)
            if not self._past.restless:
                await asyncio.sleep(backoff_s(self._failures, self._around.chance))
            self._failures += 1
            self.driver = self._make()

    async def depart(self) -> None:
        """Tell that the device was unplugged, unless it is known to be away.

        What its driver still says is not told any more.
        """
        self._past.ended(_now_s())
        if self._state is not DeviceState.OFF_OFFLINE and not self._past.restless:
            await self._change(DeviceState.OFF_OFFLINE, UNPLUGGED)
        self._departed = True

    def status(self) -> DeviceStatus:
        detail: dict[str, str | int | bool | None] = {
            "address": str(self.plan.address),
            "failures": self._failures,
        }
        if self._meter.discarded:
            detail["discarded"] = self._meter.discarded
        if self._code is not None and self._state is not DeviceState.ONLINE:
            detail["code"] = self._code
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
            ready_ms=self._ready_ms,
            detail=detail,
        )

    def history(self) -> tuple[Change, ...]:
        """Return what was told of the device, oldest first."""
        return tuple(self._past.history)

    def __repr__(self) -> str:
        return f"<Supervisor {self.plan.name}: {self._state} {self._reason or ''}>"

    def _make(self) -> Driver:
        around = self._around
        return self.plan.driver(
            Site(
                device=self.plan.id,
                name=self.plan.name,
                open=self._open,
                bus=self._bus,
                clock=around.clock,
                ids=WatchedIds(around.ids, self._tape),
                options=self.plan.options,
                report=self._report,
                warn=self._warn,
                scheme=self.plan.address.scheme,
                address=str(self.plan.address),
                memory=around.memory.of(self.plan.id, self.plan.port_key),
                codes=around.codes,
                open_at=self._open_at if isinstance(self.plan.address, Serial) else None,
            )
        )

    async def _open(self) -> object:
        return await self._open_address(self.plan.address)

    async def _open_at(self, baud: int, bits: Bits, parity: ParityLetter) -> object:
        assert isinstance(self.plan.address, Serial), "nothing else has line settings"
        line = self.plan.address.line.model_copy(
            update={"baud": baud, "bits": bits, "parity": parity}
        )
        return await self._open_address(self.plan.address.model_copy(update={"line": line}))

    async def _open_address(self, address: Address) -> object:
        try:
            link = await self._around.opener(address)
        except DeviceError as error:
            self._tape.mark("fail", _now_s(), code=error.code, message=error.message)
            raise
        return WatchedLink(link, self._meter, self._tell_of_flood, self._tape)

    def _label(self) -> Label:
        plan = self.plan
        return Label(
            device=plan.name,
            driver=plan.driver.name,
            scheme=plan.address.scheme,
            model=plan.model,
            started=self._since,
            options=disclosed(plan.options, plan.driver.options),
        )

    async def _wait_if_restless(self) -> None:
        if self._past.restless:
            await self._change(DeviceState.OFFLINE, RESTLESS)
            await asyncio.sleep(SLOW_S * self._around.chance.uniform(0.9, 1.1))

    async def _report(self, reason: str | None) -> None:
        if reason is not None:
            await self._change(DeviceState.OFFLINE, reason)
            return
        self._failures = 0
        self._past.answered(_now_s())
        if self._ready_ms is None:
            self._ready_ms = round((_now_s() - self._since_s) * 1000)
        await self._change(DeviceState.ONLINE, self._caveat)

    async def _warn(self, warning: str | None) -> None:
        self._warning = warning
        await self._renew()

    async def _tell_of_flood(self) -> None:
        log.warning("device floods", device=self.plan.id, meter=repr(self._meter))
        await self._renew()

    @property
    def _caveat(self) -> str | None:
        return FLOODING if self._meter.flooding else self._warning

    async def _renew(self) -> None:
        if self._state is DeviceState.ONLINE:
            await self._change(DeviceState.ONLINE, self._caveat)

    async def _change(self, state: DeviceState, reason: str | None) -> None:
        if self._departed:
            return
        if (state, reason) != (self._state, self._reason):
            self._state, self._reason = state, reason
            self._since = self._around.clock.now().rfc3339
        if self._past.told != (state, reason):
            if wait_s := self._meter.change_wait_s(_now_s()):
                await asyncio.sleep(wait_s)
            await self._tell()

    async def _tell(self) -> None:
        """Tell how it is now, unless that is what was told last."""
        if self._departed or self._past.told == (self._state, self._reason):
            return
        self._past.told = (self._state, self._reason)
        now = self._around.clock.now()
        self._past.history.append(Change(at=now.rfc3339, state=self._state, reason=self._reason))
        log.info("device changed", device=self.plan.id, state=self._state, reason=self._reason)
        await self._around.bus.publish(
            DeviceChanged(
                at=now,
                device=self.plan.id,
                name=self.plan.name,
                kind=self.plan.driver.kind,
                state=self._state,
                reason=self._reason,
            )
        )


def _now_s() -> float:
    return asyncio.get_running_loop().time()


def backoff_s(failures: int, chance: random.Random) -> float:
    """Return 1, 2, 4 … 60 s, a tenth more or less, so that a street of boxes does not march."""
    return min(LONGEST_S, FIRST_S * (1 << min(failures, 10))) * chance.uniform(0.9, 1.1)


def _state(error: DeviceError) -> DeviceState:
    away = isinstance(error, DeviceGone) or error.code == "device.unreachable"
    return DeviceState.OFF_OFFLINE if away else DeviceState.OFFLINE
