import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from posedge.clock import SystemClock
from posedge.drivers.hid_scanner import HidScanner
from posedge.link.interface import Nature
from posedge.link.memory_reports import QUEUE_REPORTS, MemoryReports
from posedge.model.errors import DeviceError, DeviceGone
from posedge.model.events import ScanDiscarded, Scanned, SwipeRejected
from posedge.model.value import Json
from posedge.sim.hid_scanner import HidScannerSim
from posedge.tasks import Crew
from tests.doubles.place import Place

PATIENCE_S = 5
HONEYWELL, ZEBRA = 0x0C2E, 0x05E0
SIM = HidScannerSim()
QR = "HTTPS://EXAMPLE.COM/" + "0123456789ABCDEF" * 20


@asynccontextmanager
async def plugged(
    *, vendor: int = ZEBRA, **options: Json
) -> AsyncIterator[tuple[Place[MemoryReports], MemoryReports]]:
    line = MemoryReports(Nature(vendor, 1, SIM.descriptor))
    place = Place(line, SystemClock(), options)
    async with Crew("test") as crew, asyncio.timeout(PATIENCE_S):
        crew.start(HidScanner(place.site).run(), name="scanner")
        await place.answering.wait()
        yield place, line


async def scan(line: MemoryReports, code: str) -> None:
    for report in SIM.reports(code):
        await line.send(report)


async def test_codes_of_one_report_and_of_many() -> None:
    async with plugged() as (place, line):
        await scan(line, "4006381333931")
        await scan(line, QR)
        await place.heard(2)
        short, long = place.events
        assert isinstance(short, Scanned)
        assert (short.gtin, short.symbology) == ("04006381333931", "EAN-13/UPC")
        assert isinstance(long, Scanned)
        assert long.text == QR


@pytest.mark.parametrize(("vendor", "told"), [(HONEYWELL, {254: b"\xfe\x01"}), (ZEBRA, {})])
async def test_a_honeywell_is_told_to_speak(vendor: int, told: dict[int, bytes]) -> None:
    async with plugged(vendor=vendor) as (_, line):
        assert line.features == told


async def test_a_honeywell_that_does_not_listen_is_read_all_the_same() -> None:
    line = MemoryReports(Nature(HONEYWELL, 1, SIM.descriptor))
    await scan(line, "96385074")
    await line.cut()
    place = Place(line, SystemClock())
    with pytest.raises(DeviceGone):
        await HidScanner(place.site).run()
    assert [event.type for event in place.events] == ["scan"]


async def test_a_code_that_breaks_off_is_told_and_the_next_is_whole() -> None:
    async with plugged(silence_ms=10) as (place, line):
        await line.send(SIM.reports(QR)[0])
        await place.heard(1)
        await scan(line, "96385074")
        await place.heard(2)
        broken, whole = place.events
        assert isinstance(broken, ScanDiscarded)
        assert broken.code == "scan.unterminated"
        assert isinstance(whole, Scanned)
        assert whole.text == "96385074"


class Late(MemoryReports):
    """Its second report is there, but nobody was woken for it: as when the loop stalls."""

    async def read(self) -> bytes:
        if self.late:
            self.late = False
            await asyncio.sleep(PATIENCE_S)
        report = await super().read()
        self.late = self.waiting == 1
        return report

    late = False


async def test_a_pause_of_our_own_breaks_no_code_off() -> None:
    line = Late(Nature(ZEBRA, 1, SIM.descriptor))
    place = Place(line, SystemClock(), {"silence_ms": 10})
    await scan(line, "x" * 100)
    async with Crew("test") as crew, asyncio.timeout(PATIENCE_S):
        crew.start(HidScanner(place.site).run(), name="scanner")
        await place.heard(1)
    assert [event.type for event in place.events] == ["scan"]


async def test_reports_that_nobody_took_are_told_and_no_code_is_shortened() -> None:
    line = MemoryReports(Nature(ZEBRA, 1, SIM.descriptor))
    for _ in range(QUEUE_REPORTS):
        await line.send(SIM.reports(QR)[0])
    await scan(line, QR)
    place = Place(line, SystemClock(), {"silence_ms": 10})
    async with Crew("test") as crew, asyncio.timeout(PATIENCE_S):
        crew.start(HidScanner(place.site).run(), name="scanner")
        await place.heard(1)
        while len(place.events) == 1:  # what comes at once could be the end of the lost one
            await scan(line, "96385074")
            with suppress(TimeoutError):
                async with asyncio.timeout(0.05):
                    await place.heard(2)
    assert [event.code for event in place.events if isinstance(event, ScanDiscarded)] == [
        "scan.lost"
    ]


async def test_a_payment_card_goes_no_further() -> None:
    async with plugged() as (place, line):
        await scan(line, ";4111111111111111=29011010000000000000?")
        await place.heard(1)
        (event,) = place.events
        assert isinstance(event, SwipeRejected)
        assert event.code == "card.refused"
        assert "411111" not in event.model_dump_json()


async def test_a_descriptor_that_lies_is_the_device_s_fault() -> None:
    line = MemoryReports(Nature(ZEBRA, 1, b"\xc0"))
    with pytest.raises(DeviceError) as error:
        await HidScanner(Place(line, SystemClock()).site).run()
    assert error.value.code == "descriptor.unbalanced"
    assert "closed" in repr(line)
