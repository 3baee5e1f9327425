"""What the simulated terminal and cloud say to a till that does not keep the rules."""

import ssl

import pytest

from posedge.link.tcp import open_tcp
from posedge.link.tls import secure
from posedge.sim.adyen import POIID, AdyenSim
from posedge.wire.http import HttpClient, HttpReply, HttpRequest
from posedge.wire.nexo.envelope import Answer, Notice, opened, sealed
from posedge.wire.nexo.header import Category, Header, Key
from posedge.wire.nexo.requests import Diagnosis, Reversal, SaleTransaction, to_json
from tests.doubles.adyen import API_KEY, authority, cloud, key, local

KEY = Key("till", "A1", POIID)
SALE = SaleTransaction("s", "2026-11-23T12:00:00Z")
NONCE = bytes(range(16))


async def said(
    sim: AdyenSim, body: bytes, target: str = "/sync", api_key: str = API_KEY
) -> HttpReply:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.load_verify_locations(authority().roots)
    tcp = await open_tcp("127.0.0.1", sim.port, timeout_s=5)
    link = await secure(tcp, context, device="sim", timeout_s=5)
    http = HttpClient()
    request = HttpRequest(target, body, headers={"X-API-Key": api_key})
    await link.write(http.send(request), deadline_s=5)
    while (reply := http.pull()) is None:
        http.feed(await link.read())
    await link.close()
    return reply


async def condition(sim: AdyenSim, header: Header, body: bytes, target: str = "/sync") -> str:
    reply = await said(sim, body, target)
    answer = opened(reply.body, header, None)
    assert isinstance(answer, Answer)
    return answer.response.condition


async def test_what_is_no_json_is_rejected() -> None:
    """D05."""
    async with cloud() as sim:
        reply = await said(sim, b'{"oops"')
    notice = opened(reply.body, Header(Category.PAYMENT, KEY), None)
    assert notice == Notice("Reject", "Input is not a JSONObject")


@pytest.mark.parametrize(
    ("target", "api_key", "status"), [("/x", API_KEY, 404), ("/sync", "", 401)]
)
async def test_who_may_not_is_turned_away(target: str, api_key: str, status: int) -> None:
    header = Header(Category.DIAGNOSIS, KEY)
    async with cloud() as sim:
        reply = await said(sim, to_json(header, Diagnosis()), target, api_key)
    assert reply.status == status


async def test_messages_that_cannot_be() -> None:
    strange = Header("Strange", KEY)
    elsewhere = Header(Category.DIAGNOSIS, Key("till", "A1", "P400-1"))
    reversal = Header(Category.REVERSAL, KEY)
    async with cloud() as sim:
        assert await condition(sim, strange, to_json(strange, Diagnosis())) == "MessageFormat"
        assert await condition(sim, elsewhere, to_json(elsewhere, Diagnosis())) == "MessageFormat"
        unknown = to_json(reversal, Reversal(SALE, "A.1", "2026-11-23T12:00:00Z"))
        assert await condition(sim, reversal, unknown) == "NotFound"
        assert await condition(sim, reversal, unknown) == "NotAllowed"
    assert not sim.ledger


async def test_a_payment_without_an_amount() -> None:
    header = Header(Category.PAYMENT, KEY)
    async with cloud() as sim:
        message = to_json(header, Diagnosis()).replace(b"DiagnosisRequest", b"PaymentRequest")
        assert await condition(sim, header, message) == "MessageFormat"


async def test_two_headers_that_differ_are_refused() -> None:
    inside, outside = Header(Category.DIAGNOSIS, KEY), Header(Category.PAYMENT, KEY)
    message = sealed(to_json(inside, Diagnosis()), outside, key(), NONCE)
    async with local() as sim:
        assert await condition(sim, outside, message, "/nexo/") == "MessageFormat"
    assert not sim.ledger
    assert "0 charges" in repr(sim)
