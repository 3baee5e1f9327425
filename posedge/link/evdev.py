"""Keyboard wedges: /dev/input/eventN, read by a thread of its own.

The kernel keeps 64 events for us, less than one EAN-13 typed with scan codes: a loop that stalls
for 20 ms would lose part of a code. So a thread reads and puts codes together, and only whole
scans reach the loop. The grab keeps them from the console, where a barcode could be a command.
"""

import asyncio
import os
import select
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import Never

from posedge.link.evdev_ioctl import Ioctls, KernelIoctls
from posedge.link.translate import gone, translate, translated
from posedge.model.errors import DeviceError
from posedge.wire.input_event import InputDecoder, Lost
from posedge.wire.lines import UNTERMINATED
from posedge.wire.scan import Dropped, Scan
from posedge.wire.strokes import Strokes, StrokeScans
from posedge.wire.typed import MS, Manner, TypedScans

READ_BYTES = 64 * 24
"""All that the kernel's buffer holds for one client."""

FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC

QUEUE_SCANS = 64
"""At three scans a second the loop may stall for 20 s. Beyond, the newest are lost, and told."""

QUIET_MS = 150
"""Keys that come sooner after the grab may be the tail of a code whose beginning is not ours."""

REST_MS = 4
"""After a full buffer. At the 1,000 reports a second that USB allows, no more than 12 events wait
behind it; what types faster is no scanner, and may not keep this thread and its lock for itself."""

Scans = TypedScans | StrokeScans
"""What puts codes together."""

OVERRUN = Dropped(
    "scan.overrun", "The box was too busy to take all codes: scan the last ones again"
)


async def open_evdev(path: str) -> "EvdevLink":
    """Open and grab the keyboard at `path`; DeviceBusy when another program has grabbed it.

    In a thread: usbhid sleeps for 50 ms in open.
    """
    loop = asyncio.get_running_loop()
    opening = loop.run_in_executor(None, os.open, path, FLAGS)
    try:
        with translated(path):
            fd = await asyncio.shield(opening)
    except asyncio.CancelledError:
        opening.add_done_callback(_discard)
        raise
    return EvdevLink(path, fd)


class EvdevLink:
    """A ScanSource over an open input device. It owns `fd`, also when it raises DeviceError."""

    def __init__(
        self, device: str, fd: int, *, ioctls: Ioctls | None = None, quiet_ms: int = QUIET_MS
    ) -> None:
        self.device = device
        self._fd = fd
        self._quiet_ms = quiet_ms
        self._ioctls = ioctls or KernelIoctls()
        self._claim()
        self._loop = asyncio.get_running_loop()
        self._queue: deque[Scan | Strokes | Dropped] = deque()
        self._lock = Lock()
        self._manner: Manner | None = None
        self._reader: _Reader | None = None
        self._closing = False
        self._news = asyncio.Event()
        self._taking = asyncio.Event()
        self._wake = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._served: asyncio.Future[DeviceError] | None = None

    async def start(self, manner: Manner) -> None:
        """Return when codes are taken; also when the device is gone, which `read` then says."""
        assert self._served is None, "start only once"
        self._manner = manner
        thread = ThreadPoolExecutor(1, f"evdev {self.device}")
        self._served = self._loop.run_in_executor(thread, self._serve)
        self._served.add_done_callback(self._ended)
        thread.shutdown(wait=False)  # it ends with this one call
        await self._taking.wait()

    def listen(self, manner: Manner | None) -> None:
        with self._lock:
            self._manner = manner
        if self._served is not None and not self._served.done():
            os.eventfd_write(self._wake, 1)

    async def read(self) -> Scan | Strokes | Dropped:
        assert self._served is not None, "start comes first"
        while True:
            with self._lock:
                if self._queue:
                    return self._queue.popleft()
            if self._served.done():
                raise self._served.result()
            self._news.clear()
            await self._news.wait()

    async def close(self) -> None:
        if self._served is None:
            self._served = self._loop.create_future()
            self._served.add_done_callback(self._ended)
            self._served.set_result(gone(self.device))
        elif not self._served.done():
            self._closing = True
            os.eventfd_write(self._wake, 1)
        await asyncio.wait([self._served])
        self._queue.clear()

    def __repr__(self) -> str:
        state = "closed" if self._served and self._served.done() else "open"
        waiting = f"{len(self._queue)} scans waiting"
        return f"<EvdevLink {self.device}: {state}, {waiting}, {self._reader!r}>"

    def _claim(self) -> None:
        """Grab, then forget what was typed before the grab: the console has it already."""
        try:
            with translated(self.device):
                self._ioctls.claim(self._fd)
                os.set_blocking(self._fd, False)
                self._drain()
        except DeviceError:
            os.close(self._fd)
            raise

    def _drain(self) -> None:
        try:
            while os.read(self._fd, READ_BYTES):
                pass
        except BlockingIOError:
            return

    def _serve(self) -> DeviceError:
        """Run in the thread until the device is gone or `close` wakes it; return the reason."""
        try:
            self._reader = _Reader(self._fd, self._scans, self._put)
            self._reader.run(self._wake, self._quiet_ms, self._takes)
        except (OSError, EOFError) as error:
            return translate(error, self.device)

    def _takes(self) -> None:
        self._loop.call_soon_threadsafe(self._taking.set)

    def _scans(self) -> Scans:
        """Return what puts codes together now, in the thread; EOFError when the link closes.

        Under the grab the lamp stays as it was: Caps Lock is asked for anew each time.
        """
        if self._closing:
            raise EOFError
        with self._lock:
            manner = self._manner
        caps_lock = self._ioctls.caps_lock(self._fd)
        if manner is None:
            return StrokeScans(caps_lock=caps_lock)
        return TypedScans(manner, caps_lock=caps_lock)

    def _put(self, scan: Scan | Strokes | Dropped) -> None:
        with self._lock:
            full = len(self._queue) >= QUEUE_SCANS
            if full and self._queue[-1] is OVERRUN:
                return
            self._queue.append(OVERRUN if full else scan)
        self._loop.call_soon_threadsafe(self._news.set)

    def _ended(self, _: asyncio.Future[DeviceError]) -> None:
        os.close(self._fd)  # which lets go of the grab
        os.close(self._wake)
        self._taking.set()
        self._news.set()


