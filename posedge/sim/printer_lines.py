"""The virtual printer on TCP port 9100 and on a pseudo-terminal."""

import asyncio
import os
import tty
from contextlib import suppress
from typing import cast

from posedge.sim.printer import PrinterSim

PORT = 9100
"""Where network printers listen ("raw" or JetDirect printing)."""


async def serve_tcp(
    sim: PrinterSim, *, host: str = "127.0.0.1", port: int = PORT
) -> asyncio.Server:
    """Offer the printer on TCP; port 0 takes a free one. The caller closes the server."""
    loop = asyncio.get_running_loop()
    return await loop.create_server(lambda: _TcpLine(sim), host, port)


class _TcpLine(asyncio.BufferedProtocol):
    """A connection that takes no byte more than the printer's buffer holds."""

    def __init__(self, sim: PrinterSim) -> None:
        self._sim = sim
        self._taken = bytearray()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        if not self._sim.attach(self):
            self._transport.abort()

    def get_buffer(self, sizehint: int) -> bytearray:  # noqa: ARG002 - asyncio's signature
        self._taken = bytearray(max(1, self._sim.room))
        return self._taken

    def buffer_updated(self, nbytes: int) -> None:
        self._sim.receive(bytes(self._taken[:nbytes]))

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - same
        self._sim.detach(self)

    def send(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)

    def stop(self) -> None:
        if self._transport is not None:
            self._transport.pause_reading()

    def go(self) -> None:
        if self._transport is not None:
            self._transport.resume_reading()

    def drop(self) -> None:
        if self._transport is not None:
            self._transport.abort()


class PtyLine:
    """The printer on a pseudo-terminal: `path` is opened like a serial port, 8N1."""

    def __init__(self, sim: PrinterSim) -> None:
        self._sim = sim
        self._loop = asyncio.get_running_loop()
        # Our end of the far side stays open, or the kernel reports an error until somebody opens.
        self._near, self._far = os.openpty()
        tty.setraw(self._far)
        os.set_blocking(self._near, False)
        self.path = os.ttyname(self._far)
        sim.attach(self)

    def send(self, data: bytes) -> None:
        with suppress(BlockingIOError):  # nobody reads: as on a wire, it is lost
            os.write(self._near, data)

    def stop(self) -> None:
        self._loop.remove_reader(self._near)

    def go(self) -> None:
        self._loop.add_reader(self._near, self._arrived)

    def drop(self) -> None:
        self.stop()
        for end in (self._near, self._far):
            os.close(end)

    def close(self) -> None:
        """End the line; the printer may then get another one."""
        self._sim.cut_line()

    def _arrived(self) -> None:
        self._sim.receive(os.read(self._near, self._sim.room))
