"""What a till asks for and what it is told: one sale from basket to receipt."""

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from posedge.model.money import Currency
from posedge.model.payment import Attempt
from posedge.model.transaction import (
    MAX_LINES,
    Line,
    Minor,
    Name,
    SaleId,
    Tax,
    Transaction,
    check_tax,
)
from posedge.model.value import Value

MAX_TENDERS = 16


class TenderRequest(Value):
    """How the customer wants to pay; negative amounts go back to the customer.

    Cash: `given_minor` is what the customer handed over, change is computed. Card: `terminal` is
    a device name, None for the only one; money back to a card needs `original_attempt`. `tip_minor`
    and `cashback_minor` are parts of a card's amount; `asks_tip` lets the terminal ask for a tip on
    top, which becomes a line of the sale; `partial` says that less would do (SaleState.PARTIAL).
    """

    kind: Literal["card", "cash", "voucher"]
    amount_minor: Minor
    terminal: Name | None = None
    given_minor: Annotated[int, Field(ge=0, le=10**12)] | None = None
    tip_minor: Annotated[int, Field(gt=0, le=10**12)] | None = None
    cashback_minor: Annotated[int, Field(gt=0, le=10**12)] | None = None
    asks_tip: bool = False
    partial: bool = False
    original_attempt: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,64}$")] | None = None

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self.given_minor is not None and self.given_minor < self.amount_minor:
            raise ValueError("given_minor is less than the cash amount")
        if self.given_minor is not None and self.kind != "cash":
            raise ValueError("given_minor is for cash: nothing else gives change")
        if self.kind == "card" and self.amount_minor == 0:
            raise ValueError("a card tender of nothing: leave it out")
        if self.kind == "card" and (self.amount_minor < 0) != (self.original_attempt is not None):
            raise ValueError("original_attempt belongs to money that goes back to a card")
        wishes = self.tip_minor or self.cashback_minor or self.asks_tip or self.partial
        if wishes and (self.kind != "card" or self.amount_minor < 0):
            raise ValueError("tip, cashback and partial approval belong to a card that pays")
        parts = (self.tip_minor or 0) + (self.cashback_minor or 0)
        if parts and parts >= self.amount_minor:
            raise ValueError("tip_minor and cashback_minor are parts of amount_minor")
        return self


class SaleRequest(Value):
    """A basket and its tenders. `id` (UUIDv7, made by the till) is the idempotency key."""

    id: SaleId
    till: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,32}$")]
    kind: Literal["sale", "refund", "exchange"] = "sale"
    business_day: Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]
    operator: Name | None = None
    customer: Name | None = None
    currency: Currency
    lines: Annotated[tuple[Line, ...], Field(min_length=1, max_length=MAX_LINES)]
    tenders: Annotated[tuple[TenderRequest, ...], Field(min_length=1, max_length=MAX_TENDERS)]
    tax_summary: tuple[Tax, ...] = ()
    total_gross_minor: Minor
    total_tax_minor: Minor
    cash_rounding_minor: Annotated[int, Field(ge=-99, le=99)] = 0
    printer: Name | None = None
    display: Name | None = None
    print_receipt: bool = True

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        gross = sum(line.sign * line.gross_minor for line in self.lines)
        if gross != self.total_gross_minor:
            raise ValueError(f"lines sum to {gross}, total_gross_minor is {self.total_gross_minor}")
        due = self.total_gross_minor + self.cash_rounding_minor
        tendered = sum(tender.amount_minor for tender in self.tenders)
        if tendered != due:
            raise ValueError(f"tenders sum to {tendered}, {due} is due")
        check_tax(self.lines, self.total_tax_minor, self.tax_summary)
        return self


class Extension(Value):
    """How the rest is paid when `tender` (its place, from 0) got `approved_minor` only."""

    tender: int
    approved_minor: Annotated[int, Field(gt=0, le=10**12)]
    tenders: Annotated[tuple[TenderRequest, ...], Field(min_length=1, max_length=MAX_TENDERS)]


_NO_WISHES = {"tip_minor": None, "cashback_minor": None, "asks_tip": False, "partial": False}
"""Of a tender that has its answer: what was asked of the terminal is in the attempt."""


def extended(request: SaleRequest, extension: Extension) -> SaleRequest:
    """Return the request as it stands now; ValueError when the rest does not make it whole."""
    short = request.tenders[extension.tender]
    part = short.model_copy(update={"amount_minor": extension.approved_minor, **_NO_WISHES})
    before, after = request.tenders[: extension.tender], request.tenders[extension.tender + 1 :]
    tenders = (*before, part, *after, *extension.tenders)
    whole = request.model_copy(update={"tenders": tenders})
    return SaleRequest.model_validate_json(whole.model_dump_json())


class SaleState(StrEnum):
    """ACCEPTED and PAYING and VOIDING move on by themselves, also after a power cut.

    IN_DOUBT: a card payment's outcome is not known yet; the box goes on asking. PARTIAL: less was
    approved than asked, the till says how the rest is paid, or lets it go back. DECLINED and
    VOIDED: no money is kept; the till may try again under a new id.
    """

    ACCEPTED = "accepted"
    PAYING = "paying"
    IN_DOUBT = "in_doubt"
    PARTIAL = "partial"
    VOIDING = "voiding"
    COMPLETED = "completed"
    DECLINED = "declined"
    VOIDED = "voided"


SALE_FINAL = frozenset({SaleState.COMPLETED, SaleState.DECLINED, SaleState.VOIDED})


class ReceiptState(StrEnum):
    NONE = "none"
    WAITING = "waiting"
    PRINTED = "printed"
    FAILED = "failed"


class Sale(Value):
    """A sale as the till sees it; `code` and `reason` say why it is not COMPLETED."""

    id: SaleId
    state: SaleState
    attempts: tuple[Attempt, ...] = ()
    transaction: Transaction | None = None
    receipt: ReceiptState = ReceiptState.NONE
    receipt_reason: str | None = None
    code: str | None = None
    reason: str | None = None
