import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager

import pytest

from posedge.bus import Bus
from posedge.checkout.displays import PAYING, Displays
from posedge.checkout.plan import attempt_id
from posedge.checkout.settings import DisplaySettings
from posedge.model.capabilities import DeviceState, Kind
from posedge.model.display import Showing, Stage
from posedge.model.errors import DeviceBusy, DeviceError, MisuseError
from posedge.model.events import DeviceChanged, PaymentProgress
from posedge.model.sale import SaleState
from posedge.model.stamp import Stamp
from posedge.tasks import Crew
from tests.doubles.display import FakeDisplay
from tests.doubles.shelf import MemoryShelf
from tests.doubles.store import Store, basket, card, cash
from tests.doubles.terminal import Act, FakeDevices

NOW = Stamp(utc_ns=1, monotonic_ns=1, boot_id="a", trusted=True)
HELLO = Showing(stage=Stage.TEXT, text=("Hello",))
BACK = DeviceChanged(at=NOW, device="d", name="pole", kind=Kind.DISPLAY, state=DeviceState.ONLINE)
OTHER = Showing(stage=Stage.TEXT, text=("Other",))


def displays(**devices: object) -> Displays:
    return Displays(FakeDevices(**devices), Bus(MemoryShelf()), DisplaySettings())


async def shown(display: FakeDisplay, *rows: str) -> None:
    """Return when the display shows it."""
    async with asyncio.timeout(100):
        await display.shows(*rows)


@asynccontextmanager
async def running(them: Displays) -> AsyncIterator[None]:
    async with Crew("test") as crew:
        crew.start(them.follow(), name="follow")
        crew.start(them.serve(), name="serve")
        yield


async def sale_s(store: Store, number: int = 1) -> float:
    """Return how long a sale takes."""
    loop = asyncio.get_running_loop()
    async with store.checkout() as checkout:
        began_s = loop.time()
        sale = await checkout.sell(basket(number, card(1190)))
        assert sale.state is SaleState.COMPLETED
        return loop.time() - began_s


async def test_a_sale_shows_its_total_its_thanks_and_then_the_welcome() -> None:
    store, pole = Store(), FakeDisplay()
    store.devices.devices["pole"] = pole
    async with store.checkout() as checkout:
        await shown(pole, "Welcome", "")
        await checkout.sell(basket(1, card(1190)))
        await shown(pole, "Thank you", "Total      11.90 EUR")
        await shown(pole, "Welcome", "")
        await checkout.sell(basket(2, cash(1190, given=2000)))
        await shown(pole, "Thank you", "Change      8.10 EUR")
    prompts = [rows for rows in pole.pictures if rows[0].startswith("Please follow")]
    assert prompts[0] == ("Please follow the ca", "Total      11.90 EUR")


async def test_what_the_terminal_asks_of_the_customer() -> None:
    pole, shelf = FakeDisplay(), MemoryShelf()
    bus = Bus(shelf)
    them = Displays(FakeDevices(pole=pole), bus, DisplaySettings())
    request = basket(1, card(1190))
    payment = attempt_id(request.id, 0)
    async with running(them):
        await shown(pole, "Welcome", "")
        them.paying(request)
        for text, row in (("Insert card", "Insert card"), ("", "Please follow the ca")):
            await bus.publish(PaymentProgress(at=NOW, payment=payment, status="0A", text=text))
            await shown(pole, row, "Total      11.90 EUR")
        await bus.publish(PaymentProgress(at=NOW, payment="another", status="0A", text="Hm"))
        them.ended(request, completed=False)
        await shown(pole, "Goods 1        11.90", "Total      11.90 EUR")
        await bus.publish(PaymentProgress(at=NOW, payment=payment, status="0A", text="Late"))
        await asyncio.sleep(1)
    assert pole.last[0].startswith("Goods")


@pytest.mark.parametrize("trouble", ["error", "stalls"])
async def test_a_display_that_fails_holds_up_no_sale(trouble: str) -> None:
    store, pole = Store(), FakeDisplay()
    pole.stalls = trouble == "stalls"
    pole.error = DeviceError("device.stalled", "x") if trouble == "error" else None
    without_s = await sale_s(store)
    store.devices.devices["pole"] = pole
    assert await sale_s(store, 2) == pytest.approx(without_s, abs=0.001)


