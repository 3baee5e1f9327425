"""One connection to an ECR17 terminal: requests that are confirmed, messages, confirmations."""

import asyncio

import structlog

from posedge.drivers.ecr17_options import Ecr17Options
from posedge.link.interface import Link
from posedge.model.errors import DeviceError, ProtocolError
from posedge.wire.ecr17.frames import ACK, NAK, Decoder, Lrc, Packet, Progress, control, packet
from posedge.wire.ecr17.requests import ONCE, Request

TRANSMISSIONS = 3
"""Of one message, the first included (Communication Protocol)."""

MAX_FRAMES = 2_000
"""In one connection: a payment whose receipts come here has about 60."""

log = structlog.get_logger()


class Session:
    """Owns its link. `fresh`: all that is heard was said in this conversation."""

    def __init__(self, link: Link, options: Ecr17Options, lrc: Lrc, *, fresh: bool) -> None:
        self._link = link
        self._options = options
        self._lrc = lrc
        self._fresh = fresh
        self._decoder = Decoder()
        self._early: Packet | Progress | None = None
        self._heard = 0

    async def close(self) -> None:
        await self._link.close()

    async def ask(self, request: Request) -> None:
        """Send a request and return when the terminal has it.

        DeviceError `terminal.refused`: it was refused each time, and the terminal did nothing.
        `terminal.silent`, or the link's: it may be at it. A request of ONCE is said again
        only when it was refused, never because nothing came.
        """
        patient, refused = request.code in ONCE, False
        for _ in range(TRANSMISSIONS):
            await self._write(packet(request.to_bytes(), self._lrc))
            try:
                if await self._confirmed():
                    return
                refused = True
            except TimeoutError:
                if patient:
                    raise _silent(self._options.ack_ms) from None
                refused = False
        if refused:
            raise DeviceError("terminal.refused", f"the terminal refuses request {request.code}")
        raise _silent(self._options.ack_ms)

    async def hear(self, timeout_s: float) -> bytes | Progress:
        """Return the next message, not confirmed yet, or what the terminal shows.

        One that came damaged is asked for again. DeviceError `terminal.silent` after `timeout_s`,
        `terminal.unreadable`, `terminal.chattering`, or the link's.
        """
        try:
            async with asyncio.timeout(timeout_s):
                while True:
                    heard = await self._next()
                    if isinstance(heard, Progress):
                        return heard
                    if heard.is_ack or heard.is_nak:
                        continue
                    if heard.fits(self._lrc):
                        return heard.payload
                    await self._write(control(NAK, self._lrc))
        except TimeoutError:
            raise _silent(int(timeout_s * 1000)) from None

    async def confirm(self) -> None:
        await self._write(control(ACK, self._lrc))

    async def _confirmed(self) -> bool:
        """Whether a request was taken; a NAK counts only when it is one for certain."""
        async with asyncio.timeout(self._options.ack_ms / 1000):
            while True:
                heard = await self._next()
                if isinstance(heard, Packet):
                    if heard.is_ack:
                        return True
                    if heard.is_nak:
                        if heard.fits(self._lrc):
                            return False
                        continue
                if self._fresh:
                    self._early = heard  # what follows a request says that it was taken
                    return True
                if isinstance(heard, Packet):
                    await self.confirm()  # a leftover of a conversation before: it can end now

    async def _next(self) -> Packet | Progress:
        early, self._early = self._early, None
        if early is not None:
            return early
        try:
            while (heard := self._decoder.pull()) is None:
                self._decoder.feed(await self._link.read())
        except ProtocolError as error:
            raise DeviceError("terminal.unreadable", error.message) from error
        self._heard += 1
        if self._heard > MAX_FRAMES:
            raise DeviceError("terminal.chattering", "the terminal does not stop talking")
        return heard

    async def _write(self, data: bytes) -> None:
        await self._link.write(data, deadline_s=self._options.ack_ms / 1000)


def _silent(timeout_ms: int) -> DeviceError:
    return DeviceError("terminal.silent", f"no word within {timeout_ms} ms")
