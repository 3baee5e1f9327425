"""What else the terminal says (PA00P015 13.08 §3): progress, completion, abort."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, Self

from posedge.wire.zvt import fields as bmp
from posedge.wire.zvt.apdu import Apdu
from posedge.wire.zvt.bcd import from_bcd, to_bcd
from posedge.wire.zvt.codes import Result
from posedge.wire.zvt.fields import is_container, length_of, read_fields, write_fields
from posedge.wire.zvt.text import CHARSET, from_terminal, to_wire
from posedge.wire.zvt.tlv import element, leaves

DISPLAY, LINE = 0x24, 0x07
OPEN_RECEIPTS, OPEN_RECEIPT = 0x23, 0x08
TEXT_ONLY = 0xFF
"""The intermediate status that has no words of its own (§3.7)."""


@dataclass(frozen=True, slots=True)
class IntermediateStatus:
    """04 FF: what the terminal shows. `timeout_min` sets how long it may stay silent now.

    One that says nothing at all, as some do, is a sign of life like any other: status FF.
    """

    command: ClassVar = 0x04FF
    status: int
    timeout_min: int | None = None
    text: str = ""

    @classmethod
    def from_data(cls, data: bytes, charset: str = CHARSET) -> Self:
        status, rest = data[0] if data else TEXT_ONLY, data[1:]
        timeout = None
        if rest and (not is_container(rest) or is_container(rest[1:])):  # or six minutes
            timeout, rest = from_bcd(rest[:1]), rest[1:]
        found, _ = read_fields(rest)
        lines = (value for tag, value in leaves(found.get(bmp.TLV, b"")) if tag == LINE)
        return cls(status, timeout, "\n".join(from_terminal(line, charset) for line in lines))

    def to_apdu(self) -> Apdu:
        timeout = b"" if self.timeout_min is None else to_bcd(self.timeout_min, 1)
        shown = element(DISPLAY, element(LINE, to_wire(self.text))) if self.text else None
        return Apdu(self.command, bytes([self.status]) + timeout + write_fields([(bmp.TLV, shown)]))


@dataclass(frozen=True, slots=True)
class Completion:
    """06 0F: the command has ended. Proves nothing about a payment.

    `status` holds what the terminal needs after registration: 01 initialisation, 02 diagnosis.
    """

    command: ClassVar = 0x060F
    result: int | None = None
    status: int | None = None
    terminal_id: str = ""
    currency: int | None = None

    @classmethod
    def from_data(cls, data: bytes) -> Self:
        found, _ = read_fields(data)
        return cls(
            result=found[bmp.RESULT][0] if bmp.RESULT in found else None,
            status=found[bmp.STATUS][0] if bmp.STATUS in found else None,
            terminal_id=found.get(bmp.TERMINAL_ID, b"").hex(),
            currency=from_bcd(found.get(bmp.CURRENCY, b"")),
        )

    def to_apdu(self) -> Apdu:
        values: Iterable[tuple[int, bytes | None]] = (
            (bmp.RESULT, None if self.result is None else bytes([self.result])),
            (bmp.STATUS, None if self.status is None else bytes([self.status])),
            (bmp.TERMINAL_ID, bytes.fromhex(self.terminal_id) if self.terminal_id else None),
            (bmp.CURRENCY, None if self.currency is None else to_bcd(self.currency, 2)),
        )
        return Apdu(self.command, write_fields(values))


@dataclass(frozen=True, slots=True)
class StatusReport:
    """06 0F in answer to 05 01, which has no field numbers: `[LLLVAR software] state [TLV]`.

    Some terminals write it as any other 06 0F, the state as BMP 27; some leave it empty and tell
    the state by a 04 0F in front of it: None.
    """

    command: ClassVar = 0x060F
    state: int | None
    software: str = ""

    @classmethod
    def from_data(cls, data: bytes, charset: str = CHARSET) -> Self:
        found, unread = read_fields(data)
        if bmp.RESULT in found and not unread:
            return cls(found[bmp.RESULT][0])
        size = length_of(data[:3]) if len(data) > 3 else None  # noqa: PLR2004 - F0 alone is a state
        start = 0 if size is None else 3 + size
        software = from_terminal(data[3:start], charset) if start else ""
        return cls(data[start] if start < len(data) else None, software)

    def to_apdu(self) -> Apdu:
        version = write_fields([(bmp.TEXT, to_wire(self.software))])[1:] if self.software else b""
        return Apdu(self.command, version + (b"" if self.state is None else bytes([self.state])))


@dataclass(frozen=True, slots=True)
class Abort:
    """06 1E: the terminal has given up, for the reason `code`.

    To an enquiry for open reservations it names them in `open_receipts`.
    """

    command: ClassVar = 0x061E
    code: int
    receipt_no: str = ""
    open_receipts: tuple[str, ...] = ()

    @classmethod
    def from_data(cls, data: bytes) -> Self:
        found, _ = read_fields(data[1:])
        tags = leaves(found.get(bmp.TLV, b""))
        return cls(
            data[0] if data else Result.SYSTEM,
            found.get(bmp.RECEIPT, b"").hex(),
            tuple(value.hex() for tag, value in tags if tag == OPEN_RECEIPT),
        )

    def to_apdu(self) -> Apdu:
        number = bytes.fromhex(self.receipt_no) if self.receipt_no else None
        listed = b"".join(element(OPEN_RECEIPT, bytes.fromhex(no)) for no in self.open_receipts)
        tlv = element(OPEN_RECEIPTS, listed) if listed else None
        fields = write_fields([(bmp.RECEIPT, number), (bmp.TLV, tlv)])
        return Apdu(self.command, bytes([self.code]) + fields)
