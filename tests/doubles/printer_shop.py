"""A shop with one receipt printer, real or virtual, whose driver is restarted when it fails."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import TypeAlias

import pytest

from posedge.bus import Bus
from posedge.clock import Ids, SystemClock
from posedge.drivers.escpos import EscposPrinter
from posedge.drivers.interface import Site
from posedge.drivers.star import StarPrinter
from posedge.link.interface import Link
from posedge.link.tcp import open_tcp
from posedge.model.capabilities import Paper, Printer
from posedge.model.errors import DeviceError
from posedge.model.events import DrawerChanged, PrinterChanged
from posedge.model.receipt import Columns, Receipt, Text
from posedge.model.value import Json
from posedge.sim.display import DisplaySim
from posedge.sim.printer import PrinterSim
from posedge.sim.printer_lines import serve_tcp
from posedge.tasks import Crew
from posedge.wire.escpos import SELECT_PRINTER
from tests.doubles.shelf import MemoryShelf

Driver: TypeAlias = EscposPrinter | StarPrinter

RECEIPT = Receipt(
    parts=(Text(text="Corner Shop"), Columns(left="Apples", right="3,69"), Text(text="Thank you"))
)
LINES = ["Corner Shop", "Apples" + " " * 38 + "3,69", "Thank you"]
LONG = Receipt(parts=tuple(Text(text=f"line {n} of a long receipt") for n in range(400)))
"""Twice the printer's buffer."""

SOON_S = 5.0
HURRY: dict[str, Json] = {
    "answer_ms": 500,
    "poll_ms": 5,
    "beat_ms": 20,
    "write_ms": 300,
    "settle_ms": 100,
    "job_ms": 500,
    "opening_ms": 300,
    "resume_ms": 200,
}
"""Every patience of the driver, short enough for a test."""


class PrinterWithDisplay(PrinterSim):
    """A printer with a display on its line, which hears all that the printer takes."""

    def __init__(self) -> None:
        super().__init__()
        self.display = DisplaySim("epson")
        self.display.hear(SELECT_PRINTER)
        self.display.pty.unplug()

    def receive(self, data: bytes) -> None:
        self.display.hear(data[: self.room])
        super().receive(data)


@dataclass
class Shop:
    """A driver that is restarted when it fails, as the supervisor does, and what it said."""

    sim: PrinterSim
    shelf: MemoryShelf
    make: Callable[[Site], Driver] = EscposPrinter
    reports: list[str | None] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    driver: Driver | None = None

    async def until(self, happened: Callable[[], bool]) -> None:
        async with asyncio.timeout(SOON_S):
            while not happened():  # noqa: ASYNC110 - it may depend on anything
                await asyncio.sleep(0.001)

    async def ready(self) -> Driver:
        await self.until(lambda: self.driver is not None and self.driver.ready)
        assert self.driver is not None
        return self.driver

    async def not_ready(self) -> Driver:
        await self.until(lambda: self.driver is not None and not self.driver.ready)
        assert self.driver is not None
        return self.driver

    async def refused(self, receipt: Receipt = RECEIPT, printer: Printer | None = None) -> str:
        """Print in vain, nothing being sent; returns what the clerk reads."""
        code, message = await self._in_vain(receipt, printer)
        assert code == "printer.waiting"
        return message

    async def unproven(self, receipt: Receipt = RECEIPT, printer: Printer | None = None) -> str:
        """Print what may come out or not; returns what the clerk reads."""
        code, message = await self._in_vain(receipt, printer)
        assert code == "printer.unproven"
        return message

    async def _in_vain(self, receipt: Receipt, printer: Printer | None) -> tuple[str, str]:
        printer = printer or await self.ready()
        with pytest.raises(DeviceError) as caught:
            await printer.print(receipt, "job")
        return caught.value.code, caught.value.message

    def printed(self) -> list[list[str]]:
        assert self.sim.violation is None
        assert self.sim.declined == []
        return [[line for line in receipt.lines if line] for receipt in self.sim.receipts]

    def printer_events(self) -> list[tuple[bool, bool, Paper, str | None]]:
        return [
            (event.online, event.cover_open, event.paper, event.error)
            for event in self.shelf.events
            if isinstance(event, PrinterChanged)
        ]

    def drawer_events(self) -> list[bool]:
        return [event.open for event in self.shelf.events if isinstance(event, DrawerChanged)]

    async def serve(self, site: Site) -> None:
        while True:
            self.driver = self.make(site)
            try:
                await self.driver.run()
            except DeviceError as error:
                self.failures.append(error.code)
            await asyncio.sleep(0.005)

    async def report(self, reason: str | None) -> None:
        self.reports.append(reason)


@asynccontextmanager
async def shop(
    sim: PrinterSim | None = None,
    make: Callable[[Site], Driver] = EscposPrinter,
    **options: Json,
) -> AsyncIterator[Shop]:
    sim = sim or PrinterSim()
    async with await serve_tcp(sim, port=0) as server:
        port = server.sockets[0].getsockname()[1]
        tcp = partial(open_tcp, "127.0.0.1", port, timeout_s=1)
        async with running(sim, tcp, options, make) as at_work:
            yield at_work


@asynccontextmanager
async def running(
    sim: PrinterSim,
    open_: Callable[[], Awaitable[Link]],
    options: dict[str, Json],
    make: Callable[[Site], Driver] = EscposPrinter,
) -> AsyncIterator[Shop]:
    at_work = Shop(sim, MemoryShelf(), make)
    clock = SystemClock()
    site = Site(
        device="printer-1",
        name="receipts",
        open=open_,
        bus=Bus(at_work.shelf),
        clock=clock,
        ids=Ids(clock, Random(1)),
        options={**HURRY, **options},
        report=at_work.report,
        warn=at_work.report,
    )
    async with Crew("test") as crew:
        crew.start(at_work.serve(site), name="driver")
        yield at_work
