"""Headquarters as a program: ingest and page, until it is told to stop."""

import asyncio
import os
import random
import signal
import socket
from collections.abc import Generator
from contextlib import contextmanager

import structlog
import uvicorn
from fastapi import FastAPI

from posedge.clock import Ids, SystemClock
from posedge.hq.book import CommandBook
from posedge.hq.commands import Commands
from posedge.hq.console import build
from posedge.hq.hooks import add_hooks
from posedge.hq.ingest import Ingest
from posedge.hq.ledger import Ledger
from posedge.hq.orders import router
from posedge.hq.queries import Queries
from posedge.hq.settings import HqSettings
from posedge.model.errors import ConfigError
from posedge.model.topics import BoxTopics
from posedge.mqtt.client import AiomqttBroker
from posedge.tasks import Crew, Worker

MAX_CONNECTIONS = 64
KEEP_ALIVE_S = 10
STOP_S = 3

log = structlog.get_logger()


class _Server(uvicorn.Server):
    """uvicorn as a part of headquarters, which has one place for signals."""

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Leave signals alone."""
        yield


async def serve(settings: HqSettings) -> None:
    """Run until cancelled, or told by SIGTERM or SIGINT.

    ConfigError when the database's URL or the page's address is no good; StorageError when the
    ledger fails: better to end than to acknowledge what is not stored.
    """
    clock, chance, stop = SystemClock(), random.SystemRandom(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    ledger = Ledger(settings.database)
    writer, reader = Worker("hq.ledger"), Worker("hq.queries")
    ingest = Ingest(
        ledger,
        writer.run,
        AiomqttBroker(settings.broker),
        tenant=settings.tenant,
        client_id=settings.client_id,
        clock=clock,
        chance=chance,
    )
    queries = Queries(ledger)
    book = CommandBook(ledger)
    commands = Commands(
        book,
        writer.run,  # one thread writes: two would run into each other's transactions
        ingest.publish,
        requester=settings.client_id,
        clock=clock,
        chance=chance,
    )
    ingest.listen(commands.answered)
    page = build(queries, reader.run, status=ingest.status, settings=settings, book=book)
    page.include_router(router(commands, book, reader.run, token=settings.token))

    async def find(box: str) -> BoxTopics | None:
        return await reader.run(lambda: queries.place(box))

    add_hooks(page, find, ingest.publish, clock=clock, ids=Ids(clock, chance), chance=chance)
    try:
        with _bind(settings) as listener:
            async with Crew("hq") as crew:
                log.info("hq.started", host=settings.host, port=listener.getsockname()[1])
                ends = (
                    crew.start(stop.wait(), name="stop"),
                    crew.start(ingest.run(), name="ingest"),
                    crew.start(_serve_page(page, listener), name="page"),
                )
                await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    finally:
        writer.close()
        reader.close()
        ledger.close()


def _bind(settings: HqSettings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family)
    except OSError as error:
        why = os.strerror(error.errno or 0)
        raise ConfigError(
            "hq.address",
            f"cannot listen on {settings.host} port {settings.port} ({why}): "
            "set host and port of headquarters",
        ) from None


async def _serve_page(page: FastAPI, listener: socket.socket) -> None:
    server = _Server(
        uvicorn.Config(
            page,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            limit_concurrency=MAX_CONNECTIONS,
            timeout_keep_alive=KEEP_ALIVE_S,
            timeout_graceful_shutdown=STOP_S,
        )
    )
    async with Crew("hq.page", drain_s=STOP_S + 1) as crew:
        crew.start(server.serve([listener]), name="uvicorn")
        try:
            await crew.broken()
        finally:
            server.should_exit = True
