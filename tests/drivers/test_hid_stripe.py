import asyncio

import pytest
from structlog.testing import capture_logs

from posedge.clock import SystemClock
from posedge.drivers.hid_stripe import HidStripeReader
from posedge.link.interface import Nature
from posedge.link.memory_reports import MemoryReports
from posedge.model.errors import DeviceError, DeviceGone
from posedge.model.events import EVENT, Swiped, SwipeRejected
from posedge.sim.hid_stripe import HidStripeSim
from tests.doubles.place import Place

VISA = "4111111111111111"
CARD = (f"%B{VISA}^DOE/JOHN^29011010000000000000?", f";{VISA}=29011010000000000000?")


async def swiped(sim: HidStripeSim, *reports: bytes) -> Place[MemoryReports]:
    line = MemoryReports(Nature(0x0801, 2, sim.descriptor))
    for report in reports:
        await line.send(report)
    await line.cut()
    place = Place(line, SystemClock())
    with pytest.raises(DeviceGone):
        await HidStripeReader(place.site).run()
    assert "closed" in repr(line)
    return place


@pytest.mark.parametrize("point_of_sale", [True, False])
async def test_a_loyalty_card_is_published(*, point_of_sale: bool) -> None:
    sim = HidStripeSim(point_of_sale)
    place = await swiped(sim, sim.swipe("", ";70012345?"))
    (event,) = place.events
    assert isinstance(event, Swiped)
    assert (event.track_1, event.track_2, event.track_3) == (None, "70012345", None)
    assert place.reports == [None]


@pytest.mark.parametrize("point_of_sale", [True, False])
async def test_of_a_payment_card_nothing_is_left(*, point_of_sale: bool) -> None:
    sim = HidStripeSim(point_of_sale)
    with capture_logs() as logs:
        place = await swiped(
            sim,
            sim.swipe(*CARD),
            sim.swipe(CARD[0], damaged=0b010),
            sim.swipe("", f";{VISA}?"),
            sim.swipe("\xf0\x9f\x00"),
        )
    rejected = [event for event in place.events if isinstance(event, SwipeRejected)]
    assert [event.code for event in rejected] == ["card.refused"] * 3 + ["swipe.encrypted"]
    assert {(event.brand, event.last_four) for event in rejected[:3]} == {("Visa", "1111")}
    events = [EVENT.dump_json(event, exclude={"at"}).decode() for event in place.events]
    told = f"{logs!r} {events}"
    for part in (VISA[:6], "DOE", "2901", VISA.encode().hex()[:12]):
        assert part not in told


async def test_a_reader_that_does_not_say_where_its_tracks_are() -> None:
    line = MemoryReports(Nature(0x0ACD, 1, b""))
    with pytest.raises(DeviceError) as error:
        async with asyncio.timeout(5):
            await HidStripeReader(Place(line, SystemClock()).site).run()
    assert error.value.code == "device.unsupported"
