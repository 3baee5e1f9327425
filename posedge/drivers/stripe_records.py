"""What Stripe's records say of an attempt. Pure: the PaymentIntent is the truth.

Facts: docs.stripe.com/terminal, server-driven integration, API 2026-10-28. Every intent and refund
of ours bears the attempt's id in its metadata; without it, or with other money, it is not ours.
"""

from collections.abc import Iterable, Mapping
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from posedge.drivers.cloud_interface import Seen, Step, last_four
from posedge.model.money import Money
from posedge.model.payment import Attempt, AttemptKind, TerminalResult

CUSTOMER = "cancel"
"""Part of each failure code of a customer who pressed the reader's cancel button."""


class _Record(BaseModel):
    """What is not known here is ignored: the API grows."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class _Tip(_Record):
    amount: int = 0


class _Details(_Record):
    tip: _Tip | None = None


class _Receipt(_Record):
    authorization_code: str | None = None
    application_cryptogram: str | None = None
    cardholder_verification_method: str | None = None
    dedicated_file_name: str | None = None
    terminal_verification_results: str | None = None
    transaction_status_information: str | None = None


class _Card(_Record):
    brand: str | None = None
    last4: str | None = None
    read_method: str | None = None
    receipt: _Receipt | None = None


class _Method(_Record):
    card_present: _Card | None = None
    interac_present: _Card | None = None


class Charge(_Record):
    id: str
    payment_method_details: _Method | None = None


class Failure(_Record):
    code: str | None = None
    decline_code: str | None = None
    message: str | None = None


class Intent(_Record):
    id: str
    status: str
    amount: int
    currency: str
    created: int = 0
    amount_capturable: int = 0
    amount_received: int = 0
    amount_details: _Details | None = None
    metadata: Mapping[str, str] = Field(default_factory=dict[str, str])
    last_payment_error: Failure | None = None
    latest_charge: Annotated[
        Charge | None, BeforeValidator(lambda raw: None if isinstance(raw, str) else raw)
    ] = None

    @property
    def tip(self) -> int:
        return (
            self.amount_details.tip.amount if self.amount_details and self.amount_details.tip else 0
        )


class _Processed(_Record):
    payment_intent: str


class Action(_Record):
    """The reader's latest one, which need not be ours."""

    status: str
    failure_code: str | None = None
    failure_message: str | None = None
    process_payment_intent: _Processed | None = None

    def is_on(self, intent: str | None) -> bool:
        ours = self.process_payment_intent
        return intent is not None and ours is not None and ours.payment_intent == intent


class Reader(_Record):
    id: str
    status: str | None = None
    action: Action | None = None

    @property
    def busy(self) -> bool:
        return self.action is not None and self.action.status == "in_progress"


class Refund(_Record):
    id: str
    status: str | None = None
    amount: int
    currency: str
    created: int = 0
    failure_reason: str | None = None
    metadata: Mapping[str, str] = Field(default_factory=dict[str, str])


def weigh_sale(attempt: Attempt, intent: Intent, reader: Reader) -> Seen:
    """Judge a sale or a reservation."""
    unpaid = {"requires_payment_method", "requires_confirmation", "requires_action"}
    if not _ours(attempt, intent):
        return Seen(step=Step.UNCLEAR, text=f"{intent.id} is of another payment")
    if intent.status in unpaid:
        return _unpaid(intent, reader.action)
    match intent.status:
        case "requires_capture":
            owed = attempt.kind is AttemptKind.SALE
            seen = _approved(attempt, intent, intent.amount_capturable, owed=owed)
        case "succeeded":
            seen = _approved(attempt, intent, intent.amount_received)
        case "processing":
            seen = Seen(step=Step.UNDERWAY, text="Stripe processes the card")
        case "canceled":
            seen = _declined(Failure(code="canceled"), intent)
        case status:
            seen = Seen(step=Step.UNCLEAR, text=f"{intent.id} is {status}: not known here")
    return seen


def weigh_booking(attempt: Attempt, intent: Intent) -> Seen:
    """Judge a capture or a release by the intent that it is about."""
    release = attempt.kind is AttemptKind.RELEASE
    match intent.status:
        case "requires_capture":
            return Seen(step=Step.NOTHING, text=f"{intent.id} is still reserved")
        case "canceled":
            return _given(attempt, intent.id) if release else _declined(Failure(), intent)
        case "succeeded" if not release:
            by_us = intent.metadata.get("capture") == attempt.id
            if by_us and intent.amount_received == attempt.amount.minor:
                return _given(attempt, intent.id)
            text = f"{intent.id} was captured otherwise"
            return Seen(step=Step.UNCLEAR, text=text)
        case "succeeded":
            return _declined(Failure(message="it was captured"), intent)
        case status:
            return Seen(step=Step.UNCLEAR, text=f"{intent.id} is {status}")


