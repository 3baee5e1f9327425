"""Which terminals say that they are tried without real money, and how they decline."""

import pytest

from posedge.bus import Bus
from posedge.clock import Ids
from posedge.drivers.adyen import AdyenTerminal
from posedge.drivers.caisse_ap import CaisseApTerminal
from posedge.drivers.interface import Site
from posedge.link.interface import Link
from posedge.model.rehearsal import Rehearsing
from posedge.model.value import Json
from tests.doubles.shelf import MemoryShelf
from tests.doubles.zvt import Reports, StillClock


async def unlinked() -> Link:
    raise AssertionError("nothing is asked")


def site(address: str, **options: Json) -> Site:
    return Site(
        device="terminal",
        name="Terminal",
        open=unlinked,
        bus=Bus(MemoryShelf()),
        clock=StillClock(),
        ids=Ids(StillClock()),
        options=options,
        report=Reports(),
        warn=Reports(),
        address=address,
    )


@pytest.mark.parametrize(
    ("address", "said", "test_mode"),
    [
        ("https://terminal-api-test.adyen.com/sync", False, True),
        ("https://terminal-api-live.adyen.com/sync", False, False),
        ("https://terminal-api-live.adyen.com/sync", True, True),
    ],
)
def test_an_adyen_terminal_tells_by_its_cloud_or_its_operator(
    address: str, said: bool, test_mode: bool
) -> None:
    driver = AdyenTerminal(site(address, poiid="V400m-1", api_key="key", test_mode=said))
    assert isinstance(driver, Rehearsing)
    assert (driver.rehearsal.test_mode, driver.rehearsal.decline_minor) == (test_mode, 10_124)


@pytest.mark.parametrize("said", [False, True])
def test_a_caisse_ap_terminal_is_what_its_operator_says(said: bool) -> None:
    driver = CaisseApTerminal(site("tcp://192.0.2.1:8888", test_mode=said))
    assert isinstance(driver, Rehearsing)
    assert driver.rehearsal.test_mode is said
