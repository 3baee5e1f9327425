"""What every way to a device guarantees; tests/contract holds each of them to it."""

from dataclasses import dataclass
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
    - `waiting` says whether something has arrived that the next `read` would return at once.
    """

    @property
    def waiting(self) -> bool: ...

    async def read(self, limit: int = 4096) -> bytes: ...

    async def write(self, data: bytes, *, deadline_s: float) -> None: ...

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Nature:
    """What a HID device says of itself; `descriptor` is its report descriptor, unread."""

    vendor: int
    product: int
    descriptor: bytes


class CardLink(Protocol):
    """A reader of smart cards.

    - `card` waits for a card and returns its ATR; the card is then held for us alone.
    - `removed` returns when it was taken away. DeviceGone from both when the reader is gone.
    - `transmit` sends one command and returns data and status; DeviceError `card.absent` when the
      card has left, `device.stalled` when it is mute: the link must then be closed.
    - `close` may be called twice, never raises, and ends what waits with DeviceGone.
    """

    async def card(self) -> bytes: ...

    async def removed(self) -> None: ...

    async def transmit(self, command: bytes, *, deadline_s: float) -> bytes: ...

    async def close(self) -> None: ...


class ReportLink(Protocol):
    """Whole reports of a HID device.

    - A report begins with its number where the device numbers its reports (input), and always
      with it, 0 where there is none, in what is sent and in feature reports.
    - `read` returns the next input report; DeviceGone as for a Link, after everything that came
      before it. Where reports were lost because nobody read them it raises DeviceError
      `device.overrun` once, in their place, and goes on behind them. A cancelled `read` loses
      nothing.
    - Orders are carried out one after the other. They return when the device has taken or given
      the report, within `deadline_s`, else DeviceError `device.stalled`: the link must then be
      closed.
    - `close` may be called twice, never raises, and ends a pending read with DeviceGone.
    - No method raises a foreign exception.
    """

    @property
    def nature(self) -> Nature: ...

    @property
    def waiting(self) -> int:
        """How many reports, or the word that some were lost, `read` has without waiting."""
        ...

    async def read(self) -> bytes: ...

    async def write(self, report: bytes, *, deadline_s: float) -> None: ...

    async def set_feature(self, report: bytes, *, deadline_s: float) -> None: ...

    async def get_feature(self, number: int, size: int, *, deadline_s: float) -> bytes: ...

    async def close(self) -> None: ...
