"""The items that a report descriptor is made of (USB HID 1.11, 6.2.2). Bytes in, items out."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

from posedge.model.errors import ProtocolError

LONG = 0xFE
LONG_HEAD_BYTES = 3
"""Prefix, size of the data, tag (6.2.2.3). No long item is defined: they are passed over."""


class Tag(IntEnum):
    """The prefix of a short item without its two bits of size (6.2.2.4, 6.2.2.7, 6.2.2.8)."""

    INPUT = 0x80
    OUTPUT = 0x90
    FEATURE = 0xB0
    COLLECTION = 0xA0
    END_COLLECTION = 0xC0
    USAGE_PAGE = 0x04
    LOGICAL_MINIMUM = 0x14
    LOGICAL_MAXIMUM = 0x24
    REPORT_SIZE = 0x74
    REPORT_ID = 0x84
    REPORT_COUNT = 0x94
    PUSH = 0xA4
    POP = 0xB4
    USAGE = 0x08
    USAGE_MINIMUM = 0x18
    USAGE_MAXIMUM = 0x28
    DELIMITER = 0xA8


@dataclass(frozen=True, slots=True)
class Item:
    """One short item; `tag` may be one that is no Tag."""

    tag: int
    data: bytes

    @property
    def unsigned(self) -> int:
        return int.from_bytes(self.data, "little")

    @property
    def signed(self) -> int:
        return int.from_bytes(self.data, "little", signed=True)


def items(descriptor: bytes) -> Iterator[Item]:
    """Yield the short items; ProtocolError `descriptor.truncated` when the last is not whole."""
    place = 0
    while place < len(descriptor):
        prefix = descriptor[place]
        size = (0, 1, 2, 4)[prefix & 0b11]
        head = 1
        if prefix == LONG:
            head = LONG_HEAD_BYTES
            size = descriptor[place + 1] if place + 1 < len(descriptor) else 0
        data = descriptor[place + head : place + head + size]
        if place + head + size > len(descriptor):
            text = "the device's report descriptor breaks off in the middle of an item"
            raise ProtocolError("descriptor.truncated", text, at=place)
        place += head + size
        if prefix != LONG:
            yield Item(prefix & ~0b11, data)
