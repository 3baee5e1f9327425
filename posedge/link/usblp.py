"""A printer's character device (/dev/usb/lp0), read and written without ever blocking.

usblp opens exclusively (EBUSY), has one block of 8192 bytes in flight and answers POLLOUT when
that has left. Bytes still in flight at close are lost without an error, so close waits for them.
"""

import asyncio
import os
import select
from collections.abc import Callable

from posedge.link.translate import gone, stalled, translated

MAX_IN_FLIGHT = 8192
"""The kernel's buffer: a longer write is cut there and then answered EAGAIN."""

CLOSE_S = 1.0
"""A block takes 10 ms on a healthy printer; one that is out of paper keeps it for ever."""

EMPTY_S = 0.05
"""A printer may answer a read with an empty packet, which looks like the end but is not."""

_ENDED = select.POLLHUP | select.POLLERR | select.POLLNVAL


async def open_usblp(path: str) -> "UsblpLink":
    """Open the device; DeviceBusy when CUPS or another program holds it."""
    with translated(path):
        return UsblpLink(os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC), device=path)


class UsblpLink:
    """A Link over a non-blocking descriptor, which it owns."""

    def __init__(self, fd: int, *, device: str = "printer") -> None:
        self._fd = fd
        self._device = device
        self._waiting: dict[asyncio.Future[None], Callable[[int], bool]] = {}
        self._open = True

    @property
    def waiting(self) -> bool:
        poll = select.poll()
        poll.register(self._fd, select.POLLIN)
        return self._open and any(flags & select.POLLIN for _, flags in poll.poll(0))

    async def read(self, limit: int = 4096) -> bytes:
        while True:
            data = self._read_now(limit)
            if data:
                return data
            if data is None:
                await self._until_readable()
            elif self._hung_up():
                raise gone(self._device)
            else:
                await asyncio.sleep(EMPTY_S)

    async def write(self, data: bytes, *, deadline_s: float) -> None:
        try:
            async with asyncio.timeout(deadline_s):
                await self._send(data)
        except TimeoutError:
            raise stalled(self._device, deadline_s) from None

    async def close(self) -> None:
        if not self._open:
            return
        self._open = False
        self._release()
        try:
            async with asyncio.timeout(CLOSE_S):
                await self._until_writable()
        except TimeoutError:
            pass  # what is in flight is lost: whoever needed it to arrive has waited for an answer
        finally:
            os.close(self._fd)

    def __repr__(self) -> str:
        return f"<UsblpLink {self._device}: {'open' if self._open else 'closed'}>"

    async def _send(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            taken = self._write_now(rest[:MAX_IN_FLIGHT])
            if taken is None:
                await self._until_writable()
            else:
                rest = rest[taken:]

    def _read_now(self, limit: int) -> bytes | None:
        self._check()
        with translated(self._device):
            try:
                return os.read(self._fd, limit)
            except BlockingIOError:
                return None

    def _write_now(self, block: memoryview) -> int | None:
        self._check()
        with translated(self._device):
            try:
                return os.write(self._fd, block)
            except BlockingIOError:
                return None

    def _check(self) -> None:
        if not self._open:
            raise gone(self._device)

    def _hung_up(self) -> bool:
        poll = select.poll()
        poll.register(self._fd, select.POLLIN)
        return any(flags & _ENDED for _, flags in poll.poll(0))

    async def _until_readable(self) -> None:
        loop = asyncio.get_running_loop()
        await self._until(loop.add_reader, loop.remove_reader)

    async def _until_writable(self) -> None:
        loop = asyncio.get_running_loop()
        await self._until(loop.add_writer, loop.remove_writer)

    async def _until(self, watch: Callable[..., None], unwatch: Callable[[int], bool]) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        watch(self._fd, _wake, future)
        self._waiting[future] = unwatch
        try:
            await future
        finally:
            if self._waiting.pop(future, None) is not None:
                unwatch(self._fd)

    def _release(self) -> None:
        """End every pending read and write before the descriptor's number can mean another."""
        waiting, self._waiting = self._waiting, {}
        for future, unwatch in waiting.items():
            unwatch(self._fd)
            if not future.done():
                future.set_exception(gone(self._device))


def _wake(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
