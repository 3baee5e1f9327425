"""What a till asks: payments, reversals, and what became of them."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar
from urllib.parse import parse_qs, urlencode

from posedge.model.errors import ProtocolError
from posedge.wire.nexo.header import Category, Header, Key
from posedge.wire.nexo.notation import Fields, Nexo, fields, number, read, text, write

PRINTS = "ReceiptHandler"
"""Tender option: the till prints. Without it a terminal that has no printer refuses."""

ASKS_TIP, TAKES_LESS = "AskGratuity", "AllowPartialAuthorisation"

RECEIPTS = ("CashierReceipt", "CustomerReceipt")


@dataclass(frozen=True, slots=True)
class SaleTransaction:
    """The till's own name of what it sells; `at` is RFC 3339."""

    id: str
    at: str

    def to_fields(self) -> Mapping[str, str]:
        return {"TransactionID": self.id, "TimeStamp": self.at}


@dataclass(frozen=True, slots=True)
class Payment:
    """`amount` is the whole, tip and cashback in it. A refund is a payment the other way."""

    sale: SaleTransaction
    amount: Decimal
    currency: str
    tip: Decimal | None = None
    cashback: Decimal | None = None
    refund: bool = False
    options: tuple[str, ...] = (PRINTS,)

    category: ClassVar[Category] = Category.PAYMENT

    def to_fields(self) -> Fields:
        asked: dict[str, Nexo] = {"Currency": self.currency, "RequestedAmount": self.amount}
        parts = {"TipAmount": self.tip, "CashBackAmount": self.cashback}
        asked |= {name: part for name, part in parts.items() if part is not None}
        wanted = urlencode({"tenderOption": ",".join(self.options)}, safe=",")
        made: dict[str, Nexo] = {
            "SaleData": {
                "SaleTransactionID": self.sale.to_fields(),
                "SaleToAcquirerData": wanted,
            },
            "PaymentTransaction": {"AmountsReq": asked},
        }
        return made | ({"PaymentData": {"PaymentType": "Refund"}} if self.refund else {})

    @classmethod
    def from_fields(cls, found: Fields) -> "Payment | None":
        """Read a request; None for one without an amount."""
        asked = fields(found, "PaymentTransaction", "AmountsReq")
        amount, currency = number(asked, "RequestedAmount"), text(asked, "Currency")
        if amount is None or not currency:
            return None
        return cls(
            _sale(found),
            amount,
            currency,
            number(asked, "TipAmount"),
            number(asked, "CashBackAmount"),
            text(found, "PaymentData", "PaymentType") == "Refund",
            _options(text(found, "SaleData", "SaleToAcquirerData")),
        )


@dataclass(frozen=True, slots=True)
class Reversal:
    """Undoes a payment, which the terminal's own id and time name; of `amount`, that part only."""

    sale: SaleTransaction
    original_id: str
    original_at: str
    amount: Decimal | None = None

    category: ClassVar[Category] = Category.REVERSAL

    def to_fields(self) -> Fields:
        original = {"TransactionID": self.original_id, "TimeStamp": self.original_at}
        return {
            "OriginalPOITransaction": {"POITransactionID": original},
            "ReversalReason": "MerchantCancel",
            "SaleData": {
                "SaleTransactionID": self.sale.to_fields(),
                "SaleToAcquirerData": urlencode({"tenderOption": PRINTS}),
            },
            **({} if self.amount is None else {"ReversedAmount": self.amount}),
        }

    @classmethod
    def from_fields(cls, found: Fields) -> "Reversal":
        original = fields(found, "OriginalPOITransaction", "POITransactionID")
        return cls(
            _sale(found),
            text(original, "TransactionID"),
            text(original, "TimeStamp"),
            number(found, "ReversedAmount"),
        )


@dataclass(frozen=True, slots=True)
class Reference:
    """Another message, as status and abort name it."""

    category: str
    key: Key

    def to_fields(self) -> Mapping[str, str]:
        return {
            "MessageCategory": self.category,
            "SaleID": self.key.sale_id,
            "ServiceID": self.key.service_id,
        }

    @classmethod
    def from_fields(cls, found: Fields, poiid: str) -> "Reference":
        """Read a reference; `poiid` is the terminal's where it names none."""
        key = Key(text(found, "SaleID"), text(found, "ServiceID"), text(found, "POIID") or poiid)
        return cls(text(found, "MessageCategory"), key)


@dataclass(frozen=True, slots=True)
class TransactionStatus:
    """Asks what became of a message, receipts included. Moves nothing."""

    of: Reference

    category: ClassVar[Category] = Category.TRANSACTION_STATUS

    def to_fields(self) -> Fields:
        return {
            "ReceiptReprintFlag": True,
            "DocumentQualifier": RECEIPTS,
            "MessageReference": self.of.to_fields(),
        }


@dataclass(frozen=True, slots=True)
class Abort:
    of: Reference

    category: ClassVar[Category] = Category.ABORT

    def to_fields(self) -> Fields:
        return {"AbortReason": "MerchantAbort", "MessageReference": self.of.to_fields()}


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Asks how the terminal is; it need not ask its host for that."""

    category: ClassVar[Category] = Category.DIAGNOSIS

    def to_fields(self) -> Fields:
        return {"HostDiagnosisFlag": False}


@dataclass(frozen=True, slots=True)
class Login:
    """Has the terminal keep totals for this till, from now on; `at` is RFC 3339. No password."""

    at: str
    version: str

    category: ClassVar[Category] = Category.LOGIN

    def to_fields(self) -> Fields:
        software: Fields = {
            "ManufacturerID": "posedge",
            "ApplicationName": "posedge",
            "SoftwareVersion": self.version,
            "CertificationCode": "none",
        }
        return {"DateTime": self.at, "SaleSoftware": software, "OperatorLanguage": "en"}


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """Ends the running period of totals, tells them, and begins the next one."""

    category: ClassVar[Category] = Category.RECONCILIATION

    def to_fields(self) -> Fields:
        return {"ReconciliationType": "SaleReconciliation"}


Request = Payment | Reversal | TransactionStatus | Abort | Diagnosis | Login | Reconciliation


def to_json(header: Header, request: Request) -> bytes:
    """Return the message in clear."""
    body: Fields = {
        "MessageHeader": header.to_fields(),
        f"{request.category}Request": request.to_fields(),
    }
    return write({"SaleToPOIRequest": body}).encode()


def _sale(found: Fields) -> SaleTransaction:
    sale = fields(found, "SaleData", "SaleTransactionID")
    return SaleTransaction(text(sale, "TransactionID"), text(sale, "TimeStamp"))


def _options(written: str) -> tuple[str, ...]:
    """Read the tender options, out of pairs as in a URL or of JSON in base64."""
    try:
        option = text(read(base64.b64decode(written, validate=True)), "tenderOption")
    except (binascii.Error, ValueError, ProtocolError):
        option = ",".join(parse_qs(written).get("tenderOption", []))
    return tuple(option.split(","))
