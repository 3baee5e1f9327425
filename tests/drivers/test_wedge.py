import asyncio
import json
import os
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cached_property

import pytest

from posedge.clock import SystemClock
from posedge.drivers.memory import Memory
from posedge.drivers.wedge import WedgeScanner
from posedge.link.evdev import EvdevLink
from posedge.model.errors import DeviceError, DeviceGone
from posedge.model.events import ScanDiscarded, Scanned
from posedge.model.lesson import Lesson, Mode
from posedge.model.value import Json
from posedge.tasks import Crew
from posedge.wire.keys import layout
from posedge.wire.lesson_text import FULL_TEXT
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


class Wedge(Place[EvdevLink]):
    """A place with its driver."""

    @cached_property
    def driver(self) -> WedgeScanner:
        return WedgeScanner(self.site)


class Granted:
    def claim(self, fd: int) -> None:
        pass

    def caps_lock(self, fd: int) -> bool:
        return False


@asynccontextmanager
async def plugged(options: dict[str, Json] | None = None) -> AsyncIterator[tuple[Wedge, int]]:
    ours, kernel = os.pipe()
    link = EvdevLink("event7", ours, ioctls=Granted(), quiet_ms=0)
    place = Wedge(link, SystemClock(), options or {})
    async with Crew("test") as crew, asyncio.timeout(PATIENCE_S):
        crew.start(place.driver.run(), name="wedge")
        await place.answering.wait()
        yield place, kernel
    os.close(kernel)


async def until(place: Wedge, state: str) -> None:
    while state not in repr(place.opened):  # noqa: ASYNC110 - a thread changes it
        await asyncio.sleep(0)


async def teach(place: Wedge, kernel: int, text: str, *, timeout_s: float = 5) -> Lesson:
    """Let the scanner learn from its scan of `text` on a German keyboard."""
    async with Crew("lesson") as crew:
        lesson = crew.start(place.driver.learn(timeout_s), name="lesson")
        await until(place, "<StrokeScans 0")
        os.write(kernel, packed(keys(text, layout=layout("de"))))
        return await lesson


async def test_a_scanner_teaches_how_it_types_and_is_read_so_from_then_on() -> None:
    async with plugged() as (place, kernel):
        lesson = await teach(place, kernel, f"{FULL_TEXT}\r")
        assert (lesson.layout, lesson.ending, lesson.mode) == ("de", "enter", Mode.KEYS)
        await until(place, "<TypedScans")
        os.write(kernel, packed(keys("xyz-1\r", layout=layout("de"))))
        await place.heard(1)
        (scan,) = place.events
        assert isinstance(scan, Scanned)
        assert scan.text == "xyz-1"
        again = Source()
        later = Place(again, SystemClock(), memory=place.memory)
        with pytest.raises(DeviceGone):
            await WedgeScanner(later.site).run()
        assert again.started == Manner("de", Ending.ENTER)


async def test_what_the_configuration_says_wins_over_what_was_learnt() -> None:
    memory = Memory()
    await memory.learn("manner", json.dumps({"layout": "de", "gs": "F8"}))
    source = Source()
    with pytest.raises(DeviceGone):
        await WedgeScanner(Place(source, SystemClock(), {"layout": "fr"}, memory=memory).site).run()
    assert source.started == Manner("fr", gs="F8")


async def test_a_lesson_that_the_configuration_contradicts_is_refused() -> None:
    async with plugged({"layout": "fr"}) as (place, kernel):
        with pytest.raises(DeviceError, match="take that out") as caught:
            await teach(place, kernel, FULL_TEXT)
        assert caught.value.code == "lesson.overruled"
        assert place.memory.recall("manner") is None


async def test_a_lesson_from_another_code_changes_nothing() -> None:
    async with plugged() as (place, kernel):
        with pytest.raises(DeviceError) as caught:
            await teach(place, kernel, "4006381333931\r")
        assert caught.value.code == "lesson.foreign"
        os.write(kernel, packed(keys("12\r")))
        await place.heard(1)


async def test_a_lesson_in_silence_ends() -> None:
    async with plugged() as (place, _):
        with pytest.raises(DeviceError) as caught:
            await place.driver.learn(0.01)
        assert caught.value.code == "lesson.silent"


async def test_one_lesson_at_a_time() -> None:
    async with plugged() as (place, _), Crew("lesson") as crew:
        first = crew.start(place.driver.learn(5), name="first")
        await asyncio.sleep(0)
        with pytest.raises(DeviceError) as caught:
            await place.driver.learn(5)
        assert caught.value.code == "lesson.busy"
        first.cancel()


async def test_keys_lost_in_a_lesson_are_told() -> None:
    async with plugged() as (place, kernel):
        lesson = asyncio.gather(place.driver.learn(5), return_exceptions=True)
        await until(place, "<StrokeScans 0")
        os.write(kernel, packed(keys("pos")) + dropped(keys("pos")[-1].at_ns))
        (error,) = await lesson
        assert isinstance(error, DeviceError)
        assert error.code == "scan.lost"


async def test_a_lesson_ends_when_the_scanner_is_unplugged() -> None:
    ours, kernel = os.pipe()
    link = EvdevLink("event7", ours, ioctls=Granted(), quiet_ms=0)
    place = Wedge(link, SystemClock())
    running = asyncio.gather(place.driver.run(), return_exceptions=True)
    async with asyncio.timeout(PATIENCE_S):
        await place.answering.wait()
        lesson = asyncio.gather(place.driver.learn(5), return_exceptions=True)
        await until(place, "<StrokeScans 0")
        os.close(kernel)
        (gone,), (error,) = await running, await lesson
    assert isinstance(gone, DeviceGone)
    assert isinstance(error, DeviceError)
    assert error.code == "lesson.away"


async def test_a_code_that_was_under_way_when_the_lesson_began_is_told() -> None:
    async with plugged() as (place, kernel):
        os.write(kernel, packed(keys("40063\r")))
        await until(place, "1 scans waiting")
        lesson = asyncio.gather(place.driver.learn(5), return_exceptions=True)
        await place.heard(1)
        lesson.cancel()
        assert place.events[0].type == "scan"


async def test_a_scanner_that_is_not_there_learns_nothing() -> None:
    source = Source()
    driver = WedgeScanner(Place(source, SystemClock()).site)
    with pytest.raises(DeviceError) as caught:
        await driver.learn(1)
    assert caught.value.code == "lesson.away"


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
