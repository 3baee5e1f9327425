"""The whole chain of a device, as the registry knows it."""

import asyncio
import random
from collections.abc import Callable, Sequence
from contextlib import aclosing
from typing import TypeVar

import pytest

from posedge.bus import Bus
from posedge.clock import Ids, SystemClock
from posedge.devices.catalog import load
from posedge.devices.circumstances import Access, Bound, Circumstances, Holder
from posedge.devices.explain import WhyNot
from posedge.devices.identity import Names
from posedge.devices.inventory import Node, Plugged
from posedge.devices.registry import Devices
from posedge.devices.settings import DevicesSettings
from posedge.link.memory import MemoryLink
from posedge.model.capabilities import DeviceState
from posedge.model.errors import DeviceBusy, DeviceError, NotFoundError
from posedge.model.explanation import Explanation, Undriven
from posedge.tasks import Crew
from tests.doubles.plugs import BRIDGE, PRINTER, SCANNER, event, lp, tty, usb
from tests.doubles.shelf import MemoryShelf

T = TypeVar("T")


async def inline(call: Callable[[], T], /) -> T:
    return call()


class Counter:
    """Devices that are opened as `outcome` says, on a machine that is as `found` says."""

    def __init__(self, settings: dict[str, object] | None = None) -> None:
        self.outcome: DeviceError | None = None
        self.found = Circumstances()
        self.seen: list[tuple[Sequence[str], str | None]] = []
        clock, chance = SystemClock(), random.Random(1)
        self.bus = Bus(MemoryShelf())
        self.devices = Devices(
            DevicesSettings.model_validate({"models": "/nowhere", **(settings or {})}),
            load(),
            Names({}, _forget),
            bus=self.bus,
            clock=clock,
            ids=Ids(clock, chance),
            chance=chance,
            opener=self._open,
        )
        self.why = WhyNot(self.devices.cases, inline, look=self._look)

    async def plugged(self, *nodes: Node, state: DeviceState | None = None) -> None:
        """Plug it in, and wait for its driver to bring it into `state`."""
        for each in nodes:
            await self.devices.apply(Plugged(each))
        if state is None:
            return
        async with asyncio.timeout(5), aclosing(self.bus.listen(0)) as told:
            async for _ in told:
                if state in {each.state for each in self.devices.statuses()}:
                    return

    async def one(self, name: str) -> Explanation:
        (found,) = await self.why.explain(name)
        return found

    async def left(self) -> Undriven:
        (found,) = await self.why.unsupported()
        return found

    async def _open(self, _address: object) -> object:
        if self.outcome is not None:
            raise self.outcome
        return MemoryLink.pair(device="x")[0]

    def _look(self, files: Sequence[str], body: str | None) -> Circumstances:
        self.seen.append((files, body))
        return self.found


async def _forget(key: str, value: str) -> None: ...


async def test_a_device_that_is_driven() -> None:
    counter = Counter({"assign": [{"device": BRIDGE, "driver": "serial-scanner", "name": "gun"}]})
    device = usb(BRIDGE)
    async with Crew("test") as crew:
        crew.start(counter.devices.run(), name="devices")
        await asyncio.sleep(0)
        await counter.plugged(device, tty(device), state=DeviceState.ONLINE)
        for name in ("gun", BRIDGE, "/dev/ttyUSB0", "pci-0000:00:14.0-usb-0:1", "all"):
            told = await counter.one(name)
            assert told.name == "gun"
    assert told.decision == "driven by serial-scanner: [[devices.assign]] says so"
    assert told.rule is not None
    assert 'driver = "serial-scanner"' in told.rule
    assert told.catalog is not None
    assert told.catalog.startswith(f'"{BRIDGE}" = {{ kind = "serial-bridge"')
    assert [each.subsystem for each in told.nodes] == ["usb", "tty"]
    assert told.usb["id"] == BRIDGE
    assert (told.state, told.address) == (DeviceState.ONLINE, "serial:///dev/ttyUSB0")
    assert told.ready_ms is not None
    assert [each.state for each in told.history] == [DeviceState.ONLINE]
    assert counter.seen[0] == (("/dev/ttyUSB0",), device.path)
    assert await counter.why.unsupported() == ()


async def test_by_the_kind_of_its_model() -> None:
    counter, device = Counter(), usb(PRINTER)
    async with Crew("test") as crew:
        crew.start(counter.devices.run(), name="devices")
        await asyncio.sleep(0)
        await counter.plugged(device, lp(device))
        told = await counter.one(PRINTER)
    assert told.decision.startswith("driven by escpos: the catalog says printer")


