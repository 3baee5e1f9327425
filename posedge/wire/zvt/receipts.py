"""Receipts that the terminal prints through the register: 06 D1 by line, 06 D3 as a block."""

from dataclasses import dataclass
from typing import ClassVar, Self

from posedge.wire.zvt import fields as bmp
from posedge.wire.zvt.apdu import Apdu
from posedge.wire.zvt.fields import read_fields, write_fields
from posedge.wire.zvt.text import CHARSET, from_terminal, to_wire
from posedge.wire.zvt.tlv import element, leaves, read_length

LINE, ATTRIBUTE, LINES, RECEIPT_KIND, PRINTING = 0x07, 0x09, 0x25, 0x1F07, 0x1F37
LAST, RESERVED, FEED = 0x80, 0x80, 0xFF
LAST_LINE = 0x81
MANDATORY = 0x80
MAX_FEED = 20
"""More empty lines than this are paper, not text."""


@dataclass(frozen=True, slots=True)
class PrintLine:
    """06 D1. `attribute` FF feeds `feed` lines; else bit 80 ends the receipt, 40 centres."""

    command: ClassVar = 0x06D1
    text: str = ""
    attribute: int = 0
    feed: int = 0
    receipt: int | None = None

    @property
    def lines(self) -> tuple[str, ...]:
        return ("",) * min(self.feed, MAX_FEED) if self.attribute == FEED else (self.text,)

    @property
    def last(self) -> bool:
        return bool(self.attribute & LAST) and self.attribute not in {RESERVED, FEED}

    @classmethod
    def from_data(cls, data: bytes, charset: str = CHARSET) -> Self:
        attribute = data[0] if data else 0
        text, tags = _without_tags(data[1:])
        receipt = _receipt(tags)
        if attribute == FEED:
            return cls(attribute=FEED, feed=text[0] if text else 1, receipt=receipt)
        return cls(text=from_terminal(text, charset), attribute=attribute, receipt=receipt)

    def to_apdu(self) -> Apdu:
        body = bytes([self.feed]) if self.attribute == FEED else to_wire(self.text)
        kind = None if self.receipt is None else element(RECEIPT_KIND, bytes([self.receipt]))
        return Apdu(self.command, bytes([self.attribute]) + body + write_fields([(bmp.TLV, kind)]))


@dataclass(frozen=True, slots=True)
class PrintBlock:
    """06 D3: a receipt or a part of one; `last` ends it."""

    command: ClassVar = 0x06D3
    lines: tuple[str, ...]
    receipt: int | None = None
    last: bool = True
    mandatory: bool = False

    @classmethod
    def from_data(cls, data: bytes, charset: str = CHARSET) -> Self:
        found, _ = read_fields(data)
        tags = list(leaves(found.get(bmp.TLV, b"")))
        flags = [value[0] for tag, value in tags if tag == ATTRIBUTE and value]
        return cls(
            lines=tuple(from_terminal(value, charset) for tag, value in tags if tag == LINE),
            receipt=_receipt(tags),
            last=any(flag & LAST for flag in flags),
            mandatory=any(tag == PRINTING and value == bytes([MANDATORY]) for tag, value in tags),
        )

    def to_apdu(self) -> Apdu:
        body = b"".join(element(LINE, to_wire(line)) for line in self.lines)
        ended = body + (element(ATTRIBUTE, bytes([LAST_LINE])) if self.last else b"")
        kind = b"" if self.receipt is None else element(RECEIPT_KIND, bytes([self.receipt]))
        must = element(PRINTING, bytes([MANDATORY])) if self.mandatory else b""
        return Apdu(self.command, write_fields([(bmp.TLV, kind + element(LINES, ended) + must)]))


def _without_tags(data: bytes) -> tuple[bytes, list[tuple[int, bytes]]]:
    """Part a line's text from the TLV container that may stand behind it."""
    start = data.find(bmp.TLV)
    while start >= 0:
        extent = read_length(data, start + 1)
        if extent is not None and extent[1] == len(data):
            return data[:start], list(leaves(data[extent[0] :]))
        start = data.find(bmp.TLV, start + 1)
    return data, []


def _receipt(tags: list[tuple[int, bytes]]) -> int | None:
    return next((value[0] for tag, value in tags if tag == RECEIPT_KIND and value), None)
