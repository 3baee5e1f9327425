import asyncio
import os
import socket
import subprocess
import sys
import tty

import pytest

from posedge.devices.address import Evdev, Hidraw, Http, Serial, Tcp, Usblp
from posedge.devices.openers import open_link
from posedge.model.errors import DeviceGone


async def test_a_network_address() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        link = await open_link(Tcp(host="127.0.0.1", port=server.getsockname()[1]))
        assert "tcp://127.0.0.1" in repr(link)
        await link.close()


async def test_a_serial_address() -> None:
    master, slave = os.openpty()
    tty.setraw(slave)
    link = await open_link(Serial(path=os.ttyname(slave)))
    await link.close()
    os.close(slave)
    os.close(master)


async def test_what_is_asked_by_http_gets_a_stream_that_its_driver_secures() -> None:
    async with await asyncio.start_server(_echo, "127.0.0.1", 0) as server:
        link = await open_link(Http(host="127.0.0.1", port=server.sockets[0].getsockname()[1]))
        await link.write(b"ping", deadline_s=1)
        assert await link.read() == b"ping"
        await link.close()


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(await reader.readexactly(4))
    await reader.read()
    writer.close()


@pytest.mark.parametrize("kind", [Usblp, Evdev, Hidraw])
async def test_a_node_that_is_gone(kind: type[Usblp | Evdev | Hidraw]) -> None:
    with pytest.raises(DeviceGone):
        await open_link(kind(path="/dev/posedge-no-such-node"))


def test_the_first_serial_device_waits_for_nothing_that_a_calm_box_can_load() -> None:
    """In a process of its own, since here it is loaded already."""
    code = (
        "import asyncio, sys; from posedge.devices import openers; openers.CALM_S = 0\n"
        "before = 'serialx' in sys.modules; asyncio.run(openers.prepare())\n"
        "print(before, 'serialx' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False True\n"
