"""What a simulated Adyen terminal says, field by field."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from urllib.parse import quote, urlencode

from posedge.model.money import Money
from posedge.wire.nexo.answers import Mark, Result
from posedge.wire.nexo.header import Header
from posedge.wire.nexo.notation import Fields, Nexo, write
from posedge.wire.nexo.requests import SaleTransaction

MASKED_PAN, TEST_PAN = "541333 **** 0010", "5413330089010442"
"""A test Mastercard, for the terminal that forgets to mask."""


@dataclass(frozen=True, slots=True)
class Approval:
    """What was approved; `amount` has tip and cashback in it."""

    mark: Mark
    amount: Money
    tip: Money | None
    cashback: Money | None
    partial: bool
    unmasked: bool


def response(result: Result, condition: str = "", said: Mapping[str, str] | None = None) -> Fields:
    made: dict[str, Nexo] = {"Result": result.value}
    if condition:
        made["ErrorCondition"] = condition
    if said:
        made["AdditionalResponse"] = urlencode(said, quote_via=quote)
    return made


def failure(condition: str, message: str) -> Fields:
    """Return the word in the other form of its additional data: JSON in base64."""
    told = write({"additionalData": {}, "message": message, "refusalReason": message})
    encoded = base64.b64encode(told.encode()).decode()
    return {**response(Result.FAILURE, condition), "AdditionalResponse": encoded}


def refused(sale: SaleTransaction, mark: Mark, condition: str, message: str) -> Fields:
    return {"Response": failure(condition, message), **_named(sale, mark)}


def paid(sale: SaleTransaction, approval: Approval) -> Fields:
    amounts: dict[str, Nexo] = {
        "AuthorizedAmount": approval.amount.decimal,
        "Currency": approval.amount.currency,
    }
    parts = {"TipAmount": approval.tip, "CashBackAmount": approval.cashback}
    amounts |= {name: part.decimal for name, part in parts.items() if part is not None}
    result = Result.PARTIAL if approval.partial else Result.SUCCESS
    return {
        "Response": response(result, said=_additional(approval.mark)),
        **_named(sale, approval.mark),
        "PaymentResult": {
            "AmountsResp": amounts,
            "OnlineFlag": True,
            "PaymentAcquirerData": {
                "AcquirerTransactionID": {"TransactionID": _psp(approval.mark)},
                "ApprovalCode": "123456",
            },
            "PaymentInstrumentData": {
                "CardData": {
                    "EntryMode": ["Contactless"],
                    "MaskedPan": TEST_PAN if approval.unmasked else MASKED_PAN,
                    "PaymentBrand": "mc",
                },
                "PaymentInstrumentType": "Card",
            },
        },
        "PaymentReceipt": _receipts(approval.amount.decimal, approval.amount.currency),
    }


def reversed_(sale: SaleTransaction, mark: Mark, amount: Money) -> Fields:
    return {
        "Response": response(Result.SUCCESS, said=_additional(mark)),
        **_named(sale, mark),
        "PaymentReceipt": _receipts(amount.decimal, amount.currency),
    }


def status(reference: Fields, repeated: Header, body: Fields) -> Fields:
    return {
        "MessageReference": reference,
        "RepeatedMessageResponse": {
            "MessageHeader": repeated.to_fields(),
            "RepeatedResponseMessageBody": {f"{repeated.category}Response": body},
        },
        "Response": response(Result.SUCCESS),
    }


def diagnosis(state: str) -> Fields:
    return {
        "Response": response(Result.SUCCESS),
        "POIStatus": {"GlobalStatus": state, "CommunicationOKFlag": True},
    }


def logged_in(at: str) -> Fields:
    software: Fields = {
        "ManufacturerID": "Adyen",
        "ApplicationName": "Nexo",
        "SoftwareVersion": "adyen_simulated",
        "CertificationCode": "",
    }
    state: Fields = {"GlobalStatus": "OK", "CommunicationOKFlag": True}
    system: Fields = {"DateTime": at, "POISoftware": software, "POIStatus": state}
    return {"Response": response(Result.SUCCESS), "POISystemData": system}


def totals(period: int, sums: Mapping[tuple[str, str], tuple[int, Money]]) -> Fields:
    """Tell sums by currency and TransactionType; every card is of one brand here."""
    currencies = dict.fromkeys(currency for currency, _ in sums)
    return {
        "Response": response(Result.SUCCESS),
        "ReconciliationType": "SaleReconciliation",
        "POIReconciliationID": str(period),
        "TransactionTotals": [
            {
                "PaymentInstrumentType": "Card",
                "CardBrand": "mc",
                "PaymentCurrency": currency,
                "PaymentTotals": [
                    {
                        "TransactionType": kind,
                        "TransactionCount": count,
                        "TransactionAmount": amount.decimal,
                    }
                    for (of, kind), (count, amount) in sums.items()
                    if of == currency
                ],
            }
            for currency in currencies
        ],
    }


def rejection(message: str) -> Fields:
    """Return a whole message: the event that comes in place of an answer."""
    details = f"message={quote(message)}"
    event: Fields = {"EventToNotify": "Reject", "EventDetails": details, "RejectedMessage": ""}
    return {"SaleToPOIRequest": {"EventNotification": event}}


def _psp(mark: Mark) -> str:
    return mark.id.partition(".")[2]


def _named(sale: SaleTransaction, mark: Mark) -> Fields:
    own = {"TransactionID": mark.id, "TimeStamp": mark.at}
    return {
        "POIData": {"POITransactionID": own},
        "SaleData": {"SaleTransactionID": sale.to_fields()},
    }


def _additional(mark: Mark) -> Mapping[str, str]:
    return {
        "tid": "75069402",
        "pspReference": _psp(mark),
        "authCode": "123456",
        "AID": "A0000000041010",
        "expiryYear": "2030",
    }


def _receipts(amount: Decimal, currency: str) -> list[Nexo]:
    return [
        {
            "DocumentQualifier": kind,
            "RequiredSignatureFlag": False,
            "OutputContent": {
                "OutputFormat": "Text",
                "OutputText": [
                    {"Text": _encoded(*line), "EndOfLineFlag": True}
                    for line in _lines(title, amount, currency)
                ],
            },
        }
        for kind, title in (
            ("CashierReceipt", "MERCHANT COPY"),
            ("CustomerReceipt", "CARDHOLDER COPY"),
        )
    ]


def _lines(title: str, amount: Decimal, currency: str) -> list[tuple[str, str, str]]:
    return [
        (title, "", "header"),
        ("", "", "filler"),
        ("Card", "************0010", "pan"),
        ("TOTAL", f"{currency} {amount}", "totalAmount"),
        ("APPROVED", "", "approved"),
    ]


def _encoded(name: str, value: str, key: str) -> str:
    pairs = {"name": name, "value": value, "key": key}
    return urlencode({each: said for each, said in pairs.items() if said}, quote_via=quote)
