"""Contactless and chip card readers by PC/SC: a tap is an event, a payment card is sent away.

A UID is a number that anybody can copy onto a blank card: it finds a customer, it proves nobody.
"""

import asyncio
from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field

from posedge.drivers.interface import Site
from posedge.drivers.options import read_options
from posedge.link.interface import CardLink
from posedge.model.capabilities import Kind
from posedge.model.errors import DeviceError
from posedge.model.events import Tapped
from posedge.model.value import Value
from posedge.wire.apdu import (
    GET_UID,
    Answer,
    is_payment,
    payment_questions,
    permit,
    prefixes,
    uid,
)

OFFLINE = "the card reader is not connected now"
NO_CARD = "no card that may be read lies on the reader; payment cards go to the terminal"


def _readable(text: str) -> str:
    prefixes(text)
    return text


class PcscOptions(Value):
    """`allow`: the commands that a till may send, by their first bytes in hex; none by itself."""

    allow: Annotated[str, AfterValidator(_readable), Field(max_length=2000)] = ""
    answer_ms: Annotated[int, Field(ge=100, le=30_000)] = 2000


class PcscReader:
    """One reader. A SmartCardReader as well as a Driver."""

    name: ClassVar[str] = "pcsc-reader"
    kind: ClassVar[Kind] = Kind.NFC
    options: ClassVar[type[Value]] = PcscOptions

    def __init__(self, site: Site[CardLink]) -> None:
        self._site = site
        self._options = read_options(PcscOptions, site.options)
        self._allowed = prefixes(self._options.allow)
        self._link: CardLink | None = None
        self._readable = False
        self._turn = asyncio.Lock()

    async def run(self) -> None:
        link = await self._site.open()
        self._link = link
        try:
            await self._site.report(None)
            while True:
                atr = await link.card()
                await self._tapped(link, atr)
                await link.removed()
                self._readable = False
        finally:
            self._link, self._readable = None, False
            await link.close()

    async def exchange(self, command: bytes) -> bytes:
        """See SmartCardReader: checked first, then one at a time."""
        permit(command, self._allowed)
        if self._link is None:
            raise DeviceError("reader.offline", OFFLINE)
        if not self._readable:
            raise DeviceError("card.absent", NO_CARD)
        async with self._turn:
            return await self._send(self._link, command)

    def __repr__(self) -> str:
        return f"<PcscReader {self._site.name}: {'a card' if self._readable else 'no card'}>"

    async def _tapped(self, link: CardLink, atr: bytes) -> None:
        """Publish a card that stayed long enough; of a payment card that it is one, and no more."""
        at, device = self._site.clock.now(), self._site.device
        try:
            async with self._turn:
                payment = await self._is_payment_card(link, atr)
                number = None if payment else uid(await self._ask(link, GET_UID))
        except DeviceError as error:
            if error.code != "card.absent":
                raise
            return
        self._readable = not payment
        seen = None if payment else atr.hex().upper()
        await self._site.bus.publish(
            Tapped(at=at, device=device, uid=number, atr=seen, payment=payment)
        )

    async def _is_payment_card(self, link: CardLink, atr: bytes) -> bool:
        for question in payment_questions(atr):
            if is_payment(await self._ask(link, question)):
                return True
        return False

    async def _ask(self, link: CardLink, command: bytes) -> Answer:
        return Answer.from_bytes(await self._send(link, command))

    async def _send(self, link: CardLink, command: bytes) -> bytes:
        return await link.transmit(command, deadline_s=self._options.answer_ms / 1000)
