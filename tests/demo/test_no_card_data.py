"""A bad day with terminals that do not mask, and what is left of the card numbers: nothing.

Looked through: journal, event log, every file of box and headquarters, their logs, what crossed
the broker, what the box keeps of its lines, and every answer of its API that a till may ask for.
"""

import asyncio
import base64
import json
import random
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiomqtt
import pytest

from posedge.demo.chaos import Chaos
from posedge.demo.report import count
from posedge.demo.shop import Shop
from posedge.demo.shopper import Shopper
from posedge.demo.till import Till
from posedge.sim.zvt_payment import TEST_PAN
from posedge.tasks import Crew
from posedge.web.access import Scope
from posedge.web.admin import fetch

DIGITS = TEST_PAN.hex().rstrip("f")
SALES = 5
ASKED = ("/v1/status", "/v1/payments", "/v1/journal?limit=500", "/v1/devices")


def forms(digits: str) -> Iterator[bytes]:
    """Yield a card number as anybody may have written it, at any place in a text or a packet."""
    middle = digits[6:-4]
    for plain in (middle.encode(), bytes.fromhex(digits[6:14]), bytes.fromhex(digits[5:13])):
        yield plain
        yield plain.hex().encode()
        yield plain.hex().upper().encode()
    for whole in (digits.encode(), TEST_PAN, bytes.fromhex(f"0{digits}")):
        for skip in range(3):
            token = base64.b64encode(b"\0" * skip + whole)
            yield token[4 if skip else 0 : -4]


FORMS = frozenset(forms(DIGITS))


def found(content: bytes) -> list[bytes]:
    return [form for form in FORMS if form in content]


@pytest.mark.parametrize("alignment", range(6))
def test_the_search_finds_what_it_looks_for(alignment: int) -> None:
    pad = b"x" * alignment
    assert found(pad + DIGITS.encode())
    assert found(pad + TEST_PAN)
    assert found(pad + TEST_PAN.hex().encode())
    assert found(base64.b64encode(pad + DIGITS.encode() + pad))
    assert found(base64.b64encode(pad + TEST_PAN + pad))
    assert not found(pad + b"receipt 0231 girocard ############0018")


def contents(folder: Path) -> dict[str, bytes]:
    return {each.name: each.read_bytes() for each in folder.rglob("*") if each.is_file()}


@asynccontextmanager
async def eavesdropping(shop: Shop) -> AsyncIterator[bytearray]:
    """Collect all that crosses the broker; it may be killed and come back meanwhile."""
    heard = bytearray()

    async def listen() -> None:
        while True:
            try:
                async with aiomqtt.Client("127.0.0.1", shop.broker.port) as client:
                    await client.subscribe("#")
                    async for message in client.messages:
                        heard.extend(str(message.topic).encode())
                        heard.extend(bytes(message.payload or b""))
            except aiomqtt.MqttError:
                await asyncio.sleep(0.1)

    async with Crew("eavesdropper") as crew:
        crew.start(listen(), name="listen")
        yield heard


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["zvt", "zvt-serial"])
async def test_no_card_number_is_left_anywhere(tmp_path: Path, kind: str) -> None:
    async with Shop(tmp_path, customer_s=0, private=True, terminal=kind) as shop:
        shop.devices.terminal.unmask()
        shopper = Shopper(
            shop.devices, shop.till, clock=shop.clock, ids=shop.ids, chance=random.Random(5)
        )
        async with eavesdropping(shop) as heard, asyncio.timeout(200):
            chaos = Chaos(shop, 4)
            async with Crew("trouble") as crew:
                crew.start(chaos.run(), name="chaos")
                for _ in range(SALES):
                    await shopper.visit()
            await chaos.heal()
            while len(shop.devices.terminal.ledger) < SALES:
                await shopper.visit()
            report = await count(shop, shopper.book)
            answers = await said(shop)
    assert report.agrees, report
    assert b"girocard" in heard, "the broker was heard"
    files = await asyncio.to_thread(contents, tmp_path)
    assert {"journal.db", "events.db", "box.log", "headquarters.db"} <= files.keys()
    everything = {**files, **answers, "broker": bytes(heard)}
    assert {where: leak for where, content in everything.items() if (leak := found(content))} == {}


async def said(shop: Shop) -> dict[str, bytes]:
    """Return what the box answers, and what it keeps of each device's line."""
    technician = Till(shop.page, await shop.pair(Scope.TECHNICIAN, "technician"))
    try:
        answers = {path: json.dumps(await technician.get(path)).encode() for path in ASKED}
    finally:
        await technician.close()
    tapes = "/v1/devices/all/recording?final=true"
    answers[tapes] = await asyncio.to_thread(fetch, shop.page, shop._state, tapes, {"after": {}})
    parts = json.loads(answers[tapes])["parts"]
    assert "terminal" in {part["device"] for part in parts}
    raw = [json.loads(line).get("hex", "") for part in parts for line in part["lines"]]
    answers["raw tapes"] = b"|".join(bytes.fromhex(each) for each in raw)

    return answers
