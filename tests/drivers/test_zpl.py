import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random

import pytest

from posedge.bus import Bus
from posedge.clock import Ids, SystemClock
from posedge.drivers.interface import Site
from posedge.drivers.zpl import ZplPrinter
from posedge.link.interface import Link
from posedge.link.tcp import open_tcp
from posedge.model.capabilities import Paper, Printer, PrintEvidence
from posedge.model.errors import DeviceError, MisuseError
from posedge.model.events import PrinterChanged
from posedge.model.label import Label, LabelPrinter, Labels, LabelText
from posedge.model.value import Json
from posedge.sim import zpl as sim
from posedge.sim.printer_condition import Faults
from posedge.sim.printer_lines import serve_tcp
from posedge.tasks import Crew
from tests.doubles.shelf import MemoryShelf

LABEL = Label(parts=(LabelText(text="Apples"),))
SOON_S = 5.0
HURRY: dict[str, Json] = {
    "answer_ms": 100,
    "poll_ms": 5,
    "beat_ms": 10,
    "write_ms": 300,
    "job_ms": 300,
    "resume_ms": 500,
}


def batch(quantity: int) -> Labels:
    return Labels(label=LABEL, quantity=quantity)


class Shop:
    def __init__(self, printer: sim.ZplPrinter) -> None:
        self.printer = printer
        self.shelf = MemoryShelf()
        self.reports: list[str | None] = []
        self.failures: list[str] = []
        self.driver: ZplPrinter | None = None

    async def state(self, *, ready: bool) -> ZplPrinter:
        async with asyncio.timeout(SOON_S):
            while self.driver is None or self.driver.ready is not ready:  # noqa: ASYNC110 - any state
                await asyncio.sleep(0.001)
        return self.driver

    async def failed(self, code: str) -> None:
        async with asyncio.timeout(SOON_S):
            while code not in self.failures:  # noqa: ASYNC110 - same
                await asyncio.sleep(0.001)

    async def serve(self, site: Site) -> None:
        while True:
            self.driver = ZplPrinter(site)
            try:
                await self.driver.run()
            except DeviceError as error:
                self.failures.append(error.code)
            await asyncio.sleep(0.005)

    async def report(self, reason: str | None) -> None:
        self.reports.append(reason)


@asynccontextmanager
async def shop(**options: Json) -> AsyncIterator[Shop]:
    at = Shop(sim.ZplPrinter())
    clock = SystemClock()
    async with await serve_tcp(at.printer.sim, port=0) as server:

        async def open_() -> Link:
            return await open_tcp("127.0.0.1", server.sockets[0].getsockname()[1], timeout_s=1)

        site = Site(
            device="labels-1",
            name="labels",
            open=open_,
            bus=Bus(at.shelf),
            clock=clock,
            ids=Ids(clock, Random(1)),
            options={**HURRY, **options},
            report=at.report,
            warn=at.report,
        )
        async with Crew("test") as crew:
            crew.start(at.serve(site), name="driver")
            yield at


async def test_labels_are_out_when_nothing_is_left_to_print() -> None:
    async with shop() as at:
        driver = await at.state(ready=True)
        assert isinstance(driver, LabelPrinter)
        assert not isinstance(driver, Printer)
        assert await driver.print_labels(batch(3), "job") is PrintEvidence.BUFFER
        assert [label.lines for label in at.printer.labels] == [("Apples",)] * 3
        assert (at.reports, at.failures) == ([None], [])
        (event,) = at.shelf.events
        assert isinstance(event, PrinterChanged)
        assert (event.online, event.paper) == (True, Paper.OK)


async def test_a_new_roll_ends_the_batch_that_the_old_one_began() -> None:
    async with shop() as at:
        driver = await at.state(ready=True)
        at.printer.sim.load(2)

        async def person() -> None:
            await at.state(ready=False)
            assert len(at.printer.labels) == 2
            at.printer.sim.load()

        evidence, _ = await asyncio.gather(driver.print_labels(batch(5), "job"), person())
        assert evidence is PrintEvidence.BUFFER
        assert len(at.printer.labels) == 5
        assert at.reports == [None, "out of paper: put in a new roll", None]


async def test_nobody_puts_in_a_roll() -> None:
    async with shop(resume_ms=30) as at:
        driver = await at.state(ready=True)
        at.printer.sim.load(2)
        with pytest.raises(DeviceError, match="new roll") as caught:
            await driver.print_labels(batch(5), "job")
        assert caught.value.code == "printer.unproven"


@pytest.mark.parametrize(
    ("faults", "words"),
    [
        (Faults(cover_open=True), "cover"),
        (Faults(error=sim.RIBBON_OUT), "ribbon"),
        (Faults(offline=True), "pause"),
    ],
)
async def test_what_stops_it_has_its_words(faults: Faults, words: str) -> None:
    async with shop() as at:
        await at.state(ready=True)
        at.printer.sim.faults = faults
        driver = await at.state(ready=False)
        with pytest.raises(DeviceError, match=words) as caught:
            await driver.print_labels(batch(1), "job")
        assert caught.value.code == "printer.waiting"


async def test_a_printer_that_falls_silent_is_given_up_in_a_job_and_without() -> None:
    async with shop() as at:
        driver = await at.state(ready=True)
        at.printer.sim.faults = Faults(mute=True)
        with pytest.raises(DeviceError, match="does not answer"):
            await driver.print_labels(batch(1), "job")
        await at.failed("printer.silent")


async def test_half_a_format_of_a_cut_line_swallows_nothing() -> None:
    async with shop() as at:
        first = await at.state(ready=True)
        at.printer.sim.cut_line(after=40)
        with pytest.raises(DeviceError):
            await first.print_labels(batch(1), "job")
        await at.failed("device.gone")
        async with asyncio.timeout(SOON_S):
            while at.driver is first:  # noqa: ASYNC110 - the next driver
                await asyncio.sleep(0.001)
        driver = await at.state(ready=True)
        await driver.print_labels(batch(1), "job-2")
        assert [label.lines for label in at.printer.labels] == [("Apples",)]


async def test_a_label_too_large_is_refused_before_a_byte_is_sent() -> None:
    async with shop(height_mm=10) as at:
        driver = await at.state(ready=True)
        with pytest.raises(MisuseError, match="height_mm"):
            await driver.print_labels(Labels(label=Label(parts=LABEL.parts * 4)), "job")
        assert at.printer.labels == []


async def test_it_is_not_there() -> None:
    async with shop() as at:
        await at.state(ready=True)
    assert at.driver is not None
    with pytest.raises(DeviceError, match="not connected"):
        await at.driver.print_labels(batch(1), "job")


async def test_noise_on_the_line_is_a_fault_of_the_device() -> None:
    async with shop() as at:
        await at.state(ready=True)
        at.printer.sim.send(b"\xff")
        await at.failed("printer.garbled")
