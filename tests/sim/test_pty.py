import asyncio
import io
import os
import tempfile
from pathlib import Path

import pytest

from posedge.sim.console import orders
from posedge.sim.pty import Pty

PATIENCE_S = 5


def opened(pty: Pty) -> int:
    return os.open(pty.path, os.O_RDWR | os.O_NOCTTY)


async def test_bytes_both_ways_unchanged() -> None:
    pty = Pty()
    driver = opened(pty)
    data = bytes(range(256))
    os.write(driver, data)
    assert await pty.read() == data
    pty.write(data)
    assert os.read(driver, 4096) == data
    pty.unplug()
    os.close(driver)


async def test_unplugging_ends_both_ends_and_replugging_is_a_new_tty(tmp_path: Path) -> None:
    pty = Pty(tmp_path / "scale")
    driver = opened(pty)
    reading = asyncio.gather(pty.read(), return_exceptions=True)
    await asyncio.sleep(0)
    pty.unplug()
    pty.unplug()
    assert isinstance((await reading)[0], EOFError)
    assert not pty.plugged
    assert not (tmp_path / "scale").is_symlink()
    pty.write(b"nobody hears this")
    with pytest.raises(EOFError):
        await pty.read()
    with pytest.raises(OSError, match="Input/output error"):
        os.write(driver, b"x")
    os.close(driver)
    waiting = asyncio.gather(pty.plugged_in())
    await asyncio.sleep(0)
    pty.plug()
    pty.plug()
    async with asyncio.timeout(PATIENCE_S):
        await waiting
    again = opened(pty)
    os.write(again, b"W")
    assert await pty.read() == b"W"
    pty.unplug()
    os.close(again)


async def test_a_cancelled_read_loses_nothing() -> None:
    pty = Pty()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await pty.read()
    driver = opened(pty)
    os.write(driver, b"W")
    assert await pty.read() == b"W"
    pty.unplug()
    os.close(driver)


async def test_a_driver_that_never_reads_does_not_stop_the_device() -> None:
    pty = Pty()
    for _ in range(100):
        pty.write(b"x" * 1000)
    pty.unplug()


async def test_orders_from_a_pipe_and_from_a_file() -> None:
    ours, theirs = os.pipe()
    os.write(theirs, b" put 100 \nunplug\n")
    os.close(theirs)
    with os.fdopen(ours) as stream:
        assert [order async for order in orders(stream)] == ["put 100", "unplug"]
    with tempfile.TemporaryFile("w+") as file:
        file.write("put 100\nplug\n")
        file.seek(0, io.SEEK_SET)
        assert [order async for order in orders(file)] == ["put 100", "plug"]
