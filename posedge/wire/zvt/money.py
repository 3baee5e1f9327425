"""The register's commands that move or reserve money (PA00P015 13.08 §2.2 to §2.10)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Self

from posedge.wire.zvt import fields as bmp
from posedge.wire.zvt.apdu import Apdu
from posedge.wire.zvt.bcd import from_bcd, to_bcd
from posedge.wire.zvt.fields import AMOUNT_BYTES, read_fields, write_fields
from posedge.wire.zvt.password import PASSWORD_BYTES, read_password
from posedge.wire.zvt.tlv import element, leaves

PARTIAL, TIP, CASHBACK = 0x1F70, 0x1F36, 0x1F25
ALL_OPEN = "ffff"
"""The receipt number by which 06 23 asks for the reservations that are open (§2.10.1)."""


@dataclass(frozen=True, slots=True)
class Authorisation:
    """06 01: take a payment. `payment_type` 40 lets the terminal choose the kind of card.

    Its bit 08 lets the terminal ask for a tip. `tip_minor` and `cashback_minor` are parts of the
    amount; `partial`: less would do. `results` is how often the terminal may say its result while
    the register hands the goods out (BMP 02).
    """

    command: ClassVar = 0x0601
    amount_minor: int | None
    currency: int | None = None
    payment_type: int | None = None
    tip_minor: int | None = None
    cashback_minor: int | None = None
    partial: bool = False
    results: int | None = None

    def to_apdu(self) -> Apdu:
        values = [
            *_money(self.amount_minor, self.currency),
            (bmp.STATUS, _one(self.payment_type)),
            (bmp.MAX_STATUS, _one(self.results)),
            (bmp.TLV, self._tags() or None),
        ]
        return Apdu(self.command, write_fields(values))

    @classmethod
    def from_data(cls, data: bytes) -> Self:
        found, _ = read_fields(data)
        tags = dict(leaves(found.get(bmp.TLV, b"")))
        return cls(
            *_read_money(found),
            payment_type=_byte(found, bmp.STATUS),
            tip_minor=from_bcd(tags.get(TIP, b"")),
            cashback_minor=from_bcd(tags.get(CASHBACK, b"")),
            partial=tags.get(PARTIAL) == b"\x01",
            results=_byte(found, bmp.MAX_STATUS),
        )

    def _tags(self) -> bytes:
        named = ((TIP, self.tip_minor), (CASHBACK, self.cashback_minor))
        parts = [element(tag, to_bcd(minor, AMOUNT_BYTES)) for tag, minor in named if minor]
        return b"".join([*parts, element(PARTIAL, b"\x01") if self.partial else b""])


@dataclass(frozen=True, slots=True)
class Reversal:
    """06 30: undo the payment that has this receipt number."""

    command: ClassVar = 0x0630
    password: str = field(repr=False)
    receipt_no: str
    amount_minor: int | None = None
    currency: int | None = None

    def to_apdu(self) -> Apdu:
        number = (bmp.RECEIPT, to_bcd(self.receipt_no, 2))
        money = _money(self.amount_minor, self.currency)
        secret = to_bcd(self.password, PASSWORD_BYTES)
        return Apdu(self.command, secret + write_fields([number, *money]))

    @classmethod
    def from_data(cls, data: bytes) -> Self:
        password, rest = read_password(data)
        found, _ = read_fields(rest)
        return cls(password, found.get(bmp.RECEIPT, b"").hex(), *_read_money(found))


@dataclass(frozen=True, slots=True)
class Refund:
    """06 31: pay money back to a card."""

    command: ClassVar = 0x0631
    password: str = field(repr=False)
    amount_minor: int | None
    currency: int | None = None

    def to_apdu(self) -> Apdu:
        money = write_fields(_money(self.amount_minor, self.currency))
        return Apdu(self.command, to_bcd(self.password, PASSWORD_BYTES) + money)

    @classmethod
    def from_data(cls, data: bytes) -> Self:
        password, rest = read_password(data)
        return cls(password, *_read_money(read_fields(rest)[0]))


@dataclass(frozen=True, slots=True)
class PreAuthorisation:
    """06 22: reserve an amount."""

    command: ClassVar = 0x0622
    amount_minor: int | None
    currency: int | None = None
    payment_type: int | None = None

    def to_apdu(self) -> Apdu:
        money = _money(self.amount_minor, self.currency)
        return Apdu(self.command, write_fields([(bmp.STATUS, _one(self.payment_type)), *money]))

    @classmethod
    def from_data(cls, data: bytes) -> Self:
        found, _ = read_fields(data)
        return cls(*_read_money(found), payment_type=_byte(found, bmp.STATUS))


@dataclass(frozen=True, slots=True)
class _OfReservation:
    """What 06 23, 06 24 and 06 25 say alike."""

    command: ClassVar[int]
    receipt_no: str
    amount_minor: int | None = None
    currency: int | None = None
    payment_type: int | None = None

    def to_apdu(self) -> Apdu:
        money = _money(self.amount_minor, self.currency)
        number = bytes.fromhex(f"{self.receipt_no:>04}")
        fields = [(bmp.STATUS, _one(self.payment_type)), (bmp.RECEIPT, number), *money]
        return Apdu(self.command, write_fields(fields))

    @classmethod
    def from_data(cls, data: bytes) -> Self:
        found, _ = read_fields(data)
        receipt_no = found.get(bmp.RECEIPT, b"").hex()
        return cls(receipt_no, *_read_money(found), payment_type=_byte(found, bmp.STATUS))


@dataclass(frozen=True, slots=True)
class PartialReversal(_OfReservation):
    """06 23: give the unused `amount_minor` of a reservation up and book the rest.

    With ALL_OPEN and nothing else it asks which reservations are open.
    """

    command: ClassVar = 0x0623


@dataclass(frozen=True, slots=True)
class BookTotal(_OfReservation):
    """06 24: book the used `amount_minor` of a reservation."""

    command: ClassVar = 0x0624


@dataclass(frozen=True, slots=True)
class PreAuthReversal(_OfReservation):
    """06 25: give a reservation up."""

    command: ClassVar = 0x0625


MoneyCommand = (
    Authorisation
    | Refund
    | Reversal
    | PreAuthorisation
    | PartialReversal
    | BookTotal
    | PreAuthReversal
)


def _money(amount_minor: int | None, currency: int | None) -> list[tuple[int, bytes | None]]:
    return [
        (bmp.AMOUNT, None if amount_minor is None else to_bcd(amount_minor, AMOUNT_BYTES)),
        (bmp.CURRENCY, None if currency is None else to_bcd(currency, 2)),
    ]


def _read_money(found: Mapping[int, bytes]) -> tuple[int | None, int | None]:
    return from_bcd(found.get(bmp.AMOUNT, b"")), from_bcd(found.get(bmp.CURRENCY, b""))


def _one(value: int | None) -> bytes | None:
    return None if value is None else bytes([value])


def _byte(found: Mapping[int, bytes], number: int) -> int | None:
    return found[number][0] if number in found else None
