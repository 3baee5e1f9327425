import asyncio
import random
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest

from posedge.bus import Bus
from posedge.clock import Ids
from posedge.devices.address import Address
from posedge.devices.catalog import load
from posedge.devices.identity import Names
from posedge.devices.inventory import Node, Plugged, Unplugged
from posedge.devices.registry import REMEMBERED, Devices
from posedge.devices.settings import Assignment, DevicesSettings, StaticDevice
from posedge.devices.supervisor import LONGEST_S, backoff_s
from posedge.model.capabilities import DeviceState, DeviceStatus, Kind
from posedge.model.capabilities import Printer as PrinterCapability
from posedge.model.capabilities import Scale as ScaleCapability
from posedge.model.errors import DeviceError, DeviceGone, MisuseError, NotFoundError
from posedge.model.events import DeviceChanged
from posedge.tasks import Crew
from tests.doubles.drivers import StubScale, StubScanner
from tests.doubles.plugs import BRIDGE, SCANNER, event, hidraw, radio, tty, usb
from tests.doubles.shelf import MemoryShelf
from tests.doubles.simloop import SimClock, SimLoop, simulate

CATALOG = load()
SCALE = StaticDevice.model_construct(
    name="counter", driver="toledo", address="tcp://scale:4001", options={}
)
ON_BRIDGE = Assignment.model_construct(device=BRIDGE, driver="toledo", options={}, ignore=False)


Scale: Any = ScaleCapability  # mypy takes no Protocol for a class
Printer: Any = PrinterCapability


class Box:
    """Devices with everything around them, in virtual time."""

    def __init__(self, settings: DevicesSettings) -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, SimLoop)
        self.loop = loop
        self.shelf = MemoryShelf()
        self.bus = Bus(self.shelf)
        self.notes: dict[str, str] = {}
        self.opened: list[str] = []
        self.refusal: DeviceError | None = None
        StubScale.made.clear()
        clock = SimClock(loop)
        chance = random.Random(1)
        self.devices = Devices(
            settings,
            CATALOG,
            Names({}, self._keep),
            bus=self.bus,
            clock=clock,
            ids=Ids(clock, chance),
            chance=chance,
            opener=self._open,
            drivers={each.name: each for each in (StubScale, StubScanner)},
        )

    @property
    def made(self) -> list[StubScale]:
        return StubScale.made

    @property
    def status(self) -> DeviceStatus:
        (status,) = self.devices.statuses()
        return status

    @property
    def told(self) -> list[tuple[DeviceState, str | None]]:
        return [(e.state, e.reason) for e in self.shelf.events if isinstance(e, DeviceChanged)]

    async def until(self, state: DeviceState, reason: str | None = None) -> None:
        async for _ in self.bus.listen(after=0):
            if self.status.state is state and reason in {None, self.status.reason}:
                return

    async def _keep(self, key: str, value: str) -> None:
        self.notes[key] = value

    async def _open(self, address: Address) -> object:
        self.opened.append(str(address))
        if self.refusal is not None:
            raise self.refusal
        return object()


@asynccontextmanager
async def running(settings: DevicesSettings, source: Any = None) -> AsyncIterator[Box]:
    box = Box(settings)
    async with Crew("test") as crew:
        crew.start(box.devices.run(source), name="devices")
        await asyncio.sleep(0.001)
        yield box


def settings(*, static: tuple[StaticDevice, ...] = (), assign: tuple[Assignment, ...] = ()) -> Any:
    return DevicesSettings.model_construct(static=static, assign=assign, udev=True)


Body = Callable[[], Coroutine[Any, Any, None]]


def virtually(body: Body) -> Callable[[], None]:
    """Run a test in virtual time."""

    def test() -> None:
        simulate(body(), seed=1)

    test.__name__ = body.__name__
    return test


@virtually
async def test_plugged_named_found_and_unplugged() -> None:
    async with running(settings(assign=(ON_BRIDGE,))) as box:
        device = usb(BRIDGE)
        started = box.loop.time()
        await box.devices.apply(Plugged(device))
        await box.devices.apply(Plugged(tty(device)))
        await box.until(DeviceState.ONLINE)
        assert box.loop.time() - started < 0.5
        assert (box.status.name, box.status.kind) == ("scale", Kind.SCALE)
        assert box.opened == ["serial:///dev/ttyUSB0"]
        assert box.devices.names(Scale) == ("scale",)
        assert box.devices.find(Scale) == ("scale", box.made[0])
        assert box.devices.find(Scale, "scale") == ("scale", box.made[0])
        assert box.devices.find(Scale, box.status.id)[0] == "scale"
        started = box.loop.time()
        await box.devices.apply(Unplugged(tty(device).path))
        await box.devices.apply(Unplugged(device.path))
        assert box.loop.time() - started < 0.2
        assert (box.devices.statuses(), box.devices.undriven()) == ((), ())
        assert box.made[0].ended
        assert box.told == [(DeviceState.ONLINE, None), (DeviceState.OFF_OFFLINE, "unplugged")]


