"""Beyond the contract: what only real transports do."""

import asyncio
import logging
import os
import socket
import termios
import tty
from collections.abc import Iterator

import pytest

from posedge.link.serial import open_serial
from posedge.link.stream import READ_HIGH, StreamLink
from posedge.link.tcp import open_tcp
from posedge.model.errors import DeviceBusy, DeviceError, DeviceGone
from posedge.tasks import Crew


@pytest.fixture
def server() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        yield listening


async def test_nobody_listens(server: socket.socket) -> None:
    port = server.getsockname()[1]
    server.close()
    with pytest.raises(DeviceError) as caught:
        await open_tcp("127.0.0.1", port, timeout_s=1)
    assert caught.value.code == "device.unreachable"
    assert f"tcp://127.0.0.1:{port}" in caught.value.message


async def test_nobody_answers() -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        address = full.getsockname()
        with socket.create_connection(address), pytest.raises(DeviceError) as caught:
            await fill(address)
    assert caught.value.code == "device.unreachable"
    assert "0.05 s" in caught.value.message


async def fill(address: tuple[str, int]) -> None:
    """Connect until the backlog is full and the kernel drops the SYN."""
    opened: list[StreamLink] = []
    try:
        for _ in range(8):
            opened.append(await open_tcp(*address, timeout_s=0.05))  # noqa: PERF401 - one by one
    finally:
        for link in opened:
            await link.close()


async def test_unread_bytes_are_bounded_and_none_is_lost(server: socket.socket) -> None:
    link = await open_tcp("127.0.0.1", server.getsockname()[1], timeout_s=1)
    loop = asyncio.get_running_loop()
    peer, _ = await loop.sock_accept(server)
    total = 8 * 1024 * 1024
    async with asyncio.timeout(5), Crew("test") as crew:
        sending = crew.start(loop.sock_sendall(peer, b"x" * total), name="send")
        received = most = 0
        while received < total:
            received += len(await link.read(1024))
            most = max(most, len(link._unread))
            await asyncio.sleep(0)  # the peer is faster than this reader
        await sending
    assert received == total
    assert READ_HIGH <= most <= READ_HIGH + 256 * 1024
    await link.close()
    peer.close()


async def test_a_device_that_floods_us_takes_turns_with_others(server: socket.socket) -> None:
    link = await open_tcp("127.0.0.1", server.getsockname()[1], timeout_s=1)
    loop = asyncio.get_running_loop()
    peer, _ = await loop.sock_accept(server)
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async with asyncio.timeout(5), Crew("test") as crew:
        await loop.sock_sendall(peer, b"x" * READ_HIGH)
        while len(link._unread) < READ_HIGH:  # noqa: ASYNC110 - the kernel's time
            await asyncio.sleep(0)
        crew.start(other(), name="other")
        for _ in range(READ_HIGH // 1024):
            await link.read(1024)
    assert turns >= READ_HIGH // 1024 - 1
    await link.close()
    peer.close()


async def test_a_reset_is_gone(server: socket.socket) -> None:
    link = await open_tcp("127.0.0.1", server.getsockname()[1], timeout_s=1)
    peer, _ = await asyncio.get_running_loop().sock_accept(server)
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    peer.close()
    with pytest.raises(DeviceGone):
        await link.read()
    assert "gone" in repr(link)
    await link.close()


async def test_serial_settings_reach_the_port() -> None:
    master, slave = os.openpty()
    tty.setraw(slave)
    link = await open_serial(os.ttyname(slave), baud=4800, parity="O", stop_bits=2)
    settings = termios.tcgetattr(slave)
    assert settings[4] == settings[5] == termios.B4800
    assert settings[2] & termios.CSTOPB
    with pytest.raises(DeviceBusy):
        await open_serial(os.ttyname(slave), baud=9600)
    await link.close()
    os.close(slave)
    os.close(master)


async def test_no_such_port() -> None:
    with pytest.raises(DeviceGone):
        await open_serial("/dev/posedge-no-such-port", baud=9600)


async def test_payload_never_reaches_the_log(caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("serialx").setLevel(logging.NOTSET)
    caplog.set_level(logging.DEBUG)
    master, slave = os.openpty()
    tty.setraw(slave)
    link = await open_serial(os.ttyname(slave), baud=9600)
    os.write(master, b"secret")
    async with asyncio.timeout(5):
        assert await link.read() == b"secret"
        await link.write(b"hidden", deadline_s=1)
    await link.close()
    assert "secret" not in caplog.text
    assert "hidden" not in caplog.text
    os.close(slave)
    os.close(master)
