"""Headquarters as a program, with a real mosquitto."""

import asyncio
import os
import signal
import socket
from pathlib import Path

import httpx
import pytest

from posedge.demo.mosquitto import Mosquitto
from posedge.hq.app import serve
from posedge.hq.settings import HqSettings
from posedge.model.errors import ConfigError
from posedge.mqtt.settings import BrokerAddress
from posedge.tasks import Crew, cancel


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def settings(folder: Path, broker: BrokerAddress, port: int) -> HqSettings:
    return HqSettings(broker=broker, tenant="acme", database=f"sqlite:///{folder}/hq.db", port=port)


async def healthy(port: int) -> None:
    async with asyncio.timeout(10), httpx.AsyncClient() as client:
        while True:
            try:
                answer = await client.get(f"http://127.0.0.1:{port}/healthz")
            except httpx.TransportError:
                await asyncio.sleep(0.02)
            else:
                if answer.status_code == 200:
                    return
                await asyncio.sleep(0.02)


@pytest.mark.parametrize("how", ["signal", "cancel"])
async def test_serves_until_it_is_told_to_stop(tmp_path: Path, how: str) -> None:
    port = free_port()
    async with Mosquitto(tmp_path) as broker, Crew("test") as crew:
        hq = crew.start(serve(settings(tmp_path, broker.address, port)), name="hq")
        await healthy(port)
        if how == "signal":
            os.kill(os.getpid(), signal.SIGTERM)
            async with asyncio.timeout(5):
                await hq
        else:
            await cancel(hq)
        with pytest.raises(httpx.TransportError):
            async with httpx.AsyncClient() as client:
                await client.get(f"http://127.0.0.1:{port}/healthz")
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().remove_signal_handler(number)


async def test_address_that_is_taken_is_the_operators_to_mend(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        nobody = BrokerAddress(host="127.0.0.1", port=1)
        with pytest.raises(ConfigError, match="set host and port"):
            await serve(settings(tmp_path, nobody, port))
