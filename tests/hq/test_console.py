import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from posedge.hq.book import CommandBook, Told
from posedge.hq.console import build
from posedge.hq.inbound import item
from posedge.hq.ingest import IngestStatus
from posedge.hq.ledger import Ledger
from posedge.hq.queries import Queries
from posedge.hq.settings import HqSettings
from posedge.model.entry import Draft, Entry, seal
from posedge.model.messages import Status, write
from posedge.model.stamp import Stamp
from posedge.model.topics import BoxTopics
from posedge.mqtt.interface import Message
from posedge.mqtt.settings import BrokerAddress
from posedge.tasks import Worker

BOX = BoxTopics("acme", "s0042", "bx7f3k2")
STREAM = "9f3c1a7be0425d18"
NOW = "2026-11-23T09:00:00.000Z"
SALE: dict[str, Any] = {
    "id": "0199c2d4-6b0e-7c31-9a55-0f1e2d3c4b5a",
    "tenant": "acme",
    "store": "s0042",
    "till": "T1",
    "kind": "sale",
    "business_day": "2026-11-23",
    "receipt_no": 17,
    "started_at": "2026-11-23T08:59:00.000Z",
    "completed_at": "2026-11-23T08:59:30.000Z",
    "currency": "JPY",
    "lines": [
        {
            "line_id": "1",
            "title": "<b>Green tea & co</b>",
            "quantity": "1.500",
            "unit": "KGM",
            "unit_price": "1000",
            "gross_minor": 1500,
            "net_minor": 1500,
        }
    ],
    "tenders": [
        {
            "tender_id": "1",
            "kind": "card",
            "amount_minor": 1500,
            "scheme": "visa",
            "last4": "1111",
        }
    ],
    "total_gross_minor": 1500,
    "total_tax_minor": 0,
}


def chain(*data: dict[str, Any]) -> list[Entry]:
    entries: list[Entry] = []
    at = Stamp(utc_ns=1_795_424_000_000_000_000, monotonic_ns=1, boot_id="b", trusted=True)
    for number, each in enumerate(data, start=1):
        draft = Draft(f"id-{number}", "sale.completed", f"sale/{number}", at, each)
        prevhash = entries[-1].hash if entries else STREAM
        entries.append(
            seal(draft, stream=STREAM, source=BOX.source, sequence=number, prevhash=prevhash)
        )
    return entries


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    opened = Ledger(f"sqlite:///{tmp_path}/hq.db")
    birth = Status(status="online", session=1, stream=STREAM, last=4, version="1.2.3")
    first, second, _, fourth = chain({"transaction": SALE}, {"open": False}, {}, SALE)
    messages = [
        Message(BOX.status, write(birth)),
        Message(BOX.event("sale"), first.body),
        Message(BOX.event("sale"), second.body),
        Message(BOX.event("sale"), fourth.body),
        Message(BOX.event("sale"), first.body),
    ]
    (standing,) = opened.commit([item(each) for each in messages], received=NOW)
    opened.missing(standing, received=NOW)
    return opened


@pytest.fixture
def online() -> list[IngestStatus]:
    return [IngestStatus(online=True, reason=None)]


@pytest.fixture
async def client(ledger: Ledger, online: list[IngestStatus]) -> AsyncIterator[httpx.AsyncClient]:
    settings = HqSettings(
        broker=BrokerAddress(host="127.0.0.1"), tenant="acme", hosts=("hq.example",)
    )
    worker = Worker("queries")
    app = build(
        Queries(ledger),
        worker.run,
        status=lambda: online[-1],
        settings=settings,
        book=CommandBook(ledger),
    )
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8090") as made:
        yield made
    await asyncio.to_thread(worker.close)
    ledger.close()


