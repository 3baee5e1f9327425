import base64
import random
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from posedge.clock import Ids
from posedge.hq.hooks import BURST, EXPIRY_S, MAX_BODY, MAX_BOXES, Allowance, add_hooks
from posedge.model.errors import DeviceGone
from posedge.model.messages import Command, read
from posedge.model.topics import BoxTopics
from posedge.mqtt.interface import NO_MATCHING_SUBSCRIBERS, NOT_AUTHORIZED, SUCCESS, Message
from tests.doubles.zvt import StillClock

BOX = BoxTopics("acme", "s0042", "bx7f3k2")
PATH = "/hooks/stripe/bx7f3k2/counter%202"
SIGNED = {"Stripe-Signature": "t=1,v1=ab", "Authorization": "Bearer nobody's business"}


class Broker:
    """What headquarters published; answers with `code`, or is away."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.code: int | None = SUCCESS

    async def publish(self, message: Message) -> int:
        if self.code is None:
            raise DeviceGone("broker.lost", "the broker is away")
        self.messages.append(message)
        return self.code


async def find(box: str) -> BoxTopics | None:
    return BOX if box == BOX.box else None


@pytest.fixture
def broker() -> Broker:
    return Broker()


@pytest.fixture
async def world(broker: Broker) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    clock = StillClock()
    add_hooks(app, find, broker.publish, clock=clock, ids=Ids(clock), chance=random.Random(1))
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://hq.test") as client:
        yield client


async def test_a_webhook_goes_to_its_box_raw(world: httpx.AsyncClient, broker: Broker) -> None:
    body = b'{"id": "evt_1",  "odd":"\xc3\xa4"}'
    answer = await world.post(PATH, content=body, headers=SIGNED)
    assert answer.status_code == 200
    (message,) = broker.messages
    assert message.topic == BOX.command("hook")
    assert (message.retain, message.expiry_s) == (False, EXPIRY_S)
    assert message.response_topic == BOX.result("hooks")
    assert len(message.correlation or b"") == 16
    command = read(Command, message.payload)
    assert command.not_after == "2026-11-23T12:05:00+00:00"
    assert command.args == {
        "provider": "stripe",
        "terminal": "counter 2",
        "headers": {"stripe-signature": "t=1,v1=ab"},
        "body": base64.b64encode(body).decode(),
    }


@pytest.mark.parametrize("code", [NO_MATCHING_SUBSCRIBERS, NOT_AUTHORIZED, None])
async def test_what_is_not_taken_comes_again(
    world: httpx.AsyncClient, broker: Broker, code: int | None
) -> None:
    broker.code = code
    assert (await world.post(PATH, content=b"{}")).status_code == 503


@pytest.mark.parametrize(
    ("path", "status"),
    [("/hooks/stripe/unknown/x", 404), ("/hooks/Stripe/bx7f3k2/x", 422), ("/hooks/stripe", 404)],
)
async def test_what_goes_nowhere(
    world: httpx.AsyncClient, broker: Broker, path: str, status: int
) -> None:
    assert (await world.post(path, content=b"{}")).status_code == status
    assert not broker.messages


async def test_a_body_without_an_end(world: httpx.AsyncClient, broker: Broker) -> None:
    assert (await world.post(PATH, content=b"x" * (MAX_BODY + 1))).status_code == 413
    assert not broker.messages


async def test_a_flood_is_held_back(world: httpx.AsyncClient, broker: Broker) -> None:
    codes = [(await world.post(PATH, content=b"{}")).status_code for _ in range(BURST + 5)]
    assert codes.count(200) in {BURST, BURST + 1}
    assert codes[-1] == 429


def test_an_allowance_grows_again_and_each_box_has_its_own() -> None:
    allowance = Allowance()
    assert all(allowance.allows("a", 0.0) for _ in range(BURST))
    assert not allowance.allows("a", 0.5)
    assert allowance.allows("b", 0.5)
    assert allowance.allows("a", 1.0)
    for number in range(MAX_BOXES + 1):
        allowance.allows(f"x{number}", 1.0)
    assert allowance.allows("a", 1.0)  # forgotten