def weigh_refund(attempt: Attempt, refunds: Iterable[Refund]) -> Seen:
    """Judge a refund or a reversal by the refunds of the payment."""
    ours = next((each for each in refunds if each.metadata.get("attempt") == attempt.id), None)
    if ours is None:
        return Seen(step=Step.NOTHING, text="Stripe has no such refund")
    asked = attempt.amount
    if ours.amount != asked.minor or ours.currency.upper() != asked.currency:
        return Seen(step=Step.UNCLEAR, text=f"refund {ours.id} is of {ours.amount}")
    match ours.status:
        case "succeeded":
            return _given(attempt, ours.id)
        case "failed" | "canceled":
            code = ours.failure_reason or ours.status
            refused = TerminalResult(approved=False, code=code, text=f"refund {ours.id} failed")
            return Seen(step=Step.DECLINED, text=refused.text, result=refused)
        case status:
            return Seen(step=Step.UNDERWAY, text=f"refund {ours.id} is {status}")


def _ours(attempt: Attempt, intent: Intent) -> bool:
    money = attempt.amount
    return (
        intent.metadata.get("attempt") == attempt.id
        and intent.currency.upper() == money.currency
        and intent.amount - intent.tip == money.minor
        and (attempt.asks_tip or not intent.tip)
    )


def _unpaid(intent: Intent, action: Action | None) -> Seen:
    if action is not None and action.is_on(intent.id):
        if action.status == "in_progress":
            return Seen(step=Step.UNDERWAY, text="the reader asks for the card")
        if action.status == "failed":
            said = Failure(code=action.failure_code, message=action.failure_message)
            return _declined(intent.last_payment_error or said, intent)
        return Seen(step=Step.UNDERWAY, text="the reader has done its part")
    if intent.last_payment_error is not None:
        return _declined(intent.last_payment_error, intent)
    return Seen(step=Step.NOTHING, text=f"{intent.id} is not paid, and no reader is at it")


def _approved(attempt: Attempt, intent: Intent, minor: int, *, owed: bool = False) -> Seen:
    currency = attempt.amount.currency
    if not 0 < minor <= attempt.amount.minor + intent.tip:
        return Seen(step=Step.UNCLEAR, text=f"{intent.id} is of {minor}, not of {attempt.amount}")
    method = intent.latest_charge and intent.latest_charge.payment_method_details
    card = (method and (method.card_present or method.interac_present)) or _Card()
    slip = card.receipt or _Receipt()
    pan_last4, unmasked = last_four(card.last4)
    result = TerminalResult(
        approved=True,
        amount=Money(minor=minor, currency=currency),
        tip=Money(minor=intent.tip, currency=currency) if intent.tip else None,
        receipt_no=intent.id,
        trace_no=intent.latest_charge.id if intent.latest_charge else "",
        scheme=card.brand or "",
        pan_last4=pan_last4,
        entry=card.read_method or "",
        auth_code=slip.authorization_code or "",
        aid=slip.dedicated_file_name or "",
        cvm=(slip.cardholder_verification_method or "").replace("_", " "),
        signature=slip.cardholder_verification_method == "signature",
        tvr=slip.terminal_verification_results or "",
        tsi=slip.transaction_status_information or "",
        cryptogram=slip.application_cryptogram or "",
    )
    text = f"{intent.id} is {intent.status}"
    return Seen(step=Step.APPROVED, text=text, result=result, owed=owed, unmasked=unmasked)


def _declined(failure: Failure, intent: Intent) -> Seen:
    code = failure.decline_code or failure.code or intent.status
    result = TerminalResult(
        approved=False,
        code=code,
        text=failure.message or code.replace("_", " "),
        receipt_no=intent.id,
        cancelled=CUSTOMER in code,
    )
    return Seen(step=Step.DECLINED, text=f"{intent.id}: {result.text}", result=result)


def _given(attempt: Attempt, key: str) -> Seen:
    """Say that all of what was asked is done; `key` is what it has at Stripe."""
    result = TerminalResult(approved=True, amount=attempt.amount, receipt_no=key)
    return Seen(step=Step.APPROVED, text=f"{key} is done", result=result)
