import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial

import pytest

from posedge.drivers.escpos import EscposPrinter
from posedge.link.interface import Link
from posedge.link.serial import open_serial
from posedge.link.usblp import open_usblp
from posedge.model.capabilities import Paper, PrintEvidence
from posedge.model.errors import DeviceError, MisuseError
from posedge.model.receipt import Qr, Receipt
from posedge.sim.printer import PrinterSim
from posedge.sim.printer_condition import Drawer, Faults
from posedge.sim.printer_lines import PtyLine
from posedge.tasks import Crew
from tests.doubles.printer_shop import LINES, LONG, RECEIPT, running, shop


async def test_a_receipt_is_printed_once_the_printer_says_so() -> None:
    async with shop() as at:
        driver = await at.ready()
        assert await driver.print(RECEIPT, "job-1") is PrintEvidence.PROCESS_ID
        assert at.printed() == [LINES]
        await driver.print(RECEIPT, "job-2")
        assert at.printed() == [LINES, LINES]
        assert (at.reports, at.failures) == ([None], [])
        assert at.printer_events() == [(True, False, Paper.OK, None)]
        assert at.drawer_events() == []


async def test_bytes_of_somebody_else_are_sent_as_they_are_and_confirmed() -> None:
    async with shop() as at:
        driver = await at.ready()
        assert await driver.print(b"Hello\n\x1dV\0", "job") is PrintEvidence.PROCESS_ID
        assert at.printed() == [["Hello"]]


async def test_what_bytes_of_somebody_else_leave_unfinished_swallows_nothing() -> None:
    async with shop() as at:
        driver = await at.ready()
        half_a_picture = b"\x1dv0\0\x01\0\x40\0"
        assert await driver.print(half_a_picture, "job-1") is PrintEvidence.PROCESS_ID
        await driver.print(RECEIPT, "job-2")
        assert at.printed()[0][-3:] == LINES


async def serial(path: str) -> Link:
    return await open_serial(path, baud=9600)


@pytest.mark.parametrize("open_link", [serial, open_usblp])
async def test_over_a_character_device(open_link: Callable[[str], Awaitable[Link]]) -> None:
    sim = PrinterSim()
    line = PtyLine(sim)
    async with running(sim, lambda: open_link(line.path), {"drawer_contact": "open-high"}) as at:
        driver = await at.ready()
        await driver.print(RECEIPT, "job")
        await driver.kick()
        assert (at.printed(), at.drawer_events()) == ([LINES], [False, True])
    line.close()


async def test_out_of_paper_before_the_receipt() -> None:
    async with shop() as at:
        await at.ready()
        at.sim.load(0)
        driver = await at.not_ready()
        assert "roll" in await at.refused(printer=driver)
        at.sim.load()
        await (await at.ready()).print(RECEIPT, "job")
        assert at.printed() == [LINES]
        assert at.reports == [None, "out of paper: put in a new roll", None]
        assert [paper for _, _, paper, _ in at.printer_events()] == [
            Paper.OK,
            Paper.END,
            Paper.OK,
        ]


async def test_out_of_paper_in_the_middle_prints_the_rest_and_then_the_whole_again() -> None:
    async with shop() as at:
        await at.ready()
        at.sim.load(2)
        assert "roll" in await at.unproven()
        assert at.printed() == []
        at.sim.load()
        await (await at.ready()).print(RECEIPT, "job")
        assert at.printed() == [LINES, LINES]
        assert at.failures == []


async def test_a_late_confirmation_of_an_abandoned_job_proves_nothing_for_the_next() -> None:
    async with shop() as at:
        await at.ready()
        at.sim.load(1)
        await at.unproven()
        at.sim.load(len(LINES) + 1)  # the rest, and then one line of the next
        driver = await at.ready()
        assert "roll" in await at.unproven(printer=driver)
        assert at.printed() == [LINES]


