"""Whatever device A does, device B's scans arrive in time, and the loop, the memory and the event
log stay ours. In virtual time, with the real drivers."""

import asyncio
import random
import time
import tracemalloc
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from posedge.bus import Bus
from posedge.clock import Ids
from posedge.devices.address import Address
from posedge.devices.catalog import load
from posedge.devices.identity import Names
from posedge.devices.inventory import Plugged, Unplugged
from posedge.devices.meter import RESERVE_EVENTS
from posedge.devices.past import RESTLESS
from posedge.devices.registry import Devices
from posedge.devices.settings import Assignment, DevicesSettings, StaticDevice
from posedge.devices.watched import FLOODING
from posedge.link.memory import MemoryLink
from posedge.link.translate import gone
from posedge.model.capabilities import DeviceState, DeviceStatus
from posedge.model.errors import DeviceBusy, DeviceError
from posedge.model.events import DeviceChanged, Scanned
from posedge.tasks import Crew
from tests.doubles.noisy import CODE, KINDS
from tests.doubles.plugs import BRIDGE, tty, usb
from tests.doubles.shelf import MemoryShelf
from tests.doubles.simloop import SimClock, SimLoop, bury

GOOD = "tcp://b:1"
SCANS = 60
IN_TIME_S = 0.25
"""Of virtual time: what a clerk takes for at once."""

LAG_S = 2.0
"""Of processor time in one turn of the loop; GS1 tables are loaded in one, and take 0.14 s, five
times as long where coverage watches. Unbounded, these floods take minutes."""

Far = Callable[[MemoryLink], Awaitable[None]]


async def noise(far: MemoryLink) -> None:
    chance = random.Random(1)
    while True:
        await far.write(chance.randbytes(4096), deadline_s=3600)


async def codes(far: MemoryLink) -> None:
    while True:
        await far.write(CODE * 64, deadline_s=3600)


def chatter(kind: str) -> Far:
    """Say what such a device says, without end."""

    async def says(far: MemoryLink) -> None:
        while True:
            await far.write(KINDS[kind].words * 64, deadline_s=3600)

    return says


async def one_long_code(far: MemoryLink) -> None:
    while True:
        await far.write(b"0" * 4096, deadline_s=3600)


async def nothing_read_nothing_said(far: MemoryLink) -> None:
    await asyncio.get_running_loop().create_future()


async def reset_every_second(far: MemoryLink) -> None:
    await asyncio.sleep(1)
    far.cut()


async def unplugged_in_the_middle(far: MemoryLink) -> None:
    await far.write(CODE[:7], deadline_s=1)
    far.cut()


async def gone_at_once(far: MemoryLink) -> None:
    far.cut()


LINES: tuple[Far, ...] = (
    noise,
    codes,
    one_long_code,
    nothing_read_nothing_said,
    reset_every_second,
    unplugged_in_the_middle,
    gone_at_once,
)
SCANNERS = ("serial-scanner", "wedge", "hid-scanner")
REFUSALS = (
    DeviceBusy("device.busy", "in use by another program"),
    DeviceError("device.forbidden", "may not open it"),
    gone("it"),
)


