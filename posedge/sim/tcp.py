"""What simulated terminals have in common that are called over TCP."""

import asyncio
import ssl
from abc import ABC, abstractmethod
from contextlib import suppress
from types import TracebackType
from typing import Any, Protocol, Self

from posedge.model.errors import ProtocolError


class Reader(Protocol):
    """What most of them use of an asyncio.StreamReader."""

    async def read(self, n: int, /) -> bytes: ...


class Hook(Protocol):
    """What is used of an asyncio.WriteTransport."""

    def abort(self) -> None: ...


class Writer(Protocol):
    """What most of them use of an asyncio.StreamWriter."""

    @property
    def transport(self) -> Hook: ...

    def write(self, data: bytes, /) -> None: ...

    async def drain(self) -> None: ...


class TcpSim(ABC):
    """`async with` starts and stops it; `port` is the one it got when it was given 0."""

    def __init__(self, host: str, port: int, tls: ssl.SSLContext | None = None) -> None:
        self.port = port
        self._host = host
        self._tls = tls
        self._server: asyncio.Server | None = None
        self._talks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self.talk, self._host, self.port, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._server is not None, "leaving follows entering"
        self._server.close()
        for talk in self._talks:
            talk.cancel()
        if self._talks:
            await asyncio.wait(tuple(self._talks))
        await self._server.wait_closed()

    async def talk(self, reader: Any, writer: Any) -> None:
        """Serve one connection until it ends. `async with` does it for each that comes by TCP."""
        talk = asyncio.current_task()
        assert talk is not None, "a coroutine runs in a task"
        self._talks.add(talk)
        try:
            # We leave, the caller has gone, or it speaks something else.
            with suppress(asyncio.CancelledError, OSError, ProtocolError):
                await self._attended(reader, writer)
        finally:
            self._talks.discard(talk)
            writer.transport.abort()

    @abstractmethod
    async def _attended(self, reader: Any, writer: Any) -> None:
        """Be the terminal at the end of one connection."""
