import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from posedge.model.errors import MisuseError
from posedge.sim.scale import ScaleSim
from posedge.sim.scale_plate import Plate
from posedge.tasks import Crew
from posedge.wire.toledo import Flag, Reading, Status

PATIENCE_S = 5


def flags(plate: Plate, now_s: float = 10.0) -> Flag:
    weight = plate.weight(now_s)
    assert isinstance(weight, Status)
    return weight.flags & ~Flag.BIT_6


def test_motion_then_weight() -> None:
    plate = Plate()
    plate.put(1234, now_s=0, moving_s=1)
    assert flags(plate, 0.5) == Flag.MOTION
    assert plate.weight(1) == Reading(1234, net=False)


def test_over_and_under() -> None:
    plate = Plate(capacity_g=6000)
    plate.put(6001, now_s=0)
    assert flags(plate) == Flag.OVER_CAPACITY
    plate.put(-1, now_s=0)
    assert flags(plate) == Flag.UNDER_ZERO
    plate.put(0, now_s=0)
    assert plate.status(0).flags == Flag.BIT_6 | Flag.CENTRE_OF_ZERO


def test_zero_needs_rest_range_and_no_tare() -> None:
    plate = Plate()
    plate.put(20, now_s=0, moving_s=1)
    plate.zero(0.5)
    assert plate.weight(1) == Reading(20, net=False)
    plate.zero(1)
    assert plate.weight(1) == Reading(0, net=False)
    plate.put(1000, now_s=1)
    plate.zero(1)
    assert plate.weight(1) == Reading(980, net=False)


def test_tare_and_clear() -> None:
    plate = Plate()
    plate.tare(0)
    assert plate.weight(0) == Reading(0, net=False)
    plate.put(250, now_s=0)
    plate.tare(0)
    assert plate.weight(0) == Reading(0, net=True)
    plate.put(0, now_s=0, moving_s=1)
    plate.clear_tare(0.5)
    assert flags(plate, 1) == Flag.UNDER_ZERO | Flag.CENTRE_OF_ZERO | Flag.NET
    plate.zero(1)
    plate.clear_tare(1)
    assert plate.weight(1) == Reading(0, net=False)


@asynccontextmanager
async def served(sim: ScaleSim) -> AsyncIterator[int]:
    driver = os.open(sim.pty.path, os.O_RDWR | os.O_NOCTTY)
    async with Crew("test") as crew, asyncio.timeout(PATIENCE_S):
        crew.start(sim.serve(), name="scale")
        yield driver
    os.close(driver)
    sim.pty.unplug()


async def answer(driver: int, command: bytes) -> bytes:
    loop, arrived = asyncio.get_running_loop(), asyncio.Event()
    os.write(driver, command)
    loop.add_reader(driver, arrived.set)
    try:
        await arrived.wait()
    finally:
        loop.remove_reader(driver)
    return os.read(driver, 100)


async def test_each_command_over_the_line() -> None:
    sim = ScaleSim()
    async with served(sim) as driver:
        sim.put(250)
        assert await answer(driver, b"W") == b"\x0200.250\r"
        assert await answer(driver, b"T\r") == b"\x02?`\r"
        assert await answer(driver, b"W") == b"\x0200.000N\r"
        assert await answer(driver, b"C") == b"\x02?@\r"
        assert await answer(driver, b"Z") == b"\x02?P\r"
        sim.put(1250)
        assert await answer(driver, b"T00100\r") == b"\x02?`\r"
        os.write(driver, b"xT00")
        assert await answer(driver, b"200\r") == b"\x02?`\r"
        assert await answer(driver, b"W") == b"\x0200.800N\r"


async def test_faults() -> None:
    sim = ScaleSim()
    async with served(sim) as driver:
        sim.put(250)
        sim.order("once on")
        assert await answer(driver, b"W") == b"\x0200.250\r"
        assert await answer(driver, b"W") == b"\x02?\x00\r"
        sim.order("once off")
        sim.order("pounds on")
        assert await answer(driver, b"W") == b"\x0201.23\r"
        sim.order("pounds off")
        sim.order("garbled on")
        assert await answer(driver, b"W") == b"00.250\x7f"
        sim.order("garbled off")
        sim.order("silent on")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.02):
                await answer(driver, b"W")
        sim.order("silent off")
        assert await answer(driver, b"W") == b"\x0200.250\r"


async def lines(*orders: str) -> AsyncIterator[str]:
    for order in orders:
        yield order


async def test_orders_and_replugging(capsys: pytest.CaptureFixture[str]) -> None:
    sim = ScaleSim()
    async with Crew("test") as crew, asyncio.timeout(PATIENCE_S):
        crew.start(sim.serve(), name="scale")
        await asyncio.sleep(0)
        await sim.obey(lines("put 100", "unplug", "nonsense"))
        await asyncio.sleep(0)
        await sim.obey(lines("plug", "put -20 0.001", "put 750 0"))
        driver = os.open(sim.pty.path, os.O_RDWR | os.O_NOCTTY)
        assert await answer(driver, b"W") == b"\x0200.750\r"
        os.close(driver)
        sim.pty.unplug()
    assert "'nonsense' is no order; there are: put GRAMS" in capsys.readouterr().out
    for order in ("put", "put x", "put 1 x", "silent", "silent maybe", "hop on"):
        with pytest.raises(MisuseError):
            sim.order(order)
