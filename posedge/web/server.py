"""uvicorn as a part of the box: its socket is ours, so are signals, and it ends when told to."""

import asyncio
import os
import socket
from collections.abc import Generator
from contextlib import contextmanager, suppress
from typing import Any

import structlog
import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol

from posedge.model.errors import ConfigError
from posedge.tasks import Crew
from posedge.web.settings import WebSettings
from posedge.web.stream import MAX_STREAMS, Streams

MAX_CONNECTIONS = 64 + MAX_STREAMS
"""Forty tills that ask at once, and their streams."""

HEADER_S = 5
"""From connecting to the end of the headers: a till takes milliseconds, a slow loris for ever."""

MAX_HEADER_BYTES = 16 * 1024
"""h11's own default; a request of ours has one."""

UNREAD_S = 30
"""A client that takes none of what it asked for is gone: else each would keep a place for ever."""

DRAIN_S = 3
"""At shutdown: answers under way may end. A payment's task outlives this edge anyway."""

log = structlog.get_logger()


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
        _make_room(self.connections)
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
        """Leave signals alone: the box has one place for them."""
        yield


def bind(settings: WebSettings) -> socket.socket:
    """Return the listening socket; ConfigError `web.address` when the address cannot be had."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        listener = socket.create_server((settings.host, settings.port), family=family, backlog=128)
    except OSError as error:
        why = os.strerror(error.errno or 0)
        raise ConfigError(
            "web.address",
            f"cannot listen on {settings.host} port {settings.port} ({why}): "
            "set web.host and web.port",
        ) from None
    # asyncio sets it only on sockets made with IPPROTO_TCP; without it each answer waits 40 ms for
    # the client's delayed acknowledgement of its headers.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(UNREAD_S * 1000))
    return listener


def address(listener: socket.socket, settings: WebSettings) -> str:
    """Return where a browser on this machine finds the page, e.g. `http://127.0.0.1:8080`."""
    port: int = listener.getsockname()[1]
    everywhere = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - only compared
    host = everywhere.get(settings.host, settings.host)
    scheme = "https" if settings.secure else "http"
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


async def serve(app: FastAPI, settings: WebSettings, listener: socket.socket) -> None:
    """Serve until cancelled; then let streams end and answers finish for up to three seconds."""
    streams: Streams = app.state.streams
    server = _Server(_config(app, settings))
    log.info("web.serving", address=address(listener, settings))
    async with Crew("web", drain_s=DRAIN_S + 1) as crew:
        crew.start(server.serve([listener]), name="uvicorn")
        try:
            await crew.broken()
        finally:
            streams.close()
            server.end()


def _config(app: FastAPI, settings: WebSettings) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=Connection,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,  # nobody stands in front of us whose word on addresses counts
        server_header=False,
        limit_concurrency=MAX_CONNECTIONS + 1,  # uvicorn counts the asking connection as well
        h11_max_incomplete_event_size=MAX_HEADER_BYTES,
        timeout_keep_alive=HEADER_S,
        timeout_graceful_shutdown=DRAIN_S,
        ssl_certfile=settings.tls_certificate,
        ssl_keyfile=settings.tls_key,
    )


def _make_room(connections: set[Any]) -> None:
    """Have the oldest idle connection leave when all places are taken."""
    if len(connections) >= MAX_CONNECTIONS:
        idle = [each for each in connections if each.idle]
        if idle:
            min(idle, key=lambda each: each.since).cut()