async def test_counts(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/counts")
    assert answer.json() == {"entries": 3, "sales": 3, "openings": 0, "duplicates": 1, "faults": 1}


async def test_boxes(client: httpx.AsyncClient) -> None:
    (box,) = (await client.get("/v1/boxes")).json()
    assert box["box"] == "bx7f3k2"
    assert (box["status"], box["version"], box["seen"]) == ("online", "1.2.3", NOW)
    assert (box["upto"], box["last"], box["behind"]) == (2, 4, 2)
    assert (box["gaps"], box["broken"], box["other_faults"]) == (1, 0, 0)


async def test_transactions_show_lines_and_tenders_in_their_currency(
    client: httpx.AsyncClient,
) -> None:
    newest, odd, oldest = (await client.get("/v1/transactions")).json()
    assert [each["sequence"] for each in (newest, odd, oldest)] == [4, 2, 1]
    assert oldest["total"] == {"minor": 1500, "currency": "JPY"}
    assert oldest["lines"][0]["quantity"] == "1.5"
    assert oldest["tenders"] == [
        {"kind": "card", "amount": {"minor": 1500, "currency": "JPY"}, "detail": "visa …1111"}
    ]
    assert odd["unreadable"].startswith("not a transaction")
    assert len((await client.get("/v1/transactions?limit=1")).json()) == 1
    assert (await client.get("/v1/transactions?limit=100000")).status_code == 422


async def test_entries_of_a_box_as_it_hashed_them(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/boxes/bx7f3k2/entries?after=1")
    assert [each["sequence"] for each in answer.json()] == ["2", "4"]
    first = await client.get("/v1/boxes/bx7f3k2/entries?limit=1")
    assert first.content == b"[" + chain({"transaction": SALE})[0].body + b"]"
    assert (await client.get(f"/v1/boxes/bx7f3k2/entries?after={2**63}")).status_code == 422


async def test_faults(client: httpx.AsyncClient) -> None:
    (gap,) = (await client.get("/v1/faults")).json()
    assert (gap["kind"], gap["sequence"], gap["cleared"]) == ("gap", 3, None)
    assert gap["text"] == "entries 3 to 3 have not arrived"


async def test_page_shows_it_escaped(client: httpx.AsyncClient) -> None:
    page = await client.get("/")
    assert page.status_code == 200
    assert "1500 JPY" in page.text
    assert "1500.00" not in page.text
    assert "&lt;b&gt;Green tea &amp; co&lt;/b&gt;" in page.text
    assert " 1.5 KGM</i>" in page.text
    assert "2 behind" in page.text
    assert "1 gap<" in page.text
    assert "1 fault needs a look" in page.text
    assert "<style" not in page.text
    assert "style=" not in page.text
    assert "End a day" not in page.text  # nobody has a token
    board = await client.get("/board")
    assert board.text in page.text


async def test_page_of_an_empty_headquarters(tmp_path: Path) -> None:
    empty = Ledger(f"sqlite:///{tmp_path}/empty.db")
    worker = Worker("queries")
    settings = HqSettings(broker=BrokerAddress(host="127.0.0.1"), tenant="acme")
    app = build(
        Queries(empty),
        worker.run,
        status=lambda: IngestStatus(online=True, reason=None),
        settings=settings,
        book=CommandBook(empty),
    )
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        assert "Waiting for the first box" in (await client.get("/")).text
    await asyncio.to_thread(worker.close)
    empty.close()


async def test_health_follows_the_broker(
    client: httpx.AsyncClient, online: list[IngestStatus]
) -> None:
    assert (await client.get("/healthz")).status_code == 200
    online.append(IngestStatus(online=False, reason="no broker"))
    sick = await client.get("/healthz")
    assert (sick.status_code, sick.json()["ok"]) == (503, False)
    assert "Not receiving" in (await client.get("/")).text


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "", "hq.example.", "hq.example:x"]
)
async def test_foreign_host_reads_nothing(client: httpx.AsyncClient, host: str) -> None:
    answer = await client.get("/v1/counts", headers={"Host": host})
    assert (answer.status_code, answer.text) == (421, "no such host here")


@pytest.mark.parametrize("host", ["hq.example", "HQ.example:443", "localhost:1", "[::1]:8090"])
async def test_own_hosts(client: httpx.AsyncClient, host: str) -> None:
    assert (await client.get("/v1/counts", headers={"Host": host})).status_code == 200


@pytest.mark.parametrize("path", ["/", "/v1/counts", "/static/console.js"])
async def test_nothing_but_get_and_strict_headers(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    assert answer.headers["content-security-policy"].startswith("default-src 'self';")
    assert answer.headers["x-content-type-options"] == "nosniff"
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        assert (await client.request(method, path)).status_code == 405


def test_where_a_box_stands(ledger: Ledger) -> None:
    queries = Queries(ledger)
    assert queries.place("bx7f3k2") == BOX
    assert queries.place("stranger") is None


async def test_what_waits_for_a_person_is_listed_and_settled_from_the_page(tmp_path: Path) -> None:
    ledger = Ledger(f"sqlite:///{tmp_path}/hq.db")
    at = Stamp(utc_ns=1_795_424_000_000_000_000, monotonic_ns=1, boot_id="b", trusted=True)
    data: dict[str, Any] = {
        "open": True,
        "kind": "give_back",
        "terminal": "front",
        "text": "<b>give back</b>",
    }
    draft = Draft("id-1", "case.opened", "case/c-1", at, data)
    entry = seal(draft, stream=STREAM, source=BOX.source, sequence=1, prevhash=STREAM)
    ledger.commit([item(Message(BOX.event("case"), entry.body))], received=NOW)
    book, worker = CommandBook(ledger), Worker("queries")
    told = Told(
        id="command-1",
        box=BOX.box,
        verb="reconcile",
        args="{}",
        dry_run=True,
        at=NOW,
        not_after=NOW,
        status="sending",
    )
    book.begin(told, b"0" * 16)
    settings = HqSettings(
        broker=BrokerAddress(host="127.0.0.1"), tenant="acme", token=SecretStr("t" * 32)
    )
    status = IngestStatus(online=True, reason=None)
    app = build(Queries(ledger), worker.run, status=lambda: status, settings=settings, book=book)
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        (matter,) = (await client.get("/v1/matters")).json()
        assert (matter["subject"], matter["kind"]) == ("case/c-1", "give_back")
        text = (await client.get("/")).text
        for word in (
            "1 matter waits",
            "&lt;b&gt;give back",
            'data-subject="case/c-1"',
            "only asked",
            'data-box="bx7f3k2" data-day',
        ):
            assert word in text
        assert "t" * 32 not in text
    await asyncio.to_thread(worker.close)
    ledger.close()
