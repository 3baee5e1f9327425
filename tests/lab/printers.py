"""A receipt printer on usblp: the driver's bytes go over the bus to the virtual printer."""

import asyncio
import subprocess

from posedge.devices.settings import Assignment
from posedge.model.capabilities import Paper, Printer
from posedge.model.errors import DeviceError
from posedge.model.events import Event, PrinterChanged
from posedge.model.receipt import Barcode, Columns, Feed, Part, Qr, Receipt, Text
from tests.lab.box import PATIENCE_S, Box, told
from tests.lab.timing import MS, plugged, pulled

LAST = "Thank you"
BEAT_MS = 300
RESUME_MS = 4000
"""For how long a job waits for a new roll, which is two minutes in a shop."""


def receipt(lines: int) -> Receipt:
    parts: tuple[Part, ...] = (
        Text(text="Corner shop", bold=True, double=True),
        *(Columns(left=f"Article {n}", right="1.99") for n in range(lines)),
        Barcode(symbology="ean13", text="4006381333931"),
        Qr(text="https://shop.example/r/1"),
        Text(text=LAST),
        Feed(lines=2),
    )
    return Receipt(parts=parts)


async def a_receipt_is_printed_and_confirmed() -> str:
    async with Box() as box:
        took = await plugged(box, "printer")
        began_ns = box.clock.now().monotonic_ns
        await _printer(box).print(receipt(30), "job-1")
        print_ms = (box.clock.now().monotonic_ns - began_ns) / MS
        printed = await told("printed")
        assert printed["violation"] is None, printed["violation"]
        assert LAST in printed["receipts"][-1], printed
        symbols = await asyncio.to_thread(_symbols, bytes.fromhex((await told("picture"))["png"]))
        assert symbols == {"EAN-13:4006381333931", "QR-Code:https://shop.example/r/1"}, symbols
        began_ns = (await told("pull", "printer"))["at_ns"]
        gone = await box.offline("printer", after=0)
        gone_ms = (gone.at.monotonic_ns - began_ns) / MS
        return (
            f"{took}; 30 lines, two symbols in {print_ms:.0f} ms, read back by zbarimg;"
            f" unplug to gone {gone_ms:.0f} ms"
        )


async def an_idle_printer_stays_on_line() -> str:
    """Asked for its state twenty times, as it is every fifteen seconds."""
    asked = Assignment(device="04b8:0202", options={"beat_ms": BEAT_MS})
    async with Box((asked,)) as box:
        await plugged(box, "printer")
        mark = box.bus.last
        await asyncio.sleep(20 * BEAT_MS / 1000)
        assert box.since(mark) == [], [each.model_dump(exclude={"at"}) for each in box.since(mark)]
        return f"twenty questions at {BEAT_MS} ms, all answered"


async def paper_out_in_mid_receipt_and_the_rest_after() -> str:
    """Nobody has a new roll in time: the job is unproven, and the rest prints all the same."""
    hasty = Assignment(device="04b8:0202", options={"resume_ms": RESUME_MS})
    async with Box((hasty,)) as box:
        await plugged(box, "printer")
        before = len((await told("printed"))["receipts"])
        mark = box.bus.last
        await told("paper", 10)
        why = await _refused(box, receipt(30), "job-2")
        await box.heard(lambda e: _paper(e) is Paper.END, after=mark)
        stopped = await told("printed")
        assert len(stopped["receipts"]) == before, stopped
        assert len(stopped["uncut"].splitlines()) <= 12, stopped
        mark = box.bus.last
        await told("paper", "in")
        await box.heard(lambda e: _paper(e) is Paper.OK, after=mark)
        text = (await _receipts(before + 1))[-1]
        assert [f"Article {n} " in f"{text} " for n in range(30)] == [True] * 30, text
        assert LAST in text, text
        return f"unproven: {why}; after new paper all 30 lines and the end came out, once"


async def a_new_roll_in_mid_receipt_and_the_job_is_proven() -> str:
    async with Box() as box:
        await plugged(box, "printer")
        before = len((await told("printed"))["receipts"])
        await told("paper", 10)
        async with asyncio.TaskGroup() as group:
            job = group.create_task(_printer(box).print(receipt(30), "job-6"))
            await box.heard(lambda e: _paper(e) is Paper.END, after=0)
            await told("paper", "in")
        receipts = await _receipts(before + 1)
        assert len(receipts) == before + 1, receipts
        lines = [f"Article {n} " in f"{receipts[-1]} " for n in range(30)]
        assert lines == [True] * 30, receipts[-1]
        return f"all 30 lines, once; evidence: {job.result()}"


async def with_the_cover_open_not_a_byte_is_sent() -> str:
    async with Box() as box:
        await plugged(box, "printer")
        mark = box.bus.last
        await told("cover", "open")
        await box.heard(lambda e: isinstance(e, PrinterChanged) and e.cover_open, after=mark)
        why = await _refused(box, receipt(5), "job-3")
        mark = box.bus.last
        await told("cover", "shut")
        await box.heard(lambda e: isinstance(e, PrinterChanged) and e.online, after=mark)
        await _printer(box).print(receipt(5), "job-3")
        return f"refused: {why}; printed after it was shut"


async def unplugged_in_mid_print() -> str:
    """Longer than what kernel, bus and printer hold: the write is still going on."""
    async with Box() as box:
        await plugged(box, "printer")
        await told("paper", 5)
        async with asyncio.TaskGroup() as group:
            refusal = group.create_task(_refused(box, receipt(990), "job-4"))
            await box.heard(lambda e: _paper(e) is Paper.END, after=0)
            gone = await pulled(box, "printer")
        await told("paper", "in")
        await plugged(box, "printer")
        await _printer(box).print(receipt(3), "job-5")
        violation = (await told("printed"))["violation"]
        assert violation is None, violation
        return f"{refusal.result()}; {gone}; plugged again it prints"


def _symbols(png: bytes) -> set[str]:
    """Return what zbarimg reads in the picture of what came out."""
    command = ["zbarimg", "--quiet", "--nodbus", "PNG:-"]
    done = subprocess.run(command, input=png, check=True, capture_output=True)
    return set(done.stdout.decode().split())


def _printer(box: Box) -> Printer:
    return box.devices.find(Printer)[1]  # type: ignore[type-abstract]


async def _refused(box: Box, what: Receipt, job: str) -> str:
    try:
        await _printer(box).print(what, job)
    except DeviceError as error:
        return f"{error.code} ({error.message})"
    raise AssertionError("it says that it printed")


async def _receipts(count: int) -> list[str]:
    """Return what was cut off once it is as many."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            receipts: list[str] = (await told("printed"))["receipts"]
            if len(receipts) >= count:
                return receipts
            await asyncio.sleep(0.05)


def _paper(event: Event) -> Paper | None:
    return event.paper if isinstance(event, PrinterChanged) else None


SCENARIOS = (
    a_receipt_is_printed_and_confirmed,
    an_idle_printer_stays_on_line,
    paper_out_in_mid_receipt_and_the_rest_after,
    a_new_roll_in_mid_receipt_and_the_job_is_proven,
    with_the_cover_open_not_a_byte_is_sent,
    unplugged_in_mid_print,
)