@dataclass
class Bench:
    """Device A of a kind with its fault, and a good scanner B beside it."""

    kind: str
    fault: Far | DeviceError
    shelf: MemoryShelf = field(default_factory=MemoryShelf)
    scanned: dict[str, float] = field(default_factory=dict)
    opened: int = 0

    def __post_init__(self) -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, SimLoop)
        self.crew = Crew("bench")
        self.near, self.far = MemoryLink.pair(device="b")
        clock, chance = SimClock(loop), random.Random(1)
        self.noisy = KINDS[self.kind]
        static = tuple(
            StaticDevice.model_construct(name=name, driver=driver, address=address, options={})
            for name, driver, address in (
                ("a", self.noisy.driver, self.noisy.address),
                ("b", "serial-scanner", GOOD),
            )
        )
        self.bus = Bus(self.shelf)
        self.devices = Devices(
            DevicesSettings.model_construct(static=static, assign=(), udev=False),
            load(),
            Names({}, _forget),
            bus=self.bus,
            clock=clock,
            ids=Ids(clock, chance),
            chance=chance,
            opener=self._open,
        )

    async def run(self) -> None:
        async with self.crew:
            self.crew.start(self.devices.run(), name="devices")
            self.crew.start(self._listen(), name="listen")
            await asyncio.sleep(1)
            await asyncio.wait_for(self._scan(), 3600)

    @property
    def of_a(self) -> list[Any]:
        return [each for each in self.shelf.events if getattr(each, "device", "") == "static:a"]

    @property
    def status(self) -> DeviceStatus:
        return self.devices.statuses()[0]

    async def _scan(self) -> None:
        """Scan on B once a second; each must have arrived in time."""
        loop = asyncio.get_running_loop()
        for number in range(SCANS):
            text = f"B-{number}"
            sent_s = loop.time()
            await self.far.write(f"{text}\r".encode(), deadline_s=1)
            await asyncio.sleep(1)
            assert self.scanned[text] - sent_s < IN_TIME_S

    async def _listen(self) -> None:
        async for told in self.bus.listen(0):
            event = getattr(told, "event", None)
            if isinstance(event, Scanned) and event.device == "static:b":
                self.scanned[event.text] = asyncio.get_running_loop().time()

    async def _open(self, address: Address) -> object:
        if str(address) == GOOD:
            return self.near
        self.opened += 1
        if isinstance(self.fault, DeviceError):
            raise self.fault
        near, far = MemoryLink.pair(device="a")
        self.crew.start(self._misbehave(self.fault, far), name="far end")
        return self.noisy.link(near)

    async def _misbehave(self, fault: Far, far: MemoryLink) -> None:
        try:
            await fault(far)
        except DeviceError:  # the driver has closed it
            return


async def _forget(key: str, value: str) -> None: ...


class TimedLoop(SimLoop):
    """Knows the longest turn, in seconds of processor time: the machine has other work as well."""

    longest_s = 0.0

    def _run_once(self) -> None:
        began_s = time.thread_time()
        super()._run_once()
        self.longest_s = max(self.longest_s, time.thread_time() - began_s)


def bench(kind: str, fault: Far | DeviceError) -> tuple[Bench, TimedLoop]:
    async def body() -> Bench:
        made = Bench(kind, fault)
        await made.run()
        return made

    loop = TimedLoop(1)
    try:
        return loop.run_until_complete(body()), loop
    finally:
        bury(loop)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "fault",
    [*LINES, *REFUSALS],
    ids=lambda each: getattr(each, "code", getattr(each, "__name__", "")),
)
def test_the_other_device_works_in_time(kind: str, fault: Far | DeviceError) -> None:
    holds(*bench(kind, fault))


@pytest.mark.parametrize("kind", KINDS)
def test_nor_does_what_is_well_said_without_end(kind: str) -> None:
    holds(*bench(kind, chatter(kind)))


def holds(found: Bench, loop: TimedLoop) -> None:
    assert len(found.scanned) == SCANS
    assert len(found.of_a) <= RESERVE_EVENTS + 300, "the event log is not flooded"
    assert loop.longest_s < LAG_S
    assert found.opened <= SCANS, "it is not opened without pause"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "fault"),
    [
        ("serial-scanner", codes),
        ("toledo", noise),
        *((kind, chatter(kind)) for kind in ("hid-scanner", "auto-scale", "zvt-serial", "ecr17")),
    ],
    ids=lambda each: getattr(each, "__name__", each),
)
def test_what_one_device_floods_us_with_is_not_kept(kind: str, fault: Far) -> None:
    tracemalloc.start()
    try:
        bench(kind, fault)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 12 * 1024 * 1024


