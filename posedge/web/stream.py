"""The event stream as Server-Sent Events: each client is a cursor on the bus.

`id:` is the sequence number, so a client that comes back with Last-Event-ID gets the rest exactly
once. A client that reads slowly holds a position and one socket buffer, not a queue.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from typing import TypeVar, get_args

from posedge.bus import Bus
from posedge.model.errors import DeviceBusy, MisuseError
from posedge.model.events import Envelope, Event, Gap

T = TypeVar("T")

HEARTBEAT_S = 15
"""Shorter than the 30 s after which small routers and proxies forget a quiet connection."""

MAX_STREAMS = 32
"""Tills and open pages of one shop."""

RETRY_MS = 1000

TYPES = frozenset(each.model_fields["type"].default for each in get_args(get_args(Event)[0]))
"""Every event type that there is, e.g. `scan`."""


class Streams:
    """The open streams of one server: counted, and ended together at shutdown."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._waits: set[asyncio.Timeout] = set()
        self._open = 0
        self._closed = False

    @property
    def open(self) -> int:
        return self._open

    def close(self) -> None:
        """End every stream at its next wait, without cutting a frame."""
        self._closed = True
        for wait in self._waits:
            wait.reschedule(asyncio.get_running_loop().time())

    def admit(self) -> None:
        """Raise DeviceBusy when no further stream fits."""
        if self._open >= MAX_STREAMS:
            raise DeviceBusy("stream.crowded", f"{MAX_STREAMS} streams are open: close one first")

    async def frames(
        self, after: int | None, types: frozenset[str], holds: Callable[[], bool]
    ) -> AsyncIterator[bytes]:
        """Yield the stream behind `after` (None: from now on) while the caller holds.

        No types means all.
        """
        self._open += 1
        try:
            yield f"retry: {RETRY_MS}\n\n".encode()
            position = self._bus.last if after is None else after
            while not self._closed and holds():
                items = self._bus.listen(position)
                async for item in self._until_quiet(items):
                    if not holds():
                        return
                    position = item.last if isinstance(item, Gap) else item.sequence
                    if frame := _frame(item, types):
                        yield frame
                # An id without data moves the client's Last-Event-ID past what it filtered out.
                yield f":\nid: {position}\n\n".encode()
        finally:
            self._open -= 1

    async def pass_on(
        self, begin: Callable[[], AsyncGenerator[bytes, None]], holds: Callable[[], bool]
    ) -> AsyncIterator[bytes]:
        """Yield what `begin` gives while the caller holds; begun anew after a quiet heartbeat."""
        self._open += 1
        try:
            while not self._closed and holds():
                async with aclosing(begin()) as frames:
                    async for frame in self._until_quiet(frames):
                        if not holds():
                            return
                        yield frame
        finally:
            self._open -= 1

    async def _until_quiet(self, items: AsyncIterator[T]) -> AsyncIterator[T]:
        """Yield items until none came for a heartbeat, or until the streams are closed."""
        while not self._closed:
            wait = asyncio.timeout(HEARTBEAT_S)
            try:
                async with wait:
                    self._waits.add(wait)
                    try:
                        item = await anext(items)
                    finally:
                        self._waits.discard(wait)
            except TimeoutError:
                return
            yield item


def wanted(types: str | None) -> frozenset[str]:
    """Read `scan,weight`; MisuseError names what is not a type."""
    given = frozenset(filter(None, (types or "").split(",")))
    if unknown := given - TYPES:
        names = ", ".join(sorted(TYPES))
        raise MisuseError("stream.type", f"no event type {min(unknown)!r}: there are {names}")
    return given


def _frame(item: Envelope | Gap, types: frozenset[str]) -> bytes | None:
    if isinstance(item, Gap):
        return f"id: {item.last}\nevent: gap\ndata: {item.model_dump_json()}\n\n".encode()
    event = item.event
    if types and event.type not in types:
        return None
    data = {
        "sequence": item.sequence,
        "time": event.at.rfc3339,
        "word": event.word,
        **event.model_dump(mode="json"),
    }
    text = json.dumps(data, separators=(",", ":"))
    return f"id: {item.sequence}\nevent: {event.type}\ndata: {text}\n\n".encode()
