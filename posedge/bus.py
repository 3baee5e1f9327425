"""One sequence of events, durable before it is delivered, and listeners that are cursors on it.

Nothing is copied into a queue per listener: each keeps the sequence number that it read last and
reads on from the shelf. So a slow or absent listener loses nothing that the shelf still holds,
and gets a Gap for what it does not.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Sequence
from itertools import islice
from typing import Protocol

from posedge.model.events import Envelope, Event, Gap

RECENT = 1024
"""Envelopes kept in memory: a listener that keeps up never touches the disk."""

BATCH = 256
"""Envelopes read from the shelf at once, so that a long absence does not fill the memory."""


class Shelf(Protocol):
    """Where events are kept: bounded by count and age, oldest dropped first."""

    async def put(self, event: Event) -> Envelope:
        """Store durably under the next sequence number; in the order of the calls, without holes.

        Goes through even if the caller is cancelled.
        """
        ...

    async def after(self, sequence: int, limit: int) -> Sequence[Envelope]:
        """Return up to `limit` held envelopes behind `sequence`, in order."""
        ...

    @property
    def held(self) -> tuple[int, int]:
        """First and last sequence number held; `(last + 1, last)` when empty."""
        ...


class Bus:
    """The box's event stream. One per box."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._last = shelf.held[1]
        self._recent: deque[Envelope] = deque(maxlen=RECENT)
        self._news: asyncio.Future[None] | None = None

    @property
    def last(self) -> int:
        """The sequence number of the newest event that listeners were told of."""
        return self._last

    async def publish(self, event: Event) -> int:
        """Return the event's sequence number once it is durable and on its way to listeners.

        An event that was handed in is stored and delivered even if the caller is cancelled.
        """
        return await asyncio.shield(self._publish(event))

    def listen(self, after: int | None = None) -> AsyncGenerator[Envelope | Gap, None]:
        """Return an iterator on what comes behind `after` (None: from this call on), for ever."""
        return self._follow(self._last if after is None else max(0, min(after, self._last)))

    async def _publish(self, event: Event) -> int:
        envelope = await self._shelf.put(event)
        self._remember(envelope)
        if self._news is not None:
            self._news.set_result(None)
            self._news = None
        return envelope.sequence

    async def _follow(self, position: int) -> AsyncGenerator[Envelope | Gap, None]:
        while True:
            while position >= self._last:
                await self._wait()
            last = self._last  # what comes while we read is not lost
            batch = await self._read(position)
            first = batch[0].sequence if batch else last + 1
            if position + 1 < first:
                yield Gap(first=position + 1, last=first - 1)
                position = first - 1
            for envelope in batch:
                yield envelope
                position = envelope.sequence

    async def _read(self, position: int) -> Sequence[Envelope]:
        if self._recent and self._recent[0].sequence <= position + 1:
            skipped = position + 1 - self._recent[0].sequence
            return tuple(islice(self._recent, skipped, skipped + BATCH))
        return await self._shelf.after(position, BATCH)

    async def _wait(self) -> None:
        if self._news is None:
            self._news = asyncio.get_running_loop().create_future()
        await asyncio.shield(self._news)  # one future for all: none may cancel it

    def _remember(self, envelope: Envelope) -> None:
        """Keep `recent` without holes: what concurrent publishers bring late stays on the shelf."""
        if envelope.sequence <= self._last:
            return
        if envelope.sequence > self._last + 1:
            self._recent.clear()
        self._recent.append(envelope)
        self._last = envelope.sequence
