import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from posedge.clock import SystemClock
from posedge.drivers.serial_scanner import SerialScanner
from posedge.link.interface import Link
from posedge.link.memory import MemoryLink
from posedge.link.serial import open_serial
from posedge.model.errors import DeviceError, DeviceGone
from posedge.model.events import ScanDiscarded, Scanned
from posedge.model.value import Json
from posedge.sim.scanner import ScannerSim
from posedge.tasks import Crew
from tests.doubles.place import Place

PATIENCE_S = 5


@asynccontextmanager
async def driven(link: Link, **options: Json) -> AsyncIterator[Place[Link]]:
    place = Place(link, SystemClock(), {"silence_ms": 10, **options})
    async with Crew("test") as crew, asyncio.timeout(PATIENCE_S):
        crew.start(SerialScanner(place.site).run(), name="scanner")
        await place.answering.wait()
        yield place


async def until_gone(driver: SerialScanner) -> None:
    with pytest.raises(DeviceGone):
        await driver.run()


def texts(place: Place[Link]) -> list[str]:
    return [
        event.text if isinstance(event, Scanned) else event.code
        for event in place.events
        if isinstance(event, Scanned | ScanDiscarded)
    ]


async def test_two_codes_in_one_read() -> None:
    ours, scanner = MemoryLink.pair()
    async with driven(ours) as place:
        await scanner.write(b"4006381333931\r\n96385074\r\n", deadline_s=1)
        await place.heard(2)
        assert texts(place) == ["4006381333931", "96385074"]
        assert place.reports == [None]


async def test_without_terminator_silence_ends_the_code() -> None:
    ours, scanner = MemoryLink.pair()
    async with driven(ours, terminator="none") as place:
        await scanner.write(b"4006381333931", deadline_s=1)
        await place.heard(1)
        assert texts(place) == ["4006381333931"]


async def test_a_code_that_breaks_off_is_told_and_not_glued_to_the_next() -> None:
    ours, scanner = MemoryLink.pair()
    async with driven(ours) as place:
        await scanner.write(b"40063", deadline_s=1)
        await place.heard(1)
        await scanner.write(b"4006381333931\r", deadline_s=1)
        await place.heard(2)
        assert texts(place) == ["scan.unterminated", "4006381333931"]


async def test_a_line_feed_that_was_not_asked_for_is_no_loss() -> None:
    ours, scanner = MemoryLink.pair()
    async with driven(ours, terminator="cr") as place:
        for _ in range(3):
            await scanner.write(b"4006381333931\r\n", deadline_s=1)
        await place.heard(3)
        assert texts(place) == ["4006381333931"] * 3


async def test_the_tail_of_a_code_that_began_before_is_told_and_not_shown() -> None:
    ours, scanner = MemoryLink.pair()
    await scanner.write(b"333931\r4006381333931\r", deadline_s=1)
    async with driven(ours) as place:
        await place.heard(2)
        assert texts(place) == ["scan.lost", "4006381333931"]


async def test_unplugged() -> None:
    ours, scanner = MemoryLink.pair()
    scanner.cut()
    place = Place(ours, SystemClock())
    with pytest.raises(DeviceGone):
        await SerialScanner(place.site).run()


async def test_options_that_cannot_be() -> None:
    ours, _ = MemoryLink.pair()
    with pytest.raises(DeviceError, match="option charset"):
        await SerialScanner(Place(ours, SystemClock(), {"charset": "hex"}).site).run()


async def test_on_a_real_tty_until_it_is_unplugged() -> None:
    sim = ScannerSim(aim=True)
    link = await open_serial(sim.pty.path, baud=9600)
    place = Place(link, SystemClock())
    async with Crew("test") as crew, asyncio.timeout(PATIENCE_S):
        running = crew.start(until_gone(SerialScanner(place.site)), name="scanner")
        await place.answering.wait()
        await sim.scan("4006381333931")
        await sim.scan("0104006381333931\x1d10LOT7")
        await place.heard(2)
        sim.pty.unplug()
        await running
    first, second = place.events
    assert isinstance(first, Scanned)
    assert isinstance(second, Scanned)
    assert (first.symbology, first.gtin) == ("EAN-13/UPC", "04006381333931")
    assert (second.symbology, second.gtin) == ("GS1-128", "04006381333931")
