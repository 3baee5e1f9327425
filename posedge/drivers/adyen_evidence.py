"""What an Adyen terminal's words prove about an attempt. Pure; the rules are payments' own.

Each message has a key of ours. An answer is ours if it bears that key, in every place where it
names one, and the amount and the till's reference fit. Nothing else moves an attempt.
"""

import hashlib
import string

from posedge.model.errors import NotStarted
from posedge.model.money import Money
from posedge.model.payment import Attempt, AttemptKind, TerminalResult
from posedge.model.terminal import Finding, FindingKind
from posedge.wire.nexo.answers import Condition, Mark, Outcome, Result, Status
from posedge.wire.nexo.envelope import Answer, Received
from posedge.wire.nexo.header import Category, Key
from posedge.wire.nexo.notation import money
from posedge.wire.nexo.requests import (
    ASKS_TIP,
    PRINTS,
    TAKES_LESS,
    Payment,
    Reversal,
    SaleTransaction,
)

NEVER_BEGAN = frozenset(
    {
        Condition.BUSY,
        Condition.LOGGED_OUT,
        Condition.MESSAGE_FORMAT,
        Condition.NOT_ALLOWED,
        Condition.UNAVAILABLE_SERVICE,
    }
)
"""Refusals of the request itself: no card was asked for."""

UNCLEAR = frozenset(
    {
        Condition.IN_PROGRESS,
        Condition.DEVICE_OUT,
        Condition.UNAVAILABLE_DEVICE,
        Condition.UNREACHABLE_HOST,
    }
)
"""Somebody on the way gave up; what the terminal itself made of it is asked afterwards."""

CALLED_OFF = frozenset({Condition.ABORTED, Condition.CANCEL})

KNOWN_S = 24 * 3600
"""Terminals keep keys apart for two days; half of that later, "not found" proves nothing."""

ALPHABET = string.digits + string.ascii_uppercase
SERVICE_ID = 10
"""Characters, the most there may be; of 36 kinds each, so that chance repeats none."""

APPROVALS = frozenset({Result.SUCCESS, Result.PARTIAL})


def service_id(attempt_id: str) -> str:
    """Derive the key of an attempt: whoever asks for it again, after a power cut too, finds it."""
    number = int.from_bytes(hashlib.sha256(attempt_id.encode()).digest())
    letters: list[str] = []
    for _ in range(SERVICE_ID):
        number, digit = divmod(number, len(ALPHABET))
        letters.append(ALPHABET[digit])
    return "".join(letters)


def category(attempt: Attempt) -> Category:
    return Category.REVERSAL if attempt.kind is AttemptKind.REVERSAL else Category.PAYMENT


def command(attempt: Attempt) -> Payment | Reversal:
    """Say the attempt in nexo; NotStarted when that is not possible."""
    sale = SaleTransaction(attempt.id, attempt.created.rfc3339)
    match attempt.kind:
        case AttemptKind.SALE | AttemptKind.REFUND:
            wanted = {PRINTS: True, ASKS_TIP: attempt.asks_tip, TAKES_LESS: attempt.partial}
            return Payment(
                sale,
                attempt.amount.decimal,
                attempt.amount.currency,
                attempt.tip.decimal if attempt.tip else None,
                attempt.cashback.decimal if attempt.cashback else None,
                refund=attempt.kind is AttemptKind.REFUND,
                options=tuple(option for option, asked in wanted.items() if asked),
            )
        case AttemptKind.REVERSAL:
            original = parse_mark(attempt.original_receipt_no or "")
            if original is None:
                text = "a reversal needs the terminal's own number of the original payment"
                raise NotStarted("terminal.receiptless", text)
            return Reversal(sale, original.id, original.at)
        case AttemptKind.PREAUTH | AttemptKind.CAPTURE | AttemptKind.RELEASE:
            raise NotStarted("terminal.unable", "no reservations on this terminal")


def receipt_no(mark: Mark) -> str:
    """Write the terminal's number of a payment, with its time: a reversal must name both."""
    return f"{mark.id}@{mark.at}" if mark.id else ""


def parse_mark(written: str) -> Mark | None:
    name, at, moment = written.rpartition("@")
    return Mark(name, moment) if name and at and moment else None


