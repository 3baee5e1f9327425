"""A web server as a part of a program; how it stands attacks is in tests/web/test_attacks.py."""

import asyncio
import socket
from contextlib import suppress

import httpx
import pytest
from fastapi import FastAPI

from posedge.model.errors import ConfigError
from posedge.serving import bind, serve
from posedge.tasks import Crew, cancel


def test_a_taken_address_says_whose_it_is_to_mend() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        pytest.raises(ConfigError, match="set it elsewhere") as caught,
    ):
        bind("127.0.0.1", taken.getsockname()[1], code="page.address", remedy="set it elsewhere")
    assert caught.value.code == "page.address"


async def test_it_serves_until_cancelled_and_says_that_it_ends() -> None:
    app, ended = FastAPI(), asyncio.Event()
    with bind("127.0.0.1", 0, code="page.address", remedy="") as listener:
        port = listener.getsockname()[1]
        async with Crew("test") as crew, httpx.AsyncClient() as client:
            running = serve(app, listener, name="page", connections=2, ending=ended.set)
            page = crew.start(running, name="page")
            answer = await client.get(f"http://127.0.0.1:{port}/none")
            assert answer.status_code == 404
            assert not ended.is_set()
            await cancel(page)
        assert ended.is_set()


async def test_the_oldest_idle_client_leaves_when_all_places_are_taken() -> None:
    with bind("127.0.0.1", 0, code="page.address", remedy="") as listener:
        port = listener.getsockname()[1]
        async with Crew("test") as crew, asyncio.timeout(5):
            running = serve(FastAPI(), listener, name="page", connections=1)
            page = crew.start(running, name="page")
            first, old = await asyncio.open_connection("127.0.0.1", port)
            second, new = await asyncio.open_connection("127.0.0.1", port)
            assert await first.read() == b""
            new.write(b"GET /none HTTP/1.1\r\nHost: page\r\n\r\n")
            assert b"404" in await second.readline()
            for each in (old, new):
                each.close()
                with suppress(ConnectionResetError):
                    await each.wait_closed()
            await cancel(page)
