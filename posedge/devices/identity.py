"""Which device is which, and what it is called: the same after a restart, and after a repair.

A device is known by its serial number where it has one of its own, else by the port that it is
plugged into. Its name is kept under its id and under its port, so that a replacement in the same
port takes over the name. Notes: `name/{id}`, `port/{driver}@{port}` and `shared/{serial}`.
"""

import re
from collections.abc import Awaitable, Callable, Mapping

from posedge.devices.inventory import PLACEHOLDER, Body

UNSAFE = re.compile(r"[^A-Za-z0-9._:@-]")
MAX_ID = 96
"""Longest id: a port through five hubs has 60 characters, a serial number at most 126 bytes."""

Keep = Callable[[str, str], Awaitable[None]]


def device_id(body: Body, driver: str, *, shared: bool = False) -> str:
    """Return an id for paths and keys; `shared`: its serial number is not its own."""
    serial = serial_key(body)
    return port_key(body, driver) if serial is None or shared else serial


def port_key(body: Body, driver: str) -> str:
    return _safe(f"{driver}@{body.port}")


def static_id(name: str) -> str:
    return _safe(f"static:{name}")


def serial_key(body: Body) -> str | None:
    """Return the key of the device's serial number; None when it has none that tells anything."""
    usb = body.usb
    return None if usb is None or PLACEHOLDER.match(usb.serial) else _safe(f"{usb.id}:{usb.serial}")


class Names:
    """Gives every device its name. `keep` stores a note durably; `known` is what it stored."""

    def __init__(self, known: Mapping[str, str], keep: Keep) -> None:
        self._known = dict(known)
        self._keep = keep

    def shared(self, serial: str) -> bool:
        """Whether two devices with this serial number were ever seen here together."""
        return f"shared/{serial}" in self._known

    async def mark_shared(self, serial: str) -> None:
        await self._note(f"shared/{serial}", "yes")

    async def name(self, device: str, port: str, kind: str, taken: frozenset[str]) -> str:
        """Return the name kept for the device or for its port; else a new one, `scanner-2`."""
        by_id, by_port = f"name/{device}", f"port/{port}"
        kept = (self._known.get(by_id), self._known.get(by_port))
        name = next((each for each in kept if each and each not in taken), None)
        name = name or _fresh(kind, taken | frozenset(self._known.values()))
        await self._note(by_id, name)
        await self._note(by_port, name)
        return name

    async def _note(self, key: str, value: str) -> None:
        if self._known.get(key) != value:
            self._known[key] = value
            await self._keep(key, value)


def _fresh(kind: str, taken: frozenset[str]) -> str:
    number = 1
    while (name := kind if number == 1 else f"{kind}-{number}") in taken:
        number += 1
    return name


def _safe(text: str) -> str:
    return UNSAFE.sub("-", text)[:MAX_ID]
