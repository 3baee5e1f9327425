"""Keyboard wedges on the bus: whole codes, or the word that one was lost, and nothing beside."""

import asyncio
import os
from collections import Counter

from posedge.model.events import Event, ScanDiscarded, Scanned
from tests.lab.box import TURNS, Box, told
from tests.lab.hands import GOODS
from tests.lab.timing import MS, percentile, plugged, pulled

EAN = "4006381333931"
OTHER_EAN = "9783161484100"
LAST = "96385074"
STALL_S = 0.3

PAUSE_US = 25_000
"""Half of the silence that ends a code (posedge.wire.typed): a machine that others use makes such
pauses, and a code with one may be discarded, though never shortened."""


async def the_console_gets_a_code_that_nobody_grabs() -> str:
    """The control of everything below: this leak exists, and this is how it shows."""
    await told("plug", "scanner")
    await told("console")
    for _ in range(20):
        await asyncio.sleep(0.5)  # real time: the kernel's keyboard is not ours to be waited for
        try:
            await told("scan", "scanner", EAN)
        except AssertionError:
            continue  # not configured yet
        await asyncio.sleep(0.5)
        if typed := (await told("console"))["typed"]:
            return f"without posedge tty1 reads {typed!r}"
    raise AssertionError("the control shows no leak: the console cannot be read")


async def a_scanner_is_on_line_soon_after_the_plug() -> str:
    async with Box() as box:
        took = await plugged(box, "scanner")
        return f"{took}; {await pulled(box, 'scanner')}"


async def fifty_scans_arrive_whole() -> str:
    async with Box() as box:
        await plugged(box, "scanner")
        took_ms: list[float] = []
        each_us: list[float] = []
        paused = 0
        while len(took_ms) < 50:
            mark = box.bus.last
            began_ns = box.clock.now().monotonic_ns
            typing = await told("scan", "scanner", EAN)
            event = await box.heard(_about_a_scan, after=mark)
            if isinstance(event, ScanDiscarded) and typing["pause_us"] > PAUSE_US:
                paused += 1
                continue
            each_us.append(typing["us_each"])
            took_ms.append((box.clock.now().monotonic_ns - began_ns) / MS)
            assert isinstance(event, Scanned), (event, typing)
            assert (event.text, event.gtin) == (EAN, f"0{EAN}"), event
        speed = f"p50 {percentile(took_ms, 0.5):.0f} ms, p99 {percentile(took_ms, 0.99):.0f} ms"
        pace = f"28 reports of {percentile(each_us, 0.5) / 1000:.1f} ms each"
        return f"50 of 50; first key to event {speed} ({pace}); {paused} paused and discarded"


async def a_scan_survives_a_stall_of_the_loop() -> str:
    async with Box() as box:
        await plugged(box, "scanner")
        mark = box.bus.last
        async with asyncio.TaskGroup() as group:
            group.create_task(told("scan", "scanner", EAN))
            await asyncio.sleep(0.02)  # the first keys are typed
            _burn(STALL_S)
        event = await box.heard(_about_a_scan, after=mark)
        assert isinstance(event, Scanned), event
        assert event.text == EAN, event
        return f"whole, the loop having done nothing else for {STALL_S * 1000:.0f} ms"


async def a_scan_at_a_report_a_millisecond_survives_a_stall() -> str:
    """By the clock, whatever the bus does: by radio, so through uhid."""
    await told("plug", "radio")
    async with Box() as box:
        await box.online("scanner", after=0)
        for stall_s in (0.0, 0.05, STALL_S):
            mark = box.bus.last
            async with asyncio.TaskGroup() as group:
                group.create_task(told("scan", "radio", EAN))
                await asyncio.sleep(0.01)
                _burn(stall_s)
            event = await box.heard(_about_a_scan, after=mark)
            assert isinstance(event, Scanned), event
            assert event.text == EAN, event
    return "whole, stalls of 0, 50 and 300 ms"


async def nothing_of_a_scan_leaks() -> str:
    async with Box() as box:
        await plugged(box, "scanner")
        node = str(box.devices.statuses()[0].detail["address"]).partition("/dev/")[2]
        await told("console")
        await told("listen", node)
        for code in (EAN, OTHER_EAN):
            mark = box.bus.last
            await told("scan", "scanner", code)
            await box.heard(_about_a_scan, after=mark)
        typed = (await told("console"))["typed"]
        heard = (await told("heard"))["bytes"]
        assert typed == "", typed
        assert heard == 0, heard
        return f"tty1 read nothing, a second reader of /dev/{node} 0 bytes"


