"""A Link over any asyncio transport: TCP and serial ports share it."""

import asyncio
from typing import cast

from posedge.link.translate import gone, stalled, translate, translated
from posedge.model.errors import DeviceError

READ_HIGH = 64 * 1024
"""Unread bytes at which the transport stops reading: a whole print job's answers, and no more."""

CLOSE_S = 2.0
"""Closing a tty may block in the kernel while it drains (30 s by default): nobody waits for it."""


class StreamLink(asyncio.Protocol):
    """Bytes of one connection. Made by `open_tcp` and `open_serial`."""

    def __init__(self, device: str) -> None:
        self.device = device
        self._transport: asyncio.Transport | None = None
        self._unread = bytearray()
        self._paused = False
        self._error: DeviceError | None = None
        self._news = asyncio.Event()
        self._drained = asyncio.Event()
        self._lost = asyncio.Event()
        self._drained.set()

    @property
    def waiting(self) -> bool:
        return bool(self._unread)

    async def read(self, limit: int = 4096) -> bytes:
        if len(self._unread) > limit:
            await asyncio.sleep(0)  # a device that floods us takes turns with all others
        while not self._unread:
            if self._error is not None:
                raise self._error
            self._news.clear()
            await self._news.wait()
        data = bytes(self._unread[:limit])
        del self._unread[:limit]
        self._regulate()
        return data

    async def write(self, data: bytes, *, deadline_s: float) -> None:
        transport = self._usable()
        with translated(self.device):
            transport.write(data)
        if self._drained.is_set() and not transport.is_closing():
            return  # the kernel has it all: nothing to wait for, and no timer to set
        try:
            async with asyncio.timeout(deadline_s):
                await self._drained.wait()
                if transport.is_closing():
                    await self._lost.wait()
        except TimeoutError:
            self._error = stalled(self.device, deadline_s)
        if self._error is not None:
            raise self._error

    async def close(self) -> None:
        self._error = gone(self.device)
        self._unread.clear()
        self._news.set()
        if self._transport is None:
            return
        self._transport.abort()
        try:
            async with asyncio.timeout(CLOSE_S):
                await self._lost.wait()
        except TimeoutError:
            return

    def __repr__(self) -> str:
        return f"<StreamLink {self.device}: {self._error or 'open'}>"

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=0)  # drained means that the kernel has it all

    def data_received(self, data: bytes) -> None:
        if self._error is None:
            self._unread += data
            self._regulate()
            self._news.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self._error = self._error or translate(exc, self.device)
        for waited in (self._news, self._drained, self._lost):
            waited.set()

    def pause_writing(self) -> None:
        self._drained.clear()

    def resume_writing(self) -> None:
        self._drained.set()

    def _usable(self) -> asyncio.Transport:
        if self._error is not None:
            raise self._error
        assert self._transport is not None, "connection_made comes first"
        return self._transport

    def _regulate(self) -> None:
        wanted = len(self._unread) >= READ_HIGH
        if self._transport is None or wanted == self._paused:
            return
        self._paused = wanted
        if wanted:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()
