"""HID devices: /dev/hidrawN, whole reports, read by a thread of its own.

The kernel keeps 64 reports for us and drops what comes then without a word: a loop that stalls
while a scanner sends a long code would lose the middle of it. So a thread reads at once, and what
does not fit into our longer queue is told. Orders (output and feature reports) block for as long
as the device thinks, at most five seconds, and have a second thread, made with the first of them.
"""

import asyncio
import os
import select
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Lock
from typing import TypeVar

from posedge.link.hidraw_ioctl import Ioctls, KernelIoctls
from posedge.link.interface import Nature
from posedge.link.translate import gone, overrun, stalled, translate, translated
from posedge.model.errors import DeviceError

T = TypeVar("T")

READ_BYTES = 16384
"""HID_MAX_BUFFER_SIZE: no report is longer, and what is cut off is lost."""

QUEUE_REPORTS = 512
"""A scale that reports a hundred times a second may meet a loop that stalls for 5 s."""

CLOSE_S = 2.0
"""An order that is under way keeps the descriptor until the device has answered: it is left."""


async def open_hidraw(path: str) -> "HidrawLink":
    """Open the device. In a thread: the kernel wakes a sleeping device in open."""
    loop = asyncio.get_running_loop()
    opening = loop.run_in_executor(None, os.open, path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        with translated(path):
            fd = await asyncio.shield(opening)
    except asyncio.CancelledError:
        opening.add_done_callback(_discard)
        raise
    return HidrawLink(path, fd)


class HidrawLink:
    """A ReportLink over an open descriptor, which it owns, also when it raises DeviceError."""

    def __init__(self, device: str, fd: int, *, ioctls: Ioctls | None = None) -> None:
        self.device = device
        self._fd = fd
        self._ioctls = ioctls or KernelIoctls()
        self.nature = self._look()
        self._loop = asyncio.get_running_loop()
        self._queue: deque[bytes | None] = deque()
        """None is where reports were lost."""
        self._lock = Lock()
        self._closed = False
        self._news = asyncio.Event()
        self._turn = asyncio.Lock()
        self._wake = os.eventfd(0, os.EFD_CLOEXEC)
        self._read_out = Event()
        self._orders = ThreadPoolExecutor(1, f"hidraw {device} orders")
        reader = ThreadPoolExecutor(1, f"hidraw {device}")
        self._served = self._loop.run_in_executor(reader, self._serve)
        self._served.add_done_callback(lambda _: self._news.set())
        reader.shutdown(wait=False)  # it ends with this one call

    @property
    def waiting(self) -> int:
        return len(self._queue)

    async def read(self) -> bytes:
        if len(self._queue) > 1:
            await asyncio.sleep(0)  # a device that floods us takes turns with all others
        while True:
            with self._lock:
                waiting = bool(self._queue)
                report = self._queue.popleft() if waiting else None
            if report is not None:
                return report
            if waiting:
                raise overrun(self.device)
            if self._served.done():
                raise self._served.result()
            self._news.clear()
            await self._news.wait()

    async def write(self, report: bytes, *, deadline_s: float) -> None:
        await self._order(lambda: os.write(self._fd, report), deadline_s)

    async def set_feature(self, report: bytes, *, deadline_s: float) -> None:
        await self._order(lambda: self._ioctls.set_feature(self._fd, report), deadline_s)

    async def get_feature(self, number: int, size: int, *, deadline_s: float) -> bytes:
        return await self._order(
            lambda: self._ioctls.get_feature(self._fd, number, size), deadline_s
        )

    async def close(self) -> None:
        if not self._closed:
            self._closed = True
            os.eventfd_write(self._wake, 1)
            # Behind whatever order is under way: its descriptor must not become another's. Begun
            # in front of all waiting: who is cancelled here leaves nothing open.
            closing = self._loop.run_in_executor(self._orders, self._release)
            self._orders.shutdown(wait=False)
            await asyncio.wait([closing], timeout=CLOSE_S)
            self._queue.clear()

    def __repr__(self) -> str:
        state = "closed" if self._closed else "open"
        return f"<HidrawLink {self.device}: {state}, {len(self._queue)} reports waiting>"

    def _look(self) -> Nature:
        try:
            with translated(self.device):
                return self._ioctls.nature(self._fd)
        except DeviceError:
            os.close(self._fd)
            raise

    async def _order(self, call: Callable[[], T], deadline_s: float) -> T:
        """Have the second thread do it, one at a time; when it is late the link is of no use."""
        try:
            async with asyncio.timeout(deadline_s), self._turn:
                if self._closed:
                    raise gone(self.device)
                with translated(self.device):
                    return await asyncio.shield(self._loop.run_in_executor(self._orders, call))
        except TimeoutError:
            raise stalled(self.device, deadline_s) from None

    def _release(self) -> None:
        """Run in the second thread, once the first has ended."""
        self._read_out.wait()
        os.close(self._wake)
        os.close(self._fd)

    def _serve(self) -> DeviceError:
        try:
            return self._reports()
        finally:
            self._read_out.set()

    def _reports(self) -> DeviceError:
        """Run in the thread until the device is gone or `close` wakes it; return the reason."""
        ready = select.poll()
        ready.register(self._fd, select.POLLIN)
        ready.register(self._wake, select.POLLIN)
        while True:
            found = {fd for fd, _ in ready.poll()}
            if self._wake in found:
                return gone(self.device)
            try:
                report = os.read(self._fd, READ_BYTES)
            except BlockingIOError:
                continue
            except OSError as error:
                return translate(error, self.device)
            if not report:
                return gone(self.device)
            self._put(report)

    def _put(self, report: bytes) -> None:
        with self._lock:
            full = len(self._queue) >= QUEUE_REPORTS
            if full and self._queue[-1] is None:
                return
            self._queue.append(None if full else report)
        self._loop.call_soon_threadsafe(self._news.set)


def _discard(opening: asyncio.Future[int]) -> None:
    if opening.exception() is None:
        os.close(opening.result())
