"""The payment terminals, as the API lists them."""

import httpx

from posedge.web.access import Scope
from tests.web.shop import ADMIN, Shop


async def test_listed_with_what_they_can_do(shop: Shop) -> None:
    async with await shop.client(Scope.TECHNICIAN) as technician:
        (listed,) = (await technician.get("/v1/terminals")).json()
        asked = (await technician.get("/v1/terminals/terminal")).json()
        unknown = await technician.get("/v1/terminals/other")
    assert (listed["name"], listed["able"], listed["says"]) == ("terminal", [], None)
    assert (asked["says"], asked["test_mode"]) == ("ready", None)
    assert (unknown.status_code, unknown.json()["code"]) == (404, "device.unknown")
    assert "there are: terminal" in unknown.json()["detail"]


async def test_the_box_s_own_user_pays_and_asks(shop: Shop) -> None:
    async with await shop.client(Scope.METRICS) as stranger:
        assert (await stranger.get("/v1/terminals")).status_code == 403
        stranger.headers["Authorization"] = f"Bearer {ADMIN}"
        order = {
            "id": "p1", "sale": "p1", "till": "cli", "amount": {"minor": 100, "currency": "EUR"},
        }  # fmt: skip
        assert (await stranger.post("/v1/payments", json=order)).status_code == 201
        assert (await stranger.get("/v1/payments/p1")).json()["state"] == "approved"
        assert (await stranger.get("/v1/sales/s1")).status_code == 403


async def test_a_check_is_begun_followed_and_stopped(shop: Shop) -> None:
    where = "/v1/terminals/terminal/check"
    async with await shop.client(Scope.TECHNICIAN) as technician:
        assert (await technician.get(where)).json()["code"] == "check.missing"
        live = await technician.post(where, json={"id": "c1"})
        assert (live.status_code, live.json()["code"]) == (422, "check.live")
        wish = {"id": "c1", "real_money": True, "confirm": "terminal"}
        begun = await technician.post(where, json=wish, headers={"Idempotency-Key": "c1"})
        assert (begun.status_code, begun.json()["phase"]) == (202, "running")
        assert (await technician.get(where)).json()["now"].startswith("A payment.")
        text = await technician.get(f"{where}/report.txt")
        page = await technician.get(f"{where}/report.html")
        assert (await technician.post(f"{where}/stop", json={})).json()["phase"] == "stopped"
        assert (await technician.get(f"{where}/report.pdf")).status_code == 422
    assert text.text.startswith("Go-live check of terminal\nThe check is running.")
    assert page.headers["content-security-policy"].startswith("default-src 'none'; style-src")
    assert "go-live-check.html" in page.headers["content-disposition"]


async def test_a_till_checks_nothing(till: httpx.AsyncClient) -> None:
    assert (await till.get("/v1/terminals/terminal/check")).status_code == 403
