"""What every Link guarantees (posedge/link/interface.py), held against each of them."""

import asyncio
import os
import socket
import tty
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol

import pytest

from posedge.devices.meter import Meter
from posedge.devices.watched import WatchedLink
from posedge.link.interface import Link
from posedge.link.memory import MemoryLink
from posedge.link.serial import open_serial
from posedge.link.tape import Tape
from posedge.link.tcp import open_tcp
from posedge.model.errors import DeviceError, DeviceGone
from posedge.tasks import Crew, cancel
from posedge.wire.masks import PLAIN

SOON_S = 5.0
BRIEFLY_S = 0.05


class Far(Protocol):
    """The device's end of the line."""

    async def send(self, data: bytes) -> None: ...

    async def receive(self, size: int) -> bytes: ...

    async def vanish(self) -> None: ...


class SocketFar:
    def __init__(self, peer: socket.socket) -> None:
        self._peer = peer

    async def send(self, data: bytes) -> None:
        await asyncio.get_running_loop().sock_sendall(self._peer, data)

    async def receive(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            data += await asyncio.get_running_loop().sock_recv(self._peer, size - len(data))
        return data

    async def vanish(self) -> None:
        self._peer.close()


class PtyFar:
    def __init__(self, master: int) -> None:
        self._master = master

    async def send(self, data: bytes) -> None:
        assert os.write(self._master, data) == len(data)

    async def receive(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            data += await asyncio.to_thread(os.read, self._master, size - len(data))
        return data

    async def vanish(self) -> None:
        if self._master >= 0:
            os.close(self._master)
        self._master = -1


class MemoryFar:
    def __init__(self, end: MemoryLink) -> None:
        self._end = end

    async def send(self, data: bytes) -> None:
        await self._end.write(data, deadline_s=SOON_S)

    async def receive(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            data += await self._end.read(size - len(data))
        return data

    async def vanish(self) -> None:
        await self._end.close()


Line = tuple[Link, Far]


@asynccontextmanager
async def memory() -> AsyncIterator[Line]:
    near, far = MemoryLink.pair()
    yield near, MemoryFar(far)


@asynccontextmanager
async def watched() -> AsyncIterator[Line]:
    async def tell() -> None: ...

    near, far = MemoryLink.pair()
    now_s = asyncio.get_running_loop().time()
    yield WatchedLink(near, Meter(now_s), tell, Tape(PLAIN, now_s)), MemoryFar(far)


@asynccontextmanager
async def tcp() -> AsyncIterator[Line]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        near = await open_tcp("127.0.0.1", server.getsockname()[1], timeout_s=SOON_S)
        peer, _ = await asyncio.get_running_loop().sock_accept(server)
        peer.setblocking(False)
        try:
            yield near, SocketFar(peer)
        finally:
            await near.close()
            peer.close()


@asynccontextmanager
async def serial() -> AsyncIterator[Line]:
    master, slave = os.openpty()
    tty.setraw(slave)
    near = await open_serial(os.ttyname(slave), baud=9600)
    os.close(slave)
    far = PtyFar(master)
    try:
        yield near, far
    finally:
        await near.close()
        await far.vanish()


@pytest.fixture(params=[memory, watched, tcp, serial])
def line(request: pytest.FixtureRequest) -> Callable[[], AbstractAsyncContextManager[Line]]:
    opened: Callable[[], AbstractAsyncContextManager[Line]] = request.param
    return opened


Opened = Callable[[], AbstractAsyncContextManager[Line]]


async def read_all(link: Link, size: int, limit: int = 4096) -> bytes:
    data = b""
    async with asyncio.timeout(SOON_S):
        while len(data) < size:
            part = await link.read(limit)
            assert 1 <= len(part) <= limit
            data += part
    return data


async def test_bytes_arrive_both_ways_unchanged(line: Opened) -> None:
    every_byte = bytes(range(256))
    async with line() as (near, far), asyncio.timeout(SOON_S):
        await near.write(every_byte, deadline_s=1)
        assert await far.receive(256) == every_byte
        await far.send(every_byte)
        assert await read_all(near, 256, limit=7) == every_byte


async def test_what_waits_is_read_at_once(line: Opened) -> None:
    async with line() as (near, far), asyncio.timeout(SOON_S):
        assert not waits(near)
        await far.send(b"ab")
        assert await near.read(1) == b"a"
        assert waits(near)
        assert await near.read() == b"b"
        assert not waits(near)


async def test_a_cancelled_read_loses_nothing(line: Opened) -> None:
    async with line() as (near, far), Crew("test") as crew, asyncio.timeout(SOON_S):
        for number in range(20):
            reading = crew.start(near.read(), name="read")
            await asyncio.sleep(0)
            await far.send(bytes([number]))
            await cancel(reading)
            if reading.cancelled():
                assert await near.read() == bytes([number])
            else:
                assert reading.result() == bytes([number])


async def test_close_ends_a_pending_read_and_may_be_repeated(line: Opened) -> None:
    async with line() as (near, _), Crew("test") as crew, asyncio.timeout(SOON_S):
        reading = crew.start(expect_gone(near), name="read")
        await asyncio.sleep(0)
        await near.close()
        await near.close()
        await reading


async def test_what_was_sent_before_the_end_is_still_read(line: Opened) -> None:
    async with line() as (near, far), asyncio.timeout(SOON_S):
        if isinstance(far, PtyFar):
            pytest.skip("a pty drops what was not read when its master closes")
        await far.send(b"last words")
        await far.vanish()
        assert await read_all(near, 10) == b"last words"
        await expect_gone(near)


async def test_the_end_is_device_gone_for_read_and_write(line: Opened) -> None:
    async with line() as (near, far), asyncio.timeout(SOON_S):
        await far.vanish()
        await expect_gone(near)
        with pytest.raises(DeviceGone):
            await near.write(b"x", deadline_s=1)


async def test_a_closed_link_neither_reads_nor_writes(line: Opened) -> None:
    async with line() as (near, far), asyncio.timeout(SOON_S):
        await far.send(b"unread")
        await near.close()
        await expect_gone(near)
        with pytest.raises(DeviceGone):
            await near.write(b"x", deadline_s=1)


async def test_a_write_that_is_not_taken_stalls_at_its_deadline(line: Opened) -> None:
    loop = asyncio.get_running_loop()
    async with line() as (near, _), asyncio.timeout(SOON_S):
        with pytest.raises(DeviceError) as caught:
            await fill(near)
        assert caught.value.code == "device.stalled"
        started = loop.time()
        await near.close()
        assert loop.time() - started < 1


def waits(link: Link) -> bool:
    return link.waiting


async def fill(link: Link) -> None:
    """Write until it is not taken: the kernel's own buffers hold some megabytes of TCP."""
    for _ in range(100):
        await link.write(b"\xff" * (256 * 1024), deadline_s=BRIEFLY_S)


async def test_a_large_write_is_taken_whole_by_a_slow_reader(line: Opened) -> None:
    data = bytes(range(256)) * 1024
    async with line() as (near, far), Crew("test") as crew, asyncio.timeout(SOON_S):
        receiving = crew.start(far.receive(len(data)), name="receive")
        await near.write(data, deadline_s=SOON_S)
        assert await receiving == data


async def expect_gone(link: Link) -> None:
    with pytest.raises(DeviceGone) as caught:
        await link.read()
    assert caught.value.code == "device.gone"
