"""The printer's side: the virtual printer behind /dev/g_printer0, byte for byte as over a cable."""

import asyncio
import errno
import os
from contextlib import suppress

from posedge.sim.printer import PrinterSim
from tests.lab.gadget import Gadget, Goods

NODE = "/dev/g_printer0"
RETRY_S = 0.02
ANSWER_BYTES = 4096
"""What a printer keeps of its answers while nobody reads them."""


class Press:
    """A printer on the bus: `sim` is its works. A Line, as `sim` sees it."""

    def __init__(self, name: str, goods: Goods, port: int) -> None:
        self._gadget = Gadget(name, goods, port)
        self._fd: int | None = None
        self._opening: asyncio.TimerHandle | None = None
        self._plugged = self._attached = False
        self._unsent = bytearray()
        self.sim = PrinterSim()

    def plug(self) -> None:
        self._gadget.plug()
        self._plugged = True
        self._opening = self._open_later()

    def pull(self) -> None:
        if not self._plugged:
            return
        self._plugged = self._attached = False
        if self._opening is not None:
            self._opening.cancel()
        if self._fd is not None:
            self.stop()
            asyncio.get_running_loop().remove_writer(self._fd)
            self._unsent.clear()
            os.close(self._fd)
            self._fd = None
        self._gadget.pull()
        self._gadget.remove()
        self.sim.detach(self)

    def send(self, data: bytes) -> None:
        """Queue it: the bus takes a few answers at once, and a real printer keeps the others."""
        self._unsent += data[: ANSWER_BYTES - len(self._unsent)]
        self._send()

    def stop(self) -> None:
        if self._fd is not None:
            asyncio.get_running_loop().remove_reader(self._fd)

    def go(self) -> None:
        if self._fd is not None:
            asyncio.get_running_loop().add_reader(self._fd, self._arrived)

    def drop(self) -> None:
        self.pull()

    def _send(self) -> None:
        if self._fd is None:
            return
        loop = asyncio.get_running_loop()
        try:
            while self._unsent:
                del self._unsent[: os.write(self._fd, self._unsent)]
            loop.remove_writer(self._fd)
        except BlockingIOError:
            loop.add_writer(self._fd, self._send)

    def _open_later(self) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_later(RETRY_S, self._open)

    def _open(self) -> None:
        """Not before the host has configured it, nor write before it reads (see `_arrived`).

        A write that fails makes the kernel's f_printer corrupt its lists, and the guest panics.
        """
        try:
            self._fd = os.open(NODE, os.O_RDWR | os.O_NONBLOCK) if self._gadget.configured else None
        except OSError as error:
            if error.errno != errno.ENODEV:  # configured a moment ago, its interface not yet set
                raise
        if self._fd is None:
            self._opening = self._open_later()
        else:
            self.go()

    def _arrived(self) -> None:
        """Take what came; what comes first shows that the host's driver is there to read."""
        if self._fd is not None:
            if not self._attached:
                self._attached = self.sim.attach(self)
            with suppress(BlockingIOError):
                self.sim.receive(os.read(self._fd, self.sim.room))
