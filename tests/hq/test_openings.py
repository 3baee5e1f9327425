"""Each opening of a drawer at headquarters, in whatever order its entries arrive."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import date
from itertools import permutations
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from posedge.hq.book import CommandBook
from posedge.hq.console import build
from posedge.hq.inbound import item
from posedge.hq.ingest import IngestStatus
from posedge.hq.ledger import Ledger
from posedge.hq.openings import MAX_OPENINGS, by_day
from posedge.hq.queries import Queries
from posedge.hq.settings import HqSettings
from posedge.model.drawer import OpenedBy, Opening
from posedge.model.entry import Draft, Entry, seal
from posedge.model.stamp import NS_PER_S, Stamp
from posedge.model.topics import BoxTopics
from posedge.mqtt.interface import Message
from posedge.mqtt.settings import BrokerAddress
from posedge.tasks import Worker

BOX, OTHER = BoxTopics("acme", "s0042", "bx7f3k2"), BoxTopics("acme", "s0043", "bx9")
STREAM = "9f3c1a7be0425d18"
NOON_NS = 1_795_435_200 * NS_PER_S  # 2026-11-23T12:00:00Z
HOUR_S = 3600

Told = tuple[str, int, dict[str, Any]]
"""What happened, how many seconds after noon, and the entry's data."""

SALE = Opening(by=OpenedBy.SALE, sale="S-17", till="T1", operator="Anna").facts()
CHANGE = Opening(by=OpenedBy.REASON, operator="Bo", caller="till-2", reason="<b>coins</b>").facts()
KEY = Opening(by=OpenedBy.KEY).facts()

DAY: tuple[Told, ...] = (
    ("opened", 0, {"drawer": None, **SALE}),
    ("closed", 12, {"drawer": "till-drawer", **SALE, "open_s": 12}),
    ("opened", 60, {"drawer": "till-drawer", **KEY}),
    ("left_open", 180, {"drawer": "till-drawer", **KEY, "open_s": 120}),
    ("closed", 5000, {"drawer": "till-drawer", **KEY, "open_s": 4940}),
    ("opened", 6000, {"drawer": "till-drawer", **CHANGE}),
    ("failed", 6001, {"drawer": "till-drawer", **CHANGE, "why": "the printer is off line"}),
    ("opened", 7000, {"drawer": "till-drawer", **KEY}),
)


def chain(box: BoxTopics, *told: Told) -> list[Entry]:
    entries: list[Entry] = []
    for number, (what, after_s, data) in enumerate(told, start=1):
        utc_ns = NOON_NS + after_s * NS_PER_S
        at = Stamp(utc_ns=utc_ns, monotonic_ns=number, boot_id="b", trusted=True)
        draft = Draft(f"id-{number}", f"drawer.{what}", "drawer/x", at, {"open": False, **data})
        prevhash = entries[-1].hash if entries else STREAM
        entries.append(
            seal(draft, stream=STREAM, source=box.source, sequence=number, prevhash=prevhash)
        )
    return entries


def arrive(ledger: Ledger, box: BoxTopics, entries: Sequence[Entry]) -> None:
    for entry in entries:
        message = Message(box.event("drawer"), entry.body)
        ledger.commit([item(message)], received="2026-11-23T12:00:00.000Z")


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = Ledger(f"sqlite:///{tmp_path}/hq.db")
    yield opened
    opened.close()


def test_who_why_how_long_and_by_key(ledger: Ledger) -> None:
    arrive(ledger, BOX, chain(BOX, *DAY))
    last, failed, key, sale = Queries(ledger).openings()
    assert (sale.drawer, sale.opening, sale.open_s) == (
        "till-drawer",
        Opening(by=OpenedBy.SALE, sale="S-17", till="T1", operator="Anna"),
        12,
    )
    assert key.opening is not None
    assert (key.opening.by, key.left_open, key.open_s) == (OpenedBy.KEY, True, 4940)
    assert (failed.failed, failed.open_s) == ("the printer is off line", None)
    assert (last.left_open, last.open_s, last.at) == (False, None, "2026-11-23T13:56:40.000Z")


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_order_in_which_it_arrives_does_not_matter(
    ledger: Ledger, order: Sequence[int]
) -> None:
    entries = chain(BOX, DAY[0], DAY[1], DAY[2])
    arrive(ledger, BOX, [entries[at] for at in order])
    assert [each.open_s for each in Queries(ledger).openings()] == [None, 12]


