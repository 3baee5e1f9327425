import asyncio
import socket
import ssl
from pathlib import Path

import httpx
import pytest

from posedge.model.errors import ConfigError, ConflictError
from posedge.model.sale import SaleRequest
from posedge.model.value import Value
from posedge.tasks import Crew
from posedge.web.access import Scope
from posedge.web.once import KEPT_S, MAX_KEYS, Once
from posedge.web.server import address, bind
from posedge.web.settings import WebSettings
from tests.web.shop import HandClock, Shop, basket, running


async def test_taken_address_is_the_operators_to_mend() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        pytest.raises(ConfigError, match=r"set web\.host and web\.port"),
    ):
        bind(WebSettings(port=taken.getsockname()[1]))


def test_address_is_one_that_a_browser_can_open() -> None:
    for host, start in (("127.0.0.1", "http://127.0.0.1:"), ("0.0.0.0", "http://127.0.0.1:")):
        settings = WebSettings(host=host, port=0)
        with bind(settings) as listener:
            assert address(listener, settings).startswith(start)
    settings = WebSettings(host="::1", port=0)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        assert address(listener, settings).startswith("http://[::1]:")


async def test_ending_is_clean_with_a_stream_open() -> None:
    started = asyncio.get_running_loop().time()
    async with Crew("test") as crew, httpx.AsyncClient(timeout=5) as client:
        async with running(Shop()) as shop:
            token = await shop.token(Scope.TILL)
            bearer = {"Authorization": f"Bearer {token}"}

            async def listen() -> str:
                return (await client.get(f"{shop.url}/v1/events", headers=bearer)).text

            heard = crew.start(listen(), name="listen")
            await shop.scan("x")
            async with asyncio.timeout(5):
                while not client._transport._pool.connections:  # type: ignore[attr-defined]  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
            await shop.token(Scope.TILL)
        assert (await heard).startswith("retry: 1000")
    assert asyncio.get_running_loop().time() - started < 3


async def test_answer_under_way_is_given_at_shutdown(monkeypatch: pytest.MonkeyPatch) -> None:
    asked, go = asyncio.Event(), asyncio.Event()

    async def slow(request: SaleRequest) -> object:
        asked.set()
        await go.wait()
        return shop.checkout.answer

    async with Crew("test") as crew, httpx.AsyncClient(timeout=5) as client:
        async with running(shop := Shop()):
            monkeypatch.setattr(shop.checkout, "sell", slow)
            token = await shop.token(Scope.TILL)
            bearer = {"Authorization": f"Bearer {token}"}
            sale = crew.start(
                client.post(f"{shop.url}/v1/sales", json=basket(), headers=bearer), name="sale"
            )
            await asked.wait()
            asyncio.get_running_loop().call_later(0.2, go.set)
        assert (await sale).status_code == 201


async def test_tls(tmp_path: Path) -> None:
    certificate, key = tmp_path / "box.pem", tmp_path / "box.key"
    made = await asyncio.create_subprocess_exec(
        *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
        *("-nodes", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"),
        *("-days", "1", "-keyout", key, "-out", certificate),
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert await made.wait() == 0
    settings = WebSettings(port=0, tls_certificate=certificate, tls_key=key)
    trust = ssl.create_default_context(cafile=certificate)
    async with running(Shop(), settings) as shop, httpx.AsyncClient(verify=trust) as client:
        assert shop.url.startswith("https://")
        assert (await client.get(f"{shop.url}/healthz")).status_code == 200
        pairing = shop.edge.state.pairing
        code, _ = pairing.open(Scope.TECHNICIAN, "Ada")
        entered = await client.post(f"{shop.url}/page/session", json={"code": code})
    cookie = entered.headers["set-cookie"]
    assert cookie.startswith("__Host-posedge=")
    assert "Secure" in cookie


class Note(Value):
    text: str


async def test_same_key_waits_for_the_first_and_takes_over_when_it_fails() -> None:
    once: Once[Note] = Once(HandClock())
    gate = asyncio.Event()
    calls: list[str] = []

    async def fail() -> Note:
        calls.append("fail")
        await gate.wait()
        raise ConflictError("x.y", "z")

    async def succeed() -> Note:
        calls.append("succeed")
        return Note(text="done")

    async with Crew("test") as crew:
        first = crew.start(_caught(once, fail), name="first")
        await asyncio.sleep(0)
        second = crew.start(once.do("k", Note(text="a"), succeed), name="second")
        await asyncio.sleep(0)
        gate.set()
        assert await first == "x.y"
        assert (await second).text == "done"
    assert (await once.do("k", Note(text="a"), fail)).text == "done"
    assert calls == ["fail", "succeed"]


async def _caught(once: Once[Note], act: object) -> str:
    try:
        await once.do("k", Note(text="a"), act)  # type: ignore[arg-type]
    except ConflictError as error:
        return error.code
    return "none"


async def test_keys_are_forgotten_after_a_day_and_when_too_many() -> None:
    clock = HandClock()
    once: Once[Note] = Once(clock)
    count = 0

    async def act() -> Note:
        nonlocal count
        count += 1
        return Note(text=str(count))

    note = Note(text="a")
    assert (await once.do("k", note, act)).text == "1"
    assert (await once.do("k", note, act)).text == "1"
    clock.move(KEPT_S)
    assert (await once.do("k", note, act)).text == "2"
    for number in range(MAX_KEYS + 1):
        await once.do(str(number), note, act)
    count = 0
    assert (await once.do("k", note, act)).text == "1"
