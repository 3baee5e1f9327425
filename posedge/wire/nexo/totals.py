"""What a terminal says of a reconciliation period: sums by card brand and kind of transaction.

docs.adyen.com, "Reconcile a balance mismatch" and "Retrieve totals from the terminal"; the kinds
are nexo's TransactionType, as Adyen's published types name them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from posedge.wire.nexo.notation import Fields, items, number, text
from posedge.wire.redact import redact_text

SIGNS: Mapping[str, int] = {
    "Debit": 1,
    "CashAdvance": 1,
    "IssuerInstalment": 1,
    "CompletedDeffered": 1,  # spelt so in nexo
    "CompletedReservation": 1,
    "ReverseCredit": 1,
    "Credit": -1,
    "ReverseDebit": -1,
    "OneTimeReservation": 0,
    "FirstReservation": 0,
    "UpdateReservation": 0,
    "Declined": 0,
    "Failed": 0,
}
"""Which way the money of each TransactionType went; 0: none moved."""


@dataclass(frozen=True, slots=True)
class Total:
    """One PaymentTotals of a brand; `brand` and `currency` are empty where it does not say.

    `count` and `amount` are None where they cannot be read.
    """

    brand: str
    currency: str
    kind: str
    count: int | None
    amount: Decimal | None


@dataclass(frozen=True, slots=True)
class Totals:
    """`period` is the terminal's number of the period; `failures` are brands without sums.

    `kept` is not set where it names no totals at all, not even none.
    """

    period: str
    kept: bool
    lines: tuple[Total, ...]
    failures: tuple[str, ...]

    @classmethod
    def from_fields(cls, body: Fields) -> "Totals":
        """Read a ReconciliationResponse, or a GetTotalsResponse, which looks the same."""
        groups = items(body, "TransactionTotals")
        return cls(
            text(body, "POIReconciliationID"),
            "TransactionTotals" in body,
            tuple(_line(group, each) for group in groups for each in items(group, "PaymentTotals")),
            tuple(text(each, "ErrorCondition") for each in groups if "ErrorCondition" in each),
        )


def _line(group: Fields, of: Fields) -> Total:
    count = number(of, "TransactionCount")
    return Total(
        redact_text(text(group, "CardBrand")),
        text(group, "PaymentCurrency"),
        text(of, "TransactionType"),
        int(count) if count is not None and count == count.to_integral_value() else None,
        number(of, "TransactionAmount"),
    )
