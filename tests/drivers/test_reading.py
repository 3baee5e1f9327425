from dataclasses import replace

import pytest

from posedge.clock import SystemClock
from posedge.drivers.reading import publish
from posedge.model.events import Element, Embedded, ScanDiscarded, Scanned, Swiped, SwipeRejected
from posedge.model.stamp import Stamp
from posedge.wire.embedded import Reading
from posedge.wire.restricted import REGIONS
from posedge.wire.scan import Dropped, Scan
from tests.doubles.place import Place

NOW = Stamp(utc_ns=9_000_000_000, monotonic_ns=5_000_000_000, boot_id="b", trusted=True)

Told = Scanned | ScanDiscarded | Swiped | SwipeRejected


class FixedClock:
    def now(self) -> Stamp:
        return NOW


async def published(scan: Scan | Dropped) -> Told:
    place = Place(None, FixedClock())
    await publish(place.site, scan)
    (event,) = place.events
    assert isinstance(event, Told)
    return event


async def test_a_gs1_code_with_all_that_it_says() -> None:
    assert await published(Scan("]C1010400638133393110LOT7")) == Scanned(
        at=NOW,
        device="dev-1",
        text="010400638133393110LOT7",
        symbology="GS1-128",
        gtin="04006381333931",
        elements=(Element(ai="01", value="04006381333931"), Element(ai="10", value="LOT7")),
    )


async def test_what_a_label_bears_and_what_a_book_is() -> None:
    place = Place(None, FixedClock())
    site = replace(place.site, codes=Reading(REGIONS["se"].rules, "SEK"))
    await publish(site, Scan("2388060112344"))
    await publish(site, Scan("9783161484100"))
    label, book = place.events
    assert isinstance(label, Scanned)
    assert label.embedded == Embedded(item="880601", rule="se:23", weight_g=1234)
    assert isinstance(book, Scanned)
    assert (book.publication, book.embedded) == ("ISBN 9783161484100", None)


async def test_the_kernel_s_stamp_becomes_the_moment() -> None:
    event = await published(Scan("4006381333931", at_ns=4_900_000_000))
    assert event.at == NOW.model_copy(
        update={"utc_ns": 8_900_000_000, "monotonic_ns": 4_900_000_000}
    )


@pytest.mark.parametrize("at_ns", [None, 5_000_000_001, 5_000_000_000 - 61_000_000_000])
async def test_a_stamp_of_another_clock_is_not_believed(at_ns: int | None) -> None:
    assert (await published(Scan("4006381333931", at_ns=at_ns))).at == NOW


@pytest.mark.parametrize(
    "sent",
    [
        "4111111111111111",
        "%B4111111111111111^DOE/JOHN^25121010000000000000?",
        ";4111111111111111=25121010000000000000?",
    ],
)
async def test_a_payment_card_never_reaches_the_bus(sent: str) -> None:
    event = await published(Scan(sent))
    assert isinstance(event, SwipeRejected)
    assert (event.code, event.brand, event.last_four) == ("card.refused", "Visa", "1111")
    assert "11111" not in event.model_dump_json()
    assert "DOE" not in event.model_dump_json()


async def test_a_loyalty_card_is_a_swipe() -> None:
    event = await published(Scan("%L12345^ANNA?;12345?"))
    assert event == Swiped(at=NOW, device="dev-1", track_1="L12345^ANNA", track_2="12345")


async def test_a_lost_code_is_told() -> None:
    event = await published(Dropped("scan.lost", "scan again"))
    assert event == ScanDiscarded(at=NOW, device="dev-1", code="scan.lost", message="scan again")


async def test_with_the_system_s_clock() -> None:
    place = Place(None, SystemClock())
    await publish(place.site, Scan("4006381333931"))
    assert len(place.events) == 1
