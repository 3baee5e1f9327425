"""What every ReportLink guarantees (posedge/link/interface.py), held against each of them."""

import asyncio
import errno
import fcntl
import os
import socket
import termios
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from threading import Event
from typing import Protocol

import pytest

from posedge.link.hidraw import QUEUE_REPORTS, HidrawLink
from posedge.link.interface import Nature, ReportLink
from posedge.link.memory_reports import MemoryReports
from posedge.model.errors import DeviceError, DeviceGone
from posedge.tasks import Crew, cancel

SOON_S = 5.0
NATURE = Nature(0x0C2E, 0x0901, b"\x05\x8c")


class Far(Protocol):
    """The device's side."""

    async def send(self, report: bytes) -> None: ...

    async def taken(self) -> bytes: ...

    async def cut(self) -> None: ...

    async def settled(self) -> None:
        """Return when nothing that was sent is under way any more."""
        ...

    def stop(self) -> None:
        """Take no order any more."""
        ...


class KernelFar:
    """A packet socket keeps the bounds of reports, as hidraw does. Also its ioctls."""

    def __init__(self, peer: socket.socket) -> None:
        self._peer = peer
        self._features: dict[int, bytes] = {}
        self.answers = Event()
        self.answers.set()

    async def send(self, report: bytes) -> None:
        await asyncio.get_running_loop().sock_sendall(self._peer, report)

    async def taken(self) -> bytes:
        return await asyncio.get_running_loop().sock_recv(self._peer, 4096)

    async def cut(self) -> None:
        self._peer.close()

    async def settled(self) -> None:
        while self._under_way():  # noqa: ASYNC110 - what is waited for is a thread
            await asyncio.sleep(0.001)

    def stop(self) -> None:
        self.answers.clear()

    def _under_way(self) -> int:
        return int.from_bytes(fcntl.ioctl(self._peer, termios.TIOCOUTQ, bytes(4)), "little")

    def nature(self, fd: int) -> Nature:
        assert os.fstat(fd)
        return NATURE

    def set_feature(self, fd: int, report: bytes) -> None:
        assert os.fstat(fd)
        assert self.answers.wait(SOON_S)
        self._features[report[0]] = report

    def get_feature(self, fd: int, number: int, size: int) -> bytes:
        assert os.fstat(fd)
        return self._features[number][:size]


class MemoryFar:
    def __init__(self, line: MemoryReports) -> None:
        self._line = line
        self.send, self.taken, self.cut = line.send, line.taken, line.cut

    async def settled(self) -> None:
        return

    def stop(self) -> None:
        self._line.deaf = True


Line = tuple[ReportLink, Far]


@asynccontextmanager
async def memory() -> AsyncIterator[Line]:
    line = MemoryReports(NATURE)
    yield line, MemoryFar(line)


@asynccontextmanager
async def hidraw() -> AsyncIterator[Line]:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    theirs.setblocking(False)
    ours.setblocking(False)
    far = KernelFar(theirs)
    try:
        yield HidrawLink("hidraw7", ours.detach(), ioctls=far), far
    finally:
        far.answers.set()
        theirs.close()


Make = Callable[[], AbstractAsyncContextManager[Line]]


@pytest.fixture(params=[memory, hidraw])
async def line(request: pytest.FixtureRequest) -> AsyncIterator[Line]:
    make: Make = request.param
    async with make() as (near, far), asyncio.timeout(2 * SOON_S):
        yield near, far
        await near.close()


async def test_reports_come_whole_and_in_order(line: Line) -> None:
    near, far = line
    assert near.nature == NATURE
    for n in range(20):
        await far.send(bytes([2, n]) * 20)
    assert [await near.read() for _ in range(20)] == [bytes([2, n]) * 20 for n in range(20)]


async def test_output_reports_reach_the_device(line: Line) -> None:
    near, far = line
    await near.write(b"\x02\x02", deadline_s=SOON_S)
    await near.write(b"\x00" * 121, deadline_s=SOON_S)
    assert await far.taken() == b"\x02\x02"
    assert await far.taken() == bytes(121)


async def test_feature_reports_are_set_and_got(line: Line) -> None:
    near, _ = line
    await near.set_feature(b"\xfe\x01\x02", deadline_s=SOON_S)
    assert await near.get_feature(0xFE, 2, deadline_s=SOON_S) == b"\xfe\x01"


async def test_a_cancelled_read_loses_nothing(line: Line) -> None:
    near, far = line
    async with Crew("test") as crew:
        reading = crew.start(near.read(), name="read")
        await asyncio.sleep(0)
        await cancel(reading)
    await far.send(b"\x01whole")
    assert await near.read() == b"\x01whole"


async def test_unplugged_behind_what_it_sent(line: Line) -> None:
    near, far = line
    await far.send(b"\x01last")
    await far.cut()
    assert await near.read() == b"\x01last"
    for _ in range(2):
        with pytest.raises(DeviceGone):
            await near.read()
    with pytest.raises(DeviceGone):
        await near.write(b"\x02", deadline_s=SOON_S)


async def until_gone(near: ReportLink) -> None:
    with pytest.raises(DeviceGone):
        await near.read()


async def test_close_ends_a_pending_read_and_may_be_called_twice(line: Line) -> None:
    near, _ = line
    async with Crew("test") as crew:
        crew.start(until_gone(near), name="read")
        await asyncio.sleep(0)
        await near.close()
        await near.close()
    with pytest.raises(DeviceGone):
        await near.set_feature(b"\x01", deadline_s=SOON_S)
    assert "closed" in repr(near)


async def read_all(near: ReportLink, seen: list[bytes]) -> None:
    while True:
        seen.append(await near.read())


async def test_what_nobody_read_is_told_in_its_place(line: Line) -> None:
    near, far = line
    for n in range(QUEUE_REPORTS + 10):
        await far.send(n.to_bytes(2, "big"))
    await far.settled()
    assert 0 < near.waiting <= QUEUE_REPORTS + 1
    seen: list[bytes] = []
    with pytest.raises(DeviceError, match="more reports") as lost:
        await read_all(near, seen)
    assert lost.value.code == "device.overrun"
    assert seen == [n.to_bytes(2, "big") for n in range(len(seen))]
    assert 0 < len(seen) <= QUEUE_REPORTS
    await far.send(b"\xff\xff")
    assert await near.read() == b"\xff\xff"


async def test_a_device_that_takes_no_order(line: Line) -> None:
    near, far = line
    far.stop()
    with pytest.raises(DeviceError, match="took no more") as stalled:
        await near.set_feature(b"\x01", deadline_s=0.02)
    assert stalled.value.code == "device.stalled"


class Refused(KernelFar):
    def nature(self, fd: int) -> Nature:
        raise OSError(errno.ENODEV, os.strerror(errno.ENODEV), fd)


async def test_a_device_that_leaves_while_it_is_asked_what_it_is() -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    fd = ours.detach()
    with pytest.raises(DeviceGone):
        HidrawLink("hidraw7", fd, ioctls=Refused(theirs))
    theirs.close()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(fd)
