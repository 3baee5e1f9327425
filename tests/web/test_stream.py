import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import httpx
import pytest

from posedge.model.capabilities import ScaleState
from posedge.model.errors import DeviceBusy, MisuseError
from posedge.model.events import Weighed
from posedge.tasks import Crew
from posedge.web import stream
from posedge.web.access import Scope
from posedge.web.stream import MAX_STREAMS, TYPES, Streams, wanted
from tests.doubles.shelf import MemoryShelf
from tests.web.shop import Shop, running


@dataclass
class Message:
    id: str = ""
    event: str = ""
    data: list[str] = field(default_factory=list)


async def messages(answer: httpx.Response) -> AsyncIterator[Message]:
    """Parse Server-Sent Events as a browser does: no data, no message."""
    message = Message()
    async for line in answer.aiter_lines():
        name, _, value = line.partition(": ")
        if not line:
            if message.data:
                yield message
            message = Message(id=message.id)
        elif name == "data":
            message.data.append(value)
        elif name in ("id", "event"):
            setattr(message, name, value)


async def take(client: httpx.AsyncClient, count: int, **headers: str) -> list[Message]:
    taken: list[Message] = []
    async with asyncio.timeout(20), client.stream("GET", "/v1/events", headers=headers) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        async for message in messages(answer):
            taken.append(message)
            if len(taken) == count:
                break
    return taken


async def test_two_clients_get_a_thousand_each_one_of_them_after_being_away(
    shop: Shop, till: httpx.AsyncClient
) -> None:
    first = await shop.scan("0")
    async with Crew("clients") as crew, await shop.client(Scope.TILL) as away:
        steady = crew.start(take(till, 1000, **{"Last-Event-ID": str(first)}), name="steady")
        early = crew.start(take(away, 300, **{"Last-Event-ID": str(first)}), name="early")
        for number in range(1000):
            await shop.scan(str(number))
            if number % 50 == 0:
                await asyncio.sleep(0)
        before = await early
        after = await take(away, 700, **{"Last-Event-ID": before[-1].id})
        whole = await steady
    expected = [str(first + number) for number in range(1, 1001)]
    assert [each.id for each in whole] == expected
    assert [each.id for each in before + after] == expected
    assert [json.loads(each.data[0])["text"] for each in whole] == [str(n) for n in range(1000)]


async def test_event_says_when_and_what_in_unified_pos_words(
    shop: Shop, till: httpx.AsyncClient
) -> None:
    await shop.scan("4006381333931")
    (message,) = await take(till, 1, **{"Last-Event-ID": "0"})
    said = json.loads(message.data[0])
    assert (message.event, said["type"], said["word"]) == ("scan", "scan", "DataEvent")
    assert said["sequence"] == int(message.id) == 1
    assert said["time"] == shop.clock.now().rfc3339


async def test_what_is_no_longer_held_is_a_gap() -> None:
    async with running(Shop(shelf=MemoryShelf(keep=3))) as shop:
        for number in range(1030):  # more than the bus remembers
            await shop.scan(str(number))
        async with await shop.client(Scope.TILL) as till:
            gap, *rest = await take(till, 4, **{"Last-Event-ID": "5"})
    assert gap.event == "gap"
    assert json.loads(gap.data[0]) == {"first": 6, "last": 1027}
    assert [each.id for each in (gap, *rest)] == ["1027", "1028", "1029", "1030"]


@pytest.mark.parametrize(
    ("query", "code"),
    [("types=scan,toast", "stream.type"), ("after=-1", "request.invalid")],
)
async def test_nonsense_is_refused(till: httpx.AsyncClient, query: str, code: str) -> None:
    answer = await till.get(f"/v1/events?{query}")
    assert (answer.status_code, answer.json()["code"]) == (422, code)


def test_types_are_read_from_the_events() -> None:
    assert {"scan", "weight", "payment"} <= TYPES
    assert wanted(None) == wanted("") == frozenset()
    assert wanted("scan,weight") == {"scan", "weight"}
    with pytest.raises(MisuseError):
        wanted("scan,Weight")


async def test_filter_lets_ids_move_on_and_quiet_streams_beat(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stream, "HEARTBEAT_S", 0.05)
    shop = Shop()
    streams = Streams(shop.bus)
    await shop.scan("1")
    weight = Weighed(at=shop.clock.now(), device="scale-1", state=ScaleState.UNSTABLE)
    await shop.bus.publish(weight)
    await shop.scan("2")
    frames = streams.frames(0, frozenset({"weight"}), lambda: True)
    assert await anext(frames) == b"retry: 1000\n\n"
    assert (await anext(frames)).startswith(b"id: 2\nevent: weight\n")
    assert await anext(frames) == b":\nid: 3\n\n"
    assert await anext(frames) == b":\nid: 3\n\n"
    await frames.aclose()  # type: ignore[attr-defined]
    assert streams.open == 0


async def test_closing_ends_a_waiting_stream_without_cutting_it() -> None:
    shop = Shop()
    streams = Streams(shop.bus)
    await shop.scan("old")

    frames = streams.frames(None, frozenset(), lambda: True)
    assert await anext(frames) == b"retry: 1000\n\n"
    asyncio.get_running_loop().call_later(0.01, streams.close)
    async with asyncio.timeout(5):
        assert [frame async for frame in frames] == [b":\nid: 1\n\n"]
    assert streams.open == 0


async def test_streams_are_counted() -> None:
    shop = Shop()
    streams = Streams(shop.bus)
    opened = [streams.frames(None, frozenset(), lambda: True) for _ in range(MAX_STREAMS)]
    for each in opened:
        streams.admit()
        await anext(each)
    with pytest.raises(DeviceBusy, match="close one first"):
        streams.admit()
    for each in opened:
        await each.aclose()  # type: ignore[attr-defined]


async def test_client_that_leaves_frees_its_place(shop: Shop, till: httpx.AsyncClient) -> None:
    await shop.scan("1")
    for _ in range(MAX_STREAMS + 4):
        assert len(await take(till, 1, **{"Last-Event-ID": "0"})) == 1
        await asyncio.sleep(0.001)


async def test_stream_ends_with_its_token(
    shop: Shop, till: httpx.AsyncClient, technician: httpx.AsyncClient
) -> None:
    await shop.scan("before")
    async with asyncio.timeout(10), till.stream("GET", "/v1/events", params={"after": 0}) as stream:
        lines = stream.aiter_lines()
        async for line in lines:
            if "before" in line:
                break
        number = (await technician.get("/v1/tokens")).json()[0]["id"]
        assert (await technician.delete(f"/v1/tokens/{number}")).status_code == 204
        await shop.scan("after")
        assert "after" not in "".join([line async for line in lines])


async def test_stream_of_a_revoked_token_ends_in_quiet_too(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "HEARTBEAT_S", 0.01)
    let_in = [True]
    frames = Streams(shop.bus).frames(None, frozenset(), lambda: let_in[0])
    await anext(frames)
    let_in[0] = False
    async with asyncio.timeout(5):
        assert [frame async for frame in frames] == []