@pytest.mark.parametrize("kind", SCANNERS)
def test_a_scanner_that_chatters_is_held_back_and_it_is_told(kind: str) -> None:
    found, _ = bench(kind, chatter(kind))
    assert found.status.reason == FLOODING
    assert int(found.status.detail["discarded"] or 0) > 100
    changes = [each.reason for each in found.of_a if isinstance(each, DeviceChanged)]
    assert changes == [None, FLOODING]


@pytest.mark.parametrize("kind", ["zvt", "ecr17"])
def test_a_terminal_that_does_not_stop_talking_is_hung_up_on(kind: str) -> None:
    found, _ = bench(kind, chatter(kind))
    assert found.status.reason == "the terminal does not stop talking"
    assert found.status.detail["code"] == "terminal.chattering"


@pytest.mark.parametrize("kind", SCANNERS)
def test_it_is_believed_again_once_it_pauses(kind: str) -> None:
    async def for_a_while(far: MemoryLink) -> None:
        for _ in range(90):
            await far.write(KINDS[kind].words * 64, deadline_s=3600)
        await asyncio.get_running_loop().create_future()

    async def body() -> None:
        made = Bench(kind, for_a_while)
        async with made.crew:
            made.crew.start(made.devices.run(), name="devices")
            async for _ in made.bus.listen(0):
                if made.status.reason == FLOODING:
                    break
            async for _ in made.bus.listen(made.bus.last):
                break
            assert (made.status.state, made.status.reason) == (DeviceState.ONLINE, None)

    loop = SimLoop(1)
    try:
        loop.run_until_complete(body())
    finally:
        bury(loop)


def test_a_device_that_resets_is_told_and_tried_slowly() -> None:
    found, _ = bench("serial-scanner", reset_every_second)
    assert (found.status.state, found.status.reason) == (DeviceState.OFFLINE, RESTLESS)
    assert 10 <= found.opened <= 20


def plugging(times: int) -> tuple[list[tuple[DeviceState, str | None]], DeviceStatus]:
    """Plug and unplug a scanner every second, then leave it; return what was told, and the end."""

    async def body() -> tuple[list[tuple[DeviceState, str | None]], DeviceStatus]:
        made = Bench("serial-scanner", nothing_read_nothing_said)
        assigned = Assignment.model_construct(
            device=BRIDGE, driver="serial-scanner", options={}, ignore=False
        )
        made.devices = Devices(
            DevicesSettings.model_construct(static=(), assign=(assigned,), udev=True),
            load(),
            Names({}, _forget),
            bus=made.bus,
            clock=made.devices._around.clock,
            ids=made.devices._around.ids,
            chance=random.Random(1),
            opener=made._open,
        )
        device = tty(usb(BRIDGE))
        async with made.crew:
            made.crew.start(made.devices.run(), name="devices")
            await asyncio.sleep(0.1)
            for _ in range(times):
                await made.devices.apply(Plugged(device))
                await asyncio.sleep(0.7)
                await made.devices.apply(Unplugged(device.path))
                await asyncio.sleep(0.3)
            await made.devices.apply(Plugged(device))
            await asyncio.sleep(300)
            told = [(e.state, e.reason) for e in made.shelf.events if isinstance(e, DeviceChanged)]
            return told, made.status

    loop = SimLoop(1)
    try:
        return loop.run_until_complete(body())
    finally:
        bury(loop)


def test_a_plug_that_is_loose_is_told_once_and_works_again_when_it_stays() -> None:
    told, status = plugging(500)
    assert len(told) < 30
    assert told[-2:] == [(DeviceState.OFFLINE, RESTLESS), (DeviceState.ONLINE, None)]
    assert status.state is DeviceState.ONLINE


def test_plugging_a_few_times_is_no_fault() -> None:
    told, _ = plugging(5)
    assert told[-2:] == [(DeviceState.OFF_OFFLINE, "unplugged"), (DeviceState.ONLINE, None)]
