"""What stands around the box: terminals, printers, a scanner, a scale. None shares its power."""

import asyncio
import random
from collections.abc import Callable
from contextvars import copy_context
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any

from posedge.devices.address import Address
from posedge.devices.settings import StaticDevice
from posedge.link.translate import gone
from posedge.model.errors import DeviceError
from posedge.sim.printer import PrinterSim
from posedge.sim.scale import ScaleSim
from posedge.sim.scanner import ScannerSim
from posedge.sim.zvt import ZvtTerminalSim
from posedge.tasks import Crew
from tests.doubles.simloop import EPOCH_NS, SimLoop
from tests.simulation.cable import Cable

PLACES = ("front", "side")

LINE_BREAKS = 0.03
"""Of the connections to a terminal, how many break in the middle."""

HALF_OPEN_S = 90.0
"""How long a device may go on believing in a box without power."""

RECEIPTS = (0, 230, 9_990)
"""Last receipts of terminals: never used, in use, about to start again at 0001."""

TERMINAL_OPTIONS: dict[str, bool | int | str] = {"timezone": "UTC", "status_ms": 3_600_000}
PRINTER_OPTIONS: dict[str, bool | int | str] = {"drawer_contact": True, "beat_ms": 600_000}
"""Idle looks once an hour and every ten minutes: 300,000 of them prove no more than 500."""


class Shop:
    """`open` is the box's opener; `forsake` tells the devices, sooner or later, that it is gone."""

    def __init__(self, crew: Crew, chance: random.Random) -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, SimLoop)
        self._loop = loop
        self._crew = crew
        self._chance = chance
        self._earth = copy_context()  # what happens here goes on when the box is off
        self._cables: list[Cable] = []
        self.port, self.plate_port = SerialPort("scanner"), SerialPort("scale")
        self.scanner = ScannerSim(cable=self.port)
        self.scale = ScaleSim(cable=self.plate_port)
        self.plate_port.unplug()
        self.printers = {place: PrinterSim() for place in PLACES}
        self.terminals = {place: self._terminal(place) for place in PLACES}
        crew.start(self.scale.serve(), name="scale")

    async def open(self, address: Address) -> Any:
        await asyncio.sleep(self._chance.uniform(0.001, 0.01))
        cable = self._lines[str(address)]()
        self._cables = [each for each in self._cables if not each.broken]
        self._cables.append(cable)
        return cable

    def forsake(self) -> None:
        """Break the lines of a box that lost its power: some at once, some when they notice."""
        cables, self._cables = self._cables, []
        for cable in cables:
            if self._chance.random() < 0.5:
                cable.far_drop()
            else:
                self._loop.call_later(self._chance.uniform(0, HALF_OPEN_S), cable.far_drop)

    @property
    def devices(self) -> tuple[StaticDevice, ...]:
        """The box's configuration of this shop."""
        return (
            *(
                StaticDevice(
                    name=place,
                    driver="zvt",
                    address=f"tcp://{place}.terminal:20007",
                    options=TERMINAL_OPTIONS,
                )
                for place in PLACES
            ),
            *(
                StaticDevice(
                    name=f"printer {place}",
                    driver="escpos",
                    address=f"tcp://{place}.printer:9100",
                    options=PRINTER_OPTIONS,
                )
                for place in PLACES
            ),
            StaticDevice(
                name="scanner", driver="serial-scanner", address="serial:///scanner", options={}
            ),
            StaticDevice(name="scale", driver="toledo", address="serial:///scale", options={}),
        )

    @property
    def _lines(self) -> dict[str, Callable[[], Cable]]:
        return {
            "serial:///scanner": self.port.connect,
            "serial:///scale": self.plate_port.connect,
            **{f"tcp://{p}.terminal:20007": partial(self._to_terminal, p) for p in PLACES},
            **{f"tcp://{p}.printer:9100": partial(self._to_printer, p) for p in PLACES},
        }

    def _to_terminal(self, place: str) -> Cable:
        cable = Cable(place)
        if self._chance.random() < LINE_BREAKS:
            way = self._chance.choice(("out_left", "in_left"))
            cable = Cable(place, **{way: self._chance.randint(0, 300)})
        end = TerminalEnd(cable)
        self._start(self.terminals[place].talk(end, end), f"terminal.{place}")
        return cable

    def _to_printer(self, place: str) -> Cable:
        cable = Cable(f"printer {place}")
        self._start(PrinterEnd(self.printers[place], cable).serve(), f"printer.{place}")
        return cable

    def _start(self, body: Any, name: str) -> None:
        self._earth.run(self._crew.start, body, name=name)

    def _terminal(self, place: str) -> ZvtTerminalSim:
        skew_s = self._chance.uniform(-120, 120)

        def now() -> datetime:
            moment = datetime.fromtimestamp(EPOCH_NS / 1e9 + self._loop.time() + skew_s, tz=UTC)
            return moment.replace(tzinfo=None)

        return ZvtTerminalSim(
            now=now,
            customer_s=self._chance.uniform(1, 20),
            receipt=self._chance.choice(RECEIPTS),
            terminal_id=f"5252353{PLACES.index(place)}",
        )


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
