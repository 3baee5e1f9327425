import os

from posedge.clock import SystemClock
from posedge.drivers.msr_wedge import StripeWedge
from posedge.link.evdev import EvdevLink
from posedge.model.capabilities import Kind
from posedge.model.events import Swiped, SwipeRejected
from posedge.tasks import Crew
from tests.doubles.place import Place
from tests.doubles.wedge import keys, packed
from tests.drivers.test_wedge import Granted


async def test_from_the_keys_of_a_swipe_to_the_event() -> None:
    ours, kernel = os.pipe()
    place = Place(EvdevLink("event7", ours, ioctls=Granted(), quiet_ms=0), SystemClock())
    async with Crew("test") as crew:
        crew.start(StripeWedge(place.site).run(), name="msr")
        await place.answering.wait()
        os.write(kernel, packed(keys("%L12345^ANNA?;12345?\r")))
        await place.heard(1)
        os.write(kernel, packed(keys(";4111111111111111=25121010000000000000?\r")))
        await place.heard(2)
    os.close(kernel)
    loyalty, bank = place.events
    assert isinstance(loyalty, Swiped)
    assert loyalty.track_2 == "12345"
    assert isinstance(bank, SwipeRejected)
    assert (bank.brand, bank.last_four) == ("Visa", "1111")
    assert StripeWedge.kind is Kind.MSR
