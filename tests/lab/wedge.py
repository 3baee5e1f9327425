"""The scanner's side of a keyboard wedge: boot-keyboard reports into /dev/hidgN or uhid."""

import asyncio
import os
import struct
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from tests.doubles.boot_keyboard import CODES, MODIFIERS, REPORT_BYTES
from tests.doubles.wedge import strokes
from tests.lab.gadget import BOOT_KEYBOARD, Gadget, Goods

USAGES = {code: usage for usage, code in CODES.items()}

CREATE2, DESTROY, INPUT2 = 11, 1, 12  # linux/uhid.h
BLUETOOTH = 5
INTERVAL_S = 0.001
"""What the fastest scanners take for a report."""


@dataclass(frozen=True, slots=True)
class Typing:
    """What went out: so many `reports`, between two of them at most `pause_ms`."""

    reports: int
    pause_ms: float


class Wedge:
    """A scanner on the bus."""

    def __init__(self, name: str, goods: Goods, port: int) -> None:
        self._gadget = Gadget(name, goods, port)
        self._fd: int | None = None

    def plug(self) -> None:
        self._gadget.plug()
        node = Path(f"/dev/hidg{self._gadget.number('dev')}")
        self._fd = os.open(node, os.O_RDWR | os.O_NONBLOCK)

    def pull(self) -> None:
        if self._fd is None:
            return
        os.close(self._fd)  # first: the kernel's gadgets mind being open while they go
        self._fd = None
        self._gadget.pull()
        self._gadget.remove()

    async def type(self, text: str, reports: int | None = None) -> Typing:
        """Type `text` and Enter, or only the first `reports`; say how that went."""
        return await sent(list(typed(f"{text}\r"))[:reports], self.send)

    @property
    def plugged(self) -> bool:
        return self._fd is not None

    @property
    def node(self) -> int:
        assert self._fd is not None, "plug it first"
        return self._fd

    async def send(self, report: bytes) -> None:
        node = self.node
        loop = asyncio.get_running_loop()
        ready = asyncio.Event()
        while True:
            try:
                os.write(node, report)
            except BlockingIOError:
                loop.add_writer(node, ready.set)
                await ready.wait()
                loop.remove_writer(node)
                ready.clear()
            else:
                return


class Radio:
    """A scanner by Bluetooth: the kernel's uhid is where the Bluetooth daemon hands it in."""

    def __init__(self, name: str, goods: Goods, port: int) -> None:
        self._goods = goods
        self._name = name
        self._port = port
        self._fd: int | None = None

    def plug(self) -> None:
        goods = self._goods
        self._fd = os.open("/dev/uhid", os.O_RDWR)
        asked = struct.pack(
            "<I128s64s64sHHIIII4096s",
            *(CREATE2, goods.model.encode(), b"lab", goods.serial.encode()),
            *(len(BOOT_KEYBOARD), BLUETOOTH, goods.vendor, goods.product, 0, 0, BOOT_KEYBOARD),
        )
        os.write(self._fd, asked)

    def pull(self) -> None:
        if self._fd is not None:
            os.write(self._fd, struct.pack("<I", DESTROY))
            os.close(self._fd)
            self._fd = None

    async def type(self, text: str, reports: int | None = None) -> Typing:
        """As a Wedge does, a report every millisecond."""
        assert self._fd is not None, "plug it first"
        fd, loop = self._fd, asyncio.get_running_loop()
        due_s = loop.time()

        async def send(report: bytes) -> None:
            nonlocal due_s
            os.write(fd, struct.pack("<IH4096s", INPUT2, len(report), report))
            due_s += INTERVAL_S
            await asyncio.sleep(due_s - loop.time())

        return await sent(list(typed(f"{text}\r"))[:reports], send)


async def sent(reports: Sequence[bytes], send: Callable[[bytes], Awaitable[None]]) -> Typing:
    loop = asyncio.get_running_loop()
    times_s: list[float] = []
    for report in reports:
        await send(report)
        times_s.append(loop.time())
    longest_s = max((later - earlier for earlier, later in pairwise(times_s)), default=0.0)
    return Typing(len(reports), round(longest_s * 1000, 1))


def typed(text: str) -> Iterator[bytes]:
    """Yield the reports that type `text` on a US keyboard: one for each key down and up."""
    held: list[int] = []
    for code, down in strokes(text):
        held = [*held, code] if down else [each for each in held if each != code]
        modifiers = sum(1 << bit for bit, each in enumerate(MODIFIERS) if each in held)
        keys = bytes(USAGES[each] for each in held if each not in MODIFIERS)
        yield (bytes((modifiers, 0)) + keys).ljust(REPORT_BYTES, b"\0")
