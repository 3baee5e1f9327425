"""HID POS barcode scanners: codes in scanned data reports, long ones in several.

Source: HID Point of Sale Usage Tables 1.02, chapter 4 (page 0x8C). Where things lie is read from
the report descriptor; without one that says it, they are taken to lie where Honeywell, Zebra and
Datalogic put them. Nothing here raises: what cannot be read is a Dropped.
"""

import re
from dataclasses import dataclass

from posedge.wire.gs1 import split_aim
from posedge.wire.hid.descriptor import Descriptor
from posedge.wire.hid.fields import Field, ReportKind
from posedge.wire.lines import MAX_BYTES, Charset
from posedge.wire.scan import Dropped, Scan, garbled

SYMBOLOGY = (0x8C00FB, 0x8C00FC, 0x8C00FD)
DECODED_DATA = 0x8C00FE
CONTINUED = 0x8C00FF
BYTE_COUNT = 0x01003B

HONEYWELL = frozenset({0x0C2E, 0x23D0})
ENABLE = b"\xfe\x01"
"""Feature report 254: until a Honeywell is told this it keeps its codes to itself."""

AIM = re.compile(rb"\][A-Za-z][0-9A-Za-z]")
AIM_BYTES = 3
EDGES = "\r\n\t"
"""A suffix that the scanner is programmed to send, as keyboards and serial lines need one."""

ENDLESS = Dropped("scan.endless", "More came than any code holds: scan again")
GARBLED = Dropped("scan.garbled", "The code came garbled: scan again, and check the charset")
LOST = Dropped("scan.lost", "Part of the code was lost because the box was busy: scan again")
UNTERMINATED = Dropped("scan.unterminated", "The code broke off before its end: scan again")


@dataclass(frozen=True, slots=True)
class Layout:
    """Where a scanned data report has its parts; those that are None it does not have."""

    data: Field
    count: Field | None
    symbology: tuple[Field, ...]
    continued: Field | None


def layout(descriptor: Descriptor) -> Layout:
    """Find the parts; the known layout where the descriptor has no decoded data in bytes."""
    fields = descriptor.of(ReportKind.INPUT)
    data = next((each for each in fields if each.usage == DECODED_DATA and _in_bytes(each)), None)
    if data is None:
        return KNOWN
    beside = [each for each in fields if each.report == data.report]
    return Layout(
        data=data,
        count=next((each for each in beside if each.usage == BYTE_COUNT), None),
        symbology=tuple(each for each in beside if each.usage in SYMBOLOGY and _in_bytes(each)),
        continued=next((each for each in beside if each.usage == CONTINUED), None),
    )


class PosScans:
    """Give it reports, each without its number; it returns a scan when one is over."""

    def __init__(self, where: Layout, *, charset: Charset = "utf-8") -> None:
        self._where = where
        self._charset = charset
        self._aim = b""
        self._buffer = bytearray()
        self._begun = False
        self._voided = False

    @property
    def pending(self) -> bool:
        """Whether more of a code must come."""
        return self._begun or self._voided

    def report(self, number: int, data: bytes) -> Scan | Dropped | None:
        """Take one report; others than scanned data say nothing."""
        where = self._where
        if number != where.data.report:
            return None
        aim, part = _read(where, data)
        if not self._begun:
            self._aim, self._begun = aim, True
        self._buffer += part
        if len(self._buffer) > MAX_BYTES:
            first = not self._voided
            self._buffer.clear()
            self._voided = True
            return ENDLESS if first else None
        if where.continued is not None and where.continued.value(data):
            return None
        return self._over()

    def void(self) -> Dropped:
        """Give up the code under way, since reports were lost; what is left of it is none."""
        self._forget()
        self._voided = True
        return LOST

    def silence(self) -> Dropped | None:
        """Nothing came for longer than a scanner pauses within a code."""
        broken = self._begun and not self._voided
        self._forget()
        return UNTERMINATED if broken else None

    def __repr__(self) -> str:
        return f"<PosScans: {len(self._buffer)} bytes of a code>"

    def _over(self) -> Scan | Dropped | None:
        data, aim, voided = bytes(self._buffer), self._aim, self._voided
        self._forget()
        if voided:
            return None
        try:
            text = data.decode(self._charset).strip(EDGES)
        except UnicodeDecodeError:
            return GARBLED
        if not text:
            return None
        return GARBLED if garbled(text) else Scan(_identified(aim, text))

    def _forget(self) -> None:
        self._aim, self._begun, self._voided = b"", False, False
        self._buffer.clear()


def _read(where: Layout, data: bytes) -> tuple[bytes, bytes]:
    """Return AIM identifier, b"" without one, and the part of the code that this report bears.

    Some scanners have one byte more in front of both than they say.
    """
    shift = 0
    aim = b"".join(field.octets(data) for field in where.symbology)[:AIM_BYTES]
    if where.symbology and not AIM.fullmatch(aim):
        start = where.symbology[0].offset // 8 + 1
        shift = int(bool(AIM.match(data[start : start + AIM_BYTES])))
        aim = data[start : start + AIM_BYTES] if shift else b""
    part = where.data.octets(data[shift:])
    size = None if where.count is None else where.count.value(data)
    return aim, part.rstrip(b"\0") if size is None else part[:size]


def _identified(aim: bytes, text: str) -> str:
    """Put the identifier in front, where it is one that we know and not there already."""
    known = aim.decode()
    return text if not split_aim(known)[0] or text.startswith(known) else known + text


def _in_bytes(field: Field) -> bool:
    return field.size == 8 and not field.offset % 8  # noqa: PLR2004 - bits


def _known(usage: int, byte: int, count: int = 1) -> Field:
    return Field(
        kind=ReportKind.INPUT,
        report=2,
        offset=8 * byte,
        size=8,
        count=count,
        minimum=0,
        maximum=255,
        path=(),
        usage=usage,
    )


KNOWN = Layout(
    data=_known(DECODED_DATA, 4, 56),
    count=_known(BYTE_COUNT, 0),
    symbology=(_known(SYMBOLOGY[0], 1, AIM_BYTES),),
    continued=_known(CONTINUED, 62),
)
"""As npm's @point-of-sale/webhid-barcode-scanner 1.2.2 reads Honeywell, Zebra and Datalogic."""
