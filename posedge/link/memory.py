"""A line in memory with two ends, and lines that lie: for the simulated box and for tests."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

from posedge.link.translate import gone, stalled

CAPACITY = 64 * 1024
"""Bytes under way in one direction, as in a socket: then the writer waits for the reader."""


@dataclass(slots=True)
class Faults:
    """What one direction does to bytes; may be changed while it runs.

    `chunk`: bytes that one read returns at most. `delay_s`: until written bytes can be read.
    `loses`: whether the n-th byte ever written (from 0) is lost. `cut_at`: that many bytes still
    arrive, then the line is unplugged, both ways.
    """

    chunk: int | None = None
    delay_s: float = 0.0
    loses: Callable[[int], bool] = field(default=lambda n: n < 0)
    cut_at: int | None = None


class MemoryLink:
    """One end. `pair` makes two; `cut` unplugs both at once, as a pulled cable does."""

    def __init__(self, device: str, inward: "_Lane", outward: "_Lane") -> None:
        self.device = device
        self._in = inward
        self._out = outward
        self._closed = False

    @classmethod
    def pair(
        cls, ours: Faults | None = None, theirs: Faults | None = None, *, device: str = "memory"
    ) -> tuple[Self, Self]:
        """Return two ends; `ours` is what happens to bytes that the first one writes."""
        there, back = _Lane(ours or Faults()), _Lane(theirs or Faults())
        return cls(device, back, there), cls(device, there, back)

    @property
    def waiting(self) -> bool:
        return self._in.arrived

    async def read(self, limit: int = 4096) -> bytes:
        while not self._closed:
            if data := self._in.take(limit):
                return data
            if self._in.over:
                break
            await self._in.arrival()
        raise gone(self.device)

    async def write(self, data: bytes, *, deadline_s: float) -> None:
        try:
            async with asyncio.timeout(deadline_s):
                await self._send(data)
        except TimeoutError:
            raise stalled(self.device, deadline_s) from None

    async def close(self) -> None:
        self._closed = True
        self._out.end()
        self._in.abandon()

    def cut(self) -> None:
        for lane in (self._in, self._out):
            lane.abandon()

    def __repr__(self) -> str:
        return f"<MemoryLink {self.device}: {'closed' if self._closed else 'open'}>"

    async def _send(self, data: bytes) -> None:
        rest = data
        while rest:
            if self._closed or self._out.ended:
                raise gone(self.device)
            rest = rest[self._out.put(rest) :]
            if self._out.broken:
                self._out.end()
                self._in.abandon()
            elif rest:
                await self._out.change()


@dataclass(slots=True)
class _Lane:
    """One direction: what was written and is not read yet, each part with the time it arrives."""

    faults: Faults
    parts: deque[tuple[float, bytes]] = field(default_factory=deque[tuple[float, bytes]])
    under_way: int = 0
    written: int = 0
    ended: bool = False
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def over(self) -> bool:
        return self.ended and not self.parts

    @property
    def broken(self) -> bool:
        return self.faults.cut_at is not None and self.written >= self.faults.cut_at

    def put(self, data: bytes) -> int:
        """Take what fits, up to the place of the cut; return how many bytes that was."""
        taken = min(len(data), CAPACITY - self.under_way)
        if self.faults.cut_at is not None:
            taken = min(taken, self.faults.cut_at - self.written)
        numbered = enumerate(data[:taken], self.written)
        kept = bytes(byte for n, byte in numbered if not self.faults.loses(n))
        self.written += taken
        self.under_way += len(kept)
        if kept:
            self.parts.append((asyncio.get_running_loop().time() + self.faults.delay_s, kept))
        self._changed.set()
        return taken

    @property
    def arrived(self) -> bool:
        return bool(self.parts) and self.parts[0][0] <= asyncio.get_running_loop().time()

    def take(self, limit: int) -> bytes:
        if not self.arrived:
            return b""
        due, part = self.parts.popleft()
        size = min(limit, self.faults.chunk or limit)
        if part[size:]:
            self.parts.appendleft((due, part[size:]))
        self.under_way -= len(part[:size])
        self._changed.set()
        return part[:size]

    def end(self) -> None:
        """No more is written; what is under way still arrives."""
        self.ended = True
        self._changed.set()

    def abandon(self) -> None:
        """Nothing arrives any more."""
        self.parts.clear()
        self.under_way = 0
        self.end()

    async def change(self) -> None:
        """Wait until something is put, taken or ended."""
        self._changed.clear()
        await self._changed.wait()

    async def arrival(self) -> None:
        """Wait for a change, or until the next part is due."""
        try:
            async with asyncio.timeout_at(self.parts[0][0] if self.parts else None):
                await self.change()
        except TimeoutError:
            return
