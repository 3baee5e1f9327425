import asyncio
import json
import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from posedge.model.display import Showing, Stage
from posedge.web.access import Scope
from tests.doubles.display import FakeDisplay
from tests.web.shop import Shop

PATIENCE_S = 10
BASKET = {
    "items": [{"title": "Tea", "detail": "2 x 1.25", "amount": {"minor": 250, "currency": "EUR"}}],
    "total": {"minor": 250, "currency": "EUR"},
}


@pytest.fixture
def pole(shop: Shop) -> FakeDisplay:
    display = FakeDisplay()
    shop.devices.drivers["pole"] = display
    return display


@pytest.fixture
async def page(shop: Shop) -> AsyncIterator[httpx.AsyncClient]:
    token = await shop.token(Scope.DISPLAY, "till-1")
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=shop.url, headers=headers) as client:
        yield client


async def showings(answer: httpx.Response) -> AsyncIterator[dict[str, Any]]:
    async for text in answer.aiter_lines():
        if text.startswith("data: "):
            yield json.loads(text.removeprefix("data: "))


async def test_a_basket_on_the_glass(till: httpx.AsyncClient, pole: FakeDisplay) -> None:
    for _ in range(2):
        answer = await till.put("/v1/displays/pole", json=BASKET)
        assert answer.status_code == 200
        assert answer.json()["rows"] == ["Tea             2.50", "Total       2.50 EUR"]
    assert (await till.get("/v1/displays/pole")).json()["stage"] == "basket"
    await till.put("/v1/displays/pole", json={"brightness_percent": 50})
    assert (pole.last, pole.dimmed) == (("Welcome", ""), [50])


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        ({**BASKET, "text": ["Hello"]}, "request.invalid"),
        ({**BASKET, "total": {"minor": 250, "currency": "CHF"}}, "request.invalid"),
        ({"text": ["x"] * 9}, "request.invalid"),
        ({"brightness_percent": 0}, "request.invalid"),
    ],
)
async def test_what_no_display_shows(
    till: httpx.AsyncClient, pole: FakeDisplay, wish: dict[str, Any], code: str
) -> None:
    answer = await till.put("/v1/displays/pole", json=wish)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert pole.pictures == []


async def test_a_display_that_nobody_knows(till: httpx.AsyncClient) -> None:
    answer = await till.put("/v1/displays/nowhere", json={})
    assert (answer.status_code, answer.json()["code"]) == (404, "display.unknown")


async def test_another_till_s_lease(shop: Shop, till: httpx.AsyncClient, pole: FakeDisplay) -> None:
    await till.put("/v1/displays/pole", json={**BASKET, "lease_s": 60})
    token = await shop.token(Scope.TILL, "till-2")
    answer = await till.put(
        "/v1/displays/pole", json={}, headers={"Authorization": f"Bearer {token}"}
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "display.claimed")
    assert "till-1" in answer.json()["detail"]
    assert pole.last[0].startswith("Tea")


async def test_the_page_follows_its_name_alone(
    shop: Shop, till: httpx.AsyncClient, page: httpx.AsyncClient
) -> None:
    await shop.token(Scope.DISPLAY, "till-2")
    async with asyncio.timeout(PATIENCE_S), page.stream("GET", "/v1/display/events") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        heard = showings(answer)
        first = await anext(heard)
        assert (first["stage"], first["display"]) == ("idle", "till-1")
        assert first["words"]["welcome"] == ["Welcome"]
        assert (await till.put("/v1/displays/till-2", json={"text": ["secret"]})).status_code == 200
        assert (await till.put("/v1/displays/till-1", json=BASKET)).json()["state"] == "shown"
        second = await anext(heard)
        assert (second["stage"], second["items"][0]["title"]) == ("basket", "Tea")
        assert second["total"] == {"minor": 250, "currency": "EUR"}


async def test_its_token_may_do_nothing_else(shop: Shop, page: httpx.AsyncClient) -> None:
    for method, path in (
        ("PUT", "/v1/displays/till-1"),
        ("GET", "/v1/displays/till-1"),
        ("GET", "/v1/events"),
        ("GET", "/v1/devices"),
        ("POST", "/v1/sales"),
        ("GET", "/v1/status"),
        ("POST", "/v1/pair/window"),
    ):
        answer = await page.request(method, path, json=None if method == "GET" else {})
        assert (answer.status_code, answer.json()["code"]) == (403, "scope.missing"), path


async def test_a_till_is_no_display(till: httpx.AsyncClient, anybody: httpx.AsyncClient) -> None:
    assert (await till.get("/v1/display/events")).status_code == 403
    assert (await anybody.get("/v1/display/events")).status_code == 401


async def test_the_stream_ends_when_its_token_is_revoked(
    shop: Shop, page: httpx.AsyncClient
) -> None:
    tokens = shop.edge.state.tokens
    (number,) = [each.id for each in await tokens.all() if Scope.DISPLAY in each.scopes]
    async with asyncio.timeout(PATIENCE_S), page.stream("GET", "/v1/display/events") as answer:
        heard = showings(answer)
        await anext(heard)
        await tokens.revoke(number)
        await shop.displays.put("till-1", Showing(stage=Stage.TEXT, text=("secret",)), owner="x")
        with pytest.raises(StopAsyncIteration):
            await anext(heard)


async def test_the_page_shows_nothing_by_itself_and_needs_no_other_host(
    anybody: httpx.AsyncClient,
) -> None:
    answer = await anybody.get("/display")
    assert answer.status_code == 200
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    assert "s0042" not in answer.text
    for path in ("/display", "/static/display.js", "/static/display.css"):
        text = (await anybody.get(path)).text
        assert not re.search(r"https?://|@import|<style|<script>| style=|onclick", text), path
