"""A claim binds others while it lasts, at every door, and nothing that was accepted before."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpx
import pytest

from posedge.web.access import Scope
from tests.web.shop import Shop, basket

HELLO = {"receipt": {"parts": [{"part": "text", "text": "Hello"}]}}
NEW = "01980000-0000-7000-8000-0000000000aa"
ORDER = {"id": "pay-1", "sale": "s", "till": "1", "amount": {"minor": 100, "currency": "EUR"}}
CARD = [{"kind": "card", "amount_minor": 400, "terminal": "terminal"}]


@pytest.fixture
async def other(shop: Shop) -> AsyncIterator[httpx.AsyncClient]:
    async with await shop.client(Scope.TILL) as client:
        yield client


async def hold(who: httpx.AsyncClient, name: str, lease_s: int = 60) -> httpx.Response:
    return await who.post(f"/v1/devices/{name}/claim", json={"lease_s": lease_s})


DOORS: list[tuple[str, str, Mapping[str, Any]]] = [
    ("printer", "/v1/print", HELLO),
    ("printer", "/v1/print", {**HELLO, "printer": "printer"}),
    ("labels", "/v1/labels", {"label": {"parts": [{"part": "text", "text": "Apples"}]}}),
    ("printer", "/v1/drawers/printer/open", {"reason": "change"}),
    ("printer", "/v1/devices/printer/test", {}),
    ("printer", "/v1/sales", basket(id=NEW)),
    ("printer", "/v1/sales/x/refund", basket(id=NEW)),
    ("terminal", "/v1/sales", basket(id=NEW, tenders=CARD)),
    ("terminal", "/v1/payments", ORDER),
    ("scale", "/v1/scales/scale/zero", {}),
    ("scale", "/v1/scales/scale/tare", {}),
]


@pytest.mark.parametrize(("device", "path", "body"), DOORS)
async def test_others_are_told_who_holds_it(
    till: httpx.AsyncClient,
    other: httpx.AsyncClient,
    device: str,
    path: str,
    body: Mapping[str, Any],
) -> None:
    held = (await hold(till, device)).json()
    refused = await other.post(path, json=body)
    said = refused.json()
    assert (refused.status_code, said["code"]) == (409, "device.claimed")
    assert said["data"] == {"device": device, "holder": "till-1", "until": held["until"]}
    assert held["until"] in said["detail"]
    assert (await till.post(path, json=body)).status_code < 300


async def test_a_lease_ends_by_itself_and_may_be_renewed(
    shop: Shop, till: httpx.AsyncClient, other: httpx.AsyncClient
) -> None:
    await hold(till, "scale", 60)
    shop.clock.move(59)
    assert (await hold(other, "scale")).json()["code"] == "device.claimed"
    await hold(till, "scale-1", 60)  # by its id, the same device
    shop.clock.move(59)
    assert (await hold(other, "scale")).status_code == 409
    shop.clock.move(1)
    assert (await other.get("/v1/devices/scale/claim")).json() == {"claim": None}
    assert (await hold(other, "scale")).status_code == 200


async def test_released_by_its_holder_or_by_a_technician(
    till: httpx.AsyncClient, other: httpx.AsyncClient, technician: httpx.AsyncClient
) -> None:
    path = "/v1/devices/scale/release"
    await hold(till, "scale")
    claim = (await other.get("/v1/devices/scale/claim")).json()["claim"]
    assert (claim["device"], claim["holder"]) == ("scale", "till-1")
    assert (await other.post(path, json={})).status_code == 409
    assert (await till.post(path, json={})).json() == {"claim": None}
    assert (await till.post(path, json={})).status_code == 200  # again is no harm
    await hold(till, "scale")
    assert (await technician.post(path, json={})).status_code == 200
    assert (await hold(other, "scale")).status_code == 200


async def test_what_was_accepted_before_is_answered_as_before(
    shop: Shop, till: httpx.AsyncClient, other: httpx.AsyncClient
) -> None:
    key = {"Idempotency-Key": "job-1"}
    first = await other.post("/v1/print", json=HELLO, headers=key)
    sold = await other.post("/v1/sales", json=basket())
    paid = await other.post("/v1/payments", json=ORDER)
    await hold(till, "printer")
    await hold(till, "terminal")
    assert (await other.post("/v1/print", json=HELLO, headers=key)).json() == first.json()
    assert (await other.post("/v1/sales", json=basket())).status_code == sold.status_code
    assert (await other.post("/v1/payments", json=ORDER)).status_code == paid.status_code
    assert len(shop.devices.printer.printed) == 1


async def test_a_device_that_is_not_here(till: httpx.AsyncClient) -> None:
    assert (await hold(till, "ghost")).json()["code"] == "device.unknown"
    for lease_s in (0, 3601):
        assert (await hold(till, "scale", lease_s)).status_code == 422


async def test_a_sale_without_printer_or_display_of_others_goes_on(
    till: httpx.AsyncClient, other: httpx.AsyncClient
) -> None:
    await hold(till, "scale")
    assert (await other.post("/v1/sales", json=basket(id=NEW, display="d1"))).status_code == 201
