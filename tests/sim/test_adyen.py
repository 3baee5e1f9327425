"""What the simulated terminal and cloud say to a till that does not keep the rules."""

import ssl
from dataclasses import replace
from decimal import Decimal

import pytest

from posedge.link.tcp import open_tcp
from posedge.link.tls import secure
from posedge.sim.adyen import POIID, AdyenSim
from posedge.wire.http import HttpClient, HttpReply, HttpRequest
from posedge.wire.nexo.envelope import Answer, Notice, opened, sealed
from posedge.wire.nexo.header import Category, Header, Key
from posedge.wire.nexo.requests import Diagnosis, Payment, Reversal, SaleTransaction, to_json
from tests.doubles.adyen import API_KEY, authority, cloud, key, local

KEY, OTHER = Key("till", "A1", POIID), Key("till", "A2", POIID)
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


async def test_a_part_of_a_payment_is_not_given_back() -> None:
    paying, reversal = Header(Category.PAYMENT, KEY), Header(Category.REVERSAL, OTHER)
    async with cloud() as sim:
        await said(sim, to_json(paying, Payment(SALE, Decimal("12.50"), "EUR")))
        (charge,) = sim.ledger
        part = Reversal(SALE, charge.receipt_no, charge.trace_no, Decimal("5.00"))
        assert await condition(sim, reversal, to_json(reversal, part)) == "NotAllowed"
        assert [each.reversed for each in sim.ledger] == [False]
        again = Header(Category.REVERSAL, replace(OTHER, service_id="A3"))
        whole = replace(part, amount=Decimal("12.5"))
        assert await condition(sim, again, to_json(again, whole)) == ""
        assert sim.ledger[0].reversed


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b"{}",
        b"\xff\xfe",
        b'{"SaleToPOIRequest":[]}',
        b'{"SaleToPOIRequest":{"MessageHeader":{"MessageCategory":"Payment"}}}',
        b'{"SaleToPOIRequest":{"PrintRequest":{}}}',
    ],
)
async def test_what_is_no_request_is_answered(body: bytes) -> None:
    async with cloud() as sim:
        reply = await said(sim, body)
    assert (reply.status, reply.body != b"") == (200, True)


async def test_requests_as_libraries_write_them() -> None:
    """An amount as text or without decimals, empty fields, and more than is understood."""
    for amount, minor in (("10.99", 1099), ('"10.99"', 1099), ("11", 1100), ("1.1e1", 1100)):
        header = Header(Category.PAYMENT, KEY)
        message = to_json(header, Payment(SALE, Decimal("7.77"), "EUR"))
        message = message.replace(b"7.77", amount.encode())
        message = message.replace(
            b'"PaymentTransaction":{',
            b'"PaymentTransaction":{"TransactionConditions":null,"SaleItem":[],',
        ).replace(b'"MessageClass":"Service",', b'"MessageClass":"Service","DeviceID":"1",')
        async with cloud() as sim:
            assert await condition(sim, header, message) == ""
            assert [each.amount_minor for each in sim.ledger] == [minor]


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
