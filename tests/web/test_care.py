import asyncio

import httpx

from posedge.devices.tapes import Label
from tests.web.shop import ADMIN, Shop


def record(shop: Shop) -> None:
    label = Label(
        device="scale", driver="toledo", scheme="serial", model="8217", started="now", options={}
    )
    now_s = asyncio.get_running_loop().time()
    tape = shop.devices.tapes.of("scale-1", label)
    tape.passed("out", b"W", now_s)
    tape.passed("in", b"\x0200.000\r", now_s)


async def test_a_recording_comes_in_parts(shop: Shop, technician: httpx.AsyncClient) -> None:
    record(shop)
    path = "/v1/devices/scale/recording?final=true"
    (part,) = (await technician.post(path, json={})).json()["parts"]
    assert (part["device"], part["last"], len(part["lines"])) == ("scale", 2, 2)
    again = await technician.post(path, json={"after": {"scale": 1}})
    assert again.json()["parts"][0]["lines"] == part["lines"][1:]


async def test_the_command_line_may_record_and_a_till_may_not(
    shop: Shop, till: httpx.AsyncClient, anybody: httpx.AsyncClient
) -> None:
    record(shop)
    path = "/v1/devices/all/recording"
    assert (await till.post(path, json={})).status_code == 403
    bearer = {"Authorization": f"Bearer {ADMIN}"}
    assert (await anybody.post(path, json={}, headers=bearer)).status_code == 200
    nobody = await anybody.post("/v1/devices/x/recording", json={}, headers=bearer)
    assert nobody.json()["code"] == "device.unknown"


async def test_why_a_device_is_as_it_is(
    till: httpx.AsyncClient, technician: httpx.AsyncClient, anybody: httpx.AsyncClient
) -> None:
    (told,) = (await technician.get("/v1/devices/scale/explain")).json()
    assert (told["id"], told["name"]) == ("scale-1", "scale")
    assert (await technician.get("/v1/devices/none/explain")).status_code == 404
    assert (await till.get("/v1/devices/scale/explain")).status_code == 403
    bearer = {"Authorization": f"Bearer {ADMIN}"}
    (left,) = (await anybody.get("/v1/devices/unsupported", headers=bearer)).json()
    assert left["toml"].startswith("[[devices.assign]]")


async def test_a_bundle_for_a_technician(
    till: httpx.AsyncClient, technician: httpx.AsyncClient
) -> None:
    answer = await technician.post("/v1/support", json={})
    assert (answer.content, answer.headers["content-type"]) == (b"a bundle", "application/gzip")
    assert answer.headers["content-disposition"].endswith('.tar.gz"')
    assert (await till.post("/v1/support", json={})).status_code == 403
