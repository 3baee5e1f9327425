"""Keyboard wedges: /dev/input/eventN, read by a thread of its own.

The kernel keeps 64 events for us, less than one EAN-13 typed with scan codes: a loop that stalls
for 20 ms would lose part of a code. So a thread reads and puts codes together, and only whole
scans reach the loop. The grab keeps them from the console, where a barcode could be a command.
"""

import asyncio
import fcntl
import os
import select
import struct
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from ctypes import addressof, c_uint64
from threading import Lock
from typing import Protocol

from posedge.link.translate import gone, translate, translated
from posedge.model.errors import DeviceError
from posedge.wire.input_event import InputDecoder, Lost
from posedge.wire.keys import US, Keyboard, Layout
from posedge.wire.lines import UNTERMINATED
from posedge.wire.scan import Dropped, Scan
from posedge.wire.typed import MS, Ending, TypedScans

EVIOCGKEY = 0x80604518  # 96 bytes: bits 0 to KEY_MAX 0x2FF
EVIOCGLED = 0x80084519  # 8 bytes
EVIOCGRAB = 0x40044590
EVIOCSMASK = 0x40104593
EVIOCSCLOCKID = 0x400445A0
"""linux/input.h, as x86 and ARM number them."""

EV_MSC = 0x04
LED_CAPSL = 1
KEY_BYTES = 96

READ_BYTES = 64 * 24
"""All that the kernel's buffer holds for one client."""

QUEUE_SCANS = 64
"""At three scans a second the loop may stall for 20 s. Beyond, the newest are lost, and told."""

OVERRUN = Dropped(
    "scan.overrun", "The box was too busy to take all codes: scan the last ones again"
)


class Ioctls(Protocol):
    """What is asked of the kernel beside reading; OSError as the kernel says it."""

    def claim(self, fd: int) -> None:
        """Take the keyboard for us alone, without scan codes, stamped by CLOCK_MONOTONIC."""
        ...

    def keyboard(self, fd: int, layout: Layout) -> Keyboard:
        """Return the keyboard as it is now: keys held down, and Caps Lock by its lamp."""
        ...


class KernelIoctls:
    def claim(self, fd: int) -> None:
        fcntl.ioctl(fd, EVIOCGRAB, 1)
        fcntl.ioctl(fd, EVIOCSCLOCKID, struct.pack("i", time.CLOCK_MONOTONIC))
        nothing = c_uint64(0)
        fcntl.ioctl(fd, EVIOCSMASK, struct.pack("IIQ", EV_MSC, 8, addressof(nothing)))

    def keyboard(self, fd: int, layout: Layout) -> Keyboard:
        keys = fcntl.ioctl(fd, EVIOCGKEY, bytes(KEY_BYTES))
        lamps = fcntl.ioctl(fd, EVIOCGLED, bytes(8))
        held = frozenset(n for n in range(8 * KEY_BYTES) if keys[n // 8] >> n % 8 & 1)
        return Keyboard(layout, held=held, caps_lock=bool(lamps[0] >> LED_CAPSL & 1))


async def open_evdev(
    path: str, *, layout: Layout = US, ending: Ending = Ending.AUTO
) -> "EvdevLink":
    """Open and grab the keyboard at `path`; DeviceBusy when another program has grabbed it.

    In a thread: usbhid sleeps for 50 ms in open.
    """
    loop = asyncio.get_running_loop()
    opening = loop.run_in_executor(None, os.open, path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        with translated(path):
            fd = await asyncio.shield(opening)
    except asyncio.CancelledError:
        opening.add_done_callback(_discard)
        raise
    return EvdevLink(path, fd, layout=layout, ending=ending)


class EvdevLink:
    """A ScanSource over an open input device. It owns `fd`, also when it raises DeviceError."""

    def __init__(
        self,
        device: str,
        fd: int,
        *,
        ioctls: Ioctls | None = None,
        layout: Layout = US,
        ending: Ending = Ending.AUTO,
    ) -> None:
        self.device = device
        self._fd = fd
        self._ioctls = ioctls or KernelIoctls()
        self._layout = layout
        self._events = InputDecoder()
        self._scans = TypedScans(self._claimed(), ending)
        self._queue: deque[Scan | Dropped] = deque()
        self._lock = Lock()
        self._news = asyncio.Event()
        self._wake = os.eventfd(0, os.EFD_CLOEXEC)
        self._loop = asyncio.get_running_loop()
        thread = ThreadPoolExecutor(1, f"evdev {device}")
        self._served = self._loop.run_in_executor(thread, self._serve)
        self._served.add_done_callback(self._ended)
        thread.shutdown(wait=False)  # it ends with this one call

    async def read(self) -> Scan | Dropped:
        while True:
            with self._lock:
                if self._queue:
                    return self._queue.popleft()
            if self._served.done():
                raise self._served.result()
            self._news.clear()
            await self._news.wait()

    async def close(self) -> None:
        if not self._served.done():
            os.eventfd_write(self._wake, 1)
            await asyncio.wait([self._served])
        self._queue.clear()

    def __repr__(self) -> str:
        state = "closed" if self._served.done() else "open"
        return f"<EvdevLink {self.device}: {state}, {len(self._queue)} scans waiting>"

    def _claimed(self) -> Keyboard:
        """Grab, then forget what was typed before the grab: the console has it already."""
        try:
            with translated(self.device):
                self._ioctls.claim(self._fd)
                os.set_blocking(self._fd, False)
                self._drain()
                return self._ioctls.keyboard(self._fd, self._layout)
        except DeviceError:
            os.close(self._fd)
            raise

    def _drain(self) -> None:
        try:
            while os.read(self._fd, READ_BYTES):
                pass
        except BlockingIOError:
            return

    def _ended(self, _: asyncio.Future[DeviceError]) -> None:
        os.close(self._fd)  # which lets go of the grab
        os.close(self._wake)
        self._news.set()

    def _serve(self) -> DeviceError:
        """Run in the thread until the device is gone or `close` wakes it; return the reason."""
        ready = select.poll()
        ready.register(self._fd, select.POLLIN)
        ready.register(self._wake, select.POLLIN)
        while True:
            waited = self._scans.silence_ns // MS + 1 if self._scans.pending else None
            fds = {fd for fd, _ in ready.poll(waited)}
            if self._wake in fds:
                return gone(self.device)
            if fds:
                if (fate := self._receive()) is not None:
                    self._put(UNTERMINATED if self._scans.pending else None)
                    return fate
            else:
                self._put(self._scans.silence())

    def _receive(self) -> DeviceError | None:
        try:
            data = os.read(self._fd, READ_BYTES)
            self._decode(data)
        except BlockingIOError:
            return None
        except OSError as error:
            return translate(error, self.device)
        return None if data else gone(self.device)

    def _decode(self, data: bytes) -> None:
        self._events.feed(data)
        while (event := self._events.next_event()) is not None:
            if isinstance(event, Lost):
                keyboard = self._ioctls.keyboard(self._fd, self._layout)
                self._put(self._scans.lost(event.at_ns, keyboard))
            else:
                self._put(self._scans.key(event))

    def _put(self, scan: Scan | Dropped | None) -> None:
        if scan is None:
            return
        with self._lock:
            full = len(self._queue) >= QUEUE_SCANS
            if full and self._queue[-1] is OVERRUN:
                return
            self._queue.append(OVERRUN if full else scan)
        self._loop.call_soon_threadsafe(self._news.set)


def _discard(opening: asyncio.Future[int]) -> None:
    if opening.exception() is None:
        os.close(opening.result())