async def test_a_sale_that_is_declined_shows_the_basket_again() -> None:
    store, pole = Store(), FakeDisplay()
    store.devices.devices["pole"] = pole
    store.front.plan(Act.DECLINE)
    async with store.checkout() as checkout:
        sale = await checkout.sell(basket(1, card(1190)))
        assert sale.state is SaleState.DECLINED
        await shown(pole, "Goods 1        11.90", "Total      11.90 EUR")


async def test_one_that_was_away_shows_what_is_current_when_it_is_back() -> None:
    pole, bus = FakeDisplay(), Bus(MemoryShelf())
    devices = FakeDevices(pole=pole)
    devices.away.add("pole")
    them = Displays(devices, bus, DisplaySettings())
    async with running(them):
        await asyncio.sleep(1)
        said = await them.put("pole", HELLO, owner="till-1")
        assert (said.state, said.reason) == ("waiting", "pole is unplugged")
        assert them.is_text("pole")
        devices.away.clear()
        await bus.publish(BACK)
        await shown(pole, "Hello", "")


async def test_the_last_word_wins_but_not_during_another_s_lease() -> None:
    pole = FakeDisplay()
    them = displays(pole=pole)
    await them.put("pole", HELLO, owner="till-1", lease_s=30)
    with pytest.raises(DeviceBusy) as caught:
        await them.put("pole", OTHER, owner="till-2")
    assert (caught.value.code, caught.value.data["owner"]) == ("display.claimed", "till-1")
    assert (await them.put("pole", HELLO, owner="till-1", lease_s=5)).rows is not None
    await asyncio.sleep(6)
    await them.put("pole", OTHER, owner="till-2")
    assert pole.last == ("Other", "")
    assert them.current("pole") == OTHER


async def test_what_a_display_lacks_is_told() -> None:
    said = await displays(pole=FakeDisplay()).put(
        "pole", Showing(stage=Stage.TEXT, text=("茶",)), owner="till-1"
    )
    assert (said.lost, said.state) == ("茶", "shown")


async def test_pages_watch_and_are_found_by_name() -> None:
    them = displays(pole=FakeDisplay(), rear=FakeDisplay())
    async with aclosing(them.watch("till-1")) as page, aclosing(them.watch("till-1")) as other:
        assert await anext(page) == Showing()
        assert await anext(other) == Showing()
        them.paying(basket(1, cash(500)))
        assert (await anext(page)).stage is Stage.PAYING
        await other.aclose()
        assert (await them.put("till-1", HELLO, owner="till-1")).rows is None
        assert await anext(page) == HELLO
    them.paying(basket(2, cash(500)))
    assert them.current("till-1") == HELLO
    assert not them.is_text("till-1")


async def test_which_display_a_sale_is_shown_on() -> None:
    them = displays(pole=FakeDisplay(), rear=FakeDisplay())
    them.paying(basket(1, cash(500)))
    assert (them.current("pole"), them.current("rear")) == (Showing(), Showing())
    them.paying(basket(1, cash(500)).model_copy(update={"display": "rear"}))
    assert them.current("rear").stage is Stage.PAYING
    named = Displays(FakeDevices(), Bus(MemoryShelf()), DisplaySettings(name="page"))
    named.paying(basket(1, cash(500)))
    assert named.current("page").stage is Stage.PAYING


async def test_only_so_many_payments_are_remembered() -> None:
    bus = Bus(MemoryShelf())
    them = Displays(FakeDevices(pole=FakeDisplay()), bus, DisplaySettings())
    requests = [basket(number, card(100 + number)) for number in range(PAYING + 1)]
    for request in requests:
        them.paying(request)
    async with running(them):
        await asyncio.sleep(1)
        for request in (requests[1], requests[0]):
            payment = attempt_id(request.id, 0)
            await bus.publish(PaymentProgress(at=NOW, payment=payment, status="0A", text="Card"))
        await asyncio.sleep(1)
    assert (them.current("pole").prompt, str(them.current("pole").total)) == ("Card", "1.01 EUR")


async def test_brightness() -> None:
    pole = FakeDisplay()
    them = displays(pole=pole)
    await them.brightness("pole", 50)
    assert pole.dimmed == [50]
    with pytest.raises(MisuseError) as caught:
        await them.brightness("page", 50)
    assert caught.value.code == "display.dimless"
