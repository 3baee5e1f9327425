import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager

import pytest

from posedge.drivers.star import StarPrinter
from posedge.link.interface import Link
from posedge.link.serial import open_serial
from posedge.link.usblp import open_usblp
from posedge.model.capabilities import Drawer, Paper, Printer, PrintEvidence
from posedge.model.errors import DeviceError, MisuseError
from posedge.model.receipt import Qr, Receipt
from posedge.model.value import Json
from posedge.sim.printer_condition import Faults
from posedge.sim.printer_lines import PtyLine
from posedge.sim.star import star_printer
from tests.doubles.printer_shop import LINES, LONG, RECEIPT, Shop, running, shop


def at_work(faults: Faults | None = None, **options: Json) -> AbstractAsyncContextManager[Shop]:
    sim = star_printer()
    sim.faults = faults or Faults()
    return shop(sim, StarPrinter, **{"resume_ms": 500, **options})


async def counted(at: Shop) -> StarPrinter:
    """Return the driver once the printer has shown that it counts: one job is out."""
    driver = await at.ready()
    assert isinstance(driver, StarPrinter)
    assert await driver.print(RECEIPT, "first") is PrintEvidence.ETB
    at.sim.receipts.clear()
    return driver


async def test_a_receipt_is_printed_once_the_counter_says_so() -> None:
    async with at_work() as at:
        driver = await at.ready()
        assert isinstance(driver, Printer)
        assert isinstance(driver, Drawer)
        for number in range(1, 70):  # twice around the counter
            assert await driver.print(RECEIPT, f"job-{number}") is PrintEvidence.ETB
            assert len(at.printed()) == number
        assert at.printed()[-1] == LINES
        assert (at.reports, at.failures) == ([None], [])
        assert at.printer_events() == [(True, False, Paper.OK, None)]


async def serial(path: str) -> Link:
    return await open_serial(path, baud=9600)


@pytest.mark.parametrize("open_link", [serial, open_usblp])
async def test_over_a_character_device(open_link: Callable[[str], Awaitable[Link]]) -> None:
    sim = star_printer()
    line = PtyLine(sim)
    options: dict[str, Json] = {"drawer_contact": "open-high"}
    async with running(sim, lambda: open_link(line.path), options, StarPrinter) as at:
        driver = await at.ready()
        await driver.print(RECEIPT, "job")
        await driver.kick()
        assert (at.printed(), at.drawer_events()) == ([LINES], [False, True])
        assert driver.drawer_open
    line.close()


async def test_bytes_of_somebody_else_are_sent_as_they_are_and_confirmed() -> None:
    async with at_work() as at:
        driver = await counted(at)
        foreign = b"Hello\n\x17\x17\x1bd\x03"  # it counts on its own
        assert await driver.print(foreign, "job") is PrintEvidence.ETB
        assert await driver.print(RECEIPT, "job-2") is PrintEvidence.ETB
        assert at.printed() == [["Hello"], LINES]


async def test_what_bytes_of_somebody_else_leave_unfinished_swallows_nothing() -> None:
    async with at_work() as at:
        driver = await at.ready()
        half_a_code = b"\x1b\x1dyD1\x00\x00\x02half"
        assert await driver.print(half_a_code, "job-1") is PrintEvidence.ETB
        await driver.print(RECEIPT, "job-2")
        assert at.printed() == [LINES]


async def test_out_of_paper_before_the_receipt() -> None:
    async with at_work() as at:
        await at.ready()
        at.sim.load(0)
        driver = await at.not_ready()
        assert "roll" in await at.refused(printer=driver)
        at.sim.load()
        await (await at.ready()).print(RECEIPT, "job")
        assert at.printed() == [LINES]
        assert at.reports == [None, "out of paper: put in a new roll", None]


async def test_a_new_roll_ends_the_job_that_the_old_one_began() -> None:
    async with at_work() as at:
        driver = await counted(at)
        at.sim.load(2)

        async def person() -> None:
            await at.not_ready()
            assert at.printed() == []
            at.sim.load()

        evidence, _ = await asyncio.gather(driver.print(RECEIPT, "job"), person())
        assert evidence is PrintEvidence.ETB
        assert at.printed() == [LINES]
        assert at.reports == [None, "out of paper: put in a new roll", None]


async def test_nobody_puts_in_a_roll() -> None:
    async with at_work(resume_ms=20) as at:
        await counted(at)
        at.sim.load(2)
        assert "roll" in await at.unproven()


