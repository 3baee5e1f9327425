"""A card reader in memory, and cards to lay on it."""

import asyncio
from dataclasses import dataclass, field

from posedge.model.errors import DeviceError, DeviceGone

NOT_FOUND = b"\x6a\x82"


@dataclass
class Card:
    """`answers` by command in hex; what is not there is answered with 6A82, file not found."""

    atr: str = "3B80800101"
    answers: dict[str, str] = field(default_factory=dict)
    heard: list[str] = field(default_factory=list)

    def answer(self, command: bytes) -> bytes:
        self.heard.append(command.hex().upper())
        return bytes.fromhex(self.answers.get(self.heard[-1], NOT_FOUND.hex()))


class CardTable:
    """A CardLink. `lay` and `take` are the customer's hands, `unplug` the technician's."""

    def __init__(self) -> None:
        self.on_it: Card | None = None
        self._held: Card | None = None
        self.mute = False
        self._gone = False
        self._changed = asyncio.Event()

    def lay(self, card: Card) -> None:
        self.on_it = card
        self._changed.set()

    def take(self) -> None:
        self.on_it = None
        self._changed.set()

    def unplug(self) -> None:
        self._gone = True
        self._changed.set()

    async def card(self) -> bytes:
        while self.on_it is None:
            await self._change()
        self._held = self.on_it
        return bytes.fromhex(self.on_it.atr)

    async def removed(self) -> None:
        while self.on_it is self._held:
            await self._change()

    async def transmit(self, command: bytes, *, deadline_s: float) -> bytes:
        await asyncio.sleep(0)
        if self.mute:
            raise DeviceError("device.stalled", "the card is mute")
        if self.on_it is None or self.on_it is not self._held:
            raise DeviceError("card.absent", "taken away")
        return self.on_it.answer(command)

    async def close(self) -> None:
        self.unplug()

    async def _change(self) -> None:
        if self._gone:
            raise DeviceGone("device.gone", "unplugged")
        await self._changed.wait()
        self._changed.clear()
        if self._gone:
            raise DeviceGone("device.gone", "unplugged")
