"""What a hostile page, neighbour or network tries. State must not change, and nothing is told."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import suppress

import httpx
import pytest
from starlette.datastructures import Headers
from starlette.types import Message

from posedge import serving
from posedge.web import server
from posedge.web.access import Scope
from posedge.web.body import MAX_BODY_BYTES, Refusal, read_body
from posedge.web.settings import WebSettings
from tests.web.shop import Shop, basket, running

UPGRADE = "GET /v1/events HTTP/1.1\nHost: localhost\nConnection: Upgrade\nUpgrade: websocket\n"
EVERY_ROUTE = [
    ("GET", "/v1/events"),
    ("GET", "/v1/devices"),
    ("GET", "/v1/devices/unsupported"),
    ("GET", "/v1/devices/scale"),
    ("POST", "/v1/devices/scale/test"),
    ("POST", "/v1/devices/scanner/learn"),
    ("GET", "/v1/test-codes/qr"),
    ("POST", "/v1/sales"),
    ("GET", "/v1/sales/1"),
    ("POST", "/v1/sales/1/refund"),
    ("POST", "/v1/payments"),
    ("GET", "/v1/payments"),
    ("GET", "/v1/payments/1"),
    ("POST", "/v1/payments/1/cancel"),
    ("POST", "/v1/payments/1/resolve"),
    ("POST", "/v1/print"),
    ("GET", "/v1/print/1"),
    ("POST", "/v1/print/1/cancel"),
    ("GET", "/v1/drawers"),
    ("POST", "/v1/drawers/printer/open"),
    ("GET", "/v1/scales/scale/weight"),
    ("POST", "/v1/scales/scale/zero"),
    ("POST", "/v1/scales/scale/tare"),
    ("POST", "/v1/readers/reader/apdu"),
    ("GET", "/v1/journal"),
    ("GET", "/v1/status"),
    ("POST", "/v1/pair/window"),
    ("GET", "/v1/tokens"),
    ("DELETE", "/v1/tokens/1"),
    ("GET", "/page/board"),
    ("GET", "/page/events"),
    ("POST", "/page/payments/1/resolve"),
    ("POST", "/page/devices/scale/test"),
    ("POST", "/page/devices/scanner/learn"),
    ("GET", "/page/test-codes/qr"),
    ("POST", "/page/pair/window"),
    ("GET", "/v1/anything"),
    ("GET", "/docs"),
    ("PATCH", "/v1/sales"),
]


async def raw(shop: Shop, request: str) -> bytes:
    """Send bytes as they are and return the answer's first line."""
    reader, writer = await asyncio.open_connection("127.0.0.1", shop.port)
    writer.write(request.replace("\n", "\r\n").encode())
    async with asyncio.timeout(10):
        line = await reader.readline()
    writer.close()
    return line


NO_TOKENS: list[dict[str, str]] = [{}, {"Authorization": "Bearer 0.0"}, {"Authorization": "x"}]


async def test_without_a_token_every_route_says_401_and_no_more(
    shop: Shop, anybody: httpx.AsyncClient
) -> None:
    for headers in NO_TOKENS:
        for method, path in EVERY_ROUTE:
            answer = await anybody.request(method, path, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (401, "token.missing"), path
            assert answer.headers["www-authenticate"] == "Bearer"
            assert "server" not in answer.headers
            assert "0.1.0" not in answer.text
        assert not shop.checkout.asked
        assert not shop.journal.entries


FOREIGN_ORIGINS = [
    "https://evil.example",
    "null",
    "https://127.0.0.1",
    "http://127.0.0.1.evil.example",
]


async def test_foreign_origin_is_403_even_with_a_token(shop: Shop, till: httpx.AsyncClient) -> None:
    for origin in FOREIGN_ORIGINS:
        for method, path in (
            ("POST", "/v1/sales"),
            ("GET", "/v1/devices"),
            ("OPTIONS", "/v1/sales"),
        ):
            answer = await till.request(method, path, headers={"Origin": origin})
            assert (answer.status_code, answer.json()["code"]) == (403, "origin.foreign")
            assert "access-control-allow-origin" not in answer.headers
            assert "Origin" in answer.headers["vary"]
        assert not shop.checkout.asked


FORM_MEDIA = ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]


