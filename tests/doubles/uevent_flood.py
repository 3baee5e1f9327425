"""A thousand uevents at once on the kernel's own socket; run it in a network of its own (unshare).

Prints how often all was looked at, and what was told when all was over.
"""

import asyncio
import os
import socket
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from posedge.devices import udev
from posedge.devices.inventory import Plugged, Unplugged
from posedge.devices.udev import Udev
from posedge.tasks import Crew

T = TypeVar("T")

NETLINK_KOBJECT_UEVENT = 15
UDEV_GROUP = 2
UPROAR = 1000
BUFFER_BYTES = 104 * 1024
"""SO_RCVBUF doubles it, to the 208 KB that an unprivileged box has."""

SETTLED_S = 3.0
PATH = "/devices/platform/flood/tty/ttyFLOOD"
HEADER = struct.Struct("=8s8I")
MAGIC = 0xFEEDCAFE


def uevent(action: str, number: int) -> bytes:
    """Return a message as udev sends it (libudev-monitor.c)."""
    known = {
        "ACTION": action,
        "DEVPATH": PATH,
        "SUBSYSTEM": "tty",
        "DEVNAME": "/dev/ttyFLOOD",
        "SEQNUM": str(number),
        "ID_LIKE": "x" * 300,  # udev tells some forty properties of a USB device
    }
    told = b"".join(f"{key}={value}\0".encode() for key, value in known.items())
    numbers = (socket.htonl(MAGIC), HEADER.size, HEADER.size, len(told), socket.htonl(_murmur()))
    return HEADER.pack(b"libudev\0", *numbers, 0, 0, 0) + told


def _murmur(word: bytes = b"tty") -> int:
    """Return MurmurHash2 of three letters: by it the kernel filters subsystems."""
    factor, all_bits = 0x5BD1E995, 0xFFFFFFFF
    found = len(word) ^ word[2] << 16 ^ word[1] << 8 ^ word[0]
    found = found * factor & all_bits
    found = (found ^ found >> 13) * factor & all_bits
    return found ^ found >> 15


def cramped(listen: Callable[[], Any]) -> Callable[[], Any]:
    """Give the listener the room that it has without privileges."""

    def made() -> Any:
        monitor = listen()
        with socket.socket(fileno=os.dup(monitor.fileno())) as line:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
        return monitor

    return made


class Witness:
    """What is told, and how often all is looked at; `news` is set by either."""

    def __init__(self) -> None:
        self.looks = 0
        self.there: set[str] = set()
        self.news = asyncio.Event()

    async def look(self, call: Callable[[], T], /) -> T:
        self.looks += 1
        self.news.set()
        return call()

    async def follow(self) -> None:
        async for event in Udev(self.look).events():
            match event:
                case Plugged(node):
                    self.there.add(node.path)
                case Unplugged(path):
                    self.there.discard(path)
            self.news.set()

    async def until(self, seen: Callable[[], bool]) -> None:
        async with asyncio.timeout(SETTLED_S):
            while not seen():
                self.news.clear()
                await self.news.wait()


async def main() -> None:
    udev.CONTROL = Path("/")
    udev._monitor = cramped(udev._monitor)
    witness = Witness()
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_KOBJECT_UEVENT) as kernel:
        kernel.bind((0, 0))
        async with Crew("flood") as crew:
            following = crew.start(witness.follow(), name="follow")
            await witness.until(lambda: witness.looks == 1)
            for number in range(1, UPROAR):
                kernel.sendto(uevent(("remove", "add")[number % 2], number), (0, UDEV_GROUP))
            await asyncio.sleep(SETTLED_S)
            kernel.sendto(uevent("add", UPROAR), (0, UDEV_GROUP))
            await witness.until(lambda: PATH in witness.there)
            following.cancel()
    sys.stdout.write(f"looked {witness.looks} times\n")


if __name__ == "__main__":
    asyncio.run(main())
