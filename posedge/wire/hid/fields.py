"""One field of a HID report: its bits, read and written (USB HID 1.11, 5.6 and 6.2.2.5)."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

Usages: TypeAlias = tuple[tuple[int, int], ...]
"""Ranges, first and last included, in the order of their declaration."""


class ReportKind(StrEnum):
    INPUT = "input"
    OUTPUT = "output"
    FEATURE = "feature"


@dataclass(frozen=True, slots=True)
class Field:
    """`count` elements of `size` bits each, from bit `offset` of the report numbered `report`.

    The number itself is not counted. Variable: every element means `usage` (None without one).
    Array: an element's value, counted from `minimum`, chooses from `choices`. `path` are the
    usages of the collections around it, the outermost first.
    """

    kind: ReportKind
    report: int
    offset: int
    size: int
    count: int
    minimum: int
    maximum: int
    path: tuple[int, ...]
    usage: int | None = None
    choices: Usages = ()

    @property
    def end(self) -> int:
        return self.offset + self.size * self.count

    def bears(self, usage: int) -> bool:
        if self.usage is not None:
            return self.usage == usage
        return any(first <= usage <= last for first, last in self.choices)

    def value(self, data: bytes, element: int = 0) -> int | None:
        """Return one element; None when the report ends before it."""
        start = self.offset + element * self.size
        if start + self.size > 8 * len(data):
            return None
        raw = int.from_bytes(data[start // 8 : -(-(start + self.size) // 8)], "little")
        raw = raw >> start % 8 & (1 << self.size) - 1
        negative = self.minimum < 0 and raw >> (self.size - 1)
        return raw - (1 << self.size) if negative else raw

    def chosen(self, data: bytes, element: int = 0) -> int | None:
        """Return the usage that an array's element chooses; None when it chooses none."""
        value = self.value(data, element)
        return None if value is None else usage_at(self.choices, value - self.minimum)

    def octets(self, data: bytes) -> bytes:
        """Return the field's bytes, as far as the report has them; b"" where it is no bytes."""
        if self.offset % 8 or self.size * self.count % 8:
            return b""
        return data[self.offset // 8 : self.end // 8]

    def put(self, data: bytearray, value: int, element: int = 0) -> None:
        """Write one element into a report that is long enough."""
        start = self.offset + element * self.size
        mask = (1 << self.size) - 1 << start
        whole = int.from_bytes(data, "little") & ~mask | value << start & mask
        data[:] = whole.to_bytes(len(data), "little")


def usage_at(usages: Usages, index: int) -> int | None:
    """Return the usage at a position counted through all ranges."""
    for first, last in usages:
        if 0 <= index <= last - first:
            return first + index
        index -= max(last - first + 1, 0)
    return None
