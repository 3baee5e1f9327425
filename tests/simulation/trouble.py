"""What goes wrong beside terminals and lines: power, broker, headquarters, paper."""

import asyncio
import random

from posedge.sim.printer_condition import Faults as PrinterFaults
from posedge.sim.zvt_faults import Faults as TerminalFaults
from posedge.tasks import Crew
from tests.simulation.mood import become
from tests.simulation.scene import HOUR, Scene
from tests.simulation.shop import PLACES


class Trouble:
    """`start` it, `end` it; `cut_within` takes the box's power in the middle of what it does."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._chance = random.Random(scene.chance.random())
        self._ended = False

    def start(self, crew: Crew) -> None:
        for name, body in (
            ("broker", self._break_broker),
            ("nights", self._cut_at_night),
            ("headquarters", self._cut_headquarters),
            ("printers", self._annoy_printers),
            ("scale", self._weigh),
        ):
            crew.start(body(), name=name)

    def _power_fails(self) -> None:
        self._scene.box.cut()
        self._scene.loop.call_later(self._chance.uniform(5, 90), self._power_returns)

    def _power_returns(self) -> None:
        if self._scene.box.on:
            return
        self._scene.box.boot()
        if not self._ended and self._chance.random() < self._scene.plan.cut_again_share:
            self.cut_within(self._scene.plan.cut_again_steps)

    def cut_within(self, steps: int) -> None:
        if self._scene.box.host is not None:
            self._scene.loop.cut_within(
                self._scene.box.host, self._chance.randint(1, steps), self._power_fails
            )

    async def _cut_at_night(self) -> None:
        """Fail when nothing happens, too; and now and then only restart, as for an update."""
        while not self._ended:
            await asyncio.sleep(self._chance.expovariate(1 / (self._scene.plan.night_cut_h * HOUR)))
            if self._chance.random() < 0.5:
                self._power_fails()
            elif self._scene.box.on:
                self._scene.counts["restarts"] += 1
                await self._scene.box.stop()
                await asyncio.sleep(self._chance.uniform(1, 20))
                self._power_returns()

    async def _break_broker(self) -> None:
        await asyncio.sleep(self._scene.plan.before_h * HOUR)
        self._scene.broker.down(forget=self._chance.random() < 0.5)
        await asyncio.sleep(self._scene.plan.outage_h * HOUR)
        self._scene.broker.up()

    async def _cut_headquarters(self) -> None:
        while not self._ended:
            every_s = HOUR / 2 if self._scene.broker.is_up else 8 * HOUR
            await asyncio.sleep(self._chance.expovariate(1 / every_s))
            self._scene.hq.cut()
            await asyncio.sleep(self._chance.uniform(1, 60))
            self._scene.hq.boot()

    async def _annoy_printers(self) -> None:
        while not self._ended:
            await asyncio.sleep(self._chance.expovariate(1 / (2 * HOUR)))
            printer = self._scene.shop.printers[self._chance.choice(PLACES)]
            match self._chance.randrange(5):
                case 0 | 1:
                    printer.load(self._chance.randint(0, 80))
                case 2:
                    printer.cut_line(self._chance.randint(0, 2000))
                case 3:
                    printer.faults = PrinterFaults(cover_open=True)
                case _:
                    printer.faults = PrinterFaults(mute=True)
            await asyncio.sleep(self._chance.uniform(30, HOUR / 3))
            printer.load()
            printer.faults = PrinterFaults()

    async def _weigh(self) -> None:
        """Plug the scale in now and then: it is asked twelve times a second all the while."""
        while not self._ended:
            await asyncio.sleep(self._chance.expovariate(1 / (24 * HOUR)))
            self._scene.shop.plate_port.plug()
            await self._scene.shop.plate_port.opened()
            for _ in range(3):
                self._scene.shop.scale.put(self._chance.randrange(10, 5000), moving_s=0.4)
                await self._scene.shop.scanner.scan("9521234000013")
                await asyncio.sleep(self._chance.uniform(1, 4))
            self._scene.shop.plate_port.unplug()

    def end(self) -> None:
        """Mend everything, and break nothing more."""
        self._ended = True
        for terminal in self._scene.shop.terminals.values():
            become(terminal.faults, TerminalFaults())
        for printer in self._scene.shop.printers.values():
            printer.load()
            printer.faults = PrinterFaults()
        self._scene.broker.up()
        if self._scene.box.host is not None:
            self._scene.box.host.due = None
