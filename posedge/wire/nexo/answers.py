"""What a terminal answers: the word on the request, and what a payment came to."""

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from urllib.parse import parse_qsl

from posedge.model.errors import ProtocolError
from posedge.wire.nexo.header import Category, Header
from posedge.wire.nexo.notation import Fields, fields, number, read, text
from posedge.wire.nexo.receipts import Slip, slips
from posedge.wire.nexo.requests import Reference
from posedge.wire.redact import redact_text

SHOWN_DIGITS = 10
"""A masked card number shows its first six and last four at most (PCI DSS 4.0 §3.4.1)."""

KEPT = frozenset(
    {
        "AID", "applicationLabel", "applicationPreferredName", "authCode", "message",
        "paymentMethod", "pspReference", "refusalReason", "tid",
    }
)  # fmt: skip
"""What is read of the additional data; it also has names, expiry dates and card numbers' parts."""


class Result(StrEnum):
    SUCCESS = "Success"
    PARTIAL = "Partial"
    FAILURE = "Failure"


class Condition(StrEnum):
    """ErrorCondition; what is missing here is a refusal like any other."""

    ABORTED = "Aborted"
    BUSY = "Busy"
    CANCEL = "Cancel"
    DEVICE_OUT = "DeviceOut"
    IN_PROGRESS = "InProgress"
    INVALID_CARD = "InvalidCard"
    LOGGED_OUT = "LoggedOut"
    MESSAGE_FORMAT = "MessageFormat"
    NOT_ALLOWED = "NotAllowed"
    NOT_FOUND = "NotFound"
    REFUSAL = "Refusal"
    UNAVAILABLE_DEVICE = "UnavailableDevice"
    UNAVAILABLE_SERVICE = "UnavailableService"
    UNREACHABLE_HOST = "UnreachableHost"
    WRONG_PIN = "WrongPIN"


@dataclass(frozen=True, slots=True)
class Response:
    """`additional` holds the names of KEPT only."""

    result: Result
    condition: str = ""
    additional: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def words(self) -> str:
        """Say why, for a person."""
        said = self.additional.get("refusalReason") or self.additional.get("message", "")
        return ": ".join(part for part in (self.condition, said) if part) or self.result.value

    @classmethod
    def from_fields(cls, found: Fields) -> "Response":
        """Read the word; ProtocolError `nexo.unreadable` when there is none."""
        try:
            result = Result(text(found, "Result"))
        except ValueError:
            raise ProtocolError("nexo.unreadable", "an answer without a result") from None
        return cls(result, text(found, "ErrorCondition"), additional(found))


@dataclass(frozen=True, slots=True)
class Mark:
    """The terminal's own id and time of a transaction; a reversal names both."""

    id: str = ""
    at: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a payment or reversal came to, as its terminal tells it. `amount` holds tip and all."""

    response: Response
    sale: str
    mark: Mark
    currency: str
    amount: Decimal | None
    tip: Decimal | None
    cashback: Decimal | None
    auth_code: str
    acquirer_id: str
    scheme: str
    pan_last4: str
    pan_unmasked: bool
    entry: str
    slips: tuple[Slip, ...]

    @classmethod
    def from_fields(cls, body: Fields) -> "Outcome":
        """Read a PaymentResponse or ReversalResponse; ProtocolError as Response has it."""
        paid = fields(body, "PaymentResult")
        approved = fields(paid, "AmountsResp")
        acquirer = fields(paid, "PaymentAcquirerData")
        card = fields(paid, "PaymentInstrumentData", "CardData")
        mark = fields(body, "POIData", "POITransactionID")
        digits = re.sub(r"\D", "", text(card, "MaskedPan"))
        return cls(
            response=Response.from_fields(fields(body, "Response")),
            sale=text(body, "SaleData", "SaleTransactionID", "TransactionID"),
            mark=Mark(text(mark, "TransactionID"), text(mark, "TimeStamp")),
            currency=text(approved, "Currency"),
            amount=number(approved, "AuthorizedAmount"),
            tip=number(approved, "TipAmount"),
            cashback=number(approved, "CashBackAmount"),
            auth_code=text(acquirer, "ApprovalCode"),
            acquirer_id=text(acquirer, "AcquirerTransactionID", "TransactionID"),
            scheme=redact_text(text(card, "PaymentBrand")),
            pan_last4=digits[-4:],
            pan_unmasked=len(digits) > SHOWN_DIGITS,
            entry=_entry(card),
            slips=slips(body),
        )


@dataclass(frozen=True, slots=True)
class Status:
    """The answer to a TransactionStatus: which message it speaks of, and what became of that.

    `asked` and `repeated` are what the terminal says of it, each in its own place; `outcome` is
    None where nothing is repeated.
    """

    response: Response
    asked: Reference | None
    repeated: Header | None
    outcome: Outcome | None

    @classmethod
    def from_fields(cls, body: Fields, poiid: str) -> "Status":
        reference = fields(body, "MessageReference")
        again = fields(body, "RepeatedMessageResponse")
        header = fields(again, "MessageHeader")
        told = fields(again, "RepeatedResponseMessageBody")
        bodies = [fields(told, f"{name}Response") for name in (Category.PAYMENT, Category.REVERSAL)]
        outcomes = [Outcome.from_fields(each) for each in bodies if each]
        return cls(
            Response.from_fields(fields(body, "Response")),
            Reference.from_fields(reference, poiid) if reference else None,
            Header.from_fields(header) if header else None,
            outcomes[0] if outcomes else None,
        )


def additional(response: Fields) -> Mapping[str, str]:
    """Return the additional data by name, out of either form: pairs as in a URL, or JSON."""
    written = text(response, "AdditionalResponse")
    try:
        found = read(base64.b64decode(written, validate=True))
    except (binascii.Error, ValueError, ProtocolError):
        pairs = dict(parse_qsl(written))
    else:
        named = {**found, **fields(found, "additionalData")}
        pairs = {name: text(named, name) for name in named}
    return {name: redact_text(value) for name, value in pairs.items() if name in KEPT and value}


def _entry(card: Fields) -> str:
    """Return how the card was read, in the words of other terminals."""
    mode = card.get("EntryMode")
    modes = mode if isinstance(mode, Sequence) and not isinstance(mode, str) else (mode,)
    return next((ENTRY[each] for each in modes if isinstance(each, str) and each in ENTRY), "")


ENTRY = {
    "Contactless": "contactless",
    "Tapped": "contactless",
    "ICC": "chip",
    "SynchronousICC": "chip",
    "MagStripe": "magnetic",
    "Keyed": "manual",
    "Manual": "manual",
}
