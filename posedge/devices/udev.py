"""The only file that knows pyudev: what is plugged in, and what comes and goes.

Listens to udev's own socket, not the kernel's: only then are permissions and properties in place.
"""

import asyncio
import os
import socket
from collections.abc import AsyncGenerator, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import pyudev
import structlog

from posedge.devices.bluetooth import bluetooth
from posedge.devices.inventory import SUBSYSTEMS, Node, Plugged, Unplugged, Usb
from posedge.model.errors import DeviceError, ProtocolError
from posedge.tasks import Run
from posedge.wire.hid.descriptor import parse

log = structlog.get_logger()

CONTROL = Path("/run/udev/control")
"""There when udev runs. A container has /sys and no udev: its devices would have no properties."""

REPORT_DESCRIPTOR = "device/report_descriptor"
"""Below a hidraw device in /sys; in memory, so that reading it waits for nothing."""

ENUMERATIONS = 5
"""Each repetition means that something was unplugged within some 50 ms."""

BATCH = 32
"""Events read in one turn, 3 ms: a device that comes and goes without end takes turns with all."""

RECOVERY_S = 0.5
"""After a loss, before all is looked at: what caused it is rarely over, and a look takes 46 ms."""

WAITING = 1024
"""Events taken unread after a loss; the kernel's 208 KB hold a third of that."""

INPUT_KEYS = (
    "ID_POSEDGE_KEYBOARD",
    "ID_INPUT_KEYBOARD",
    "ID_USB_INTERFACE_NUM",
    "ID_PATH",
    "ID_BUS",
)
"""The properties that anybody asks for: a node is as small as it can be."""


class Udev:
    """What udev knows. `run` is where the enumeration happens, off the loop (46 ms for 389)."""

    def __init__(self, run: Run) -> None:
        self._run = run

    async def snapshot(self) -> tuple[Node, ...]:
        """Return what is plugged in now; nothing where udev does not run."""
        if not _present():
            log.warning("no udev here: only static devices are found", looked_for=str(CONTROL))
            return ()
        return await self._run(_enumerate)

    async def events(self) -> AsyncGenerator[Plugged | Unplugged, None]:
        """Yield everything that is there, then every change, for ever.

        When the kernel's buffer ran over, everything is told again, the departed first.
        """
        monitor = _monitor() if _present() else None
        seen: set[str] = set()
        overrun, lost = True, False
        while True:
            if overrun:
                if lost and monitor is not None:
                    await asyncio.sleep(RECOVERY_S)
                    _discard(monitor)
                for event in _changes(seen, await self.snapshot()):
                    _remember(seen, event)
                    yield event
            if monitor is None:
                await asyncio.get_running_loop().create_future()
            batch, overrun = await _next(monitor)
            lost = overrun
            for event in batch:
                _remember(seen, event)
                yield event


def database(paths: Iterable[str]) -> Iterator[str]:
    """Yield all that udev knows of the devices at `paths`, as text; what has left is left out."""
    if not _present():
        return
    context, devices = _context(), cast("Any", pyudev.Devices)
    for path in paths:
        try:
            known: Mapping[str, str] = devices.from_path(context, path).properties
        except pyudev.DeviceNotFoundError:
            continue
        yield f"P: {path}"
        yield from (f"E: {key}={_plain(known[key])}" for key in sorted(known))
        yield ""


def _present() -> bool:
    return CONTROL.exists()


def _context() -> Any:
    return pyudev.Context()


def _monitor() -> Any:
    """Listen. Into the kernel's usual 208 KB: more needs CAP_NET_ADMIN, which the box has not."""
    netlink: Any = pyudev.Monitor
    monitor = netlink.from_netlink(_context(), "udev")
    for subsystem in sorted(SUBSYSTEMS):
        monitor.filter_by(subsystem)
    monitor.start()
    return monitor


async def _next(monitor: Any) -> tuple[list[Plugged | Unplugged], bool]:
    """Wait for the socket; return its events and whether some were lost (ENOBUFS)."""
    loop = asyncio.get_running_loop()
    readable = asyncio.Event()
    loop.add_reader(monitor.fileno(), readable.set)
    try:
        await readable.wait()
    finally:
        loop.remove_reader(monitor.fileno())
    batch: list[Plugged | Unplugged] = []
    try:
        for _ in range(BATCH):
            if (device := monitor.poll(timeout=0)) is None:
                break
            batch += _events(device)
    except OSError as error:
        log.warning("udev events were lost: looking at everything anew", error=str(error))
        return batch, True
    return batch, False