async def a_code_cut_off_by_the_plug_is_discarded() -> str:
    async with Box() as box:
        await plugged(box, "scanner")
        mark = box.bus.last
        took = await pulled(box, "scanner", f"cut {{}} {EAN} 13")
        event = await box.heard(_about_a_scan, after=mark)
        assert isinstance(event, ScanDiscarded), event
        return f"{event.code}; {took}"


async def a_code_that_the_kernel_dropped_is_discarded() -> str:
    """The process stands still for eight codes: the kernel's buffer holds one."""
    async with Box() as box:
        await plugged(box, "scanner")
        mark = box.bus.last
        await told("freeze", "scanner", EAN, 8, os.getpid())
        event = await box.heard(lambda e: isinstance(e, ScanDiscarded), after=mark)
        assert isinstance(event, ScanDiscarded), event
        await asyncio.sleep(1)  # whatever else is under way
        await told("scan", "scanner", OTHER_EAN)
        await box.heard(lambda e: isinstance(e, Scanned) and e.text == OTHER_EAN, after=mark)
        told_of = box.since(mark)
        whole = [each.text for each in told_of if isinstance(each, Scanned)]
        assert set(whole) <= {EAN, OTHER_EAN}, whole
        discarded = [each.code for each in told_of if isinstance(each, ScanDiscarded)]
        return f"8 codes while stopped: {len(whole) - 1} whole, discarded {discarded}, 0 shortened"


async def two_scanners_at_once_corrupt_nothing() -> str:
    """Without a pause from pair to pair: where a pause of the machine spoils a code, it is told.

    What is discarded is a code, or one and the next that its end was lost to.
    """
    pairs = TURNS
    async with Box() as box:
        await plugged(box, "scanner")
        mark = box.bus.last
        await told("plug", "scanner-2")
        await box.online("scanner", after=mark)
        mark = box.bus.last
        paused = 0
        for _ in range(pairs):
            typings = await asyncio.gather(
                told("scan", "scanner", EAN), told("scan", "scanner-2", OTHER_EAN)
            )
            paused += sum(each["pause_us"] > PAUSE_US for each in typings)
        for thing in ("scanner", "scanner-2"):
            await _last(box, thing)
        scans = [each for each in box.since(mark) if isinstance(each, Scanned)]
        discarded = [each for each in box.since(mark) if isinstance(each, ScanDiscarded)]
        found = Counter((each.device, each.text) for each in scans if each.text != LAST)
        sent = {(GOODS["scanner"].id, EAN), (GOODS["scanner-2"].id, OTHER_EAN)}
        assert set(found) == sent, found
        assert found.total() >= pairs, f"{found}, {discarded[:3]}"
        missing = 2 * pairs - found.total()
        assert missing <= 2 * len(discarded), f"{missing} missing, told: {discarded}"
        reasons = dict(Counter(each.code for each in discarded))
        return (
            f"{2 * pairs} overlapping scans of two scanners of one model: {found.total()} whole,"
            f" 0 corrupted, {missing} discarded and told {reasons}; the machine paused in {paused}"
        )


async def _last(box: Box, thing: str) -> None:
    """Scan a code that ends all others; again where it is spoiled itself."""
    for _ in range(5):
        await asyncio.sleep(1)  # whatever else is under way
        mark = box.bus.last
        await told("scan", thing, LAST)
        event = await box.heard(_about_a_scan, after=mark)
        if isinstance(event, Scanned) and event.text == LAST:
            return
    raise AssertionError(f"{thing} gets no code through")


def _about_a_scan(event: Event) -> bool:
    return isinstance(event, Scanned | ScanDiscarded)


def _burn(seconds: float) -> None:
    """Hold the loop, working: a thread beside gets no more than Python gives it."""
    loop = asyncio.get_running_loop()
    end_s = loop.time() + seconds
    while loop.time() < end_s:
        pass


SCENARIOS = (
    the_console_gets_a_code_that_nobody_grabs,
    a_scanner_is_on_line_soon_after_the_plug,
    fifty_scans_arrive_whole,
    a_scan_survives_a_stall_of_the_loop,
    a_scan_at_a_report_a_millisecond_survives_a_stall,
    nothing_of_a_scan_leaks,
    a_code_cut_off_by_the_plug_is_discarded,
    a_code_that_the_kernel_dropped_is_discarded,
    two_scanners_at_once_corrupt_nothing,
)
