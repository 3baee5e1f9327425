"""udev.py against a udev that is a list, and once against what this machine has."""

import asyncio
import errno
import os
import select
import socket
import subprocess
import sys
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import pytest
import pyudev
from structlog.testing import capture_logs

from posedge.devices import udev
from posedge.devices.inventory import Node, Plugged, Unplugged
from posedge.devices.settings import DevicesSettings
from posedge.devices.survey import sift, survey
from posedge.devices.udev import Udev
from posedge.model.errors import DeviceError
from posedge.sim.hid_scanner import HONEYWELL
from tests.doubles.plugs import BRIDGE, SCANNER, event, tty, usb

T = TypeVar("T")
SOON_S = 5.0
ALONE = ("unshare", "--user", "--map-root-user", "--net")
"""What is told to udev's listeners there nobody else hears."""
PARENT = "/devices/pci0000:00/usb1/1-1"


async def run(call: Callable[[], T], /) -> T:
    return call()


class Device:
    """What udev.py reads of a pyudev.Device."""

    def __init__(
        self,
        path: str,
        subsystem: str,
        *,
        file: str | None = None,
        action: str | None = None,
        device_type: str | None = None,
        properties: Mapping[str, str] | None = None,
        parent: "Device | None" = None,
        sys_path: Path = Path("/sys/nowhere"),
    ) -> None:
        self.sys_path = str(sys_path)
        self.device_path = path
        self.subsystem = subsystem
        self.device_node = file
        self.action = action
        self.device_type = device_type
        self.properties = properties or {}
        self._parent = parent

    def find_parent(self, subsystem: str, device_type: str | None = None) -> "Device | None":
        assert (subsystem, device_type) in {("usb", "usb_device"), ("input", None)}
        above = self._parent
        return above if above is not None and above.subsystem == subsystem else None


def scanner(**changes: str) -> Device:
    properties = {
        "ID_VENDOR_ID": "0C2E",
        "ID_MODEL_ID": "0b61",
        "ID_VENDOR": "Honeywell",
        "ID_MODEL": "Vuquest_3310g",
        "ID_SERIAL_SHORT": "S17",
        "ID_PATH": "pci-0000:00:14.0-usb-0:1",
        "ID_USB_INTERFACES": ":030101:",
        **changes,
    }
    return Device(
        PARENT, "usb", device_type="usb_device", properties=properties, file="/dev/bus/usb/1/2"
    )


def keyboard(action: str | None = None) -> Device:
    return Device(
        f"{PARENT}/1-1:1.0/input/input3/event3",
        "input",
        file="/dev/input/event3",
        action=action,
        properties={"ID_INPUT_KEYBOARD": "1", "ID_INPUT": "1"},
        parent=scanner(),
    )


class Kernel:
    """Stands for pyudev's Context and Monitor: what is there, and what happens.

    Like the kernel's socket it tells of a loss until all that waited has been taken from it, and
    like pyudev it hands nothing out meanwhile.
    """

    def __init__(self) -> None:
        self.there: list[Device] = []
        self.happened: list[Device] = []
        self.vanishing = 0
        self.looks = 0
        self._loss: OSError | None = None
        self._near, self._far = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._near.setblocking(False)

    def list_devices(self) -> "Kernel":
        self.looks += 1
        return self

    def match_subsystem(self, subsystem: str) -> None:
        assert subsystem in {"usb", "input", "hidraw", "tty", "usbmisc"}

    def __iter__(self) -> Iterator[Device]:
        yield from self.there
        if self.vanishing:
            self.vanishing -= 1
            raise pyudev.DeviceNotFoundAtPathError("/sys/gone")

    def tell(self, *happened: Device) -> None:
        if not self._waiting:
            self._loss = None
        for each in happened:
            self._far.send(str(len(self.happened)).encode())
            self.happened.append(each)

    def lose(self, *happened: Device) -> None:
        """Tell these, and that more happened."""
        self.tell(*happened)
        self._loss = OSError(errno.ENOBUFS, os.strerror(errno.ENOBUFS))

    def fileno(self) -> int:
        return self._near.fileno()

    def poll(self, timeout: float) -> Device | None:
        assert timeout == 0
        if not self._waiting:
            return None
        if self._loss is not None:
            raise self._loss
        return self.happened[int(self._near.recv(16))]

    @property
    def _waiting(self) -> bool:
        return bool(select.select([self._near], [], [], 0)[0])

    def close(self) -> None:
        self._near.close()
        self._far.close()


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Kernel]:
    kernel = Kernel()
    monkeypatch.setattr(udev, "CONTROL", tmp_path)
    monkeypatch.setattr(udev, "_context", lambda: kernel)
    monkeypatch.setattr(udev, "_monitor", lambda: kernel)
    yield kernel
    kernel.close()


