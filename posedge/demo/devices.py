"""The virtual shop's devices, each at the other end of a real wire."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from posedge.demo.stand import Spot
from posedge.demo.terminals import WITHOUT_REFUND, stand
from posedge.sim.display import DisplaySim
from posedge.sim.printer import PrinterSim
from posedge.sim.printer_condition import Drawer
from posedge.sim.printer_lines import serve_tcp
from posedge.sim.scale import ScaleSim
from posedge.sim.scanner import ScannerSim
from posedge.tasks import Crew


class Devices:
    """Scanner, scale and display on ptys, printer with drawer on TCP, card terminal on either."""

    def __init__(self, folder: Path, *, customer_s: float, terminal: str = "zvt") -> None:
        self._folder = folder
        self.terminal = stand(terminal)(Spot(folder, customer_s))
        self.refunds_cards = terminal not in WITHOUT_REFUND
        self._stack = AsyncExitStack()
        self.printer_port = 0

    async def __aenter__(self) -> Self:
        self.scanner = ScannerSim(link=self._folder / "scanner")
        self.scale = ScaleSim(link=self._folder / "scale")
        self.display = DisplaySim(link=self._folder / "display")
        self.printer = PrinterSim(Drawer(contact=True))
        server = await serve_tcp(self.printer, port=0)
        self.printer_port = server.sockets[0].getsockname()[1]
        self._stack.callback(server.close)
        crew = await self._stack.enter_async_context(Crew("shop"))
        crew.start(self.scale.serve(), name="scale")
        crew.start(self.display.serve(), name="display")
        await self._stack.enter_async_context(self.terminal)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.scanner.pty.unplug()
        self.scale.pty.unplug()
        self.display.pty.unplug()
        await self._stack.__aexit__(kind, error, trace)

    async def close_drawer(self) -> None:
        """Push the drawer shut, as a cashier does a moment after it opened."""
        await asyncio.sleep(0.05)
        self.printer.close_drawer()

    @property
    def configuration(self) -> str:
        """The `[[devices.static]]` tables of the box in this shop."""
        return f"""
[[devices.static]]
name = "scanner"
driver = "serial-scanner"
address = "serial://{self.scanner.pty.path}?baud=9600"

[[devices.static]]
name = "scale"
driver = "toledo"
address = "serial://{self.scale.pty.path}?baud=9600&bits=8&parity=N"

[[devices.static]]
name = "display"
driver = "line-display"
address = "serial://{self.display.pty.path}?baud=9600"

[[devices.static]]
name = "printer"
driver = "escpos"
address = "tcp://127.0.0.1:{self.printer_port}"
{self.terminal.table}"""
