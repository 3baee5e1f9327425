"""What stands around the box: terminals, printers, a scanner, a scale. None shares its power."""

import asyncio
import random
from collections.abc import Callable
from contextvars import copy_context
from datetime import UTC, datetime
from functools import partial
from typing import Any

from posedge.devices.address import Address
from posedge.devices.settings import StaticDevice
from posedge.sim.printer import PrinterSim
from posedge.sim.scale import ScaleSim
from posedge.sim.scanner import ScannerSim
from posedge.sim.zvt import ZvtTerminalSim
from posedge.tasks import Crew
from tests.doubles.simloop import EPOCH_NS, SimLoop
from tests.simulation.cable import Cable
from tests.simulation.lines import PrinterEnd, SerialPort, TerminalEnd

PLACES = ("front", "side")

LINE_BREAKS = 0.03
"""Of the connections to a terminal, how many break in the middle."""

HALF_OPEN_S = 90.0
"""How long a device may go on believing in a box without power."""

RECEIPTS = (0, 230, 9_990)
"""Last receipts of terminals: never used, in use, about to start again at 0001."""

TERMINAL_OPTIONS: dict[str, bool | int | str] = {"timezone": "UTC", "status_ms": 3_600_000}
PRINTER_OPTIONS: dict[str, bool | int | str] = {"drawer_contact": "open-high", "beat_ms": 600_000}
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
