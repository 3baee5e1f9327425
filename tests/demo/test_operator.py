import asyncio
import json

import httpx

from posedge.demo.operator import Operator
from posedge.demo.till import Till
from posedge.model.payment import AttemptKind
from posedge.sim.charge import Charge
from posedge.tasks import Crew, cancel

WAITING = {
    "id": "p2",
    "kind": "sale",
    "state": "needs_operator",
    "amount": {"minor": 1250, "currency": "EUR"},
    "result": None,
    "evidence": [{"text": "no answer in time"}],
}
PAID = {**WAITING, "id": "p1", "state": "approved", "result": {"auth_code": "100001"}}


async def said_of(*ledger: Charge) -> tuple[bool, str]:
    """Let her settle what waits; the box is away at first, and answers then."""
    words: list[dict[str, str]] = []
    asked = 0
    spoken = asyncio.Event()

    def answer(request: httpx.Request) -> httpx.Response:
        nonlocal asked
        asked += 1
        if asked == 1:
            return httpx.Response(503)
        if request.url.path == "/v1/status":
            return httpx.Response(200, json={"desk": {"needs_operator": 1 - len(words)}})
        if request.method == "GET":
            return httpx.Response(200, json=[WAITING, PAID])
        assert request.url.path == "/v1/payments/p2/resolve"
        words.append(json.loads(request.content))
        spoken.set()
        return httpx.Response(200, json={})

    till = Till("http://box", "token")
    await till.close()
    till._http = httpx.AsyncClient(base_url="http://box", transport=httpx.MockTransport(answer))
    async with Crew("demo") as crew:
        watching = crew.start(Operator(till, lambda: ledger, look_s=0.001).watch(), name="ina")
        async with asyncio.timeout(5):
            await spoken.wait()
        await cancel(watching)
    await till.close()
    return bool(words[0]["approved"]), words[0]["evidence"]


async def test_what_stands_in_the_journal_was_paid() -> None:
    first, second = (Charge(AttemptKind.SALE, 1250, f"10000{n}") for n in (1, 2))
    assert await said_of(first, second) == (True, "authorisation 100002")
    assert await said_of(first) == (False, "no such payment in it")
    assert await said_of() == (False, "no such payment in it")
    other = Charge(AttemptKind.SALE, 999, "100002")
    assert await said_of(first, other) == (False, "no such payment in it")
