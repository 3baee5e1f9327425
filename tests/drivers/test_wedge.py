import asyncio
import os
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from posedge.clock import SystemClock
from posedge.drivers.wedge import WedgeScanner
from posedge.link.evdev import EvdevLink
from posedge.model.errors import DeviceError, DeviceGone
from posedge.model.events import ScanDiscarded, Scanned
from posedge.tasks import Crew
from posedge.wire.scan import Dropped, Scan
from posedge.wire.typed import Ending, Manner
from tests.doubles.place import Place
from tests.doubles.wedge import dropped, keys, packed

PATIENCE_S = 5


class Source:
    """A ScanSource that has its scans ready and then is unplugged."""

    def __init__(self, *scans: Scan | Dropped) -> None:
        self.scans = deque(scans)
        self.started: Manner | None = None
        self.closed = False

    async def start(self, manner: Manner) -> None:
        self.started = manner

    def listen(self, manner: Manner | None) -> None:
        raise AssertionError

    async def read(self) -> Scan | Dropped:
        if not self.scans:
            raise DeviceGone("device.gone", "unplugged")
        return self.scans.popleft()

    async def close(self) -> None:
        self.closed = True


async def test_scans_and_losses_until_it_is_unplugged() -> None:
    source = Source(Scan("4006381333931"), Dropped("scan.lost", "again"), Scan("96385074"))
    place = Place(source, SystemClock(), {"ending": "tab", "layout": "fr", "gs": "F8"})
    with pytest.raises(DeviceGone):
        await WedgeScanner(place.site).run()
    assert [event.type for event in place.events] == ["scan", "scan-discarded", "scan"]
    assert source.started == Manner("fr", Ending.TAB, "F8")
    assert source.closed
    assert place.reports == [None]


@pytest.mark.parametrize("options", [{"layout": "xx"}, {"ending": "bell"}])
async def test_options_that_cannot_be(options: dict[str, str]) -> None:
    with pytest.raises(DeviceError, match="option"):
        await WedgeScanner(Place(Source(), SystemClock(), options).site).run()


class Granted:
    def claim(self, fd: int) -> None:
        pass

    def caps_lock(self, fd: int) -> bool:
        return False


@asynccontextmanager
async def plugged() -> AsyncIterator[tuple[Place[EvdevLink], int]]:
    ours, kernel = os.pipe()
    place = Place(EvdevLink("event7", ours, ioctls=Granted(), quiet_ms=0), SystemClock())
    async with Crew("test") as crew, asyncio.timeout(PATIENCE_S):
        crew.start(WedgeScanner(place.site).run(), name="wedge")
        yield place, kernel
    os.close(kernel)


async def test_from_the_kernel_s_bytes_to_the_bus() -> None:
    async with plugged() as (place, kernel):
        code = keys("0104006381333931\x1d10LOT7\r")
        os.write(kernel, packed(code))
        await place.heard(1)
        os.write(kernel, packed(code[:20]) + dropped(code[20].at_ns) + packed(code[25:]))
        await place.heard(2)
        whole, lost = place.events
        assert isinstance(whole, Scanned)
        assert (whole.gtin, len(whole.elements)) == ("04006381333931", 2)
        assert isinstance(lost, ScanDiscarded)
        assert lost.code == "scan.lost"
