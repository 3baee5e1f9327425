"""Tills as they are in the field, played against the simulated ECR17 terminal."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime

import pytest

from posedge.sim.ecr17 import Ecr17Sim
from posedge.sim.ecr17_faults import Faults
from posedge.wire.ecr17.frames import ACK, Decoder, Lrc, Packet, Progress, control, packet
from posedge.wire.ecr17.results import PaymentResult
from posedge.wire.ecr17.tickets import is_ticket

NOON = datetime(2026, 11, 23, 12, 0, 0)  # noqa: DTZ001 - a terminal's clock has no zone
TID, REGISTER = "00000042", "00000007"


def pays(code: str = "P", *, flags: str = "00000", amount: str = "00000650", text: str = "") -> str:
    return f"{TID}0{code}{REGISTER}{flags}{amount}{text:>128}{'0' * 8}"


class Till:
    """One connection. It confirms what it hears."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._decoder = Decoder()
        self.writer = writer

    async def says(self, payload: str, *, lrc: Lrc = Lrc.STD, piece: int = 1000) -> None:
        data = packet(payload.encode(), lrc)
        for at in range(0, len(data), piece):
            self.writer.write(data[at : at + piece])
            await self.writer.drain()

    async def hears(self) -> Packet | Progress | None:
        """Return the next frame, None when the terminal has hung up."""
        async with asyncio.timeout(5):
            while (heard := self._decoder.pull()) is None:
                data = await self._reader.read(4096)
                if not data:
                    return None
                self._decoder.feed(data)
        if isinstance(heard, Packet) and not heard.is_ack and not heard.is_nak:
            self.writer.write(control(ACK, Lrc.STD))
        return heard

    async def taken(self) -> bool:
        heard = await self.hears()
        assert isinstance(heard, Packet)
        assert heard.is_ack or heard.is_nak
        return heard.is_ack

    async def told(self) -> list[bytes]:
        """Return the messages until the terminal hangs up."""
        messages: list[bytes] = []
        while (heard := await self.hears()) is not None:
            if isinstance(heard, Packet) and not heard.is_ack and not heard.is_nak:
                messages.append(heard.payload)
        return messages


@pytest.fixture
async def sim() -> AsyncIterator[Ecr17Sim]:
    async with Ecr17Sim(Faults(), now=lambda: NOON, terminal_id=TID) as running:
        yield running


@pytest.fixture
async def till(sim: Ecr17Sim) -> AsyncIterator[Till]:
    reader, writer = await asyncio.open_connection("127.0.0.1", sim.port)
    yield Till(reader, writer)
    writer.transport.abort()


@pytest.mark.parametrize(
    "payload",
    [
        pays(),
        pays("X"),
        pays(flags="00012"),  # the card is in it already, and a credit card
        pays(text="Ordine 4711"),
        "00000000" + pays()[8:],
    ],
)
@pytest.mark.parametrize("piece", [1, 1000])
async def test_payments(sim: Ecr17Sim, till: Till, payload: str, piece: int) -> None:
    await till.says(payload, piece=piece)
    assert await till.taken()
    (said,) = await till.told()
    assert PaymentResult.from_bytes(said).result == "00"
    assert [charge.amount_minor for charge in sim.ledger] == [650]


async def test_noise_in_front_of_a_request(sim: Ecr17Sim, till: Till) -> None:
    till.writer.write(b"\x00\xff\r\n")
    await till.says(pays())
    assert await till.taken()


@pytest.mark.parametrize(
    "payload",
    [
        *(f"{TID}0{code}{REGISTER}" + "0" * 8 for code in "TRHKUiZ"),
        f"{TID}0s0",
        pays()[:-1],
        pays(amount="     650"),
        "99999999" + pays()[8:],  # for another terminal
        "",
    ],
)
async def test_what_it_does_not_know_is_refused_and_it_goes_on(
    sim: Ecr17Sim, till: Till, payload: str
) -> None:
    await till.says(payload)
    assert not await till.taken()
    await till.says(f"{TID}0s")
    assert await till.taken()
    assert len(await till.told()) == 1
    assert sim.ledger == []


@pytest.mark.parametrize("lrc", [Lrc.STX, Lrc.NOEXT, Lrc.STX_NOEXT])
async def test_another_way_of_checking_is_refused(sim: Ecr17Sim, till: Till, lrc: Lrc) -> None:
    await till.says(pays(), lrc=lrc)
    assert not await till.taken()
    assert sim.ledger == []


@pytest.mark.parametrize(("flags", "copies"), [("1", 2), ("10", 0), ("01", 2), ("0", 0)])
async def test_receipts_here_and_not_any_more(till: Till, flags: str, copies: int) -> None:
    for flag in flags:
        await till.says(f"{TID}0E{flag}")
        assert await till.taken()
    await till.says(pays())
    assert await till.taken()
    assert sum(map(is_ticket, await till.told())) == copies


async def test_an_amount_of_nothing(sim: Ecr17Sim, till: Till) -> None:
    await till.says(pays(amount="00000000"))
    assert await till.taken()
    (said,) = await till.told()
    assert PaymentResult.from_bytes(said).text == "IMPORTO ERRATO"
    assert sim.ledger == []


async def test_more_data_behind_a_payment_does_not_stop_it(sim: Ecr17Sim, till: Till) -> None:
    """Tills send U behind a payment whose flag announces it; this terminal has no use for it."""
    await till.says(pays(flags="10000"))
    assert await till.taken()
    await till.says(f"{TID}0U00000062DF8D01  00000000000COF0TRK1|0FNZ03\x1b")
    assert len(await till.told()) == 1
    assert len(sim.ledger) == 1
