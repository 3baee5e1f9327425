"""A way to a server on loopback that can be cut: at a byte, or altogether as when the box dies."""

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress

from tests.chaos.station import Cut, Way


class Proxy:
    """One life's way. `close` cuts every connection, and no new one gets through."""

    def __init__(self, port: int, cut: Callable[[], Cut | None]) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._to = port
        self._cut = cut
        self._passed: dict[Way, int] = {"out": 0, "in": 0}
        self._broken = False
        self._server: asyncio.Server | None = None
        self._ends: set[asyncio.StreamWriter] = set()

    async def serve(self) -> None:
        self._server = await asyncio.start_server(self._carry, sock=self._socket)
        await asyncio.get_running_loop().create_future()

    def close(self) -> None:
        if self._server is not None:
            self._server.close()
        self._socket.close()
        self._drop()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self._to)
        self._ends |= {writer, back}
        with suppress(ConnectionError):
            await asyncio.gather(self._pump("out", reader, back), self._pump("in", there, writer))
        for end in (writer, back):
            self._ends.discard(end)
            end.transport.abort()

    async def _pump(
        self, way: Way, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        while data := await reader.read(4096):
            cut = self._cut()
            if cut and cut.way == way and not self._broken:
                left = cut.at - self._passed[way]
                if left < len(data):
                    writer.write(data[: max(0, left)])
                    self._broken = True
                    self._drop()
                    return
            self._passed[way] += len(data)
            writer.write(data)
            await writer.drain()
        writer.transport.abort()

    def _drop(self) -> None:
        for end in tuple(self._ends):
            end.transport.abort()
        self._ends.clear()
