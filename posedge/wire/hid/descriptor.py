"""Where each usage lies in a HID device's reports, by its report descriptor (USB HID 1.11, 6.2.2).

A device that lies about itself costs a ProtocolError, and no more memory than the limits allow.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import IntFlag

from posedge.model.errors import ProtocolError
from posedge.wire.hid.fields import Field, ReportKind, Usages, usage_at
from posedge.wire.hid.items import Item, Tag, items

MAX_BYTES = 4096
"""HID_MAX_DESCRIPTOR_SIZE: the kernel hands out no longer ones."""

MAX_REPORT_BITS = 8 * 16384
"""HID_MAX_BUFFER_SIZE: the kernel moves no longer reports."""

MAX_FIELDS = 2048
"""A keyboard has some 250, a magnetic stripe reader 20."""

MAX_DEPTH = 32
"""Of collections and of PUSH; real devices need four."""

MAX_USAGES = 1024
"""Usages and ranges in front of one main item."""


class _Flag(IntFlag):
    """Bits of a main item's data (6.2.2.5)."""

    CONSTANT = 0x01
    VARIABLE = 0x02


NOTHING = Item(Tag.LOGICAL_MAXIMUM, b"")
KINDS = {
    Tag.INPUT: ReportKind.INPUT,
    Tag.OUTPUT: ReportKind.OUTPUT,
    Tag.FEATURE: ReportKind.FEATURE,
}


