import asyncio
import os
import pty
import socket
import time
import tty
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from posedge.link import usblp
from posedge.link.usblp import MAX_IN_FLIGHT, UsblpLink, open_usblp
from posedge.model.errors import DeviceError, DeviceGone
from posedge.tasks import Crew, cancel

Line = tuple[UsblpLink, socket.socket]


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    ours, theirs = socket.socketpair()
    for end in (ours, theirs):
        end.setblocking(False)
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    link = UsblpLink(ours.detach())
    yield link, theirs
    theirs.close()
    await link.close()


async def drain(printer: socket.socket, size: int) -> bytes:
    got = b""
    while len(got) < size:
        got += await asyncio.get_running_loop().sock_recv(printer, 65536)
    return got


async def test_reads_what_is_there_and_what_comes_later(line: Line) -> None:
    link, printer = line
    printer.send(b"\x12\x16")
    assert await link.read(1) == b"\x12"
    assert await link.read() == b"\x16"
    async with Crew("test") as crew:
        reading = crew.start(link.read(), name="read")
        await asyncio.sleep(0)
        printer.send(b"\x1a")
        assert await reading == b"\x1a"


async def test_a_cancelled_read_loses_no_byte(line: Line) -> None:
    link, printer = line
    async with Crew("test") as crew:
        reading = crew.start(link.read(), name="read")
        await asyncio.sleep(0)
        printer.send(b"\x12")
        await cancel(reading)
    assert await link.read() == b"\x12"


async def test_a_long_write_goes_out_in_blocks(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    link, printer = line
    blocks: list[int] = []
    real = os.write

    def write(fd: int, data: memoryview) -> int:
        blocks.append(len(data))
        return real(fd, data)

    monkeypatch.setattr(os, "write", write)
    job = os.urandom(50_000)
    async with Crew("test") as crew:
        drained = crew.start(drain(printer, len(job)), name="printer")
        await link.write(job, deadline_s=5)
        assert await drained == job
    assert max(blocks) == MAX_IN_FLIGHT


async def test_a_printer_that_takes_nothing_costs_its_deadline(line: Line) -> None:
    link, _ = line
    started = time.perf_counter()
    with pytest.raises(DeviceError) as caught:
        await link.write(bytes(1_000_000), deadline_s=0.05)
    assert caught.value.code == "device.stalled"
    assert time.perf_counter() - started < 1


async def test_an_unplugged_printer_is_gone_for_readers_and_writers(line: Line) -> None:
    link, printer = line
    async with Crew("test") as crew:
        reading = crew.start(_gone(link), name="read")
        await asyncio.sleep(0)
        printer.close()
        assert await reading == "device.gone"
    with pytest.raises(DeviceGone):
        await link.write(b"x", deadline_s=1)


async def test_close_ends_a_pending_read_and_may_be_repeated(line: Line) -> None:
    link, _ = line
    async with Crew("test") as crew:
        reading = crew.start(_gone(link), name="read")
        await asyncio.sleep(0)
        await link.close()
        await link.close()
        assert await reading == "device.gone"
    with pytest.raises(DeviceGone):
        await link.read()
    assert "closed" in repr(link)


async def test_close_ends_a_write_that_is_cut_short(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usblp, "CLOSE_S", 0.02)
    link, _ = line
    async with Crew("test") as crew:
        writing = crew.start(_write_gone(link), name="write")
        await asyncio.sleep(0)
        await link.close()
        assert await writing == "device.gone"


async def test_close_waits_for_what_is_in_flight(line: Line) -> None:
    link, printer = line
    with pytest.raises(DeviceError):
        await link.write(bytes(1_000_000), deadline_s=0.01)
    async with Crew("test") as crew:
        closing = crew.start(link.close(), name="close")
        await asyncio.sleep(0)
        assert not closing.done()
        printer.recv(1_000_000)
        await closing


async def test_an_empty_packet_is_not_the_end(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usblp, "EMPTY_S", 0.001)
    link, printer = line
    real = os.read
    empty = iter([b"", b""])
    monkeypatch.setattr(os, "read", lambda fd, size: next(empty, None) or real(fd, size))
    printer.send(b"\x12")
    assert await link.read() == b"\x12"


async def test_a_terminal_whose_other_end_closed_is_gone() -> None:
    master, slave = pty.openpty()
    tty.setraw(slave)
    link = await open_usblp(os.ttyname(slave))
    os.close(slave)
    os.write(master, b"\x12")
    assert await link.read() == b"\x12"
    os.close(master)
    with pytest.raises(DeviceGone):
        await link.read()
    await link.close()


async def test_a_missing_device_is_gone_when_opened(tmp_path: Path) -> None:
    with pytest.raises(DeviceGone):
        await open_usblp(str(tmp_path / "lp0"))


async def _gone(link: UsblpLink) -> str:
    with pytest.raises(DeviceGone) as caught:
        await link.read()
    return caught.value.code


async def _write_gone(link: UsblpLink) -> str:
    with pytest.raises(DeviceGone) as caught:
        await link.write(bytes(1_000_000), deadline_s=5)
    return caught.value.code
