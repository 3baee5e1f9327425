"""Headquarters as a program: ingest and page, until it is told to stop."""

import asyncio
import random
import signal
import socket

import structlog
from fastapi import FastAPI

from posedge import serving
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
from posedge.model.topics import BoxTopics
from posedge.mqtt.client import AiomqttBroker
from posedge.tasks import Crew, Worker

MAX_CONNECTIONS = 64
"""Browsers of a few people, and those who send webhooks."""

log = structlog.get_logger()


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
    remedy = "set host and port of headquarters"
    return serving.bind(settings.host, settings.port, code="hq.address", remedy=remedy)


async def _serve_page(page: FastAPI, listener: socket.socket) -> None:
    await serving.serve(page, listener, name="hq.page", connections=MAX_CONNECTIONS)
