"""04 0F, status information: what became of a payment (PA00P015 13.08 §3.2, fields §8, tags §9)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

from posedge.wire.zvt import fields as bmp
from posedge.wire.zvt.apdu import Apdu
from posedge.wire.zvt.bcd import from_bcd, to_bcd
from posedge.wire.zvt.card import hidden, masked
from posedge.wire.zvt.fields import AMOUNT_BYTES, read_fields, write_fields
from posedge.wire.zvt.money import CASHBACK, TIP
from posedge.wire.zvt.text import CHARSET, from_terminal, to_wire
from posedge.wire.zvt.tlv import element, leaves
from posedge.wire.zvt.totals import Totals, read_totals, write_totals

AID, CVM, ENTRY, LONG_TRACE = 0x43, 0x1F10, 0x1F12, 0x1F2B
LONG_TRACE_BYTES = 4


@dataclass(frozen=True, slots=True)
class StatusInformation:
    """Every field is optional and their order is free. Numbers that only identify stay text.

    `pan_unmasked`: the terminal sent the whole card number, which its operator should change.
    `unread`: bytes behind the first field that could not be read; they are not kept, since they
    may hold card data. Track, CVV and expiry fields are skipped and never looked at.
    """

    command: ClassVar = 0x040F
    result: int | None = None
    amount_minor: int | None = None
    currency: int | None = None
    trace_no: str = ""
    original_trace_no: str = ""
    time: str = ""
    date: str = ""
    terminal_id: str = ""
    merchant_no: str = ""
    receipt_no: str = ""
    card_type: int | None = None
    card_name: str = ""
    pan_last4: str = ""
    pan_unmasked: bool = False
    auth_code: str = ""
    host_code: int | None = None
    text: str = ""
    aid: str = ""
    entry: int | None = None
    cvm: int | None = None
    tip_minor: int | None = None
    cashback_minor: int | None = None
    totals: Totals | None = None
    unread: int = 0

    @property
    def doubtful(self) -> bool:
        """Whether the outcome or the amount may be among the bytes that could not be read."""
        return self.result is None or (self.amount_minor is None and self.unread > 0)

    @property
    def names_payment(self) -> bool:
        """Whether it bears a number or a card, as only a payment's does."""
        return any((self.receipt_no, self.trace_no, self.pan_last4, self.card_type))

    def agrees(self, other: Self) -> bool:
        """Whether both say the same result of the same payment; one may say more than the other."""
        return self.result == other.result and not any(
            mine not in {None, "", yours} and yours not in {None, ""}
            for mine, yours in zip(_identity(self), _identity(other), strict=True)
        )

    @classmethod
    def from_data(cls, data: bytes, charset: str = CHARSET) -> Self:
        found, unread = read_fields(data)
        tags = dict(leaves(found.get(bmp.TLV, b"")))
        last4, unmasked = masked(found.get(bmp.PAN, b""))
        amount = found.get(bmp.AMOUNT, b"")
        trace = found.get(bmp.TRACE, b"")
        if not any(trace):  # 000000: the number is too long for BMP 0B
            trace = tags.get(LONG_TRACE, trace)[:LONG_TRACE_BYTES]
        return cls(
            result=_byte(found, bmp.RESULT),
            amount_minor=from_bcd(amount),
            currency=from_bcd(found.get(bmp.CURRENCY, b"")),
            trace_no=trace.hex(),
            original_trace_no=found.get(bmp.ORIGINAL_TRACE, b"").hex(),
            time=found.get(bmp.TIME, b"").hex(),
            date=found.get(bmp.DATE, b"").hex(),
            terminal_id=found.get(bmp.TERMINAL_ID, b"").hex(),
            merchant_no=from_terminal(found.get(bmp.MERCHANT, b""), charset).strip(),
            receipt_no=found.get(bmp.RECEIPT, b"").hex(),
            card_type=_byte(found, bmp.CARD_TYPE),
            card_name=from_terminal(found.get(bmp.CARD_NAME, b""), charset).strip(),
            pan_last4=last4,
            pan_unmasked=unmasked,
            auth_code=from_terminal(found.get(bmp.AUTH, b""), charset).strip(),
            host_code=_byte(found, bmp.HOST_CODE),
            text=from_terminal(found.get(bmp.TEXT, b""), charset),
            aid=tags.get(AID, b"").hex(),
            entry=_byte(tags, ENTRY),
            cvm=_byte(tags, CVM),
            tip_minor=from_bcd(tags.get(TIP, b"")),
            cashback_minor=from_bcd(tags.get(CASHBACK, b"")),
            totals=read_totals(found.get(bmp.TOTALS, b"")),
            unread=unread + (len(amount) if from_bcd(amount) is None else 0),
        )

    def to_apdu(self) -> Apdu:
        """Write what a terminal would send; the card number is always a masked one."""
        return Apdu(self.command, write_fields(self._fields()))

    def _fields(self) -> list[tuple[int, bytes | None]]:
        return [
            (bmp.RESULT, _one(self.result)),
            (bmp.AMOUNT, _number(self.amount_minor, AMOUNT_BYTES)),
            (bmp.TRACE, _trace(self.trace_no)),
            (bmp.ORIGINAL_TRACE, _digits(self.original_trace_no)),
            (bmp.TIME, _digits(self.time)),
            (bmp.DATE, _digits(self.date)),
            (bmp.PAN, hidden(self.pan_last4) if self.pan_last4 else None),
            (bmp.TERMINAL_ID, _digits(self.terminal_id)),
            (bmp.MERCHANT, to_wire(self.merchant_no.ljust(15)) if self.merchant_no else None),
            (bmp.AUTH, to_wire(self.auth_code.ljust(8)) if self.auth_code else None),
            (bmp.TEXT, to_wire(self.text) if self.text else None),
            (bmp.CURRENCY, _number(self.currency, 2)),
            (bmp.TOTALS, None if self.totals is None else write_totals(self.totals)),
            (bmp.RECEIPT, _digits(self.receipt_no)),
            (bmp.CARD_TYPE, _one(self.card_type)),
            (bmp.CARD_NAME, to_wire(self.card_name) + b"\0" if self.card_name else None),
            (bmp.HOST_CODE, _one(self.host_code)),
            (bmp.TLV, self._tags() or None),
        ]

    def _tags(self) -> bytes:
        tags = (
            (AID, _digits(self.aid)),
            (ENTRY, _one(self.entry)),
            (CVM, _one(self.cvm)),
            (TIP, _number(self.tip_minor, AMOUNT_BYTES)),
            (CASHBACK, _number(self.cashback_minor, AMOUNT_BYTES)),
            (LONG_TRACE, _digits(self.trace_no) if len(self.trace_no) > _SHORT else None),
        )
        return b"".join(element(tag, value) for tag, value in tags if value is not None)


def _identity(of: StatusInformation) -> tuple[int | str | None, ...]:
    return (
        of.amount_minor, of.currency, of.receipt_no, of.trace_no, of.terminal_id, of.pan_last4,
        of.auth_code,
    )  # fmt: skip


_SHORT = 6  # digits that fit into BMP 0B


def _trace(trace_no: str) -> bytes | None:
    return _digits(trace_no) if len(trace_no) <= _SHORT else bytes(_SHORT // 2)


def _digits(text: str) -> bytes | None:
    return bytes.fromhex(text) if text else None


def _one(value: int | None) -> bytes | None:
    return None if value is None else bytes([value])


def _number(value: int | None, size: int) -> bytes | None:
    return None if value is None else to_bcd(value, size)


def _byte(found: Mapping[int, bytes], number: int) -> int | None:
    value = found.get(number, b"")
    return value[0] if value else None
