import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from posedge.clock import SystemClock
from posedge.drivers.pcsc import PcscReader
from posedge.model.errors import DeviceError, DeviceGone, MisuseError
from posedge.model.events import Tapped
from posedge.model.smart_card import SmartCardReader
from posedge.model.value import Json
from posedge.tasks import Crew
from tests.doubles.cards import Card, CardTable
from tests.doubles.place import Place

PATIENCE_S = 10
UID, PPSE = "FFCA000000", "00A404000E325041592E5359532E444446303100"
AMEX = "00A4040005A00000002500"
READ = "00B0000004"


def loyalty() -> Card:
    return Card(answers={UID: "04A1B2C3D4E5809000", READ: "DEADBEEF9000"})


@dataclass
class Shop:
    reader: PcscReader
    table: CardTable
    place: Place[CardTable]
    run: asyncio.Task[DeviceError]

    async def tapped(self, count: int = 1) -> Tapped:
        await self.place.heard(count)
        event = self.place.events[count - 1]
        assert isinstance(event, Tapped)
        return event


async def failure(reader: PcscReader) -> DeviceError:
    try:
        await reader.run()
    except DeviceError as error:
        return error
    raise AssertionError("a driver never returns")


@asynccontextmanager
async def shop(**options: Json) -> AsyncIterator[Shop]:
    table = CardTable()
    place: Place[CardTable] = Place(table, SystemClock(), options)
    reader = PcscReader(place.site)
    async with Crew("test") as crew, asyncio.timeout(PATIENCE_S):
        yield Shop(reader, table, place, crew.start(failure(reader), name="driver"))


async def test_a_loyalty_card_is_told_with_its_uid() -> None:
    async with shop() as at:
        await at.place.answering.wait()
        at.table.lay(loyalty())
        event = await at.tapped()
        assert (event.uid, event.atr, event.payment) == ("04A1B2C3D4E580", "3B80800101", False)
        at.table.take()
        at.table.lay(Card(atr="3B00"))
        assert (await at.tapped(2)).uid is None
        assert isinstance(at.reader, SmartCardReader)
        assert "a card" in repr(at.reader)


@pytest.mark.parametrize("selection", [PPSE, AMEX])
async def test_a_payment_card_is_known_and_not_read(selection: str) -> None:
    card = Card(answers={selection: "6F0084009000", UID: "010203049000", READ: "00009000"})
    async with shop(allow="00B0") as at:
        at.table.lay(card)
        event = await at.tapped()
        assert (event.uid, event.atr, event.payment) == (None, None, True)
        with pytest.raises(DeviceError, match="go to the terminal") as caught:
            await at.reader.exchange(bytes.fromhex(READ))
        assert caught.value.code == "card.absent"
        assert card.heard[-1] == selection
        assert all(each.startswith("00A40400") for each in card.heard)


async def test_only_what_is_allowed_reaches_the_card() -> None:
    card = loyalty()
    async with shop(allow="00B00000") as at:
        await at.place.answering.wait()
        with pytest.raises(DeviceError, match="no card") as absent:
            await at.reader.exchange(bytes.fromhex(READ))
        assert absent.value.code == "card.absent"
        at.table.lay(card)
        await at.tapped()
        heard = len(card.heard)
        assert await at.reader.exchange(bytes.fromhex(READ)) == bytes.fromhex("DEADBEEF9000")
        for command in ("00B0010004", "00B2010C00", UID):
            with pytest.raises(MisuseError):
                await at.reader.exchange(bytes.fromhex(command))
        assert card.heard[heard:] == [READ]


@dataclass
class Fleeting(Card):
    """Is followed by another one as soon as it was asked something."""

    table: CardTable = field(default_factory=CardTable)
    next: Card = field(default_factory=Card)

    def answer(self, command: bytes) -> bytes:
        self.table.lay(self.next)
        return super().answer(command)


async def test_a_card_taken_away_too_soon_is_no_tap() -> None:
    async with shop() as at:
        at.table.lay(Fleeting(table=at.table, next=Card(atr="3B00")))
        assert (await at.tapped()).atr == "3B00"


async def test_unplugged_and_mute() -> None:
    async with shop(allow="00B0") as at:
        await at.place.answering.wait()
        at.table.unplug()
        assert isinstance(await at.run, DeviceGone)
        with pytest.raises(DeviceError, match="not connected"):
            await at.reader.exchange(bytes.fromhex(READ))
    async with shop() as at:
        at.table.mute = True
        at.table.lay(loyalty())
        assert (await at.run).code == "device.stalled"
        assert at.place.events == []


async def test_options_that_cannot_be() -> None:
    with pytest.raises(DeviceError, match="option allow"):
        async with shop(allow="xyz"):
            pass
