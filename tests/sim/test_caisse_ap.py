"""Tills as they are in the field, played against the simulated Caisse-AP terminal."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from posedge.model.payment import AttemptKind
from posedge.sim.caisse_ap import CaisseApSim
from posedge.wire.caisse_ap import Decoder, Fields

ASKED = b"CZ0040300CJ012247300123456CA00201CB0042500CD0010CE003978"
RICH = (
    b"CZ0040320CJ012999999999999CA00207CB00525000CD0011CE003978BB0011BF0011CF010ORD_000001"
    b"CK003100BH01106060606060BI007a@b.exa"
)


@pytest.fixture
async def sim() -> AsyncIterator[CaisseApSim]:
    async with CaisseApSim() as running:
        yield running


class Till:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self.writer = writer

    async def asks(self, *segments: bytes) -> Fields:
        """Send a request in these segments and return the answer, which has an AE."""
        for segment in segments:
            self.writer.write(segment)
            await self.writer.drain()
        return await self.hears()

    async def hears(self) -> Fields:
        decoder = Decoder()
        async with asyncio.timeout(5):
            while "AE" not in ((found := decoder.rest()) or {}):
                data = await self._reader.read(4096)
                assert data, "the terminal hung up"
                decoder.feed(data)
                decoder.pull()
        assert found is not None
        return found


@pytest.fixture
async def till(sim: CaisseApSim) -> AsyncIterator[Till]:
    reader, writer = await asyncio.open_connection("127.0.0.1", sim.port)
    yield Till(reader, writer)
    writer.transport.abort()


@pytest.mark.parametrize(
    ("asked", "minor", "kind"),
    [
        (ASKED, 2500, AttemptKind.SALE),
        (ASKED + b"\r\n", 2500, AttemptKind.SALE),
        (RICH, 25000, AttemptKind.REFUND),
        (b"CZ0040300CJ003012CA00201CB0015CD0010CE003978", 5, AttemptKind.SALE),
        (b"CZ0040300CE003978CD0010CB012000000002500CA00201CJ012000000000000BA0010", 2500,
         AttemptKind.SALE),
        (b"CZ0040300CJ012247300123456CA00201CB0042500CD0010CE003756", 2500, AttemptKind.SALE),
    ],
)  # fmt: skip
async def test_requests(
    sim: CaisseApSim, till: Till, asked: bytes, minor: int, kind: AttemptKind
) -> None:
    answer = await till.asks(asked)
    assert answer["AE"] == "10"
    assert int(answer["CB"]) == minor
    assert [(each.kind, each.amount_minor) for each in sim.ledger] == [(kind, minor)]


async def test_one_byte_a_segment_and_two_payments_on_one_connection(
    sim: CaisseApSim, till: Till
) -> None:
    for _ in range(2):
        answer = await till.asks(*(ASKED[at : at + 1] for at in range(len(ASKED))))
        assert answer["AE"] == "10"
    assert len(sim.ledger) == 2


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (b"CZ0040300CA00201", "09"),
        (ASKED.replace(b"CB0042500", b"CB0040000"), "09"),
        (ASKED.replace(b"CB0042500", b"CB00525,00"), "09"),
        (ASKED.replace(b"CB0042500", b"CB0130000000002500"), "09"),
        (ASKED.replace(b"CD0010", b"CD0012"), "12"),  # debit reversal
        (ASKED.replace(b"CE003978", b"CE003EUR"), "13"),
        (ASKED.replace(b"CE003978", b"CE003001"), "13"),
    ],
)
async def test_what_it_cannot_do_is_answered(
    sim: CaisseApSim, till: Till, asked: bytes, why: str
) -> None:
    answer = await till.asks(asked)
    assert (answer["AE"], answer["AF"]) == ("01", why)
    assert (await till.asks(ASKED))["AE"] == "10"
    assert len(sim.ledger) == 1


async def test_a_till_that_does_not_want_to_wait(sim: CaisseApSim, till: Till) -> None:
    assert (await till.asks(ASKED + b"BA0011"))["AE"] == "11"
    assert (await till.asks(ASKED))["AE"] == "10"
    assert len(sim.ledger) == 2


async def test_a_till_that_has_no_more_to_say(sim: CaisseApSim, till: Till) -> None:
    till.writer.write(b"CZ0040300")
    till.writer.write_eof()
    assert (await till.hears())["AF"] == "09"


async def test_the_older_protocol_is_not_spoken(sim: CaisseApSim) -> None:
    """Concert E: a till's number, eight digits of amount, no field names."""
    reader, writer = await asyncio.open_connection("127.0.0.1", sim.port)
    writer.write(b"0100002500" + b"110978" + b" " * 18)
    async with asyncio.timeout(5):
        assert await reader.read() == b""
    writer.transport.abort()
    assert sim.ledger == []
