"""What every byte stream to a device guarantees; tests/contract holds each of them to it."""

from typing import Protocol

from posedge.wire.keys import Layout
from posedge.wire.scan import Dropped, Scan
from posedge.wire.typed import Ending


class Link(Protocol):
    """A byte stream with an owner.

    - `read` returns at least one byte, as soon as there is one; at the end, and for ENODEV, EIO,
      ENXIO alike, it raises DeviceGone (`device.gone`).
    - `write` returns when the kernel took every byte, within `deadline_s`, else DeviceError
      (`device.stalled`): how much went out is then unknown and the link must be closed.
    - `close` may be called twice, never raises, and ends a pending read with DeviceGone.
    - No method raises a foreign exception.
    - A cancelled `read` loses no byte: what arrived is returned by the next one.
    """

    async def read(self, limit: int = 4096) -> bytes: ...

    async def write(self, data: bytes, *, deadline_s: float) -> None: ...

    async def close(self) -> None: ...


class ScanSource(Protocol):
    """Whole scans from a device that has no byte stream of its own: a keyboard.

    - `start` says once, before the first `read`, what the keys mean and how a code ends.
    - `read` returns the next scan, or a Dropped for one that was lost on its way; DeviceGone as
      for a Link, after everything that came before it. A cancelled `read` loses nothing.
    - `close` may be called twice, never raises, and ends a pending read with DeviceGone.
    """

    def start(self, layout: Layout, ending: Ending) -> None: ...

    async def read(self) -> Scan | Dropped: ...

    async def close(self) -> None: ...