async def test_what_a_form_can_send_is_415(shop: Shop, till: httpx.AsyncClient) -> None:
    for media in FORM_MEDIA:
        answer = await till.post(
            "/v1/sales", content=json.dumps(basket()), headers={"Content-Type": media}
        )
        assert (answer.status_code, answer.json()["code"]) == (415, "media.unsupported")
        assert not shop.checkout.asked


REBOUND_NAMES = [
    "attacker.test",
    "192.168.1.5.evil.com",
    "localhost.evil.com",
    "localhost.",
    "127.0.0.1.",
    "127.0.0.1@evil.com",
    "[::2]",
    "",
]


async def test_rebound_name_is_421(till: httpx.AsyncClient) -> None:
    for host in REBOUND_NAMES:
        answer = await till.get("/v1/devices", headers={"Host": host})
        assert (answer.status_code, answer.json()["code"]) == (421, "host.foreign")


async def test_own_names_are_known(shop: Shop, till: httpx.AsyncClient) -> None:
    for host in ("localhost", "LOCALHOST:80", "127.0.0.1", "[::1]:8080"):
        assert (await till.get("/v1/devices", headers={"Host": host})).status_code == 200


STRANGE = [
    ("GET http://evil.example/v1/devices HTTP/1.1\nHost: localhost\n\n", b"421"),
    ("GET /healthz HTTP/1.0\n\n", b"421"),
    ("GET /healthz HTTP/1.1\n\n", b"400"),
    ("GET /healthz HTTP/1.1\nHost: localhost\nHost: evil.example\n\n", b"400"),
    (
        UPGRADE + "Origin: https://evil.example\n\n",
        b"403",
    ),
    (UPGRADE + "\n", b"401"),
    (f"GET /healthz HTTP/1.1\nHost: localhost\nX: {'a' * 80_000}", b"400"),
]


async def test_strange_requests(shop: Shop) -> None:
    for request_line, status in STRANGE:
        assert status in await raw(shop, request_line)


async def test_allowed_origin_is_exact_and_gets_its_preflight() -> None:
    origin = "https://till.example"
    settings = WebSettings(port=0, allowed_origins=(origin,))
    async with running(Shop(), settings) as shop, await shop.client(Scope.TILL) as till:
        preflight = await till.options("/v1/sales", headers={"Origin": origin})
        answer = await till.get("/v1/devices", headers={"Origin": origin})
        near = await till.get("/v1/devices", headers={"Origin": origin + ".evil.example"})
    assert preflight.status_code == 204
    assert "idempotency-key" in preflight.headers["access-control-allow-headers"]
    assert "access-control-allow-credentials" not in preflight.headers
    assert answer.headers["access-control-allow-origin"] == origin
    assert near.status_code == 403


async def test_configured_name_is_known() -> None:
    settings = WebSettings(port=0, allowed_hosts=("box.shop",))
    async with running(Shop(), settings) as shop, httpx.AsyncClient(base_url=shop.url) as client:
        answer = await client.get("/healthz", headers={"Host": "box.shop:8080"})
    assert answer.status_code == 200


async def test_answers_bear_the_headers_that_hold_browsers_back(
    anybody: httpx.AsyncClient,
) -> None:
    for path in ("/", "/v1/devices", "/healthz", "/static/page.js"):
        headers = (await anybody.get(path)).headers
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cross-origin-opener-policy"] == "same-origin"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert headers["cache-control"] in ("no-store", "no-cache")


HOSTILE_BODIES = [
    (b"[" * 100_000, 422, "request.invalid"),
    (b'{"a":' * 40_000, 422, "request.invalid"),
    (b"{", 422, "request.invalid"),
    (b"\xff\xfe", 422, "request.invalid"),
    (b" " * (MAX_BODY_BYTES + 1), 413, "body.large"),
]


