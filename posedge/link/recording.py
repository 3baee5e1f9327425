"""A Link that writes down what passes, so that a bug report is a test file."""

import asyncio
import json
from collections.abc import Callable
from typing import Literal

from posedge.link.interface import Link
from posedge.wire.redact import REACH, redact

HELD = 4096
"""Bytes kept back to find a card number that arrives in pieces, before they are written down."""

Direction = Literal["in", "out"]


class RecordingLink:
    """Passes everything on, and a JSONL record `{t, dir, hex}` of it to `write_line`.

    `t` is in microseconds since the recording began; `dir` is `in` (from the device) or `out`.
    Card numbers are masked, also when they arrive byte by byte: so records lag behind until the
    direction changes, much has come, or the link is closed.
    """

    def __init__(self, link: Link, write_line: Callable[[str], None]) -> None:
        self._link = link
        self._write_line = write_line
        self._start_s = asyncio.get_running_loop().time()
        self._direction: Direction = "in"
        self._held: list[tuple[int, bytes]] = []
        self._before = b""

    async def read(self, limit: int = 4096) -> bytes:
        data = await self._link.read(limit)
        self._hold("in", data)
        return data

    async def write(self, data: bytes, *, deadline_s: float) -> None:
        self._hold("out", data)
        await self._link.write(data, deadline_s=deadline_s)

    async def close(self) -> None:
        self._release(0)
        await self._link.close()

    def __repr__(self) -> str:
        return f"<RecordingLink of {self._link!r}>"

    def _hold(self, direction: Direction, data: bytes) -> None:
        if direction != self._direction:
            self._release(0)
            self._direction = direction
        elapsed_s = asyncio.get_running_loop().time() - self._start_s
        self._held.append((round(elapsed_s * 1_000_000), data))
        if sum(len(part) for _, part in self._held) > HELD:
            self._release(REACH)

    def _release(self, keep: int) -> None:
        """Write what is held, but for the last `keep` bytes or more, in which a number may begin.

        What was written just before is looked at again, for a number that ends here.
        """
        at = len(self._before)
        raw = self._before + b"".join(part for _, part in self._held)
        masked = redact(raw)
        while self._held and at + len(self._held[0][1]) <= len(raw) - keep:
            moment, part = self._held.pop(0)
            line = {"t": moment, "dir": self._direction, "hex": masked[at : at + len(part)].hex()}
            self._write_line(json.dumps(line, separators=(",", ":")))
            at += len(part)
        self._before = raw[:at][-REACH:] if keep else b""