Events = AsyncGenerator[Plugged | Unplugged, None]


async def take(events: Events, count: int) -> list[Plugged | Unplugged]:
    async with asyncio.timeout(SOON_S):
        return [await anext(events) for _ in range(count)]


async def test_what_is_there_comes_first_and_a_node_knows_its_usb_device(kernel: Kernel) -> None:
    kernel.there = [scanner(), keyboard()]
    events = Udev(run).events()
    device, key = await take(events, 2)
    assert isinstance(device, Plugged)
    assert isinstance(key, Plugged)
    assert (device.node.subsystem, device.node.file) == ("usb", None)
    assert key.node.file == "/dev/input/event3"
    assert key.node.properties == {"ID_INPUT_KEYBOARD": "1"}
    assert key.node.usb is not None
    assert key.node.usb == device.node.usb
    assert (key.node.usb.id, key.node.usb.serial) == ("0c2e:0b61", "S17")
    assert key.node.usb.model == "Honeywell Vuquest 3310g"
    await events.aclose()


async def test_a_scanner_by_bluetooth_is_known_by_its_address(kernel: Kernel) -> None:
    path = "/devices/virtual/misc/uhid/0005:0C2E:0B61.0001/input/input9"
    told = {"PRODUCT": "5/c2e/b61/111", "NAME": '"caf\udce9"', "UNIQ": '"de:ad:be:ef:00:01"'}
    above = Device(path, "input", properties=told)
    keys = Device(f"{path}/event9", "input", file="/dev/input/event9", parent=above)
    orphan = Device("/devices/LNXPWRBN:00/input/input0/event0", "input", file="/dev/input/event0")
    kernel.there = [above, keys, orphan]
    nodes = await Udev(run).snapshot()
    usb = nodes[0].usb
    assert usb is not None
    assert (usb.id, usb.port, usb.model) == ("0c2e:0b61", "bluetooth-de:ad:be:ef:00:01", "caf?")
    assert [node.usb for node in nodes] == [usb, usb, None]


async def test_a_device_may_not_say_what_cannot_be_shown(kernel: Kernel) -> None:
    odd = "caf\udce9\x1b[2J"
    kernel.there = [scanner(ID_VENDOR=odd, ID_MODEL="\n", ID_SERIAL_SHORT=odd)]
    events = Udev(run).events()
    (device,) = await take(events, 1)
    assert isinstance(device, Plugged)
    assert device.node.usb is not None
    assert (device.node.usb.model, device.node.usb.serial) == ("caf??[2J", "caf??[2J")
    await events.aclose()


@pytest.mark.parametrize(
    ("descriptor", "applications"),
    [(HONEYWELL, (0x8C0002,)), (b"\xc0", ()), (None, ())],
)
async def test_a_hid_device_says_what_it_is(
    kernel: Kernel, tmp_path: Path, descriptor: bytes | None, applications: tuple[int, ...]
) -> None:
    (tmp_path / "device").mkdir()
    if descriptor is not None:
        (tmp_path / "device" / "report_descriptor").write_bytes(descriptor)
    path = f"{PARENT}/1-1:1.0/hidraw/hidraw0"
    kernel.there = [
        Device(path, "hidraw", file="/dev/hidraw0", parent=scanner(), sys_path=tmp_path)
    ]
    (node,) = await Udev(run).snapshot()
    assert node.applications == applications


async def test_interfaces_and_consoles_are_not_told(kernel: Kernel) -> None:
    console = Device("/devices/virtual/tty/tty1", "tty", file="/dev/tty1")
    interface = Device(f"{PARENT}/1-1:1.0", "usb", device_type="usb_interface")
    kernel.there = [console, interface, scanner()]
    assert [node.subsystem for node in await Udev(run).snapshot()] == ["usb"]


