"""Question and answer with a scale, over a link that may lie."""

import asyncio
from contextlib import suppress
from typing import TypeVar

from posedge.link.interface import Link
from posedge.wire.scales.frames import Ask, Decoder, Dialect, Exchange, Frame, Garbled

T = TypeVar("T")

WRITE_S = 0.5
"""The longest question, fifteen characters at 2400 baud, takes 63 ms: then the port is dead."""

SETTLE_S = 5.0
"""How long a scale may wait for its plate to rest, before it refuses to zero or tare."""


class ScaleLine:
    """One caller at a time."""

    def __init__(self, link: Link, dialect: Dialect, reply_s: float) -> None:
        self._link = link
        self._dialect = dialect
        self._reply_s = reply_s
        self._stream = dialect.decoder()

    async def hold(self, exchange: Exchange[T]) -> T:
        """Carry the exchange out; return what came of it."""
        ask = next(exchange)
        while True:
            answer = await self._ask(ask)
            try:
                ask = exchange.send(answer)
            except StopIteration as end:
                result: T = end.value
                return result

    async def _ask(self, ask: Ask) -> Frame | None:
        """Return the first whole frame; Garbled or None when none came in time."""
        if not ask.data:
            return await self._next(self._stream, self._reply_s)
        await self._forget()
        await self._link.write(ask.data, deadline_s=WRITE_S)
        if not ask.answered:
            return None
        return await self._next(self._dialect.decoder(), SETTLE_S if ask.patient else self._reply_s)

    async def _next(self, decoder: Decoder, reply_s: float) -> Frame | None:
        noise: Garbled | None = None
        with suppress(TimeoutError):
            async with asyncio.timeout(reply_s):
                while True:
                    frame = decoder.next_frame()
                    if frame is None:
                        decoder.feed(await self._link.read())
                    elif isinstance(frame, Garbled):
                        noise = frame
                    else:
                        return frame
        return noise

    async def _forget(self) -> None:
        """Throw away what came too late for the question before: it is no answer to this one."""
        while self._link.waiting:
            await self._link.read()