async def test_a_printer_that_another_program_holds_is_not_supported_now() -> None:
    counter, device = Counter(), usb(PRINTER)
    counter.outcome = DeviceBusy("device.busy", "in use by another program")
    counter.found = Circumstances(holders=(Holder("/dev/usb/lp0", "cupsd", 812),))
    async with Crew("test") as crew:
        crew.start(counter.devices.run(), name="devices")
        await asyncio.sleep(0)
        await counter.plugged(device, lp(device), state=DeviceState.OFFLINE)
        found = await counter.why.unsupported()
        told = await counter.one("printer")
    assert found[0].reason == "in use by another program"
    assert found[0].remedy.startswith("cupsd (process 812) holds /dev/usb/lp0: CUPS prints on it")
    assert (told.code, told.remedy) == ("device.busy", found[0].remedy)
    assert told.machine == ("cupsd (process 812) holds /dev/usb/lp0",)


async def test_a_static_device_that_does_not_answer() -> None:
    static = {
        "name": "card terminal",
        "driver": "zvt",
        "address": "tcp://10.0.0.40:20007",
        "options": {"password": "654321"},
    }
    counter = Counter({"static": [static]})
    counter.outcome = DeviceError("device.unreachable", "10.0.0.40 cannot be reached")
    async with Crew("test") as crew:
        crew.start(counter.devices.run(), name="devices")
        await counter.plugged(state=DeviceState.OFF_OFFLINE)
        told, left = await counter.one("card terminal"), await counter.left()
    assert told.decision == "driven by zvt: [[devices.static]] names it"
    assert left.remedy == told.remedy
    assert "10.0.0.40:20007" in left.remedy
    assert "654321" not in told.model_dump_json()
    assert counter.seen[0] == ((), None)


async def test_a_device_that_nobody_knows() -> None:
    counter, device = Counter(), usb("abcd:0001", model="Acme Zap")
    async with Crew("test") as crew:
        crew.start(counter.devices.run(), name="devices")
        await asyncio.sleep(0)
        await counter.plugged(device, event(device))
        told, left = await counter.one("Acme Zap"), await counter.left()
    assert (told.id, told.reason, told.remedy, told.toml) == (
        left.id,
        left.reason,
        left.remedy,
        left.toml,
    )
    assert (told.decision, told.driver, told.catalog, told.rule) == ("not driven",) + (None,) * 3
    assert counter.seen[0] == (("/dev/input/event3",), device.path)


async def test_what_the_kernel_lacks_is_said_before_what_the_catalog_thinks() -> None:
    counter = Counter()
    counter.found = Circumstances(
        access=(Access("/dev/x", "lp", "root:lp 0660", ours=True),),
        interfaces=(Bound("070102", None),),
    )
    async with Crew("test") as crew:
        crew.start(counter.devices.run(), name="devices")
        await asyncio.sleep(0)
        await counter.plugged(usb(PRINTER, interfaces=":070102:"))
        assert "modprobe usblp" in (await counter.left()).remedy


@pytest.mark.parametrize("usb_id", [SCANNER, "0c2e:0007"])
async def test_what_the_operator_said_stands(usb_id: str) -> None:
    counter = Counter({"assign": [{"device": SCANNER, "ignore": True}]})
    counter.found = Circumstances(interfaces=(Bound("030101", None),))
    async with Crew("test") as crew:
        crew.start(counter.devices.run(), name="devices")
        await asyncio.sleep(0)
        await counter.plugged(usb(usb_id))
        left = await counter.left()
    assert ("configuration says" in left.reason) == (usb_id == SCANNER)


async def test_options_that_its_driver_does_not_take() -> None:
    options = {"layout": "no-such-layout"}
    assign = [{"device": SCANNER, "options": options}]
    counter, device = Counter({"assign": assign}), usb(SCANNER)
    counter.found = Circumstances(interfaces=(Bound("030101", None),))
    async with Crew("test") as crew:
        crew.start(counter.devices.run(), name="devices")
        await asyncio.sleep(0)
        await counter.plugged(device, event(device))
        told = await counter.one(SCANNER)
    assert told.remedy == "correct its options in the configuration and restart"
    assert told.rule is not None
    assert "no-such-layout" not in told.rule  # no driver, so nobody knows what is secret


async def test_a_hub_is_left_out_and_nothing_has_no_name() -> None:
    counter = Counter()
    async with Crew("test") as crew:
        crew.start(counter.devices.run(), name="devices")
        await asyncio.sleep(0)
        await counter.plugged(usb("05e3:0610", interfaces=":090000:"))
        assert await counter.why.explain("all") == ()
        with pytest.raises(NotFoundError, match="posedge devices"):
            await counter.why.explain("scale")
