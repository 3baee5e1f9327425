"""The last minutes of a device: what passed its links, masked, in a bounded piece of memory.

A line is a JSON object: `t` in microseconds since the tape began, `dir` and what it bears.
- `in` (from the device), `out` (to it): `hex`, the bytes
- `in` of a keyboard: `scan`, a whole code; or `lost` and `message`
- `id`: one that the driver was given, in `id`
- `open`, `close`: a link begins (of a HID device with its `descriptor`), ends
- `fail`: opening failed, with `code` and `message`
"""

import json
import zlib
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from posedge.wire.masks import Mask, continued
from posedge.wire.redact import REACH
from posedge.wire.scan import Dropped, Scan

DUE_BYTES = 4096
DUE_PIECES = 128
"""What waits to be masked together: a number may arrive byte by byte. It takes some milliseconds,
for which a pause of the device is waited for."""

HELD_BYTES = 2 * DUE_BYTES
HELD_PIECES = 2 * DUE_PIECES
"""With so much no pause is waited for."""

LIMIT = 64 * 1024
"""Of one tape, compressed: a scale that is asked twelve times a second takes twelve minutes, one at
rest half an hour."""

QUIET_S = 2.0
"""Nothing that belongs together comes with so long a pause: what waits is written then."""

US = 1_000_000

Direction = Literal["in", "out"]


@dataclass(slots=True)
class _Piece:
    """What passed at once; `said` goes into the line beside its bytes, or instead of them."""

    t: int
    dir: str
    data: bytes = b""
    said: Mapping[str, str] = field(default_factory=dict[str, str])


class Tape:
    """Records one device. `full` is called when something was added, to keep a common limit."""

    def __init__(
        self,
        mask: Mask,
        start_s: float,
        *,
        limit: int = LIMIT,
        full: Callable[[], None] = lambda: None,
    ) -> None:
        self._mask = mask
        self._start_s = start_s
        self._limit = limit
        self._full = full
        self._waiting: list[_Piece] = []
        self._new_bytes = self._new_pieces = 0
        self._before = {"in": b"", "out": b""}
        self._blocks: deque[tuple[int, int, bytes]] = deque()
        self._count = 0
        self.size = 0

    def passed(self, direction: Direction, data: bytes, now_s: float) -> None:
        """Note bytes that were read, or are about to be written."""
        data = self._mask.written(data) if direction == "out" else data
        self._add(_Piece(self._t(now_s), direction, data))

    def scanned(self, scan: Scan | Dropped, now_s: float) -> None:
        """Note what a keyboard's link yielded: it is whole, so it is masked by itself."""
        if isinstance(scan, Dropped):
            self.mark("in", now_s, lost=scan.code, message=scan.message)
        else:
            text = self._mask.stream(scan.text.encode("utf-8", "surrogatepass"))
            self.mark("in", now_s, scan=text.decode("utf-8", "replace"))

    def mark(self, what: str, now_s: float, **said: str) -> None:
        self._add(_Piece(self._t(now_s), what, said=said))

    def lines(self, after: int, now_s: float, *, final: bool = False) -> tuple[int, list[str]]:
        """Return the number of the last line written, and all that are held behind line `after`.

        What passed a moment ago is not among them, unless it is `final`.
        """
        quiet = self._waiting and self._t(now_s) - self._waiting[-1].t > QUIET_S * US
        self._release(0 if quiet or final else REACH)
        held: list[str] = []
        for first, count, block in self._blocks:
            if first + count > after + 1:
                lines = zlib.decompress(block).decode().split("\n")
                held += lines[max(0, after + 1 - first) :]
        return self._count, held

    @property
    def due(self) -> bool:
        """Whether `settle` should be called in the next pause."""
        return self._new_bytes > DUE_BYTES or self._new_pieces > DUE_PIECES

    def settle(self) -> None:
        """Mask and write what waits."""
        self._release(REACH)

    def drop(self) -> None:
        """Forget the oldest block."""
        _, _, block = self._blocks.popleft()
        self.size -= len(block)

    def __repr__(self) -> str:
        return f"<Tape: {self._count} lines, {self.size} bytes>"

    def _t(self, now_s: float) -> int:
        return round((now_s - self._start_s) * US)

    def _add(self, piece: _Piece) -> None:
        self._waiting.append(piece)
        self._new_bytes += len(piece.data)
        self._new_pieces += 1
        if self._new_bytes > HELD_BYTES or self._new_pieces > HELD_PIECES:
            # A number that began in front of so much else is not waited for any more.
            self._release(0 if len(self._waiting) > 2 * HELD_PIECES else REACH)

    def _release(self, keep: int) -> None:
        """Write what waits, but not from the first piece on in which a number may still begin."""
        masked = {way: self._masked(way) for way in self._before}
        at = dict.fromkeys(self._before, 0)
        lines: list[str] = []
        for piece in self._waiting:
            if piece.data:
                end = at[piece.dir] + len(piece.data)
                if end > len(masked[piece.dir]) - keep:
                    break
                lines.append(_line(piece, masked[piece.dir][at[piece.dir] : end]))
                at[piece.dir] = end
            else:
                lines.append(_line(piece, b""))
        for way, size in at.items():
            raw = b"".join(each.data for each in self._waiting if each.dir == way)[:size]
            self._before[way] = (self._before[way] + raw)[-REACH:]
        del self._waiting[: len(lines)]
        self._new_bytes = self._new_pieces = 0
        if lines:
            self._write(lines)

    def _masked(self, way: str) -> bytes:
        """Return what waits in one direction, masked in the light of what was written before it."""
        before = self._before[way]
        new = b"".join(each.data for each in self._waiting if each.dir == way)
        whole = self._mask.stream(before + new)
        alone = whole[: len(before)] == self._mask.stream(before)
        return whole[len(before) :] if alone else continued(whole[len(before) :])

    def _write(self, lines: list[str]) -> None:
        block = zlib.compress("\n".join(lines).encode())
        self._blocks.append((self._count + 1, len(lines), block))
        self._count += len(lines)
        self.size += len(block)
        while self.size > self._limit and len(self._blocks) > 1:
            self.drop()
        self._full()


def _line(piece: _Piece, masked: bytes) -> str:
    said: dict[str, str | int] = {"t": piece.t, "dir": piece.dir, **piece.said}
    if masked:
        said["hex"] = masked.hex()
    return json.dumps(said, separators=(",", ":"), ensure_ascii=False)
