"""The display's driver against a line in memory, then against the simulated display."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from posedge.clock import SystemClock
from posedge.drivers.line_display import LineDisplayDriver
from posedge.link.interface import Link
from posedge.link.memory import MemoryLink
from posedge.link.serial import open_serial
from posedge.model.display import Row
from posedge.model.errors import DeviceError, MisuseError
from posedge.model.line_display import LineDisplay
from posedge.model.value import Json
from posedge.sim.display import DisplaySim
from posedge.sim.display_languages import LANGUAGES
from posedge.tasks import Crew, cancel
from tests.doubles.place import Place

PATIENCE_S = 10
SALE = (Row(left="Olive oil 750 ml", right="12.90"), Row(left="Total", right="15.69 EUR"))


@asynccontextmanager
async def running(
    link: Link, options: dict[str, Json]
) -> AsyncIterator[tuple[LineDisplayDriver, Place[Link], asyncio.Task[None]]]:
    place: Place[Link] = Place(link, SystemClock(), options)
    display = LineDisplayDriver(place.site)
    async with Crew("test") as crew, asyncio.timeout(PATIENCE_S):
        task = crew.start(_failure(display), name="display")
        await place.answering.wait()
        yield display, place, task
        await cancel(task)


async def _failure(display: LineDisplayDriver) -> None:
    with pytest.raises(DeviceError):
        await display.run()


@pytest.mark.parametrize("protocol", LANGUAGES)
async def test_a_sale_on_the_simulated_glass(protocol: str, tmp_path: Path) -> None:
    sim = DisplaySim(protocol, link=tmp_path / "pole")
    link = await open_serial(str(tmp_path / "pole"), baud=9600)
    async with Crew("sim") as crew, running(link, {"protocol": protocol}) as (display, _, _):
        serving = crew.start(sim.serve(), name="sim")
        assert isinstance(display, LineDisplay)
        shown = await display.display_text(SALE)
        assert shown.rows == ("Olive oil 750 m12.90"[:14] + " 12.90", "Total      15.69 EUR")
        await sim.shows(*shown.rows)
        await display.clear()
        await sim.shows("", "")
        await cancel(serving)
    sim.pty.unplug()


async def test_it_is_dimmed_in_four_steps() -> None:
    near, far = MemoryLink.pair()
    async with running(near, {"brightness_percent": 60}) as (display, _, _):
        assert (await far.read()).endswith(b"\x1b*\x03")
        for percent, step in ((1, 1), (25, 1), (26, 2), (100, 4)):
            await display.brightness(percent)
            assert await far.read() == b"\x1b*%c" % step


async def test_one_that_cannot_be_dimmed_says_so() -> None:
    near, _ = MemoryLink.pair()
    async with running(near, {"protocol": "aedex"}) as (display, _, _):
        with pytest.raises(MisuseError) as caught:
            await display.brightness(50)
        assert caught.value.code == "display.dimless"


async def test_what_it_lacks_is_told() -> None:
    near, _ = MemoryLink.pair()
    async with running(near, {"columns": 16, "rows": 1, "code_page": "ascii"}) as (display, _, _):
        shown = await display.display_text((Row(left="茶"),))
        assert (shown.rows, shown.lost, display.rows) == (("?" + " " * 15,), "茶", 1)


async def test_unplugged_it_ends_and_can_show_nothing() -> None:
    near, far = MemoryLink.pair()
    async with running(near, {}) as (display, place, task):
        await far.write(b"echo", deadline_s=1)
        await far.close()
        await task
        with pytest.raises(DeviceError) as caught:
            await display.display_text(SALE)
        assert caught.value.code == "display.offline"
        assert place.reports == [None]
        assert "cd5220" in repr(display)


async def test_a_line_that_takes_nothing_is_given_up() -> None:
    near, _ = MemoryLink.pair()
    async with running(near, {}) as (display, _, task):

        async def stall(data: bytes, *, deadline_s: float) -> None:
            raise DeviceError("device.stalled", f"{len(data)} bytes not taken in {deadline_s} s")

        near.write = stall  # type: ignore[method-assign]
        with pytest.raises(DeviceError):
            await display.clear()
        await task


async def test_in_front_of_a_printer_it_hands_the_line_back() -> None:
    near, far = MemoryLink.pair()
    async with running(near, {"protocol": "epson", "chained": True}) as (display, _, _):
        await far.read()
        await display.display_text(SALE)
        picture = await far.read()
    assert picture.startswith(b"\x1b=\x02\x1f$")
    assert picture.endswith(b"15.69 EUR\x1b=\x01")


@pytest.mark.parametrize("options", [{"protocol": "morse"}, {"chained": True}])
async def test_an_option_that_is_none(options: dict[str, Json]) -> None:
    place: Place[Link] = Place(MemoryLink.pair()[0], SystemClock(), options)
    with pytest.raises(DeviceError) as caught:
        LineDisplayDriver(place.site)
    assert caught.value.code == "options.invalid"


async def test_who_waits_is_told_when_the_line_ends_in_the_middle() -> None:
    near, far = MemoryLink.pair()
    async with running(near, {}) as (display, _, task):
        writing = asyncio.Event()

        async def wait(data: bytes, *, deadline_s: float) -> None:
            writing.set()
            await asyncio.Event().wait()

        near.write = wait  # type: ignore[method-assign]

        async def unplug() -> None:
            await writing.wait()
            await far.close()

        async with Crew("shop") as crew:
            crew.start(unplug(), name="unplug")
            with pytest.raises(DeviceError) as caught:
                await display.display_text(SALE)
        assert caught.value.code == "display.offline"
        await task