@virtually
async def test_what_is_not_driven_is_listed_until_it_goes() -> None:
    async with running(settings()) as box:
        device = usb(BRIDGE)
        for node in (device, tty(device)):
            await box.devices.apply(Plugged(node))
        (undriven,) = box.devices.undriven()
        assert "could be anything" in undriven.reason
        await box.devices.apply(Plugged(usb("1d6b:0002", port="0", interfaces=":090000:")))
        assert len(box.devices.undriven()) == 1
        await box.devices.apply(Unplugged(device.path))
        assert box.devices.undriven() == ()
        assert "0 undriven" in repr(box.devices)


@virtually
async def test_a_node_too_many_changes_nothing_and_a_new_node_starts_anew() -> None:
    async with running(settings()) as box:
        device = usb(SCANNER)
        for node in (device, event(device, 3), hidraw(device)):
            await box.devices.apply(Plugged(node))
        await box.until(DeviceState.ONLINE)
        await box.devices.apply(Unplugged(hidraw(device).path))
        assert len(box.made) == 1
        await box.devices.apply(Unplugged(event(device, 3).path))
        assert "no device node" in box.devices.undriven()[0].reason
        await box.devices.apply(Plugged(event(device, 7)))
        await box.until(DeviceState.ONLINE)
        assert box.opened == ["evdev:///dev/input/event3", "evdev:///dev/input/event7"]


@virtually
async def test_faults_back_off_and_a_working_device_starts_the_count_again() -> None:
    async with running(settings(static=(SCALE,))) as box:
        await box.until(DeviceState.ONLINE)
        box.refusal = DeviceError("device.unreachable", "no route to the scale")
        box.made[-1].fault.set_exception(DeviceGone("device.gone", "hung up"))
        await box.until(DeviceState.OFF_OFFLINE)
        await asyncio.sleep(3600)
        made = len(box.made)
        assert 60 <= made <= 75
        assert box.status.reason == "no route to the scale"
        with pytest.raises(DeviceError) as caught:
            box.devices.find(Scale)
        assert caught.value.code == "device.offline"
        assert "no route to the scale" in caught.value.message
        box.refusal = None
        await box.until(DeviceState.ONLINE)
        box.made[-1].fault.set_exception(DeviceError("scale.broken", "defective"))
        await box.until(DeviceState.OFFLINE)
        started = box.loop.time()
        await box.until(DeviceState.ONLINE)
        assert box.loop.time() - started < 1.2
        assert box.told == [
            (DeviceState.ONLINE, None),
            (DeviceState.OFF_OFFLINE, "hung up"),
            (DeviceState.OFF_OFFLINE, "no route to the scale"),
            (DeviceState.ONLINE, None),
            (DeviceState.OFFLINE, "defective"),
            (DeviceState.ONLINE, None),
        ]


@virtually
async def test_unplugging_ends_a_device_that_waits_to_be_tried_again() -> None:
    async with running(settings(assign=(ON_BRIDGE,))) as box:
        box.refusal = DeviceError("device.forbidden", "may not open it")
        device = usb(BRIDGE)
        await box.devices.apply(Plugged(tty(device)))
        await box.until(DeviceState.OFFLINE, "may not open it")
        await box.devices.apply(Unplugged(device.path))
        assert box.devices.statuses() == ()
        await asyncio.sleep(100)
        assert len(box.opened) == 1


@virtually
async def test_an_unplugging_is_told_once() -> None:
    async with running(settings(assign=(ON_BRIDGE,))) as box:
        device = usb(BRIDGE)
        await box.devices.apply(Plugged(tty(device)))
        await box.until(DeviceState.ONLINE)
        box.made[0].fault.set_exception(DeviceGone("device.gone", "gone: unplugged or off"))
        await box.until(DeviceState.OFF_OFFLINE)
        await box.devices.apply(Unplugged(device.path))
        assert [state for state, _ in box.told] == ["ONLINE", "OFF_OFFLINE"]


