"""A customer display behind a printer: its bytes between jobs, and the printer none the wiser."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from posedge.clock import SystemClock
from posedge.drivers.escpos import EscposPrinter
from posedge.drivers.line_display import LineDisplayDriver
from posedge.drivers.passage import Passes
from posedge.link.interface import Link
from posedge.model.display import Row
from posedge.model.errors import DeviceError, DeviceGone
from posedge.model.value import Json
from posedge.tasks import Crew
from tests.doubles.place import Place
from tests.doubles.printer_shop import (
    LINES,
    LONG,
    RECEIPT,
    SOON_S,
    PrinterWithDisplay,
    Shop,
    shop,
)

OPTIONS: dict[str, Json] = {"protocol": "epson", "chained": True}
TOTAL = (Row(left="Total", right="3.69"),)
GLASS = ("Total           3.69", "")


@asynccontextmanager
async def display_behind(at: Shop) -> AsyncIterator[tuple[LineDisplayDriver, asyncio.Task[None]]]:
    printer = await at.ready()
    assert isinstance(printer, EscposPrinter)
    assert isinstance(printer, Passes)
    place: Place[Link] = Place(printer.passage(), SystemClock(), OPTIONS)
    display = LineDisplayDriver(place.site)

    async def run() -> None:
        with pytest.raises(DeviceError):
            await display.run()

    async with Crew("display") as crew, asyncio.timeout(SOON_S):
        task = crew.start(run(), name="display")
        await place.answering.wait()
        yield display, task


async def test_it_shows_a_picture_and_the_printer_prints_on() -> None:
    counter = PrinterWithDisplay()
    async with shop(counter) as at, display_behind(at) as (display, _):
        await display.display_text(TOTAL)
        await counter.display.shows(*GLASS)
        printer = await at.ready()
        await printer.print(RECEIPT, "job")
        assert at.printed() == [LINES]
        await display.clear()
        await counter.display.shows("", "")


async def test_during_a_job_it_waits_for_its_turn_and_only_the_newest_comes() -> None:
    counter = PrinterWithDisplay()
    async with shop(counter, resume_ms=4_000, write_ms=4_000) as at:
        async with display_behind(at) as (display, _):
            counter.load(200)
            printer = await at.ready()
            printing = asyncio.create_task(printer.print(LONG, "job"))  # noqa: TID251 - the till
            await at.not_ready()
            shown = asyncio.create_task(display.display_text((Row(left="old"),)))  # noqa: TID251 - same
            await asyncio.sleep(0.05)
            for text in ("older", "newer"):
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.05):
                        await display.display_text((Row(left=text),))
            last = asyncio.create_task(display.display_text(TOTAL))  # noqa: TID251 - same
            await asyncio.sleep(0.05)
            assert not last.done()
            assert counter.display.glass.text == (" " * 20, " " * 20)
            counter.load()
            await printing
            await asyncio.gather(shown, last)
            await counter.display.shows(*GLASS)
        assert [len(lines) for lines in at.printed()] == [400]


async def test_it_is_away_when_the_printer_is_and_comes_back_with_it() -> None:
    counter = PrinterWithDisplay()
    async with shop(counter) as at:
        async with display_behind(at) as (display, task):
            counter.cut_line()
            await task
            with pytest.raises(DeviceError) as caught:
                await display.display_text(TOTAL)
            assert caught.value.code == "display.offline"
        async with display_behind(at) as (display, _):
            await display.display_text(TOTAL)
            await counter.display.shows(*GLASS)
        assert counter.violation is None


async def test_the_way_is_for_one_and_ends_with_the_printer() -> None:
    async with shop(PrinterWithDisplay()) as at:
        printer = await at.ready()
        assert isinstance(printer, EscposPrinter)
        first = printer.passage()
        assert not first.waiting
        printer.passage()
        with pytest.raises(DeviceGone):
            await first.read()
        with pytest.raises(DeviceGone):
            await first.write(b"late", deadline_s=1)
        assert "receipts" in repr(first)
    with pytest.raises(DeviceError) as caught:
        printer.passage()
    assert caught.value.code == "printer.waiting"
