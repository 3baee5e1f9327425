"""What SumUp's records say of an attempt. Pure: the transaction is the truth, once there is one.

Facts: developer.sumup.com, readers and transactions. A transaction bears the attempt's id as
`foreign_transaction_id`. SumUp speaks of money in floats: they become exact here, or nothing.
Who is to sign does so on SumUp's own screen: a signature is told on the slip, and not asked for.
"""

from collections.abc import Sequence
from decimal import Decimal

from pydantic import BaseModel, ConfigDict

from posedge.drivers.cloud_interface import Seen, Step, last_four
from posedge.model.errors import MisuseError
from posedge.model.money import Money
from posedge.model.payment import Attempt, TerminalResult

WHOLE = frozenset({"CLP", "COP", "HUF"})
"""Currencies that SumUp counts in whole units, whatever ISO 4217 says."""

UNVERIFIED = frozenset({None, "na", "none"})


class _Record(BaseModel):
    """What is not known here is ignored: the API grows."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class _Card(_Record):
    last_4_digits: str | None = None
    type: str | None = None


class _Event(_Record):
    type: str | None = None
    status: str | None = None
    amount: Decimal | None = None


class Transaction(_Record):
    id: str
    status: str
    amount: Decimal
    currency: str
    foreign_transaction_id: str | None = None
    transaction_code: str | None = None
    auth_code: str | None = None
    entry_mode: str | None = None
    verification_method: str | None = None
    card: _Card | None = None
    events: Sequence[_Event] | None = None

    @property
    def money(self) -> Money | None:
        return _money(self.amount, self.currency)

    @property
    def refunded(self) -> Money | None:
        """What was given back so far; None when that cannot be told exactly."""
        back = [
            each.amount or Decimal(0)
            for each in self.events or ()
            if each.type == "REFUND" and each.status != "FAILED"
        ]
        return _money(sum(map(abs, back), Decimal(0)), self.currency)


class Checkout(_Record):
    checkout_id: str
    status: str
    payment_failure_reason: str | None = None


def weigh_transaction(attempt: Attempt, found: Transaction) -> Seen:
    """Judge a sale by its transaction."""
    text = f"transaction {found.id} is {found.status.lower()}"
    if found.foreign_transaction_id != attempt.id:
        return Seen(step=Step.UNCLEAR, text=f"{text}, and of another payment")
    if found.status == "PENDING":
        return Seen(step=Step.UNDERWAY, text=text)
    if found.status in {"FAILED", "CANCELLED"}:
        return declined(found.status, text, cancelled=found.status == "CANCELLED")
    if found.status not in {"SUCCESSFUL", "REFUNDED"} or found.money != attempt.amount:
        return Seen(step=Step.UNCLEAR, text=f"{text}, of {found.amount} {found.currency}")
    card = found.card or _Card()
    pan_last4, unmasked = last_four(card.last_4_digits)
    result = TerminalResult(
        approved=True,
        amount=attempt.amount,
        receipt_no=found.id,
        trace_no=found.transaction_code or "",
        auth_code=found.auth_code or "",
        scheme=(card.type or "").lower(),
        pan_last4=pan_last4,
        entry=(found.entry_mode or "").lower(),
        cvm="" if found.verification_method in UNVERIFIED else str(found.verification_method),
    )
    return Seen(step=Step.APPROVED, text=text, result=result, unmasked=unmasked)


def weigh_checkout(checkout: Checkout) -> Seen:
    """Judge a sale that has no transaction yet, by the reader's checkout."""
    text = f"checkout {checkout.checkout_id} is {checkout.status}"
    if checkout.status in {"cancelled", "failed"}:
        reason = checkout.payment_failure_reason or checkout.status
        return declined(reason, text, cancelled=checkout.status == "cancelled")
    return Seen(step=Step.UNDERWAY, text=text)


def weigh_refund(attempt: Attempt, found: Transaction) -> Seen:
    """Judge a refund by how much was given back before and is given back now."""
    key, _, before = (attempt.reference or "").rpartition(":")
    now = found.refunded
    if now is None or key != found.id or not before.isdecimal():
        return Seen(step=Step.UNCLEAR, text=f"what was given back of {found.id} is not known")
    moved = now.minor - int(before)
    text = f"{moved} were given back of transaction {found.id} meanwhile"
    if moved == attempt.amount.minor:
        result = TerminalResult(approved=True, amount=attempt.amount, receipt_no=f"{key}:{now}")
        return Seen(step=Step.APPROVED, text=text, result=result)
    return Seen(step=Step.UNCLEAR if moved else Step.NOTHING, text=text)


def declined(code: str, text: str, *, cancelled: bool) -> Seen:
    result = TerminalResult(approved=False, code=code, text=text, cancelled=cancelled)
    return Seen(step=Step.DECLINED, text=text, result=result)


def units(money: Money) -> tuple[int, int] | None:
    """Return value and minor unit as SumUp counts them; None for what it cannot say."""
    if money.currency not in WHOLE or money.exponent == 0:
        return money.minor, money.exponent
    whole, rest = divmod(money.minor, 10**money.exponent)
    return None if rest else (whole, 0)


def _money(amount: Decimal, currency: str) -> Money | None:
    try:
        return Money.parse(f"{amount:f}", currency)
    except MisuseError:
        return None
