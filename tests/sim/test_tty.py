import asyncio
from pathlib import Path

import pytest

from posedge.sim import tty
from posedge.sim.pty import Pty
from posedge.sim.tty import Tty

PATIENCE_S = 5


async def heard(port: Tty | Pty) -> bytes:
    async with asyncio.timeout(PATIENCE_S):
        return await port.read()


async def test_bytes_both_ways_unchanged(tmp_path: Path) -> None:
    pty = Pty(tmp_path / "port")
    port = Tty(pty.path)
    assert (port.path, port.plugged) == (pty.path, True)
    data = bytes(range(256))
    port.write(data)
    assert await heard(pty) == data
    reading = asyncio.gather(heard(port))
    await asyncio.sleep(0)
    pty.write(data)
    (came,) = await reading
    assert came == data
    port.unplug()
    port.unplug()
    port.write(b"nobody hears this")
    with pytest.raises(EOFError):
        await port.read()
    pty.unplug()


async def test_a_port_that_goes_and_comes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tty, "LOOK_S", 0.01)
    pty = Pty(tmp_path / "port")
    port = Tty(pty.path)
    pty.unplug()
    with pytest.raises(EOFError):
        await heard(port)
    assert not port.plugged
    waiting = asyncio.gather(port.plugged_in())
    await asyncio.sleep(0)
    pty.plug()
    async with asyncio.timeout(PATIENCE_S):
        await waiting
    port.plug()
    port.write(b"here again")
    assert await heard(pty) == b"here again"
    port.unplug()
    pty.unplug()


async def test_what_is_no_port(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for name in ("file", "nothing"):
        with pytest.raises(OSError, match=r"Inappropriate|No such"):
            Tty(str(tmp_path / name))
