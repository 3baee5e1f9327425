"""What is reached through hidraw: a scanner in HID POS mode and a scale."""

from posedge.model.capabilities import Scale, ScaleState
from posedge.model.events import Event, ScanDiscarded, Scanned, Weighed
from tests.lab.box import Box, told
from tests.lab.timing import MS, percentile, plugged, pulled

EAN = "4006381333931"
LONG = "0123456789ABCDEF" * 100
"""1,600 characters in 29 reports: half of what the kernel keeps."""

NOT_READY = ScaleState.NOT_READY


async def a_hid_pos_scanner_s_codes_arrive_whole() -> str:
    async with Box() as box:
        took = await plugged(box, "hid-scanner")
        took_ms: list[float] = []
        for code in (EAN, LONG) * 25:
            mark = box.bus.last
            began_ns = box.clock.now().monotonic_ns
            await told("scan", "hid-scanner", code)
            event = await box.heard(_about_a_scan, after=mark)
            took_ms.append((event.at.monotonic_ns - began_ns) / MS)
            assert isinstance(event, Scanned), event
            assert event.text == code, event
        gone = await pulled(box, "hid-scanner")
        return f"{took}; 50 of 50, p50 {percentile(took_ms, 0.5):.0f} ms; {gone}"


async def a_hid_pos_scanner_unplugged_in_mid_code_tells_no_half() -> str:
    async with Box() as box:
        await plugged(box, "hid-scanner")
        mark = box.bus.last
        await pulled(box, "hid-scanner", f"cut {{}} {LONG} 10")
        half = [each for each in box.since(mark) if isinstance(each, Scanned)]
        assert not half, half
        mark = box.bus.last
        await plugged(box, "hid-scanner")
        await told("scan", "hid-scanner", EAN)
        event = await box.heard(_about_a_scan, after=mark)
        assert isinstance(event, Scanned), event
        return "10 of 29 reports: no code; plugged again it scans"


async def a_hid_scale_weighs_and_is_zeroed() -> str:
    async with Box() as box:
        took = await plugged(box, "hid-scale")
        mark = box.bus.last
        await told("move", 700)
        await told("rest", 1111)
        await box.heard(
            lambda event: isinstance(event, Weighed) and event.weight_g == 1111, after=mark
        )
        states = [each.state for each in box.since(mark) if isinstance(each, Weighed)]
        assert states == [ScaleState.UNSTABLE, ScaleState.STABLE_WEIGHT], states
        _, scale = box.devices.find(Scale)  # type: ignore[type-abstract]  # found by isinstance
        await scale.zero()
        assert scale.weight().state is ScaleState.ZERO
        mark = box.bus.last
        gone = await pulled(box, "hid-scale")
        await box.heard(lambda e: isinstance(e, Weighed) and e.state is NOT_READY, after=mark)
        return f"{took}; moving is no weight, zeroed by report; {gone}, then NOT_READY"


def _about_a_scan(event: Event) -> bool:
    return isinstance(event, Scanned | ScanDiscarded)


SCENARIOS = (
    a_hid_pos_scanner_s_codes_arrive_whole,
    a_hid_pos_scanner_unplugged_in_mid_code_tells_no_half,
    a_hid_scale_weighs_and_is_zeroed,
)