class _Reader:
    """Bytes to scans, in the thread. `scans` is asked anew whenever `wake` is written."""

    def __init__(
        self,
        fd: int,
        scans: Callable[[], Scans],
        put: Callable[[Scan | Strokes | Dropped], None],
    ) -> None:
        self._fd = fd
        self._put = put
        self._events = InputDecoder()
        self._assemble = scans
        self._scans = scans()

    def run(self, wake: int, quiet_ms: int, taking: Callable[[], object]) -> Never:
        """Raise OSError when the device fails, EOFError at its end or when `scans` says so.

        `taking` is called when the next code will be a whole one.
        """
        ready = select.poll()
        ready.register(self._fd, select.POLLIN)
        ready.register(wake, select.POLLIN)
        woken = select.poll()
        woken.register(wake, select.POLLIN)
        if quiet_ms and self._fd in {fd for fd, _ in ready.poll(quiet_ms)}:
            self._scans.void()
        taking()
        try:
            while True:
                silence_ms = self._scans.silence_ns // MS + 1
                found = {fd for fd, _ in ready.poll(silence_ms if self._scans.pending else None)}
                if wake in found:
                    self._change(wake)
                elif not found:
                    self._tell(self._scans.silence())
                elif self._receive() == READ_BYTES and woken.poll(REST_MS):
                    self._change(wake)
        finally:
            if self._scans.pending:
                self._put(UNTERMINATED)

    def __repr__(self) -> str:
        return f"<reading {self._scans!r}>"

    def _change(self, wake: int) -> None:
        """Put codes together in another manner; of one that has begun the beginning is lost."""
        os.eventfd_read(wake)
        pending = self._scans.pending
        self._scans = self._assemble()
        if pending:
            self._scans.void()

    def _receive(self) -> int:
        """Read what is there; return how many bytes that was."""
        try:
            data = os.read(self._fd, READ_BYTES)
        except BlockingIOError:
            return 0
        if not data:
            raise EOFError
        self._events.feed(data)
        while (event := self._events.next_event()) is not None:
            if isinstance(event, Lost):
                self._tell(self._scans.lost(event.at_ns))
            else:
                self._tell(self._scans.key(event))
        return len(data)

    def _tell(self, scan: Scan | Strokes | Dropped | None) -> None:
        if scan is not None:
            self._put(scan)


def _discard(opening: asyncio.Future[int]) -> None:
    if opening.exception() is None:
        os.close(opening.result())