def result_of(outcome: Outcome, attempt: Attempt, poiid: str) -> TerminalResult | None:
    """Say an outcome in the desk's words; None when an approval cannot be of this attempt."""
    response = outcome.response
    approved = response.result in APPROVALS
    amount = _approved(outcome, attempt) if approved else None
    if approved and (amount is None or outcome.sale not in {"", attempt.id}):
        return None
    named = response.additional
    return TerminalResult(
        approved=approved,
        amount=amount,
        tip=money(outcome.tip, attempt.amount.currency) if approved else None,
        cashback=money(outcome.cashback, attempt.amount.currency) if approved else None,
        code=response.condition or response.result,
        text="" if approved else response.words,
        terminal_id=named.get("tid", "") or poiid,
        receipt_no=receipt_no(outcome.mark),
        trace_no=named.get("pspReference", "") or outcome.acquirer_id,
        auth_code=outcome.auth_code or named.get("authCode", ""),
        scheme=outcome.scheme or named.get("paymentMethod", ""),
        pan_last4=outcome.pan_last4,
        entry=outcome.entry,
        terminal_time=outcome.mark.at,
        signature=approved and any(slip.signature for slip in outcome.slips),
        cancelled=not approved and response.condition in CALLED_OFF,
    )


def weigh(
    attempt: Attempt, key: Key, received: Received, *, waited_s: int, settle_s: int
) -> Finding:
    """Judge the answer to a TransactionStatus about the message `key`.

    Not completed needs a failure that is repeated, or the word that the message is not known
    `settle_s` after it was sent, and not so long that it may have been forgotten.
    """
    if not isinstance(received, Answer) or received.plain:
        return _unknown("the terminal does not say what became of it")
    status = Status.from_fields(received.body, key.poiid)
    if status.asked is not None and (status.asked.key, status.asked.category) != (
        key,
        category(attempt),
    ):
        return _unknown("the terminal speaks of another payment")
    if status.response.result is Result.FAILURE:
        return _unfound(attempt, status, waited_s=waited_s, settle_s=settle_s)
    return _repeated(attempt, key, status)


def _unfound(attempt: Attempt, status: Status, *, waited_s: int, settle_s: int) -> Finding:
    said = status.response.words
    if status.response.condition != Condition.NOT_FOUND:
        return _unknown(f"the terminal does not say yet: {said}")
    if not settle_s <= waited_s <= KNOWN_S:
        return _unknown(f"not found after {waited_s} s, which proves nothing")
    return _failed(attempt, f"the terminal never had it: {said}, {waited_s} s later")


def _repeated(attempt: Attempt, key: Key, status: Status) -> Finding:
    """Judge an answer that is repeated; the key in its own header is what counts."""
    header, outcome = status.repeated, status.outcome
    if header is None or outcome is None:
        return _unknown("the terminal has no answer to repeat")
    if (header.key, header.category, header.kind) != (key, category(attempt), "Response"):
        return _unknown("the terminal repeats another payment")
    if outcome.response.condition == Condition.IN_PROGRESS:
        return _unknown("the terminal is still at it")
    result = result_of(outcome, attempt, key.poiid)
    if result is None or not _same(attempt.result, result):
        return _unknown("the terminal repeats an answer that does not fit")
    if not result.approved:
        return _failed(attempt, f"the terminal repeats: {result.text}")
    assert result.amount is not None, "an approval has an amount"
    text = f"the terminal repeats its answer to {key.service_id}: {result.amount}"
    extra = result.tip.minor if result.tip and attempt.asks_tip else 0
    partial = result.amount.minor < attempt.amount.minor + extra
    kind = FindingKind.PARTIAL if partial else FindingKind.APPROVED
    return Finding(kind=kind, text=text, result=result)


def _failed(attempt: Attempt, text: str) -> Finding:
    if attempt.result is not None and attempt.result.approved:
        return _unknown(f"{text}; but it had approved")
    return Finding(kind=FindingKind.NOT_COMPLETED, text=text)


def _same(stored: TerminalResult | None, result: TerminalResult) -> bool:
    """Whether a repeated approval is the one that was stored before, if one was."""
    if stored is None or not (stored.approved and result.approved):
        return True
    return (stored.amount, stored.receipt_no) == (result.amount, result.receipt_no)


def _approved(outcome: Outcome, attempt: Attempt) -> Money | None:
    """Return what was approved; all of it where a whole approval names no amount."""
    currency = attempt.amount.currency
    if outcome.amount is None:
        return attempt.amount if outcome.response.result is Result.SUCCESS else None
    return money(outcome.amount, currency) if outcome.currency == currency else None


def _unknown(text: str) -> Finding:
    return Finding(kind=FindingKind.UNKNOWN, text=text)