@virtually
async def test_how_long_it_took_from_plug_to_ready() -> None:
    async with running(settings(assign=(ON_BRIDGE,))) as box:
        device = usb(BRIDGE)
        await box.devices.apply(Plugged(device))
        await asyncio.sleep(0.42)
        await box.devices.apply(Plugged(tty(device)))
        await box.until(DeviceState.ONLINE)
        assert box.status.ready_ms is not None
        assert 420 <= box.status.ready_ms < 600


@virtually
async def test_a_device_that_answers_and_fails_in_turn_does_not_flood_the_event_log() -> None:
    async with running(settings(static=(SCALE,))) as box:
        await box.until(DeviceState.ONLINE)
        for _ in range(500):
            await box.made[0].site.report("garbled")
            await box.made[0].site.report(None)
            await asyncio.sleep(0.1)
        assert box.loop.time() > 1000 + 4000, "it is made to wait"
        assert box.status.state is DeviceState.ONLINE


@virtually
async def test_the_past_of_devices_long_gone_is_forgotten() -> None:
    async with running(settings(assign=(ON_BRIDGE,))) as box:
        for number in range(REMEMBERED + 5):
            device = tty(usb(BRIDGE, serial=f"S{number}"))
            await box.devices.apply(Plugged(device))
            await box.devices.apply(Unplugged(device.path))
        assert len(box.devices._pasts) == REMEMBERED


@virtually
async def test_a_driver_says_why_its_device_does_not_answer() -> None:
    async with running(settings(static=(SCALE,))) as box:
        await box.until(DeviceState.ONLINE)
        await box.made[0].site.report("the scale is silent")
        assert (box.status.state, box.status.reason) == (DeviceState.OFFLINE, "the scale is silent")
        await box.made[0].site.report("the scale is silent")
        await box.made[0].site.report(None)
        assert [state for state, _ in box.told] == ["ONLINE", "OFFLINE", "ONLINE"]


def test_a_bug_in_a_driver_ends_everything() -> None:
    async def body() -> None:
        async with running(settings(static=(SCALE,))) as box:
            await box.until(DeviceState.ONLINE)
            box.made[0].fault.set_exception(ZeroDivisionError())
            await asyncio.sleep(1)

    with pytest.raises(ZeroDivisionError):
        simulate(body(), seed=1)


@virtually
async def test_a_warning_shows_while_the_device_goes_on_working() -> None:
    async with running(settings(static=(SCALE,))) as box:
        await box.until(DeviceState.ONLINE)
        scale = box.made[0].site
        await scale.warn("battery low")
        assert (box.status.state, box.status.reason) == (DeviceState.ONLINE, "battery low")
        assert box.devices.find(Scale)[0] == "counter"
        await scale.report("cable loose")
        await scale.warn("battery empty")
        await scale.report(None)
        assert box.status.reason == "battery empty"
        assert [reason for _, reason in box.told][-3:] == [
            "battery low",
            "cable loose",
            "battery empty",
        ]


@virtually
async def test_which_one_is_meant() -> None:
    async with running(settings(static=(SCALE,), assign=(ON_BRIDGE,))) as box:
        await box.devices.apply(Plugged(tty(usb(BRIDGE))))
        assert box.devices.names(Scale) == ("counter", "scale")
        await asyncio.sleep(0.1)
        with pytest.raises(MisuseError) as ambiguous:
            box.devices.find(Scale)
        assert ambiguous.value.code == "device.ambiguous"
        assert "counter, scale" in ambiguous.value.message
        with pytest.raises(NotFoundError) as unknown:
            box.devices.find(Scale, "kitchen")
        assert unknown.value.code == "device.unknown"
        assert "'kitchen'; there are counter, scale" in unknown.value.message
        with pytest.raises(NotFoundError) as none:
            box.devices.find(Printer)
        assert "plug one in" in none.value.message
        assert box.devices.find(Scale, "counter")[0] == "counter"


@virtually
async def test_static_devices_are_known_before_anything_runs() -> None:
    box = Box(settings(static=(SCALE,)))
    assert box.status.reason == "starting"
    assert "starting" in repr(box.devices)
    with pytest.raises(DeviceError):
        box.devices.find(Scale)


@virtually
async def test_names_are_kept_and_configured_ones_left_free() -> None:
    named = Assignment.model_construct(
        device="0403:6001:A1", driver="toledo", options={}, ignore=False, name="scale"
    )
    async with running(settings(assign=(named, ON_BRIDGE))) as box:
        for port, serial in (("2", "B1"), ("1", "A1")):
            await box.devices.apply(Plugged(tty(usb(BRIDGE, port=port, serial=serial))))
        assert [status.name for status in box.devices.statuses()] == ["scale-2", "scale"]
        assert box.notes["name/0403:6001:B1"] == "scale-2"
        assert box.notes["port/toledo@pci-0000:00:14.0-usb-0:2"] == "scale-2"


