"""uvicorn as a part of a program: its socket is ours, so are signals, and it ends when told to."""

import asyncio
import os
import socket
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from posedge.model.errors import ConfigError
from posedge.tasks import Crew

HEADER_S = 5
"""From connecting to the end of the headers: a till takes milliseconds, a slow loris for ever."""

MAX_HEADER_BYTES = 16 * 1024
"""h11's own default; a request of ours has one."""

UNREAD_S = 30
"""A client that takes none of what it asked for is gone: else each would keep a place for ever."""

DRAIN_S = 3
"""At shutdown: answers under way may end. A payment's task outlives the box's edge anyway."""


class Connection(H11Protocol):
    """One client: it must finish its headers in time, and leaves when others need its place."""

    _deadline: asyncio.TimerHandle | None = None
    _since = 0.0

    @property
    def since(self) -> float:
        """The loop's time when the client came."""
        return self._since

    @property
    def idle(self) -> bool:
        """Whether no request is being answered."""
        return not self.cycle or self.cycle.response_complete  # None before the first request

    def connection_made(self, transport: Any) -> None:
        assert self.limit_concurrency is not None, "there always is one"
        _make_room(self.connections, self.limit_concurrency - 1)
        self._since = self.loop.time()
        super().connection_made(transport)
        self._arm()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.idle and not self.transport.is_closing():
            self._arm()
        else:
            self._disarm()

    def connection_lost(self, exc: Exception | None) -> None:
        self._disarm()
        super().connection_lost(exc)

    def leave(self) -> None:
        """Close, unless a request is being answered."""
        if self.idle:
            self.timeout_keep_alive_handler()

    def cut(self) -> None:
        """Go at once, with whatever the client has not read."""
        self.transport.abort()

    def _arm(self) -> None:
        """Start the headers' time, once: bytes that trickle in do not renew it."""
        if self._deadline is None:
            self._deadline = self.loop.call_later(HEADER_S, self.leave)

    def _disarm(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


class _Server(uvicorn.Server):
    """Ends when told to at once, and wakes once a second instead of ten times."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._told = asyncio.Event()

    def end(self) -> None:
        self.should_exit = True
        self._told.set()

    async def main_loop(self) -> None:
        while not await self.on_tick(0):  # 0 renews the Date header
            with suppress(TimeoutError):
                await asyncio.wait_for(self._told.wait(), 1)

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Leave signals alone: the program has one place for them."""
        yield


def bind(host: str, port: int, *, code: str, remedy: str) -> socket.socket:
    """Return the listening socket; ConfigError `code` when the address cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=128)
    except OSError as error:
        why = os.strerror(error.errno or 0)
        raise ConfigError(code, f"cannot listen on {host} port {port} ({why}): {remedy}") from None
    # asyncio sets it only on sockets made with IPPROTO_TCP; without it each answer waits 40 ms for
    # the client's delayed acknowledgement of its headers.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(UNREAD_S * 1000))
    return listener


async def serve(
    app: Callable[..., Any],
    listener: socket.socket,
    *,
    name: str,
    connections: int,
    certificate: Path | None = None,
    key: Path | None = None,
    ending: Callable[[], None] = lambda: None,
) -> None:
    """Serve `app` to so many at once until cancelled; `ending` is called then.

    Answers finish for up to three seconds. With a certificate and its key: TLS.
    """
    server = _Server(_config(app, connections, certificate, key))
    async with Crew(name, drain_s=DRAIN_S + 1) as crew:
        crew.start(server.serve([listener]), name="uvicorn")
        try:
            await crew.broken()
        finally:
            ending()
            server.end()


def _config(
    app: Callable[..., Any], connections: int, certificate: Path | None, key: Path | None
) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=Connection,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,  # nobody stands in front of us whose word on addresses counts
        server_header=False,
        limit_concurrency=connections + 1,  # uvicorn counts the asking connection as well
        h11_max_incomplete_event_size=MAX_HEADER_BYTES,
        timeout_keep_alive=HEADER_S,
        timeout_graceful_shutdown=DRAIN_S,
        ssl_certfile=certificate,
        ssl_keyfile=key,
    )


def _make_room(connections: set[Any], places: int) -> None:
    """Have the oldest idle connection leave when all places are taken."""
    if len(connections) >= places:
        idle = [each for each in connections if each.idle]
        if idle:
            min(idle, key=lambda each: each.since).cut()
