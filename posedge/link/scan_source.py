"""A keyboard as a line: apart from the others, for an idle box does without the tables of keys."""

from typing import Protocol

from posedge.wire.scan import Dropped, Scan
from posedge.wire.strokes import Strokes
from posedge.wire.typed import Manner


class ScanSource(Protocol):
    """Whole scans from a device that has no byte stream of its own: a keyboard.

    - `start` says once, before the first `read`, how the scanner types; it returns when the next
      code would be taken whole.
    - `read` returns the next scan, or a Dropped for one that was lost on its way; DeviceGone as
      for a Link, after everything that came before it. A cancelled `read` loses nothing.
    - `listen` changes the manner from the next code on; None: codes come as Strokes, to learn from.
    - `close` may be called twice, never raises, and ends a pending read with DeviceGone.
    """

    async def start(self, manner: Manner) -> None: ...

    def listen(self, manner: Manner | None) -> None: ...

    async def read(self) -> Scan | Strokes | Dropped: ...

    async def close(self) -> None: ...
