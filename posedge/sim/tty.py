"""A serial port that is there already: an adapter, or the end of somebody's pseudo-terminal."""

import asyncio
import os
import termios
import tty
from contextlib import suppress

from posedge.sim.pty import READ_BYTES

LOOK_S = 1.0
"""How often a port that went is looked for."""

SPEED = termios.B9600
ISPEED, OSPEED = 4, 5


class Tty:
    """Implements SerialCable at 9600 8N1. Plugged when made; OSError when there is no such port."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._fd: int | None = None
        self._news = asyncio.Event()
        self.plug()

    @property
    def path(self) -> str:
        return self._path

    @property
    def plugged(self) -> bool:
        return self._fd is not None

    async def plugged_in(self) -> None:
        """Return when it is there (again)."""
        while self._fd is None:
            with suppress(OSError):
                self.plug()
                return
            await asyncio.sleep(LOOK_S)

    def plug(self) -> None:
        if self._fd is not None:
            return
        fd = os.open(self._path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        try:
            tty.setraw(fd)
            settings = termios.tcgetattr(fd)
            settings[ISPEED] = settings[OSPEED] = SPEED
            termios.tcsetattr(fd, termios.TCSANOW, settings)
        except termios.error as error:
            os.close(fd)
            raise OSError(*error.args) from error
        self._fd = fd

    def unplug(self) -> None:
        """Let go of it."""
        if self._fd is None:
            return
        asyncio.get_running_loop().remove_reader(self._fd)
        os.close(self._fd)
        self._fd = None
        self._news.set()

    async def read(self) -> bytes:
        """Return what came, at least a byte; EOFError when it is gone."""
        loop = asyncio.get_running_loop()
        while (fd := self._fd) is not None:
            with suppress(BlockingIOError):
                if data := _read(fd):
                    return data
                self.unplug()
                break
            self._news.clear()
            loop.add_reader(fd, self._news.set)
            try:
                await self._news.wait()
            finally:
                if self._fd == fd:
                    loop.remove_reader(fd)
        raise EOFError("unplugged")

    def write(self, data: bytes) -> None:
        """Send; nothing when it is gone, or takes no more."""
        if self._fd is not None:
            with suppress(OSError):
                os.write(self._fd, data)


def _read(fd: int) -> bytes:
    """Return what came, nothing when the port is gone; BlockingIOError when nothing came yet."""
    try:
        return os.read(fd, READ_BYTES)
    except BlockingIOError:
        raise
    except OSError:
        return b""