async def test_changes_are_told_as_they_come(kernel: Kernel) -> None:
    events = Udev(run).events()
    gone = Device(keyboard().device_path, "input", action="remove")
    kernel.tell(keyboard("add"), Device(PARENT, "usb", action="unbind"), gone)
    first, second = await take(events, 2)
    assert isinstance(first, Plugged)
    assert second == Unplugged(keyboard().device_path)
    kernel.tell(keyboard("bind"))
    assert await take(events, 1) == [first]
    await events.aclose()


async def test_after_an_overrun_everything_is_told_anew(kernel: Kernel) -> None:
    kernel.there = [scanner(), keyboard()]
    events = Udev(run).events()
    await take(events, 2)
    kernel.there = [scanner(ID_SERIAL_SHORT="S18")]
    with capture_logs() as logged:
        kernel.lose(keyboard("change"))
        departed, again = await take(events, 2)
    assert departed == Unplugged(keyboard().device_path)
    assert isinstance(again, Plugged)
    assert again.node.usb is not None
    assert again.node.usb.serial == "S18"
    assert [each["log_level"] for each in logged] == ["warning"]
    await events.aclose()


async def test_what_was_told_before_a_loss_is_out_of_date(kernel: Kernel) -> None:
    """The keyboard left and came back; that it came back is lost."""
    kernel.there = [scanner(), keyboard()]
    events = Udev(run).events()
    await take(events, 2)
    left = Device(keyboard().device_path, "input", action="remove")
    kernel.lose(*(left for _ in range(8)))
    device, back = await take(events, 2)
    kernel.tell(keyboard("change"))
    assert isinstance(device, Plugged)
    assert await take(events, 1) == [back]
    assert kernel.looks == 2, "it is looked at once for a loss"
    await events.aclose()


@pytest.mark.skipif(
    subprocess.run((*ALONE, "true"), capture_output=True, check=False).returncode != 0,
    reason="this user may not have a network of its own",
)
def test_a_thousand_uevents_at_once_cost_one_look_and_nothing_after_them() -> None:
    flood = (*ALONE, sys.executable, "-m", "tests.doubles.uevent_flood")
    done = subprocess.run(flood, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.endswith("looked 2 times\n")


async def test_what_leaves_while_it_is_looked_at(kernel: Kernel) -> None:
    kernel.there = [scanner()]
    kernel.vanishing = 2
    assert len(await Udev(run).snapshot()) == 1
    kernel.vanishing = 99
    with pytest.raises(DeviceError) as caught:
        await Udev(run).snapshot()
    assert caught.value.code == "device.restless"


async def test_without_udev_nothing_is_found_and_that_is_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(udev, "CONTROL", tmp_path / "missing")
    with capture_logs() as logged:
        found = await survey(DevicesSettings(models=tmp_path), run)
    assert (found.matches, found.undriven) == ((), ())
    assert "no udev here" in logged[0]["event"]
    events = Udev(run).events()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await anext(events)


async def test_this_machine_can_be_looked_at(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(udev, "CONTROL", tmp_path)
    nodes = await Udev(run).snapshot()
    assert all(node.path.startswith("/devices/") for node in nodes)
    assert not any("/virtual/tty/" in node.path for node in nodes)
    monitor = udev._monitor()
    assert monitor.fileno() >= 0


def test_udev_is_listened_to_without_any_privilege(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_: object) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(pyudev.Monitor, "set_receive_buffer_size", forbidden)
    assert udev._monitor().fileno() >= 0


def test_a_survey_opens_nothing(tmp_path: Path) -> None:
    device, bridge = usb(SCANNER), usb(BRIDGE, port="2")
    nodes: tuple[Node, ...] = (device, event(device), bridge, tty(bridge))
    found = sift(DevicesSettings(models=tmp_path), nodes)
    assert [each.driver for each in found.matches] == ["wedge"]
    assert ["could be anything" in each.reason for each in found.undriven] == [True]


async def test_udev_switched_off(tmp_path: Path) -> None:
    found = await survey(DevicesSettings(udev=False, models=tmp_path), _never)
    assert found.matches == ()


async def _never(call: Callable[[], Any], /) -> Any:
    raise AssertionError(call)
