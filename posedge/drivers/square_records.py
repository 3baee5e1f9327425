"""What Square's records say of an attempt. Pure: the checkout tells of its end, the payment of it.

Facts: developer.squareup.com/reference, Terminal API. A checkout bears our key as `reference_id`,
a refund in its `reason`.
Nothing of ours has the buyer sign on the Terminal's screen: a signature is wanted on paper.
"""

import hashlib
from collections.abc import Iterable, Sequence

from pydantic import BaseModel, ConfigDict

from posedge.drivers.cloud_interface import Seen, Step, last_four
from posedge.model.money import Money
from posedge.model.payment import Attempt, TerminalResult

MAX_KEY = 40
"""Characters of a checkout's reference_id; of an idempotency key there are more."""

UNDERWAY = frozenset({"PENDING", "IN_PROGRESS", "CANCEL_REQUESTED"})
CANCELLED = frozenset({"BUYER_CANCELED", "SELLER_CANCELED"})
SIGNED = frozenset({"SIGNATURE", "PIN_AND_SIGNATURE"})
CVMS = {
    "PIN": "PIN",
    "SIGNATURE": "signature",
    "PIN_AND_SIGNATURE": "PIN and signature",
    "ON_DEVICE": "device",
}
"""`verification_method` in words."""


class _Record(BaseModel):
    """What is not known here is ignored: the API grows."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Sum(_Record):
    amount: int
    currency: str

    def is_of(self, money: Money) -> bool:
        return (self.amount, self.currency) == (money.minor, money.currency)


class _Card(_Record):
    card_brand: str | None = None
    last_4: str | None = None


class _CardDetails(_Record):
    card: _Card | None = None
    entry_method: str | None = None
    auth_result_code: str | None = None
    application_identifier: str | None = None
    application_cryptogram: str | None = None
    verification_method: str | None = None


class Payment(_Record):
    id: str
    status: str
    amount_money: Sum
    tip_money: Sum | None = None
    terminal_checkout_id: str | None = None
    receipt_number: str | None = None
    refund_ids: Sequence[str] | None = None
    card_details: _CardDetails | None = None


class Checkout(_Record):
    id: str
    status: str
    amount_money: Sum
    tip_money: Sum | None = None
    reference_id: str | None = None
    cancel_reason: str | None = None
    payment_ids: Sequence[str] | None = None
    created_at: str = ""


class Refund(_Record):
    id: str
    status: str | None = None
    amount_money: Sum
    reason: str | None = None
    created_at: str = ""


def key_of(attempt: Attempt) -> str:
    """Return the key that an attempt has at Square: its id, or its hash where that is too long."""
    if len(attempt.id) <= MAX_KEY:
        return attempt.id
    return hashlib.sha256(attempt.id.encode()).hexdigest()[:MAX_KEY]


def weigh_checkout(
    attempt: Attempt, checkout: Checkout | None, payments: Sequence[Payment]
) -> Seen:
    """Judge a sale."""
    if checkout is None:
        return Seen(step=Step.NOTHING, text="Square has no such checkout")
    ours = checkout.reference_id == key_of(attempt) and checkout.amount_money.is_of(attempt.amount)
    if not ours:
        return Seen(step=Step.UNCLEAR, text=f"checkout {checkout.id} is of another payment")
    if checkout.status in UNDERWAY:
        text = f"the terminal is at it: {checkout.status.lower().replace('_', ' ')}"
        return Seen(step=Step.UNDERWAY, text=text)
    if checkout.status == "CANCELED" and not checkout.payment_ids:
        return _ended(checkout)
    if checkout.status == "COMPLETED" and len(payments) == 1:
        return _paid(attempt, checkout, payments[0])
    text = f"checkout {checkout.id} is {checkout.status} with {len(payments)} payments"
    return Seen(step=Step.UNCLEAR, text=text)


def weigh_refund(attempt: Attempt, refunds: Iterable[Refund]) -> Seen:
    """Judge a refund or a reversal by the refunds of the payment."""
    key = key_of(attempt)
    ours = next((each for each in refunds if (each.reason or "").endswith(f" {key}")), None)
    if ours is None:
        return Seen(step=Step.NOTHING, text="Square has no such refund")
    if not ours.amount_money.is_of(attempt.amount):
        return Seen(step=Step.UNCLEAR, text=f"refund {ours.id} is of other money")
    if ours.status == "COMPLETED":
        result = TerminalResult(approved=True, amount=attempt.amount, receipt_no=ours.id)
        return Seen(step=Step.APPROVED, text=f"refund {ours.id} is done", result=result)
    if ours.status in {"REJECTED", "FAILED"}:
        result = TerminalResult(
            approved=False, code=ours.status, text=f"Square: refund {ours.status.lower()}"
        )
        return Seen(step=Step.DECLINED, text=result.text, result=result)
    return Seen(step=Step.UNDERWAY, text=f"refund {ours.id} is {ours.status}")


def _ended(checkout: Checkout) -> Seen:
    reason = checkout.cancel_reason or "CANCELED"
    text = f"checkout {checkout.id}: {reason.lower().replace('_', ' ')}"
    result = TerminalResult(approved=False, code=reason, text=text, cancelled=reason in CANCELLED)
    return Seen(step=Step.DECLINED, text=text, result=result)


def _paid(attempt: Attempt, checkout: Checkout, payment: Payment) -> Seen:
    text = f"payment {payment.id} of checkout {checkout.id} is {payment.status}"
    if payment.status in {"CANCELED", "FAILED"}:
        result = TerminalResult(approved=False, code=payment.status, text=text)
        return Seen(step=Step.DECLINED, text=text, result=result)
    tip = payment.tip_money.amount if payment.tip_money else 0
    ours = payment.terminal_checkout_id in {None, checkout.id}
    wanted = payment.amount_money.is_of(attempt.amount) and (attempt.asks_tip or not tip)
    if payment.status != "COMPLETED" or not (ours and wanted):
        return Seen(step=Step.UNCLEAR, text=text)
    currency = attempt.amount.currency
    details = payment.card_details or _CardDetails()
    card = details.card or _Card()
    pan_last4, unmasked = last_four(card.last_4)
    result = TerminalResult(
        approved=True,
        amount=Money(minor=payment.amount_money.amount + tip, currency=currency),
        tip=Money(minor=tip, currency=currency) if tip else None,
        receipt_no=payment.id,
        trace_no=payment.receipt_number or "",
        auth_code=details.auth_result_code or "",
        scheme=(card.card_brand or "").lower(),
        pan_last4=pan_last4,
        entry=(details.entry_method or "").lower(),
        aid=details.application_identifier or "",
        cvm=CVMS.get(details.verification_method or "", ""),
        signature=details.verification_method in SIGNED,
        cryptogram=details.application_cryptogram or "",
    )
    return Seen(step=Step.APPROVED, text=text, result=result, unmasked=unmasked)
