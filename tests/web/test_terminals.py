"""The payment terminals, as the API lists them."""

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
