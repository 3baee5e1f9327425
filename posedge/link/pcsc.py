"""Card readers through pcscd, by pyscard, of which nothing is heard above this file.

pyscard is an extra (`posedge[pcsc]`) and imported when the first reader is opened. Its calls block:
each runs in a thread. Waiting for a card is done in waits of a second, so that nothing hangs on it.
"""

import asyncio
import importlib
from typing import Any

from posedge.link.translate import gone, stalled
from posedge.model.errors import DeviceError, DeviceGone

WAIT_MS = 1000
"""How long a thread waits for a change; a cancelled wait is over after it."""

MISSING = "card readers need pyscard: install posedge[pcsc]"
NO_SERVICE = "pcscd does not run: install the package pcscd, and let the box use it (polkit)"
TAKEN_AWAY = "the card was taken away too soon: hold it on the reader for a second"


async def open_pcsc(name: str) -> "PcscLink":
    """Open the reader whose name holds `name`, or the only one there is."""
    try:
        scard = await asyncio.to_thread(importlib.import_module, "smartcard.scard")
    except ImportError:
        raise DeviceError("pcsc.missing", MISSING) from None
    context = await asyncio.to_thread(_context, scard)
    try:
        reader = await asyncio.to_thread(_reader, scard, context, name)
    except DeviceError:
        scard.SCardReleaseContext(context)
        raise
    return PcscLink(scard, context, reader)


class PcscLink:
    """A CardLink. The card that lies there is held alone, from `card` until it is `removed`."""

    def __init__(self, scard: Any, context: Any, reader: str) -> None:
        self.device = reader
        self._scard = scard
        self._context = context
        self._state = scard.SCARD_STATE_UNAWARE
        self._card: tuple[Any, Any] | None = None
        self._closed = False

    async def card(self) -> bytes:
        while True:
            atr = await self._change()
            if self._lies_there and await asyncio.to_thread(self._connect):
                return atr

    async def removed(self) -> None:
        while self._lies_there:
            await self._change()
        await asyncio.to_thread(self._let_go)

    async def transmit(self, command: bytes, *, deadline_s: float) -> bytes:
        try:
            async with asyncio.timeout(deadline_s):
                return await asyncio.to_thread(self._transmit, command)
        except TimeoutError:
            raise stalled(self.device, deadline_s) from None

    async def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._scard.SCardCancel(self._context)
            self._let_go()
            self._scard.SCardReleaseContext(self._context)

    def __repr__(self) -> str:
        return f"<PcscLink {self.device}: {'closed' if self._closed else 'open'}>"

    @property
    def _lies_there(self) -> bool:
        return bool(self._state & self._scard.SCARD_STATE_PRESENT)

    async def _change(self) -> bytes:
        """Wait until something changed; return the ATR of what lies there."""
        while not self._closed:
            code, states = await asyncio.to_thread(
                self._scard.SCardGetStatusChange,
                self._context,
                WAIT_MS,
                [(self.device, self._state)],
            )
            if code == self._scard.SCARD_E_TIMEOUT:
                continue
            if code != self._scard.SCARD_S_SUCCESS or self._closed:
                break
            _, state, atr = states[0]
            if state & (self._scard.SCARD_STATE_UNKNOWN | self._scard.SCARD_STATE_UNAVAILABLE):
                break
            self._state = state & ~self._scard.SCARD_STATE_CHANGED
            return bytes(atr)
        raise gone(self.device)

    def _connect(self) -> bool:
        """Take the card for us alone; False when it has left, or is mute."""
        scard = self._scard
        protocols = scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1
        code, card, protocol = scard.SCardConnect(
            self._context, self.device, scard.SCARD_SHARE_EXCLUSIVE, protocols
        )
        if code == scard.SCARD_S_SUCCESS:
            self._card = (card, protocol)
        return bool(code == scard.SCARD_S_SUCCESS)

    def _transmit(self, command: bytes) -> bytes:
        scard = self._scard
        if self._card is None:
            raise DeviceError("card.absent", TAKEN_AWAY)
        card, protocol = self._card
        header = scard.SCARD_PCI_T0 if protocol == scard.SCARD_PROTOCOL_T0 else scard.SCARD_PCI_T1
        code, answer = scard.SCardTransmit(card, header, [*command])
        if code != scard.SCARD_S_SUCCESS:
            raise DeviceError("card.absent", TAKEN_AWAY)
        return bytes(byte & 0xFF for byte in answer)

    def _let_go(self) -> None:
        card, self._card = self._card, None
        if card is not None:
            self._scard.SCardDisconnect(card[0], self._scard.SCARD_UNPOWER_CARD)


def _context(scard: Any) -> Any:
    code, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
    if code != scard.SCARD_S_SUCCESS:
        raise DeviceGone("device.unreachable", NO_SERVICE)
    return context


def _reader(scard: Any, context: Any, name: str) -> str:
    """Return the reader's whole name; DeviceError says which there are."""
    code, readers = scard.SCardListReaders(context, [])
    found: list[str] = list(readers) if code == scard.SCARD_S_SUCCESS else []
    wanted = [each for each in found if name.lower() in each.lower()]
    if len(wanted) == 1:
        return wanted[0]
    if not found:
        raise DeviceError("device.unreachable", "pcscd sees no card reader: plug it in")
    text = f"which reader? pcscd sees {', '.join(found)}: name one by pcsc://PART-OF-ITS-NAME"
    raise DeviceError("device.ambiguous", text)
