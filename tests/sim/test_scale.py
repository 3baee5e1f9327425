import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from posedge.cli.sim import PROTOCOLS
from posedge.model.capabilities import ScaleState
from posedge.model.errors import MisuseError
from posedge.sim.scale import VOICES, ScaleSim
from posedge.sim.scale_plate import Plate
from posedge.tasks import Crew

PATIENCE_S = 5


def test_motion_then_weight() -> None:
    plate = Plate()
    plate.put(1234, now_s=0, moving_s=1)
    assert plate.state(0.5) is ScaleState.UNSTABLE
    assert (plate.state(1), plate.net_g) == (ScaleState.STABLE_WEIGHT, 1234)


def test_over_and_under() -> None:
    plate = Plate(capacity_g=6000)
    plate.put(6001, now_s=0)
    assert plate.state(0) is ScaleState.OVERWEIGHT
    plate.put(-1, now_s=0)
    assert plate.state(0) is ScaleState.UNDER_ZERO
    plate.put(0, now_s=0)
    assert plate.state(0) is ScaleState.ZERO


def test_zero_needs_rest_range_and_no_tare() -> None:
    plate = Plate()
    plate.put(20, now_s=0, moving_s=1)
    assert not plate.zero(0.5)
    assert plate.net_g == 20
    assert plate.zero(1)
    assert plate.net_g == 0
    plate.put(1000, now_s=1)
    assert not plate.zero(1)
    assert plate.net_g == 980


def test_tare_and_clear() -> None:
    plate = Plate()
    assert not plate.tare(0)
    plate.put(250, now_s=0)
    assert plate.tare(0)
    assert (plate.net_g, plate.tare_g) == (0, 250)
    plate.put(0, now_s=0, moving_s=1)
    plate.clear_tare(0.5)
    assert plate.state(1) is ScaleState.UNDER_ZERO
    assert not plate.zero(1)
    plate.clear_tare(1)
    assert plate.state(1) is ScaleState.ZERO


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


Script = list[tuple[int, bytes, bytes]]
"""What lies there, what is asked, what is answered."""

APPLES, EMPTY, OVER, UNDER = 1250, 0, 20_000, -20

SCRIPTS: dict[str, Script] = {
    "toledo": [
        (250, b"W", b"\x0200.250\r"),
        (250, b"T\r", b"\x02?`\r"),
        (250, b"W", b"\x0200.000N\r"),
        (250, b"C", b"\x02?@\r"),
        (EMPTY, b"Z", b"\x02?P\r"),
        (APPLES, b"T00100\r", b"\x02?`\r"),
        (APPLES, b"xT00200\r", b"\x02?`\r"),
        (1000, b"W", b"\x0200.800N\r"),
        (OVER, b"W", b"\x02?b\r"),
    ],
    "toledo-8213": [
        (APPLES, b"W", b"\x02001.25\r"),
        (OVER, b"W", b"\x02?b\r"),
        (UNDER, b"W", b"\x02?d\r"),
        (EMPTY, b"Z", b"\x02?p\r"),
    ],
    "mt-sics": [
        (APPLES, b"S\r\n", b"S S      1.250 kg\r\n"),
        (OVER, b"SI\r\n", b"S +\r\n"),
        (UNDER, b"SI\r\n", b"S -\r\n"),
        (20, b"Z\r\n", b"Z A\r\n"),
        (20, b"ZI\r\n", b"ZI S\r\n"),
        (APPLES, b"Z\r\n", b"Z +\r\n"),
        (APPLES, b"T\r\n", b"T S      1.230 kg\r\n"),
        (APPLES, b"Z\r\n", b"Z I\r\n"),
        (APPLES, b"TA\r\n", b"TA A      1.230 kg\r\n"),
        (APPLES, b"TAC\r\n", b"TAC A\r\n"),
        (20, b"T\r\n", b"T I\r\n"),
        (EMPTY, b"I4\r\n", b'I4 A "0123456789"\r\n'),
        (EMPTY, b"@\r\n", b'I4 A "0123456789"\r\n'),
        (EMPTY, b"W\r\n", b"ES\r\n"),
    ],
    "nci": [
        (APPLES, b"W\r", b"\n01.250kg\r\n0p0\r\x03"),
        (OVER, b"W\r", b"\n^^^^^^\r\n0r0\r\x03"),
        (UNDER, b"W\r", b"\n______\r\n0q0\r\x03"),
        (20, b"Z\r", b"\n2p0\r\x03"),
        (20, b"S\r", b"\n2p0\r\x03"),
        (APPLES, b"T\r", b"\n0p4\r\x03"),
        (APPLES, b"X\r", b"\n?\r\x03"),
    ],
    "dialog-04": [
        (APPLES, b"\x04\x05", b"\x15"),
        (APPLES, b"\x04\x0208\x03", b"\x0209\x1b01\x03"),
        (APPLES, b"\x04\x0201\x1b000299\x1b\x03", b"\x06"),
        (APPLES, b"\x04\x05", b"\x0202\x1b3\x1b01250\x1b000299\x1b000374\x03"),
        (OVER, b"\x04\x05", b"\x15"),
        (OVER, b"\x04\x0208\x03", b"\x0209\x1b32\x03"),
        (UNDER, b"\x04\x05", b"\x15"),
        (UNDER, b"\x04\x0208\x03", b"\x0209\x1b31\x03"),
        (EMPTY, b"\x04\x04\x05", b"\x15"),
        (EMPTY, b"\x0208\x03", b"\x0209\x1b30\x03"),
        (EMPTY, b"\x0277\x03", b"\x15"),
        (EMPTY, b"\x0208\x03", b"\x0209\x1b10\x03"),
    ],
    "dialog-06": [(APPLES, b"\x04\x0201\x1b000299\x1b\x03", b"\x0211\x1b247\x03")],
    "cas-retail": [
        (APPLES, b"\x11", b"\x15"),
        (APPLES, b"\x05", b"\x06"),
        (APPLES, b"\x11", b"\x01\x02S 01.250kg\x67\x03\x04"),
        (OVER, b"\x05", b"\x06"),
        (OVER, b"\x11", b"\x01\x02SFFFFFFFkg\x19\x03\x04"),
        (APPLES, b"\x05", b"\x06"),
        (
            APPLES,
            b"\x12",
            b"\x01\x02    3.74\x1e\x03\x02S 01.250kg\x67\x03\x02    2.99\x1c\x03\x04",
        ),
    ],
    "berkel": [
        (APPLES, b"\x05", b"\x06"),
        (APPLES, b"\x11", b"\x02)01250\x1f\x03"),
        (APPLES, b"\x02)01250\x1f\x03", b"\r"),
        (APPLES, b"\x02)01250\x1f\x03", b"\x06"),
        (OVER, b"\x11", b"\x02900000\x09\x03"),
    ],
}