def test_of_one_box_and_one_day(ledger: Ledger) -> None:
    yesterday: Told = ("opened", -13 * HOUR_S, {"drawer": "d", **KEY})
    after_midnight: Told = ("closed", 13 * HOUR_S, {"drawer": "d", **KEY, "open_s": 20 * HOUR_S})
    tomorrow: Told = ("opened", 14 * HOUR_S, {"drawer": "d", **KEY})
    arrive(ledger, BOX, chain(BOX, yesterday, ("opened", 0, {"drawer": "d", **KEY}), after_midnight, tomorrow))  # fmt: skip # noqa: E501
    arrive(ledger, OTHER, chain(OTHER, DAY[2]))
    queries = Queries(ledger)
    (found,) = queries.openings("bx7f3k2", date(2026, 11, 23))
    assert found.open_s == 20 * HOUR_S
    assert len(queries.openings("bx7f3k2")) == 3
    assert len(queries.openings(day=date(2026, 11, 23))) == 2
    assert len(queries.openings(limit=1)) == 1
    assert queries.openings("stranger") == ()
    days = by_day(queries.openings())
    assert [(each.box, each.day, each.by_key) for each in days] == [
        ("bx7f3k2", "2026-11-24", 1),
        ("bx9", "2026-11-23", 1),
        ("bx7f3k2", "2026-11-23", 1),
        ("bx7f3k2", "2026-11-22", 1),
    ]


def test_what_cannot_be_read_is_listed_all_the_same(ledger: Ledger) -> None:
    odd: Told = ("opened", 0, {"drawer": 7, "by": "magic"})
    arrive(ledger, BOX, chain(BOX, odd, ("closed", 1, {**odd[2], "open_s": True}), ("failed", 2, odd[2])))  # fmt: skip # noqa: E501
    (found,) = Queries(ledger).openings()
    assert (found.opening, found.drawer, found.open_s) == (None, None, None)
    assert found.failed == "why is not told"
    assert by_day([found])[0].by_key == 0


def test_the_end_of_what_never_began_here_is_no_opening(ledger: Ledger) -> None:
    arrive(ledger, BOX, chain(BOX, DAY[1], DAY[2]))
    (found,) = Queries(ledger).openings()
    assert found.open_s is None


def test_a_ledger_from_before_gets_the_index(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/hq.db"
    first = Ledger(url)
    with first.engine.begin() as database:
        database.execute(text("DROP INDEX entry_by_time"))
    first.close()
    again = Ledger(url)
    with again.engine.connect() as database:
        plan = database.execute(
            text("EXPLAIN QUERY PLAN SELECT * FROM entry WHERE type = 'a' AND time >= 'b'")
        )
        assert "entry_by_time" in str(plan.all())
    again.close()


@pytest.fixture
async def client(ledger: Ledger) -> AsyncIterator[httpx.AsyncClient]:
    arrive(ledger, BOX, chain(BOX, *DAY))
    settings = HqSettings(broker=BrokerAddress(host="127.0.0.1"), tenant="acme")
    worker = Worker("queries")
    app = build(
        Queries(ledger),
        worker.run,
        status=lambda: IngestStatus(online=True, reason=None),
        settings=settings,
        book=CommandBook(ledger),
    )
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as made:
        yield made
    await asyncio.to_thread(worker.close)


async def test_the_api_lists_them(client: httpx.AsyncClient) -> None:
    found = (await client.get("/v1/openings?box=bx7f3k2&day=2026-11-23")).json()
    assert [each["opening"]["by"] for each in found] == ["key", "reason", "key", "sale"]
    assert (await client.get("/v1/openings?day=2026-11-22")).json() == []
    for wrong in (
        "day=9999-12-31",
        "day=yesterday",
        f"limit={MAX_OPENINGS + 1}",
        "box=" + 33 * "b",
    ):
        assert (await client.get(f"/v1/openings?{wrong}")).status_code == 422


async def test_the_page_shows_them_by_box_and_day(client: httpx.AsyncClient) -> None:
    board = (await client.get("/")).text
    assert 'href="/openings?box=bx7f3k2&amp;day=2026-11-23"' in board
    page = (await client.get("/openings?box=bx7f3k2&day=2026-11-23")).text
    for said in (
        ">S-17</span>",
        "till-drawer · T1 · Anna",
        "12 s",
        "opened by key",
        "1 h 22 min",
        "2 by key",
    ):
        assert said in page
        assert said in board
    for said in ("&lt;b&gt;coins&lt;/b&gt;", "the printer is off line", "left open"):
        assert said in page
    assert "day=2026-11-22" in page
    assert "day=2026-11-24" in page
    assert "None." in (await client.get("/openings?day=2026-11-22")).text
    assert "the day before" not in (await client.get("/openings")).text
