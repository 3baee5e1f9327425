"""The driver with the patience that it has in a shop, on a loop whose time is virtual."""

import asyncio
from random import Random

import pytest

from posedge.bus import Bus
from posedge.clock import Ids
from posedge.drivers.escpos import EscposPrinter
from posedge.drivers.interface import Site
from posedge.link.memory import MemoryLink
from posedge.model.errors import DeviceError
from posedge.model.receipt import Receipt, Text
from posedge.sim.printer import PrinterSim
from posedge.sim.printer_condition import Faults
from posedge.tasks import Crew
from tests.doubles.shelf import MemoryShelf
from tests.doubles.simloop import SimClock, SimLoop, simulate

RECEIPT = Receipt(parts=(Text(text="one"), Text(text="two"), Text(text="three")))
DAY_S = 86_400.0


class Wire:
    """The printer's end of a line in memory; what it does not take stays on the line."""

    def __init__(self, sim: PrinterSim, end: MemoryLink) -> None:
        self._sim = sim
        self._end = end
        self._answers: asyncio.Queue[bytes] = asyncio.Queue()
        self._flows = asyncio.Event()
        sim.attach(self)

    def send(self, data: bytes) -> None:
        self._answers.put_nowait(data)

    def stop(self) -> None:
        self._flows.clear()

    def go(self) -> None:
        self._flows.set()

    def drop(self) -> None:
        self._end.cut()

    async def carry_there(self) -> None:
        while True:
            await self._flows.wait()
            data = await self._end.read(self._sim.room)
            await self._flows.wait()
            self._sim.receive(data)

    async def carry_back(self) -> None:
        while True:
            await self._end.write(await self._answers.get(), deadline_s=1)


class Counter:
    """A shop with one printer, and what its driver said."""

    def __init__(self, crew: Crew, sim: PrinterSim) -> None:
        self.sim = sim
        self.reports: list[str | None] = []
        loop = asyncio.get_running_loop()
        assert isinstance(loop, SimLoop)
        clock = SimClock(loop)
        near, far = MemoryLink.pair()
        wire = Wire(sim, far)
        crew.start(wire.carry_there(), name="there")
        crew.start(wire.carry_back(), name="back")

        async def open_() -> MemoryLink:
            return near

        async def report(reason: str | None) -> None:
            self.reports.append(reason)

        site = Site(
            device="printer-1",
            name="receipts",
            open=open_,
            bus=Bus(MemoryShelf()),
            clock=clock,
            ids=Ids(clock, Random(1)),
            options={},
            report=report,
            warn=report,
        )
        self.driver = EscposPrinter(site)
        self.running = crew.start(self.driver.run(), name="driver")

    async def ready(self) -> EscposPrinter:
        async with asyncio.timeout(60):
            while not self.driver.ready:  # noqa: ASYNC110 - its time is virtual
                await asyncio.sleep(0.01)
        return self.driver

    async def refused(self) -> tuple[str, float]:
        """Print in vain: why, and how many seconds it cost."""
        started = asyncio.get_running_loop().time()
        with pytest.raises(DeviceError) as caught:
            await self.driver.print(RECEIPT, "job")
        return caught.value.message, asyncio.get_running_loop().time() - started

    def printed(self) -> list[tuple[str, ...]]:
        assert self.sim.violation is None
        return [receipt.lines for receipt in self.sim.receipts]


@pytest.mark.parametrize("seed", range(10))
def test_three_days_without_paper(seed: int) -> None:
    async def days() -> None:
        async with Crew("shop") as crew:
            shop = Counter(crew, PrinterSim())
            await (await shop.ready()).print(RECEIPT, "job-1")
            shop.sim.load(seed % 3 + 1)
            reason, cost_s = await shop.refused()
            assert "roll" in reason
            assert 120 <= cost_s < 121  # resume_ms
            await asyncio.sleep(3 * DAY_S)
            assert not shop.driver.ready
            shop.sim.load()
            await (await shop.ready()).print(RECEIPT, "job-2")
            assert shop.printed() == [("one", "two", "three")] * 3
            assert shop.reports == [None, "out of paper: put in a new roll", None]
            assert not shop.running.done()

    simulate(days(), seed=seed)


def test_a_printer_that_takes_nothing_costs_half_a_minute_and_is_given_up() -> None:
    async def minute() -> None:
        async with Crew("shop") as crew:
            shop = Counter(crew, PrinterSim())
            await shop.ready()
            shop.sim.faults = Faults(stalled=True)
            reason, cost_s = await shop.refused()
            assert "did not confirm within 30 s" in reason
            assert cost_s == pytest.approx(30, abs=0.1)
            with pytest.raises(DeviceError) as caught:
                await shop.running
            assert caught.value.code == "printer.silent"

    with pytest.raises(DeviceError):
        simulate(minute())


def test_a_printer_that_answers_nothing_is_given_up_after_three_seconds() -> None:
    async def moment() -> None:
        sim = PrinterSim()
        sim.faults = Faults(mute=True)
        async with Crew("shop") as crew:
            started = asyncio.get_running_loop().time()
            shop = Counter(crew, sim)
            with pytest.raises(DeviceError) as caught:
                await shop.running
            assert caught.value.code == "printer.silent"
            assert asyncio.get_running_loop().time() - started == pytest.approx(3, abs=0.1)

    with pytest.raises(DeviceError):
        simulate(moment())