@pytest.mark.parametrize("protocol", SCRIPTS)
async def test_each_command_over_the_line(protocol: str) -> None:
    sim = ScaleSim(protocol)
    async with served(sim) as driver:
        for weight_g, command, reply in SCRIPTS[protocol]:
            sim.put(weight_g)
            assert await answer(driver, command) == reply, command


MOVING = {
    "toledo": (b"W", b"\x02?A\r"),
    "toledo-8213": (b"W", b"\x02?a\r"),
    "mt-sics": (b"S\r\n", b"S I\r\n"),
    "nci": (b"S\r", b"\n1p0\r\x03"),
    "berkel": (b"\x05", b"\x18"),
}


@pytest.mark.parametrize("protocol", MOVING)
async def test_a_moving_load(protocol: str) -> None:
    sim = ScaleSim(protocol)
    async with served(sim) as driver:
        sim.put(APPLES, moving_s=PATIENCE_S)
        command, reply = MOVING[protocol]
        assert await answer(driver, command) == reply


async def test_moving_for_those_that_say_it_with_the_weight() -> None:
    for protocol, command, reply in (
        ("mt-sics", b"SI\r\n", b"S D      1.250 kg\r\n"),
        ("cas-retail", b"\x05", b"\x06"),
    ):
        sim = ScaleSim(protocol)
        async with served(sim) as driver:
            sim.put(APPLES, moving_s=PATIENCE_S)
            assert await answer(driver, command) == reply
            if protocol == "cas-retail":
                assert (await answer(driver, b"\x11"))[2:3] == b"U"


async def test_dialog_weighs_a_load_once() -> None:
    sim = ScaleSim("dialog-04")
    async with served(sim) as driver:
        sim.put(APPLES, moving_s=PATIENCE_S)
        assert await answer(driver, b"\x0201\x1b00299\x1b\x03") == b"\x06"
        assert await answer(driver, b"\x04\x05") == b"\x15"
        assert await answer(driver, b"\x0208\x03") == b"\x0209\x1b20\x03"
        sim.put(APPLES)
        assert (await answer(driver, b"\x04\x05")).startswith(b"\x0202")
        assert await answer(driver, b"\x04\x05") == b"\x15"
        assert await answer(driver, b"\x0208\x03") == b"\x0209\x1b21\x03"


async def test_what_is_sent_unasked() -> None:
    sim = ScaleSim("cas-22")
    async with served(sim) as driver:
        for weight_g, line in (
            (APPLES, b"ST,GS,1\xc0,   1.250 kg\r\n"),
            (OVER, b"OL,GS,1\x80,  20.000 kg\r\n"),
            (UNDER, b"ST,GS,1\xc0,-  0.020 kg\r\n"),
        ):
            sim.put(weight_g)
            assert line in await answer(driver, b"x")
    sim = ScaleSim("mt-sics")
    async with served(sim) as driver:
        sim.put(APPLES)
        assert await answer(driver, b"SIR\r\n") == b"S S      1.250 kg\r\n"
        assert await answer(driver, b"") == b"S S      1.250 kg\r\n"


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
    nci = ScaleSim("nci")
    with pytest.raises(MisuseError):
        nci.order("once on")
    nci.pty.unplug()


def test_the_command_line_offers_each() -> None:
    assert [*VOICES] == [*PROTOCOLS]
