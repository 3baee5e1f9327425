"""A printer's line, whatever it speaks: one writer at a time, and waiting for what it says."""

import asyncio
from collections.abc import Callable

from posedge.link.interface import Link
from posedge.model.errors import DeviceGone

SLOWEST_BYTES_PER_S = 800
"""A serial printer at 9600 baud takes 960: a long receipt gets the time that its line needs."""


class PrinterLine:
    """Made for one connection; `write_s` is how long it may stand still while we write."""

    def __init__(self, link: Link, *, write_s: float) -> None:
        self._link = link
        self._write_s = write_s
        self._sending = asyncio.Lock()
        self._news = asyncio.Event()
        self._over = False

    async def read(self) -> bytes:
        return await self._link.read()

    async def send(self, data: bytes) -> None:
        """Write all of it, or close the link: half a command must not be followed by another."""
        async with self._sending:
            whole = False
            try:
                deadline_s = self._write_s + len(data) / SLOWEST_BYTES_PER_S
                await self._link.write(data, deadline_s=deadline_s)
                whole = True
            finally:
                if not whole:
                    await self._link.close()

    async def until(self, happened: Callable[[], bool], within_s: float) -> bool:
        """Wait until the printer said what makes `happened` true; False when it did not in time."""
        try:
            async with asyncio.timeout(within_s):
                while not happened():
                    if self._over:
                        raise DeviceGone("device.gone", "the printer's line has ended")
                    await self._news.wait()
        except TimeoutError:
            return False
        return True

    def announce(self) -> None:
        """Let everybody who waits look again."""
        news, self._news = self._news, asyncio.Event()
        news.set()

    def end(self) -> None:
        """Nothing more will be heard."""
        self._over = True
        self.announce()
