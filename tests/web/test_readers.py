import httpx
import pytest

from posedge.model.smart_card import SmartCardReader
from tests.web.shop import Shop

ROUTE = "/v1/readers/reader/apdu"


async def test_a_command_goes_to_the_card_once(shop: Shop, till: httpx.AsyncClient) -> None:
    assert isinstance(shop.devices.reader, SmartCardReader)
    for _ in range(2):
        reply = await till.post(
            ROUTE, json={"apdu": "00b0000004"}, headers={"Idempotency-Key": "once"}
        )
        assert reply.json() == {"data": "DEADBEEF", "status": "9000"}
    assert shop.devices.reader.sent == ["00b0000004"]
    other = await till.post(ROUTE, json={"apdu": "00b0000008"}, headers={"Idempotency-Key": "once"})
    assert other.status_code == 409


async def test_what_is_not_allowed_is_refused(shop: Shop, till: httpx.AsyncClient) -> None:
    reply = await till.post(ROUTE, json={"apdu": "00B2010C00"})
    assert (reply.status_code, reply.json()["code"]) == (422, "apdu.refused")
    assert shop.devices.reader.sent == []


@pytest.mark.parametrize("apdu", ["", "00", "00B00", "xyzz0000", "00" * 262])
async def test_what_is_no_command(till: httpx.AsyncClient, apdu: str) -> None:
    assert (await till.post(ROUTE, json={"apdu": apdu})).status_code == 422


async def test_only_a_card_reader(till: httpx.AsyncClient) -> None:
    reply = await till.post("/v1/readers/scale/apdu", json={"apdu": "00B0000004"})
    assert reply.status_code == 404