async def test_an_open_cover_stops_the_job() -> None:
    async with shop() as at:
        await at.ready()
        at.sim.faults = Faults(cover_open=True)
        driver = await at.not_ready()
        assert "cover" in await at.refused(printer=driver)
        at.sim.faults = Faults()
        await (await at.ready()).print(RECEIPT, "job")
        assert at.printed() == [LINES]


@pytest.mark.parametrize(
    ("faults", "words"),
    [(Faults(offline=True), "off line"), (Faults(error=0x08), "cutter")],
)
async def test_other_faults_have_their_words(faults: Faults, words: str) -> None:
    async with shop() as at:
        await at.ready()
        at.sim.faults = faults
        assert words in await at.refused(printer=await at.not_ready())


async def test_paper_near_its_end_still_prints_and_is_told() -> None:
    async with shop() as at:
        driver = await at.ready()
        at.sim.faults = Faults(near_end=True)
        await at.until(lambda: len(at.printer_events()) == 2)
        await driver.print(RECEIPT, "job")
        assert at.printer_events()[-1] == (True, False, Paper.NEAR_END, None)


@pytest.mark.parametrize("after", [20, 150, 9_000])
async def test_a_line_dropped_in_the_middle_is_mended(after: int) -> None:
    async with shop() as at:
        first = await at.ready()
        at.sim.cut_line(after=after)
        await at.unproven(LONG)
        await at.until(lambda: at.driver is not first)
        await (await at.ready()).print(RECEIPT, "job")
        assert at.printed()[-1][-3:] == LINES


async def test_a_code_cut_in_the_middle_does_not_swallow_the_next_receipt() -> None:
    receipt = Receipt(parts=(Qr(text="x" * 500), *RECEIPT.parts))
    async with shop() as at:
        first = await at.ready()
        at.sim.cut_line(after=60)
        await at.unproven(receipt)
        await at.until(lambda: at.driver is not first)
        await (await at.ready()).print(receipt, "job")
        assert at.printed() == [LINES]
        assert at.sim.receipts[0].symbols == ("x" * 500,)


async def test_a_printer_that_stops_reading_costs_its_deadline() -> None:
    async with shop() as at:
        await at.ready()
        at.sim.faults = Faults(stalled=True)
        started = time.perf_counter()
        await at.unproven()
        assert time.perf_counter() - started < 1
        at.sim.faults = Faults()
        await at.until(lambda: bool(at.sim.receipts))


async def test_a_job_longer_than_the_printers_buffer() -> None:
    async with shop() as at:
        await (await at.ready()).print(LONG, "job")
        assert len(at.printed()[0]) == 400


async def test_a_printer_without_process_ids_is_asked_for_its_state() -> None:
    sim = PrinterSim()
    sim.faults = Faults(no_process_id=True)
    async with shop(sim) as at:
        driver = await at.ready()
        assert await driver.print(RECEIPT, "job") is PrintEvidence.STATUS
        assert at.printed() == [LINES]
        at.sim.load(1)
        assert "roll" in await at.unproven(printer=driver)


async def test_a_clone_that_answers_questions_only_is_polled() -> None:
    sim = PrinterSim(Drawer())
    sim.faults = Faults(no_asb=True, no_process_id=True)
    async with shop(sim, process_id=False, drawer_contact="open-high") as at:
        driver = await at.ready()
        await driver.print(RECEIPT, "job")
        assert at.printed() == [LINES]
        await driver.kick()
        at.sim.close_drawer()
        await at.until(lambda: at.drawer_events() == [False, True, False])
        at.sim.load(1)
        assert "roll" in await at.unproven(printer=driver)
        await at.until(lambda: len(at.printer_events()) == 2)
        assert at.failures == []


async def test_a_confirmation_that_stays_away_is_no_print() -> None:
    async with shop() as at:
        await (await at.ready()).print(RECEIPT, "job-1")
        at.sim.faults = Faults(no_process_id=True)
        assert "confirm" in await at.unproven()


