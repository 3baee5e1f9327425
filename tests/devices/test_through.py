"""A display that hangs behind a printer, found by what the printer is used for."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from posedge.bus import Bus
from posedge.clock import Ids, SystemClock
from posedge.devices.address import Through
from posedge.devices.catalog import load
from posedge.devices.identity import Names
from posedge.devices.openers import open_link
from posedge.devices.registry import Devices
from posedge.devices.settings import DevicesSettings
from posedge.model.capabilities import DeviceState, Printer
from posedge.model.display import Row
from posedge.model.errors import DeviceError
from posedge.model.line_display import LineDisplay
from posedge.printing.settings import PrintingSettings
from posedge.sim.printer_lines import serve_tcp
from posedge.tasks import Crew
from tests.doubles.printer_shop import HURRY, LINES, RECEIPT, PrinterWithDisplay
from tests.doubles.shelf import MemoryShelf

SOON_S = 10
PATIENT = {"write_ms": 2_000, "job_ms": 2_000, "settle_ms": 1_000}


@asynccontextmanager
async def devices(port: int, through: str) -> AsyncIterator[Devices]:
    printer = {
        "name": "printer-1",
        "driver": "escpos",
        "address": f"tcp://127.0.0.1:{port}",
        "options": {**HURRY, **PATIENT},
    }
    display = {
        "name": "customer",
        "driver": "line-display",
        "through": through,
        "options": {"protocol": "epson"},
    }
    clock = SystemClock()
    all_of_them = Devices(
        DevicesSettings.model_validate({"udev": False, "static": [printer, display]}),
        load(),
        Names({}, _keep),
        bus=Bus(MemoryShelf()),
        clock=clock,
        ids=Ids(clock, random.Random(1)),
        chance=random.Random(1),
        called=PrintingSettings(roles={"receipts": "printer-1"}).device,
    )
    async with Crew("test") as crew, asyncio.timeout(SOON_S):
        crew.start(all_of_them.run(), name="devices")
        yield all_of_them


async def _keep(key: str, value: str) -> None:
    del key, value


async def becomes(at: Devices, state: DeviceState, reason: str = "") -> None:
    while True:
        found = next(each for each in at.statuses() if each.name == "customer")
        if found.state is state and reason in (found.reason or ""):
            return
        await asyncio.sleep(0.01)


async def test_display_and_receipts_share_a_line() -> None:
    sim = PrinterWithDisplay()
    display_of: Any = LineDisplay
    printer_of: Any = Printer
    async with await serve_tcp(sim, port=0) as server:
        port = server.sockets[0].getsockname()[1]
        async with devices(port, "receipts") as at:
            await becomes(at, DeviceState.ONLINE)
            _, display = at.find(display_of)
            _, printer = at.find(printer_of, "printer-1")
            printing = asyncio.gather(*(printer.print(RECEIPT, f"job-{n}") for n in range(3)))
            await display.display_text((Row(left="Total", right="3.69"),))
            await printing
            await sim.display.shows("Total           3.69", "")
    assert sim.violation is None
    assert [[line for line in each.lines if line] for each in sim.receipts] == [LINES] * 3


async def test_without_such_a_printer_it_says_so() -> None:
    sim = PrinterWithDisplay()
    async with await serve_tcp(sim, port=0) as server:
        port = server.sockets[0].getsockname()[1]
        async with devices(port, "kitchen") as at:
            await becomes(at, DeviceState.OFF_OFFLINE, "no ESC/POS printer here")
    with pytest.raises(DeviceError) as caught:
        await open_link(Through(printer="kitchen"))
    assert caught.value.code == "device.unreachable"
