"""A serial cable without hardware: one end is a tty for the driver, the other is the device's.

A pty holds any speed but no parity: drivers open it with 8N1.
"""

import asyncio
import os
import tty
from contextlib import suppress
from pathlib import Path
from typing import Protocol

READ_BYTES = 4096


class SerialCable(Protocol):
    """The device's end of a serial line: a Pty, or one in memory."""

    @property
    def path(self) -> str: ...

    @property
    def plugged(self) -> bool: ...

    def plug(self) -> None: ...

    def unplug(self) -> None: ...

    async def plugged_in(self) -> None: ...

    async def read(self) -> bytes: ...

    def write(self, data: bytes) -> None: ...


class Pty:
    """Plugged when made. `link`, if given, is a path that stays the same when replugged."""

    def __init__(self, link: Path | None = None) -> None:
        self._link = link
        self._ours: int | None = None
        self._theirs = -1
        self._path = ""
        self._news = asyncio.Event()
        self.plug()

    @property
    def path(self) -> str:
        """Where the driver finds the tty."""
        return str(self._link or self._path)

    @property
    def plugged(self) -> bool:
        return self._ours is not None

    async def plugged_in(self) -> None:
        """Return when it is plugged."""
        while self._ours is None:
            self._news.clear()
            await self._news.wait()

    def plug(self) -> None:
        """Be there (again): as a new tty, as the kernel does it."""
        if self._ours is not None:
            return
        self._ours, self._theirs = os.openpty()
        tty.setraw(self._theirs)  # held open: else our end fails until the driver opens its own
        os.set_blocking(self._ours, False)
        self._path = os.ttyname(self._theirs)
        if self._link is not None:
            self._link.unlink(missing_ok=True)
            self._link.symlink_to(self._path)
        self._news.set()

    def unplug(self) -> None:
        """Be gone: whoever has the tty open reads its end."""
        if self._ours is None:
            return
        asyncio.get_running_loop().remove_reader(self._ours)
        os.close(self._ours)
        os.close(self._theirs)
        self._ours = None
        self._news.set()
        if self._link is not None:
            self._link.unlink(missing_ok=True)

    async def read(self) -> bytes:
        """Return what the driver wrote, at least a byte; EOFError when unplugged."""
        loop = asyncio.get_running_loop()
        while (fd := self._ours) is not None:
            with suppress(BlockingIOError):
                return os.read(fd, READ_BYTES)
            self._news.clear()
            loop.add_reader(fd, self._news.set)
            try:
                await self._news.wait()
            finally:
                if self._ours == fd:
                    loop.remove_reader(fd)
        raise EOFError("unplugged")

    def write(self, data: bytes) -> None:
        """Send to the driver; nothing when unplugged.

        What it does not read in time is lost beyond the kernel's 4 KB, as on a real line.
        """
        if self._ours is not None:
            with suppress(BlockingIOError):
                os.write(self._ours, data)
