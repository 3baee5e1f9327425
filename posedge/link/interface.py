"""What every byte stream to a device guarantees; tests/contract holds each of them to it."""

from typing import Protocol


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