def _discard(monitor: Any) -> None:
    """Take what waits in the socket, unread: a departure from before the loss may be out of date.

    Until it is empty the kernel puts nothing into it; and only whoever receives takes the loss off
    it: pyudev asks poll(2) first, which tells of it again and again (af_netlink.c).
    """
    with socket.socket(fileno=os.dup(monitor.fileno())) as line:
        for _ in range(WAITING):
            try:
                line.recv(1, socket.MSG_DONTWAIT)
            except BlockingIOError:
                return
            except OSError:  # the loss itself
                continue


def _events(device: Any) -> list[Plugged | Unplugged]:
    """Read one event. A move is a departure and an arrival; unbind tells nothing new."""
    if device.action == "remove":
        return [Unplugged(device.device_path)]
    if device.action == "unbind":
        return []
    return [Plugged(node)] if (node := _node(device)) else []


def _changes(seen: set[str], now: tuple[Node, ...]) -> list[Plugged | Unplugged]:
    departed = sorted(seen - {node.path for node in now})
    return [*(Unplugged(path) for path in departed), *(Plugged(node) for node in now)]


def _remember(seen: set[str], event: Plugged | Unplugged) -> None:
    if isinstance(event, Plugged):
        seen.add(event.node.path)
    else:
        seen.discard(event.path)


def _enumerate() -> tuple[Node, ...]:
    """Read everything; once more from the start when something left in the middle."""
    for _ in range(ENUMERATIONS):
        enumerator = _context().list_devices()
        for subsystem in sorted(SUBSYSTEMS):
            enumerator.match_subsystem(subsystem)
        try:
            return tuple(node for device in enumerator if (node := _node(device)))
        except pyudev.DeviceNotFoundError as error:
            log.info("a device left while it was looked at", error=str(error))
    raise DeviceError("device.restless", "devices come and go all the time: look for a bad cable")


def _node(device: Any) -> Node | None:
    """Read a device; None when it is a USB interface or a console of the kernel's own."""
    if device.subsystem == "usb" and device.device_type != "usb_device":
        return None
    if device.subsystem == "tty" and device.device_path.startswith("/devices/virtual/"):
        return None
    owner = device if device.subsystem == "usb" else device.find_parent("usb", "usb_device")
    known = device.properties
    return Node(
        path=device.device_path,
        subsystem=device.subsystem,
        file=device.device_node if device.subsystem != "usb" else None,
        properties={key: known[key] for key in INPUT_KEYS if key in known},
        usb=_radio(device) if owner is None else _usb(owner),
        applications=_applications(device) if device.subsystem == "hidraw" else (),
    )


def _applications(device: Any) -> tuple[int, ...]:
    """Read what a HID device says it is; nothing where it left, or says nonsense."""
    try:
        return parse(Path(device.sys_path, REPORT_DESCRIPTOR).read_bytes()).applications
    except (OSError, ProtocolError):
        return ()


def _usb(device: Any) -> Usb:
    known = device.properties
    product = f"{known.get('ID_VENDOR_ID', '')}:{known.get('ID_MODEL_ID', '')}".lower()
    names = (
        known.get("ID_VENDOR_FROM_DATABASE") or known.get("ID_VENDOR") or "",
        known.get("ID_MODEL_FROM_DATABASE") or known.get("ID_MODEL") or "",
    )
    return Usb(
        path=device.device_path,
        id=product,
        serial=_plain(known.get("ID_SERIAL_SHORT", "")),
        port=known.get("ID_PATH") or device.device_path,
        model=_plain(" ".join(names).replace("_", " ").strip()),
        interfaces=known.get("ID_USB_INTERFACES", ""),
    )


def _radio(device: Any) -> Usb | None:
    """Read the device on Bluetooth that an input node is of."""
    if device.subsystem != "input":
        return None
    told = device if "PRODUCT" in device.properties else device.find_parent("input")
    if told is None:
        return None
    known = {key: _plain(told.properties.get(key, "")) for key in ("PRODUCT", "NAME", "UNIQ")}
    return bluetooth(device.device_path, known)


def _plain(text: str) -> str:
    """Return what a device says of itself as text that can be shown, stored and sent.

    A rule may hand its bytes on as they are; what is no UTF-8 becomes a lone surrogate here.
    """
    return "".join(letter if letter.isprintable() else "?" for letter in text)
