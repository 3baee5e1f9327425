"""The far ends of cables: what a terminal, a printer and a serial device have in their hands."""

import asyncio
from dataclasses import dataclass, field

from posedge.link.translate import gone
from posedge.model.errors import DeviceError
from posedge.sim.printer import PrinterSim
from tests.simulation.cable import Cable


class TerminalEnd:
    """The reader and the writer of a terminal's connection."""

    def __init__(self, cable: Cable) -> None:
        self._cable = cable

    @property
    def transport(self) -> "TerminalEnd":
        return self

    def abort(self) -> None:
        self._cable.far_drop()

    async def read(self, n: int, /) -> bytes:
        return await self._cable.far_read(n)

    def write(self, data: bytes, /) -> None:
        self._cable.far_write(data)

    async def drain(self) -> None:
        if self._cable.broken:
            raise ConnectionResetError


class PrinterEnd:
    """A printer's connection: implements posedge.sim.printer.Line."""

    def __init__(self, sim: PrinterSim, cable: Cable) -> None:
        self._sim = sim
        self._cable = cable
        self._going = asyncio.Event()
        self._going.set()

    async def serve(self) -> None:
        if not self._sim.attach(self):
            self._cable.far_drop()
            return
        while data := await self._cable.far_read(max(1, self._sim.room)):
            await self._going.wait()
            self._sim.receive(data)
        self._sim.detach(self)

    def send(self, data: bytes) -> None:
        self._cable.far_write(data)

    def stop(self) -> None:
        self._going.clear()
        self._cable.far_stop()

    def go(self) -> None:
        self._going.set()
        self._cable.far_go()

    def drop(self) -> None:
        self._going.set()
        self._cable.far_drop()


@dataclass
class SerialPort:
    """Implements posedge.sim.pty.SerialCable; `connect` is what opening its tty gives the box."""

    path: str
    plugged: bool = True
    _cable: Cable | None = None
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def connect(self) -> Cable:
        if not self.plugged:
            raise gone(self.path)
        if self._cable is not None and not self._cable.broken:
            raise DeviceError("device.busy", f"{self.path} is open already")
        self._cable = Cable(self.path)
        self._news.set()
        return self._cable

    def plug(self) -> None:
        self.plugged = True
        self._news.set()

    def unplug(self) -> None:
        self.plugged = False
        if self._cable is not None:
            self._cable.far_drop()
        self._news.set()

    async def opened(self) -> None:
        """Return when the box has it open."""
        while self._cable is None or self._cable.broken:
            await self._change()

    async def plugged_in(self) -> None:
        while not self.plugged:
            await self._change()

    async def read(self) -> bytes:
        while self.plugged:
            cable = self._cable
            if cable is not None and (data := await cable.far_read()):
                return data
            while self._cable is cable and self.plugged:
                await self._change()
        raise EOFError("unplugged")

    def write(self, data: bytes) -> None:
        if self._cable is not None:
            self._cable.far_write(data)

    async def _change(self) -> None:
        self._news.clear()
        await self._news.wait()
