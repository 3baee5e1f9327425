"""The one transaction that every system behind headquarters understands.

Positive quantities with a kind, tax per line and the summary as printed, discounts already
allocated to lines: so a sale maps to shop systems, ERP and ledgers alike (facts on
integrations, §5). Money is integer minor units of `currency`, quantities and rates are decimals.
"""

from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from posedge.model.money import Currency
from posedge.model.value import Value

MAX_LINES = 500
UUID7 = r"^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"

Minor = Annotated[int, Field(ge=-(10**12), le=10**12)]
Name = Annotated[str, Field(min_length=1, max_length=256)]
SaleId = Annotated[str, Field(pattern=UUID7)]
Quantity = Annotated[Decimal, Field(gt=0, max_digits=12, decimal_places=6)]


class Discount(Value):
    """A price reduction of this line, already taken off `gross_minor`."""

    reason: Name
    amount_minor: Annotated[int, Field(ge=0, le=10**12)]


class Tax(Value):
    code: Name
    rate_percent: Annotated[Decimal, Field(ge=0, le=100, max_digits=7, decimal_places=4)]
    base_minor: Minor
    amount_minor: Minor
    included: bool = True


class Original(Value):
    """The line of an earlier sale that this return gives back."""

    sale_id: SaleId
    line_id: Name


class Line(Value):
    line_id: Name
    kind: Literal["sale", "return", "service", "deposit", "gift_card_sale", "fee", "tip"] = "sale"
    sku: Name | None = None
    gtin: Annotated[str, Field(pattern=r"^[0-9]{14}$")] | None = None
    title: Name
    quantity: Quantity
    unit: Annotated[str, Field(min_length=1, max_length=8)] = "C62"
    unit_price: Annotated[Decimal, Field(ge=0, max_digits=15, decimal_places=6)]
    discounts: tuple[Discount, ...] = ()
    gross_minor: Annotated[int, Field(ge=0, le=10**12)]
    net_minor: Annotated[int, Field(ge=0, le=10**12)]
    taxes: tuple[Tax, ...] = ()
    original: Original | None = None
    serials: tuple[Name, ...] = ()
    restock: bool = True

    @property
    def sign(self) -> int:
        return -1 if self.kind == "return" else 1


class Tender(Value):
    """How it was paid; `amount_minor` is negative when money goes back to the customer."""

    tender_id: Name
    kind: Literal["card", "cash", "voucher", "rounding"]
    amount_minor: Minor
    state: Literal["captured", "authorised_offline", "reversed", "unknown"] = "captured"
    given_minor: Minor | None = None
    change_minor: Minor | None = None
    attempt: str | None = None
    terminal_id: str | None = None
    receipt_no: str | None = None
    trace_no: str | None = None
    auth_code: str | None = None
    scheme: str | None = None
    last4: Annotated[str, Field(pattern=r"^[0-9]{4}$")] | None = None
    entry: str | None = None


class Transaction(Value):
    """One settled transaction. Refuses unsettled tenders, sums that disagree and tax drift."""

    id: SaleId
    tenant: str
    store: str
    till: Name
    kind: Literal["sale", "refund", "exchange", "void", "no_sale"]
    business_day: Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]
    receipt_no: int
    started_at: str
    completed_at: str
    operator: Name | None = None
    customer: Name | None = None
    currency: Currency
    lines: Annotated[tuple[Line, ...], Field(max_length=MAX_LINES)]
    tenders: Annotated[tuple[Tender, ...], Field(max_length=16)]
    tax_summary: tuple[Tax, ...] = ()
    total_gross_minor: Minor
    total_tax_minor: Minor
    cash_rounding_minor: Minor = 0

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        gross = sum(line.sign * line.gross_minor for line in self.lines)
        tendered = sum(tender.amount_minor for tender in self.tenders)
        if gross != self.total_gross_minor:
            raise ValueError(f"lines sum to {gross}, total_gross_minor is {self.total_gross_minor}")
        if tendered != self.total_gross_minor + self.cash_rounding_minor:
            raise ValueError(f"tenders sum to {tendered}, not to the total")
        if any(tender.state == "unknown" for tender in self.tenders):
            raise ValueError("a tender is not settled")
        check_tax(self.lines, self.total_tax_minor, self.tax_summary)
        return self


def check_tax(lines: tuple[Line, ...], total_minor: int, summary: tuple[Tax, ...]) -> None:
    """Raise ValueError when the taxes drift by more than one minor unit a line (or a summary row).

    Per line: net + taxes = gross. The printed summary must sum to the total exactly.
    """
    for line in lines:
        drift = line.net_minor + sum(t.amount_minor for t in line.taxes) - line.gross_minor
        if abs(drift) > 1:
            raise ValueError(f"line {line.line_id}: net and tax miss the gross by {drift}")
    by_line = sum(line.sign * t.amount_minor for line in lines for t in line.taxes)
    if abs(by_line - total_minor) > max(1, len(lines)):
        raise ValueError(f"line taxes sum to {by_line}, total_tax_minor is {total_minor}")
    if summary and sum(t.amount_minor for t in summary) != total_minor:
        raise ValueError("tax_summary does not sum to total_tax_minor")