async def test_hostile_bodies(shop: Shop, till: httpx.AsyncClient) -> None:
    for body, status, code in HOSTILE_BODIES:
        headers = {"Content-Type": "application/json"}
        answer = await till.post("/v1/sales", content=body, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert (await till.post("/v1/sales", json=basket())).status_code == 201


async def test_body_without_a_length_is_bounded_too(till: httpx.AsyncClient) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(10):
            yield b" " * 65_536

    answer = await till.post(
        "/v1/sales",
        content=endless(),
        headers={"Content-Type": "application/json"},
    )
    assert answer.status_code == 413


async def test_slow_body_ends(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("posedge.web.body.BODY_S", 0.05)
    token = await shop.token(Scope.TILL)
    head = (
        f"POST /v1/sales HTTP/1.1\nHost: localhost\nAuthorization: Bearer {token}\n"
        "Content-Type: application/json\nContent-Length: 9\n\n{"
    )
    assert b"408" in await raw(shop, head)
    assert not shop.checkout.asked


async def test_cut_body_is_refused_whatever_it_says_so_far() -> None:
    said: list[Message] = [
        {"type": "http.request", "body": b"{}", "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def receive() -> Message:
        return said.pop(0)

    with pytest.raises(Refusal, match="ended within the body"):
        await read_body(Headers({"content-type": "application/json"}), receive)


async def test_a_loris_is_cut_off(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "HEADER_S", 0.1)
    reader, writer = await asyncio.open_connection("127.0.0.1", shop.port)
    async with asyncio.timeout(5):
        with suppress(ConnectionError):
            while not reader.at_eof():
                writer.write(b"G")  # each byte would renew a simpler timer
                with suppress(TimeoutError):
                    await asyncio.wait_for(reader.read(1), 0.02)
    writer.close()


async def test_a_thousand_idle_connections_do_not_keep_a_till_out(
    shop: Shop, till: httpx.AsyncClient
) -> None:
    idle = [await asyncio.open_connection("127.0.0.1", shop.port) for _ in range(1000)]
    async with asyncio.timeout(2):
        assert (await till.post("/v1/sales", json=basket())).status_code == 201
    for _, writer in idle:
        writer.close()


ASK = b"GET /v1/openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n" * 100


def deaf() -> socket.socket:
    """Return a client with hardly any room for an answer."""
    peer = socket.socket()
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    peer.setblocking(False)
    return peer


async def test_who_asks_and_never_reads_keeps_no_place(shop: Shop, till: httpx.AsyncClient) -> None:
    """The answer does not fit into the buffers between us: closing in order would wait for ever."""
    greedy = [deaf() for _ in range(server.MAX_CONNECTIONS + 10)]
    for peer in greedy:
        await asyncio.get_running_loop().sock_connect(peer, ("127.0.0.1", shop.port))
        peer.send(ASK)
    async with asyncio.timeout(10):
        assert (await till.get("/v1/devices")).status_code == 200
    for peer in greedy:
        peer.close()


async def test_who_never_reads_is_gone_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when nobody else needs the place."""
    monkeypatch.setattr(serving, "UNREAD_S", 0.2)
    gone = asyncio.Event()
    lost = serving.Connection.connection_lost

    def connection_lost(self: serving.Connection, error: Exception | None) -> None:
        lost(self, error)
        gone.set()

    monkeypatch.setattr(serving.Connection, "connection_lost", connection_lost)
    async with running(Shop()) as shop:
        peer = deaf()
        await asyncio.get_running_loop().sock_connect(peer, ("127.0.0.1", shop.port))
        peer.send(ASK)
        async with asyncio.timeout(10):
            await gone.wait()
        peer.close()


async def test_refused_path_is_logged_short_and_without_controls(
    shop: Shop, anybody: httpx.AsyncClient, capsys: pytest.CaptureFixture[str]
) -> None:
    await anybody.get("/%1b[2J" + "4" * 9000)
    logged = capsys.readouterr().out
    assert "web.refused" in logged
    assert "\x1b[2J" not in logged
    assert len(logged) < 1000