async def test_a_printer_that_falls_silent_is_given_up_and_found_again() -> None:
    sim = PrinterSim()
    sim.faults = Faults(mute=True)
    async with shop(sim) as at:
        await at.until(lambda: "printer.silent" in at.failures)
        assert at.printer_events() == []
        at.sim.faults = Faults()
        await at.ready()


async def test_silence_in_the_middle_of_a_job_is_no_print() -> None:
    sim = PrinterSim()
    sim.faults = Faults(no_process_id=True)
    async with shop(sim) as at:
        driver = await at.ready()
        at.sim.faults = replace(at.sim.faults, mute=True)
        assert "answer" in await at.unproven(printer=driver)


async def test_noise_on_the_line_is_a_fault_of_the_device() -> None:
    async with shop() as at:
        await at.ready()
        at.sim.send(b"\xff")
        await at.until(lambda: at.failures == ["printer.garbled"])
        await at.ready()


async def test_before_it_is_connected() -> None:
    async with shop() as at:
        driver = EscposPrinter((await at.ready())._site)
        assert not driver.ready
        assert "connected" in await at.refused(printer=driver)


async def test_before_it_has_answered() -> None:
    sim = PrinterSim()
    sim.faults = Faults(mute=True)
    async with shop(sim, answer_ms=5_000) as at:
        await at.until(lambda: at.driver is not None and at.driver._channel is not None)
        assert "has not answered" in await at.refused(printer=at.driver)


@pytest.mark.parametrize("high_when_open", [True, False])
async def test_the_drawer_is_kicked_seen_open_and_seen_closed(*, high_when_open: bool) -> None:
    sim = PrinterSim(Drawer(high_when_open=high_when_open))
    async with shop(sim, drawer_contact="open-high" if high_when_open else "open-low") as at:
        driver = await at.ready()
        await driver.kick()
        assert at.sim.drawer_opened == 1
        assert at.drawer_events() == [False, True]
        at.sim.close_drawer()
        await at.until(lambda: at.drawer_events() == [False, True, False])
        at.sim.pull_drawer()
        await at.until(lambda: at.drawer_events() == [False, True, False, True])
        assert len(at.printer_events()) == 1


async def test_a_drawer_that_stays_shut_is_an_error() -> None:
    async with shop(PrinterSim(Drawer(stuck=True)), drawer_contact="open-high") as at:
        with pytest.raises(DeviceError) as caught:
            await (await at.ready()).kick()
        assert caught.value.code == "drawer.stuck"


async def test_without_a_contact_nothing_is_guessed() -> None:
    async with shop(PrinterSim(Drawer(contact=False))) as at:
        await (await at.ready()).kick(1)
        await at.until(lambda: at.sim.drawer_opened == 1)
        assert at.drawer_events() == []


async def test_a_kick_that_cannot_be_taken_is_an_error() -> None:
    async with shop() as at:
        driver = await at.ready()
        with pytest.raises(MisuseError):
            await driver.kick(2)
        at.sim.load(0)
        await at.not_ready()
        with pytest.raises(DeviceError) as caught:
            await driver.kick()
        assert caught.value.code == "printer.waiting"
        assert at.sim.drawer_opened == 0


async def test_jobs_given_at_once_are_printed_one_after_the_other() -> None:
    async with shop() as at:
        driver = await at.ready()
        async with Crew("tills") as tills:
            jobs = [tills.start(driver.print(RECEIPT, f"job-{n}"), name=f"{n}") for n in range(5)]
            await asyncio.gather(*jobs)
        assert at.printed() == [LINES] * 5


async def test_a_print_that_is_cancelled_leaves_no_half_command() -> None:
    async with shop() as at:
        driver = await at.ready()
        at.sim.load(1)
        at.sim.faults = Faults(stalled=True)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(driver.print(LONG, "job"), 0.05)
        at.sim.faults = Faults()
        at.sim.load()
        await (await at.ready()).print(RECEIPT, "job")
        assert at.printed()[-1][-3:] == LINES


