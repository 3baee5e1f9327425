"""The idle box with eight devices: what their quiet costs.

The scale is asked two or three times a second for as long as it is there, or a weight would come
late; beside it stands what as many naps cost an event loop that does nothing else.
"""

import asyncio
import os
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from posedge.demo.ports import free_port
from posedge.sim.alone import local_time
from posedge.sim.display import DisplaySim
from posedge.sim.printer import PrinterSim
from posedge.sim.printer_lines import serve_tcp
from posedge.sim.scale import ScaleSim
from posedge.sim.scanner import ScannerSim
from posedge.sim.star import star_printer
from posedge.sim.zpl import ZplPrinter
from posedge.sim.zvt import ZvtTerminalSim
from posedge.tasks import Crew
from tests.bench import Row
from tests.bench.box import cpu_s, running
from tests.bench.place import DISK, scratch

SETTLED_S = 16.0
"""Until the scale sleeps."""

IDLE_S = 20.0
NAP_S = 0.4
"""Between two questions to a scale that sleeps."""

DEVICE = """
[[devices.static]]
name = "{name}"
driver = "{driver}"
address = "{address}"
"""
SCALE_LINE = "?baud=9600&bits=8&parity=N"


def measure() -> list[Row]:
    with scratch(DISK) as name:
        busy = asyncio.run(_idle(DISK / name))
    naps = asyncio.run(_naps())
    what = "two scanners and receipt printers, a label printer, a display, a scale, a terminal"
    beside = f"of one core, below 0.5; {naps * 100:.2f} for the scale's naps alone; {what}"
    return [Row("box, idle, eight devices", busy * 100, "%", beside)]


async def _naps() -> float:
    before = cpu_s(os.getpid())
    for _ in range(round(IDLE_S / NAP_S)):
        await asyncio.sleep(NAP_S)
    return (cpu_s(os.getpid()) - before) / IDLE_S


async def _idle(folder: Path) -> float:
    async with _shop(folder) as devices, running(folder, free_port(), devices) as pid:
        await asyncio.sleep(SETTLED_S)
        before = cpu_s(pid)
        await asyncio.sleep(IDLE_S)
        return (cpu_s(pid) - before) / IDLE_S


@asynccontextmanager
async def _shop(folder: Path) -> AsyncGenerator[str, None]:
    """Set eight devices up; yield the tables of the box's configuration."""
    async with AsyncExitStack() as stack, Crew("shop") as crew:
        tables: list[str] = []

        def stands(name: str, driver: str, address: str) -> None:
            tables.append(DEVICE.format(name=name, driver=driver, address=address))

        async def prints(name: str, driver: str, sim: PrinterSim) -> None:
            server = await serve_tcp(sim, port=0)
            stack.callback(server.close)
            stands(name, driver, f"tcp://127.0.0.1:{server.sockets[0].getsockname()[1]}")

        scale = ScaleSim(link=folder / "scale")
        stack.callback(scale.pty.unplug)
        crew.start(scale.serve(), name="scale")
        stands("scale", "toledo", f"serial://{scale.pty.path}{SCALE_LINE}")
        for number in (1, 2):
            scanner = ScannerSim(link=folder / f"scanner-{number}")
            stack.callback(scanner.pty.unplug)
            stands(f"scanner-{number}", "serial-scanner", f"serial://{scanner.pty.path}")
        await prints("printer-1", "escpos", PrinterSim())
        await prints("printer-2", "star-printer", star_printer())
        await prints("labels", "zpl-printer", ZplPrinter().sim)
        display = DisplaySim(link=folder / "display")
        stack.callback(display.pty.unplug)
        crew.start(display.serve(), name="display")
        stands("display", "line-display", f"serial://{display.pty.path}")
        terminal = await stack.enter_async_context(ZvtTerminalSim(now=local_time))
        stands("terminal", "zvt", f"tcp://127.0.0.1:{terminal.port}")
        yield "".join(tables)
