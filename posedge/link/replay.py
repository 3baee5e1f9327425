"""A recording as a link: the device's side comes from the file, ours is compared with it.

What the device said behind something of ours is said when that was written, and at its time, not
before. A byte of ours that differs is noted as a Mismatch, and the recording goes on.
"""

import asyncio
import json
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from posedge.link.interface import Nature
from posedge.link.translate import gone
from posedge.model.errors import DeviceError, MisuseError
from posedge.wire.masks import Mask
from posedge.wire.scan import Dropped, Scan

PATIENCE_S = 2.0
"""Behind its time, what was written when it was recorded will not be written any more."""

US = 1_000_000


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a recording, see posedge.link.tape."""

    t: int
    dir: str
    data: bytes
    said: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Mismatch:
    """At `t_us` the recording has `recorded`, and the driver wrote `wrote` (masked)."""

    t_us: int
    recorded: bytes
    wrote: bytes

    def __str__(self) -> str:
        def shown(data: bytes) -> str:
            return repr(data)[1:] if data else "nothing"

        when = f"{self.t_us / US:.3f} s"
        return f"{when}: recorded {shown(self.recorded)}, the driver wrote {shown(self.wrote)}"


def read_line(text: str) -> Line:
    """Read a line; MisuseError `recording.unreadable` when it is none."""
    try:
        said = json.loads(text)
        return Line(int(said["t"]), str(said["dir"]), bytes.fromhex(said.get("hex", "")), said)
    except (ValueError, KeyError, TypeError) as error:
        raise MisuseError("recording.unreadable", f"no line of a recording: {error!r}") from None


class Reels:
    """Hands out what passed each link, one `open` of the driver after the other."""

    def __init__(self, lines: Iterable[Line], mask: Mask, tell: Callable[[Mismatch], None]) -> None:
        self._lines = deque(lines)
        self._mask = mask
        self._tell = tell
        self._begin_us = self._lines[0].t if self._lines else 0
        self._start_s: float | None = None
        self.over = asyncio.Event()

    async def open(self) -> "ReplayLink":
        """Return the next link; raise what opening raised; DeviceGone when there is no more."""
        while self._lines:
            line = self._lines.popleft()
            if line.dir == "fail":
                said = line.said
                raise DeviceError(str(said.get("code")), str(said.get("message")))
            if line.dir == "open" or line.data or "scan" in line.said:
                return self._link([] if line.dir == "open" else [line], line.said)
        self.over.set()
        raise gone("the recording")

    def _link(self, lines: list[Line], opened: Mapping[str, Any]) -> "ReplayLink":
        while self._lines and self._lines[0].dir not in {"open", "fail"}:
            lines.append(self._lines.popleft())
            if lines[-1].dir == "close":
                break
        loop = asyncio.get_running_loop()
        if self._start_s is None:
            self._start_s = loop.time()
        zero_s = self._start_s - self._begin_us / US
        return ReplayLink(lines, self._mask, self._tell, zero_s, opened)


class ReplayLink:
    """One link of a recording, for byte streams and keyboards alike; `zero_s` is its time 0."""

    def __init__(
        self,
        lines: list[Line],
        mask: Mask,
        tell: Callable[[Mismatch], None],
        zero_s: float,
        opened: Mapping[str, Any],
    ) -> None:
        self._opened = opened
        self._lines = deque(lines)
        self._mask = mask
        self._tell = tell
        self._zero_s = zero_s
        self._rest = b""
        self._written = asyncio.Event()
        self._closed = False

    async def start(self, manner: object) -> None:
        """See ScanSource: what was typed is recorded as it was read."""

    @property
    def nature(self) -> Nature:
        """See ReportLink; as it was noted when the link was opened."""
        said = self._opened
        descriptor = bytes.fromhex(str(said.get("descriptor", "")))
        vendor, product = (int(str(said.get(key, "0")), 16) for key in ("vendor", "product"))
        return Nature(vendor=vendor, product=product, descriptor=descriptor)

    @property
    def waiting(self) -> bool:
        """See Link; what was recorded has arrived when its time has come."""
        line = next(iter(self._lines), None)
        due = line is not None and line.dir == "in" and self._now_us() >= line.t
        return not self._closed and (bool(self._rest) or due)

    async def read(self, limit: int = 4096) -> Any:
        while not self._closed and (self._rest or self._lines):
            if self._rest:
                return self._take(limit)
            line = self._lines[0]
            if line.dir == "out":
                await self._await_write(line)
                continue
            await self._until(line.t)
            if self._lines and self._lines[0] is line:
                self._lines.popleft()
                if line.dir == "close":
                    break
                if not line.data:
                    return _scanned(line)
                self._rest = line.data
        raise gone("the recording")

    async def write(self, data: bytes, *, deadline_s: float) -> None:  # noqa: ARG002 - a Link's
        """Compare with what was written when it was recorded; DeviceGone behind its end."""
        left = self._rest or any(line.dir != "close" for line in self._lines)
        if self._closed or not left:
            raise gone("the recording")
        rest = self._mask.stream(self._mask.written(data))
        while rest:
            line = next((each for each in self._lines if each.dir == "out"), None)
            recorded = line.data if line else b""
            if line is None or not (recorded.startswith(rest) or rest.startswith(recorded)):
                self._tell(Mismatch(line.t if line else self._now_us(), recorded, rest))
                rest = b""
            else:
                recorded, rest = recorded[len(rest) :], rest[len(recorded) :]
            if line is not None:
                self._replace(line, recorded if recorded != line.data else b"")
        self._written.set()

    async def close(self) -> None:
        self._closed = True
        self._written.set()

    def _replace(self, line: Line, rest: bytes) -> None:
        at = self._lines.index(line)
        if rest:
            self._lines[at] = Line(line.t, line.dir, rest, line.said)
        else:
            del self._lines[at]

    def _take(self, limit: int) -> bytes:
        data, self._rest = self._rest[:limit], self._rest[limit:]
        return data

    async def _await_write(self, line: Line) -> None:
        """Wait for the driver; what it does not write is told, and passed over."""
        self._written.clear()
        try:
            async with asyncio.timeout_at(self._zero_s + line.t / US + PATIENCE_S):
                await self._written.wait()
        except TimeoutError:
            if self._lines and self._lines[0] is line:
                self._lines.popleft()
                self._tell(Mismatch(line.t, line.data, b""))

    async def _until(self, t_us: int) -> None:
        await asyncio.sleep(self._zero_s + t_us / US - asyncio.get_running_loop().time())

    def _now_us(self) -> int:
        return round((asyncio.get_running_loop().time() - self._zero_s) * US)


def _scanned(line: Line) -> Scan | Dropped:
    if "scan" in line.said:
        return Scan(str(line.said["scan"]))
    return Dropped(str(line.said.get("lost")), str(line.said.get("message")))