async def test_paper_that_ends_in_the_middle_is_waited_for_and_the_rest_is_printed_after() -> None:
    async with shop(resume_ms=5_000) as at:
        driver = await at.ready()
        at.sim.load(2)
        async with Crew("till") as till:
            printing = till.start(driver.print(RECEIPT, "job"), name="job")
            await at.not_ready()
            assert at.printed() == []
            at.sim.load()
            assert await printing is PrintEvidence.PROCESS_ID
        assert at.printed() == [LINES]


async def test_a_printer_that_never_confirms_is_not_asked_for_ever() -> None:
    sim = PrinterSim()
    sim.faults = Faults(no_process_id=True)
    async with shop(sim) as at:
        driver = await at.ready()
        assert isinstance(driver, EscposPrinter)
        for _ in range(3):
            assert asks(driver)
            assert await driver.print(RECEIPT, "job") is PrintEvidence.STATUS
        assert not asks(driver)
        at.sim.faults = Faults()
        assert await driver.print(RECEIPT, "job") is PrintEvidence.STATUS


async def test_a_printer_that_stands_in_for_one_that_never_confirmed_is_found_out() -> None:
    """What was learnt stays with the port and the name, and another printer may come there."""
    sim = PrinterSim()
    sim.faults = Faults(no_process_id=True)
    async with shop(sim) as at:
        driver = await at.ready()
        assert isinstance(driver, EscposPrinter)
        for _ in range(3):
            await driver.print(RECEIPT, "job")
        at.sim.faults = Faults(mute=True)
        await at.until(lambda: "printer.silent" in at.failures)
        at.sim.faults = Faults()
        again = await at.ready()
        assert isinstance(again, EscposPrinter)
        assert again is not driver
        await at.until(lambda: asks(again))
        assert await again.print(RECEIPT, "job") is PrintEvidence.PROCESS_ID
        assert again._unanswered == 0


def asks(driver: EscposPrinter) -> bool:
    assert driver._channel is not None
    return driver._asks(driver._channel)


async def test_one_lost_confirmation_is_forgiven() -> None:
    sim = PrinterSim()
    sim.faults = Faults(no_process_id=True)
    async with shop(sim) as at:
        driver = await at.ready()
        assert isinstance(driver, EscposPrinter)
        await driver.print(RECEIPT, "job")
        at.sim.faults = Faults()
        assert await driver.print(RECEIPT, "job") is PrintEvidence.PROCESS_ID
        assert driver._unanswered == 0


@pytest.mark.parametrize("high_when_open", [True, False])
async def test_the_level_of_an_open_drawer_is_learnt(*, high_when_open: bool) -> None:
    async with shop(PrinterSim(Drawer(high_when_open=high_when_open))) as at:
        driver = await at.ready()
        for _ in range(2):
            assert driver.drawer_open is None
            kicks = at.sim.drawer_opened
            await driver.kick()
            await at.until(partial(_opened_more_than, at.sim, kicks))
            await at.until(lambda: bool(driver._report._high) is high_when_open)
            at.sim.close_drawer()
            await at.until(lambda: bool(driver._report._high) is not high_when_open)
        assert at.drawer_events() == [True, False]
        await driver.kick()
        assert at.drawer_events() == [True, False, True]
        assert driver.drawer_open
        again = EscposPrinter(driver._site)
        assert again._report._contact.is_open(high=high_when_open)


def _opened_more_than(sim: PrinterSim, times: int) -> bool:
    return sim.drawer_opened > times


async def test_a_drawer_without_a_switch_is_never_waited_for() -> None:
    async with shop(PrinterSim(Drawer(contact=False)), opening_ms=60_000) as at:
        driver = await at.ready()
        for _ in range(5):
            await driver.kick()
            await at.until(lambda: at.sim.condition.drawer.open)
            at.sim.close_drawer()
        assert driver.drawer_open is None
        assert at.drawer_events() == []
