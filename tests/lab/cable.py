"""The device's side of a CDC ACM port: a SerialCable on /dev/ttyGSn."""

import asyncio
import os
import tty
from contextlib import suppress

from tests.lab.gadget import Gadget, Goods

READ_BYTES = 4096


class Cable:
    """A USB serial port. Made unplugged."""

    def __init__(self, name: str, goods: Goods, port: int) -> None:
        self._gadget = Gadget(name, goods, port)
        self._fd: int | None = None
        self._news = asyncio.Event()

    @property
    def path(self) -> str:
        return f"/dev/ttyGS{self._gadget.number('port_num')}"

    @property
    def plugged(self) -> bool:
        return self._fd is not None

    async def plugged_in(self) -> None:
        while self._fd is None:
            self._news.clear()
            await self._news.wait()

    def plug(self) -> None:
        self._gadget.plug()
        self._fd = os.open(self.path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        tty.setraw(self._fd)
        self._news.set()

    def unplug(self) -> None:
        if self._fd is None:
            return
        asyncio.get_running_loop().remove_reader(self._fd)
        self._gadget.pull()  # first: it hangs the port up, else closing waits for it to drain
        os.close(self._fd)
        self._gadget.remove()
        self._fd = None
        self._news.set()

    pull = unplug

    async def read(self) -> bytes:
        """Return what the host wrote, at least a byte; EOFError when unplugged."""
        loop = asyncio.get_running_loop()
        while (fd := self._fd) is not None:
            with suppress(BlockingIOError):
                data = os.read(fd, READ_BYTES)
                if data:
                    return data
            self._news.clear()
            loop.add_reader(fd, self._news.set)
            try:
                await self._news.wait()
            finally:
                if self._fd == fd:
                    loop.remove_reader(fd)
        raise EOFError("unplugged")

    def write(self, data: bytes) -> None:
        if self._fd is not None:
            with suppress(BlockingIOError):
                os.write(self._fd, data)