@virtually
async def test_twins_with_one_serial_number_are_told_apart_by_port() -> None:
    async with running(settings(assign=(ON_BRIDGE,))) as box:
        for port in ("1", "2"):
            await box.devices.apply(Plugged(tty(usb(BRIDGE, port=port, serial="S1"))))
        ids = [status.id for status in box.devices.statuses()]
        assert ids == ["0403:6001:S1", "toledo@pci-0000:00:14.0-usb-0:2"]
        assert box.notes["shared/0403:6001:S1"] == "yes"
        await box.devices.apply(Unplugged(usb(port="1").path))
        await box.devices.apply(Plugged(tty(usb(BRIDGE, port="1", serial="S1"))))
        assert box.devices.statuses()[-1].id == "toledo@pci-0000:00:14.0-usb-0:1"


@virtually
async def test_events_come_from_the_source() -> None:
    class Source:
        async def events(self) -> AsyncGenerator[Plugged | Unplugged, None]:
            yield Plugged(tty(usb(BRIDGE)))
            await asyncio.get_running_loop().create_future()

    async with running(settings(assign=(ON_BRIDGE,)), Source()) as box:
        await box.until(DeviceState.ONLINE)


@virtually
async def test_wrong_options_of_one_device_leave_the_others_alone() -> None:
    wrong = Assignment.model_construct(
        device=BRIDGE, driver="toledo", options={"wrong": 1, "baud": 4800}, ignore=False
    )
    async with running(settings(static=(SCALE,), assign=(wrong,))) as box:
        await box.devices.apply(Plugged(tty(usb(BRIDGE))))
        (undriven,) = box.devices.undriven()
        assert undriven.reason == "option wrong: no such key; known here: none"
        assert "configuration" in undriven.remedy
        await box.until(DeviceState.ONLINE)


def test_back_off_doubles_to_a_minute_with_a_tenth_of_chance() -> None:
    chance = random.Random(3)
    waits = [backoff_s(failures, chance) for failures in range(1000)]
    for failures, wait_s in enumerate(waits):
        expected = min(LONGEST_S, 2 ** min(failures, 10))
        assert 0.9 * expected <= wait_s <= 1.1 * expected
    assert len(set(waits[10:])) > 900


@virtually
async def test_two_scanners_of_one_model_are_told_apart_by_their_ports() -> None:
    async with running(settings()) as box:
        for number, port in enumerate(("1", "2"), 3):
            device = usb(SCANNER, port=port)
            await box.devices.apply(Plugged(device))
            await box.devices.apply(Plugged(event(device, number)))
        first, second = box.devices.statuses()
        assert (first.name, second.name) == ("scanner", "scanner-2")
        assert first.id != second.id
        assert first.port != second.port


@virtually
async def test_a_replacement_in_the_port_takes_over_name_and_what_was_learnt() -> None:
    async with running(settings()) as box:
        old, new = usb(SCANNER, port="1", serial="S1"), usb(SCANNER, port="1", serial="S2")
        other = usb(SCANNER, port="2", serial="S3")
        await plug(box, old, 3)
        await box.made[-1].site.memory.learn("manner", "de")
        await plug(box, other, 4)
        assert box.made[-1].site.memory.recall("manner") is None
        await box.devices.apply(Unplugged(old.path))
        await plug(box, new, 5)
        assert box.made[-1].site.name == "scanner"
        assert box.made[-1].site.memory.recall("manner") == "de"
        await box.devices.apply(Unplugged(new.path))
        await plug(box, usb(SCANNER, port="3", serial="S1"), 6)  # it is back, elsewhere
        assert box.made[-1].site.memory.recall("manner") == "de"


@virtually
async def test_a_scanner_by_bluetooth_comes_back_under_its_name() -> None:
    async with running(settings()) as box:
        for connection in (1, 2):
            node = radio(connection=connection)
            await box.devices.apply(Plugged(node))
            await box.until(DeviceState.ONLINE)
            assert box.status.name == "scanner"
            assert box.status.port == "bluetooth-de:ad:be:ef:00:01"
            await box.devices.apply(Unplugged(node.path))
        assert box.opened == ["evdev:///dev/input/event1", "evdev:///dev/input/event2"]


async def plug(box: Box, device: Node, number: int) -> None:
    for node in (device, event(device, number)):
        await box.devices.apply(Plugged(node))