@dataclass(frozen=True, slots=True)
class Descriptor:
    """`applications` are the usages of the outermost collections: what the device is.

    A usage is its page in the upper 16 bits and its id in the lower ones. `numbered`: every
    report begins with the byte of its number.
    """

    fields: tuple[Field, ...]
    applications: tuple[int, ...]
    numbered: bool

    def find(self, usage: int, kind: ReportKind = ReportKind.INPUT) -> Field | None:
        """Return the first field with this usage, or with it among its choices."""
        return next((each for each in self.of(kind) if each.bears(usage)), None)

    def of(self, kind: ReportKind) -> tuple[Field, ...]:
        return tuple(each for each in self.fields if each.kind is kind)

    def size(self, kind: ReportKind, report: int) -> int:
        """Return the bytes of a report without its number, as far as fields reach."""
        ends = (each.end for each in self.of(kind) if each.report == report)
        return -(-max(ends, default=0) // 8)

    def divide(self, report: bytes) -> tuple[int, bytes]:
        """Divide what hidraw reads into the report's number, 0 where they have none, and data."""
        if not self.numbered:
            return 0, report
        return (report[0], report[1:]) if report else (0, b"")


def parse(descriptor: bytes) -> Descriptor:
    """Read a report descriptor.

    ProtocolError `descriptor.oversized`, `.truncated` or `.unbalanced` when it cannot be one.
    """
    if len(descriptor) > MAX_BYTES:
        raise _oversized("its length")
    parser = _Parser()
    for item in items(descriptor):
        parser.take(item)
    return Descriptor(tuple(parser.fields), tuple(parser.applications), parser.numbered)


@dataclass(frozen=True, slots=True)
class _Globals:
    page: int = 0
    minimum: int = 0
    maximum: Item = NOTHING
    size: int = 0
    count: int = 0
    report: int = 0

    @property
    def top(self) -> int:
        """Return the logical maximum: many write 255 in one byte, which reads as -1."""
        signed = self.maximum.signed
        return signed if signed >= self.minimum else self.maximum.unsigned


class _Parser:
    def __init__(self) -> None:
        self.fields: list[Field] = []
        self.applications: list[int] = []
        self.numbered = False
        self._globals: _Globals = _Globals()
        self._stack: list[_Globals] = []
        self._usages: list[tuple[Item, Item]] = []
        self._first: Item | None = None
        self._delimited = 0
        self._path: tuple[int, ...] = ()
        self._bits: dict[tuple[ReportKind, int], int] = {}

    def take(self, item: Item) -> None:
        match item.tag:
            case Tag.INPUT | Tag.OUTPUT | Tag.FEATURE:
                self._main(KINDS[Tag(item.tag)], _Flag(item.unsigned & 0b11))
                self._forget()
            case Tag.COLLECTION:
                self._open()
                self._forget()
            case Tag.END_COLLECTION:
                self._path = self._path[: _down(len(self._path))]
                self._forget()
            case Tag.PUSH:
                _bounded(len(self._stack), MAX_DEPTH, "PUSH")
                self._stack.append(self._globals)
            case Tag.POP:
                _down(len(self._stack))
                self._globals = self._stack.pop()
            case _:
                self._global(item)
                self._local(item)

    def _global(self, item: Item) -> None:
        now, number = self._globals, item.unsigned
        match item.tag:
            case Tag.USAGE_PAGE:
                self._globals = replace(now, page=number & 0xFFFF)
            case Tag.LOGICAL_MINIMUM:
                self._globals = replace(now, minimum=item.signed)
            case Tag.LOGICAL_MAXIMUM:
                self._globals = replace(now, maximum=item)
            case Tag.REPORT_SIZE:
                self._globals = replace(now, size=_bounded(number, MAX_REPORT_BITS, "a size"))
            case Tag.REPORT_COUNT:
                self._globals = replace(now, count=_bounded(number, MAX_REPORT_BITS, "a count"))
            case Tag.REPORT_ID:
                self._globals = replace(now, report=_bounded(number, 0xFF, "a report's number"))
                self.numbered = True
            case _:
                pass  # units and physical extents: nobody here measures with them

    def _local(self, item: Item) -> None:
        match item.tag:
            case Tag.DELIMITER:
                self._delimited = item.unsigned  # 1 opens, and from then on counts (6.2.2.8)
            case Tag.USAGE if self._delimited <= 1:
                self._use(item, item)
            case Tag.USAGE_MINIMUM:
                self._first = item
            case Tag.USAGE_MAXIMUM if self._first is not None:
                self._use(self._first, item)
                self._first = None
            case _:
                pass  # designators, strings, and the second of several names for one control

    def _use(self, first: Item, last: Item) -> None:
        _bounded(len(self._usages), MAX_USAGES, "the usages of one item")
        self._usages.append((first, last))
        self._delimited *= 2

    def _main(self, kind: ReportKind, flags: _Flag) -> None:
        now = self._globals
        start = self._bits.get((kind, now.report), 0)
        end = _bounded(start + now.size * now.count, MAX_REPORT_BITS, "a report")
        self._bits[kind, now.report] = end
        if _Flag.CONSTANT in flags or start == end:
            return
        usages = self._ranges()
        shape = Field(
            kind=kind,
            report=now.report,
            offset=start,
            size=now.size,
            count=now.count,
            minimum=now.minimum,
            maximum=now.top,
            path=self._path,
            choices=usages,
        )
        self._keep(_divided(shape, usages) if _Flag.VARIABLE in flags else (shape,))

    def _keep(self, fields: Sequence[Field] | Iterator[Field]) -> None:
        for each in fields:
            _bounded(len(self.fields), MAX_FIELDS, "the number of fields")
            self.fields.append(each)

    def _open(self) -> None:
        usage = usage_at(self._ranges(), 0) or 0
        if not self._path:
            self.applications.append(usage)
        _bounded(len(self._path), MAX_DEPTH, "the collections in each other")
        self._path = (*self._path, usage)

    def _ranges(self) -> Usages:
        """Complete the usages with the page that was declared last (6.2.2.7)."""
        return tuple((self._full(first), self._full(last)) for first, last in self._usages)

    def _full(self, item: Item) -> int:
        long = len(item.data) == 4  # noqa: PLR2004 - then the page is in it (6.2.2.8)
        return item.unsigned if long else self._globals.page << 16 | item.unsigned

    def _forget(self) -> None:
        self._usages, self._first, self._delimited = [], None, 0


def _divided(shape: Field, usages: Usages) -> Iterator[Field]:
    """Yield a field for each usage; the last one is that of all elements that are left."""
    known = min(sum(last - first + 1 for first, last in usages if last >= first), shape.count)
    for n in range(max(known, 1)):
        count = shape.count - n if n + 1 >= known else 1
        usage = usage_at(usages, n)
        yield replace(
            shape,
            offset=shape.offset + n * shape.size,
            count=count,
            usage=usage,
            choices=(),
        )


def _down(depth: int) -> int:
    if not depth:
        text = "the device's report descriptor closes what it never opened"
        raise ProtocolError("descriptor.unbalanced", text)
    return depth - 1


def _bounded(number: int, limit: int, what: str) -> int:
    if number > limit:
        raise _oversized(what)
    return number


def _oversized(what: str) -> ProtocolError:
    text = f"the device's report descriptor is beyond all measure: {what}"
    return ProtocolError("descriptor.oversized", text)