async def test_a_late_confirmation_of_an_abandoned_job_proves_nothing_for_the_next() -> None:
    async with at_work(resume_ms=20) as at:
        await counted(at)
        at.sim.load(1)
        await at.unproven()
        at.sim.load(len(LINES) + 2)  # the rest, and then one line of the next
        assert "roll" in await at.unproven(printer=await at.ready())
        assert at.printed() == [LINES]


@pytest.mark.parametrize(
    ("faults", "words"),
    [
        (Faults(cover_open=True), "cover"),
        (Faults(offline=True), "off line"),
        (Faults(error=0x08), "cutter"),
    ],
)
async def test_faults_have_their_words(faults: Faults, words: str) -> None:
    async with at_work() as at:
        await at.ready()
        at.sim.faults = faults
        assert words in await at.refused(printer=await at.not_ready())


@pytest.mark.parametrize("after", [20, 600, 700, 9_000])
async def test_a_line_dropped_in_the_middle_is_mended(after: int) -> None:
    async with at_work() as at:
        first = await at.ready()
        at.sim.cut_line(after=after)
        await at.unproven(LONG)
        await at.until(lambda: at.driver is not first)
        assert await (await at.ready()).print(RECEIPT, "job") is PrintEvidence.ETB
        assert at.printed()[-1][-3:] == LINES


async def test_a_code_cut_in_the_middle_does_not_swallow_the_next_receipt() -> None:
    receipt = Receipt(parts=(Qr(text="x" * 500), *RECEIPT.parts))
    async with at_work() as at:
        first = await at.ready()
        await first.print(RECEIPT, "job")
        at.sim.cut_line(after=60)
        await at.unproven(receipt)
        await at.until(lambda: at.driver is not first)
        await (await at.ready()).print(receipt, "job")
        assert at.sim.receipts[-1].symbols == ("x" * 500,)


async def test_firmware_that_does_not_count_is_asked_for_its_state() -> None:
    async with at_work(Faults(no_process_id=True)) as at:
        driver = await at.ready()
        assert await driver.print(RECEIPT, "job") is PrintEvidence.STATUS
        assert at.printed() == [LINES]
        at.sim.load(1)
        assert "roll" in await at.unproven(printer=driver)


async def test_a_printer_that_reports_nothing_by_itself_is_polled() -> None:
    async with at_work(Faults(no_asb=True), drawer_contact="open-high") as at:
        driver = await at.ready()
        assert await driver.print(RECEIPT, "job") is PrintEvidence.ETB
        await driver.kick()
        at.sim.close_drawer()
        await at.until(lambda: at.drawer_events() == [False, True, False])
        assert at.printed() == [LINES]


async def test_a_printer_that_falls_silent_is_given_up() -> None:
    async with at_work(answer_ms=50) as at:
        await counted(at)
        at.sim.faults = Faults(mute=True)
        await at.until(lambda: "printer.silent" in at.failures)


async def test_a_printer_that_was_switched_off_and_on_is_begun_anew() -> None:
    async with at_work() as at:
        first = await counted(at)
        at.sim.receive(b"\x18")  # what its power switch does to the counter
        at.sim.faults = Faults(near_end=True)
        await at.until(lambda: at.failures == ["printer.restarted"] and at.driver is not first)
        assert await (await at.ready()).print(RECEIPT, "job") is PrintEvidence.ETB


async def test_noise_on_the_line_is_a_fault_of_the_device() -> None:
    async with at_work() as at:
        await at.ready()
        at.sim.send(b"\xff")
        await at.until(lambda: at.failures == ["printer.garbled"])


async def test_a_drawer_that_stays_shut_is_told() -> None:
    async with at_work(drawer_contact="open-high", opening_ms=20) as at:
        driver = await at.ready()
        at.sim.pull_drawer()
        await at.until(lambda: driver.drawer_open is True)
        at.sim.close_drawer()
        await at.until(lambda: driver.drawer_open is False)
        with pytest.raises(MisuseError, match="drawers 0 and 1"):
            await driver.kick(2)
        await driver.kick(1)
        at.sim.close_drawer()
        await at.until(lambda: driver.drawer_open is False)
    async with at_work(drawer_contact="open-low", opening_ms=20) as at:
        driver = await at.ready()
        at.sim.pull_drawer()
        await at.until(lambda: driver.drawer_open is False)
        with pytest.raises(DeviceError, match="did not open"):
            await driver.kick()


async def test_a_job_longer_than_the_printers_buffer() -> None:
    async with at_work() as at:
        await (await at.ready()).print(LONG, "job")
        assert len(at.printed()[0]) == 400
