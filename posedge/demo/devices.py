"""The virtual shop's devices, each at the other end of a real wire."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from posedge.demo.terminals import TerminalKind
from posedge.sim.alone import local_time
from posedge.sim.printer import PrinterSim
from posedge.sim.printer_condition import Drawer
from posedge.sim.printer_lines import serve_tcp
from posedge.sim.pty import Pty
from posedge.sim.scale import ScaleSim
from posedge.sim.scanner import ScannerSim
from posedge.sim.zvt import ZvtTerminalSim
from posedge.sim.zvt_serial import attend
from posedge.tasks import Crew
from posedge.wire.zvt.transport import Timing

TERMINAL_MS = {
    "t2_ms": 500,
    "t3_ms": 2_000,
    "t4_ms": 4_000,
    "answer_ms": 4_000,
    "status_ms": 1_000,
}
"""A virtual customer is quick; a real terminal keeps the three minutes of its default."""


class Devices:
    """Scanner and scale on ptys, printer with drawer on TCP, card terminal on either."""

    def __init__(
        self, folder: Path, *, customer_s: float, terminal: TerminalKind = TerminalKind.ZVT
    ) -> None:
        self._folder = folder
        self._kind = terminal
        self.terminal = ZvtTerminalSim(now=local_time, customer_s=customer_s)
        self._stack = AsyncExitStack()
        self.printer_port = 0

    async def __aenter__(self) -> Self:
        self.scanner = ScannerSim(link=self._folder / "scanner")
        self.scale = ScaleSim(link=self._folder / "scale")
        self.printer = PrinterSim(Drawer(contact=True))
        server = await serve_tcp(self.printer, port=0)
        self.printer_port = server.sockets[0].getsockname()[1]
        self._stack.callback(server.close)
        crew = await self._stack.enter_async_context(Crew("shop"))
        crew.start(self.scale.serve(), name="scale")
        self._terminal_address = await self._install(crew)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.scanner.pty.unplug()
        self.scale.pty.unplug()
        await self._stack.__aexit__(kind, error, trace)

    async def close_drawer(self) -> None:
        """Push the drawer shut, as a cashier does a moment after it opened."""
        await asyncio.sleep(0.05)
        self.printer.close_drawer()

    async def _install(self, crew: Crew) -> str:
        """Set the card terminal up; return its address."""
        if self._kind is TerminalKind.ZVT:
            await self._stack.enter_async_context(self.terminal)
            return f"tcp://127.0.0.1:{self.terminal.port}"
        cable = Pty(self._folder / "terminal")
        self._stack.callback(cable.unplug)
        timing = Timing(t2_s=TERMINAL_MS["t2_ms"] / 1000)
        crew.start(attend(self.terminal, cable, timing), name="terminal")
        return f"serial://{cable.path}"

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
name = "printer"
driver = "escpos"
address = "tcp://127.0.0.1:{self.printer_port}"
options = {{ drawer_contact = true }}

[[devices.static]]
name = "terminal"
driver = "zvt"
address = "{self._terminal_address}"
options = {{ {", ".join(f"{key} = {value}" for key, value in TERMINAL_MS.items())} }}
"""
