"""The payment table: the only place that says how an attempt may move.

Ground rules
- An attempt is one money-moving command to one terminal. A sale has one or more.
- Each move is durable in the journal before the world sees its effect.
- The absence of an answer is never a decline: it leads to IN_DOUBT.
- A result is stored before it is acknowledged to the terminal; what is approved and perhaps
  not acknowledged is IN_DOUBT_AFTER_APPROVAL, since the terminal may have reversed it.
- "Not completed" needs positive evidence.
- A partial approval waits for the till's word: kept as it is, or given back.
- Only states in FINAL release the terminal and the sale.
"""

from enum import StrEnum

from posedge.model.errors import MisuseError
from posedge.model.money import Money
from posedge.model.stamp import Stamp
from posedge.model.value import Value


class AttemptKind(StrEnum):
    """PREAUTH reserves; CAPTURE books a reservation, whole or less, RELEASE gives it up."""

    SALE = "sale"
    REFUND = "refund"
    REVERSAL = "reversal"
    PREAUTH = "preauth"
    CAPTURE = "capture"
    RELEASE = "release"


class State(StrEnum):
    CREATED = "created"
    NOT_SENT = "not_sent"
    SENDING = "sending"
    IN_PROGRESS = "in_progress"
    APPROVAL_STORED = "approval_stored"
    PARTIAL_STORED = "partial_stored"
    DECLINE_STORED = "decline_stored"
    CANCEL_STORED = "cancel_stored"
    APPROVED = "approved"
    PARTIAL = "partial"
    PARTIAL_KEPT = "partial_kept"
    PARTIAL_UNWANTED = "partial_unwanted"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    FAILED_NOT_STARTED = "failed_not_started"
    IN_DOUBT = "in_doubt"
    IN_DOUBT_AFTER_APPROVAL = "in_doubt_after_approval"
    NOT_COMPLETED = "not_completed"
    NEEDS_OPERATOR = "needs_operator"
    OPERATOR_APPROVED = "operator_approved"
    OPERATOR_NOT_COMPLETED = "operator_not_completed"


class Cause(StrEnum):
    SEND = "send"
    ABANDONED = "abandoned"  # provably before the first byte
    REFUSED = "refused"  # the terminal said no before it began
    ACCEPTED = "accepted"
    RESULT_APPROVED = "result_approved"
    RESULT_PARTIAL = "result_partial"
    RESULT_DECLINED = "result_declined"
    RESULT_CANCELLED = "result_cancelled"
    ACKNOWLEDGED = "acknowledged"  # the terminal provably has our acknowledgement
    SILENCE = "silence"  # time-out, link lost, undecodable, uncorrelated
    CRASHED = "crashed"  # found open when the box started
    FOUND_APPROVED = "found_approved"
    FOUND_PARTIAL = "found_partial"
    FOUND_NOT_COMPLETED = "found_not_completed"
    DEADLINE = "deadline"
    KEPT = "kept"  # less than was asked, and good enough
    UNWANTED = "unwanted"  # less than was asked: to be given back
    OPERATOR_SAYS_APPROVED = "operator_says_approved"
    OPERATOR_SAYS_NOT_COMPLETED = "operator_says_not_completed"


_RESULTS = {
    Cause.RESULT_APPROVED: State.APPROVAL_STORED,
    Cause.RESULT_PARTIAL: State.PARTIAL_STORED,
    Cause.RESULT_DECLINED: State.DECLINE_STORED,
    Cause.RESULT_CANCELLED: State.CANCEL_STORED,
}
_LOST = {Cause.SILENCE: State.IN_DOUBT, Cause.CRASHED: State.IN_DOUBT}
_LOST_AFTER = dict.fromkeys((Cause.SILENCE, Cause.CRASHED), State.IN_DOUBT_AFTER_APPROVAL)
_FOUND = {
    Cause.FOUND_APPROVED: State.APPROVED,
    Cause.FOUND_PARTIAL: State.PARTIAL,
    Cause.FOUND_NOT_COMPLETED: State.NOT_COMPLETED,
}

TABLE: dict[State, dict[Cause, State]] = {
    State.CREATED: {
        Cause.SEND: State.SENDING,
        Cause.ABANDONED: State.NOT_SENT,
        Cause.CRASHED: State.NOT_SENT,
    },
    State.SENDING: {
        Cause.ACCEPTED: State.IN_PROGRESS,
        Cause.REFUSED: State.FAILED_NOT_STARTED,
        **_RESULTS,
        **_LOST,
    },
    State.IN_PROGRESS: {**_RESULTS, **_LOST},
    State.APPROVAL_STORED: {Cause.ACKNOWLEDGED: State.APPROVED, **_LOST_AFTER},
    State.PARTIAL_STORED: {Cause.ACKNOWLEDGED: State.PARTIAL, **_LOST_AFTER},
    State.PARTIAL: {
        Cause.KEPT: State.PARTIAL_KEPT,
        Cause.UNWANTED: State.PARTIAL_UNWANTED,
        Cause.CRASHED: State.PARTIAL,
    },
    State.DECLINE_STORED: dict.fromkeys(
        (Cause.ACKNOWLEDGED, Cause.SILENCE, Cause.CRASHED), State.DECLINED
    ),
    State.CANCEL_STORED: dict.fromkeys(
        (Cause.ACKNOWLEDGED, Cause.SILENCE, Cause.CRASHED), State.CANCELLED
    ),
    State.IN_DOUBT: {
        **_FOUND,
        Cause.CRASHED: State.IN_DOUBT,
        Cause.DEADLINE: State.NEEDS_OPERATOR,
    },
    State.IN_DOUBT_AFTER_APPROVAL: {
        **_FOUND,
        Cause.CRASHED: State.IN_DOUBT_AFTER_APPROVAL,
        Cause.DEADLINE: State.NEEDS_OPERATOR,
    },
    State.NEEDS_OPERATOR: {
        **_FOUND,
        Cause.CRASHED: State.NEEDS_OPERATOR,
        Cause.OPERATOR_SAYS_APPROVED: State.OPERATOR_APPROVED,
        Cause.OPERATOR_SAYS_NOT_COMPLETED: State.OPERATOR_NOT_COMPLETED,
    },
    **{
        final: {}
        for final in (
            State.NOT_SENT,
            State.APPROVED,
            State.PARTIAL_KEPT,
            State.PARTIAL_UNWANTED,
            State.DECLINED,
            State.CANCELLED,
            State.FAILED_NOT_STARTED,
            State.NOT_COMPLETED,
            State.OPERATOR_APPROVED,
            State.OPERATOR_NOT_COMPLETED,
        )
    },
}

FINAL = frozenset(state for state, moves in TABLE.items() if not moves)
MONEY_MOVED = frozenset(
    {
        State.APPROVED,
        State.PARTIAL,
        State.PARTIAL_KEPT,
        State.PARTIAL_UNWANTED,
        State.OPERATOR_APPROVED,
    }
)
MOVES_NOTHING = frozenset({AttemptKind.PREAUTH, AttemptKind.RELEASE})
"""A reservation is no payment: what was approved of it moves when it is captured."""

DOUBTFUL = frozenset({State.IN_DOUBT, State.IN_DOUBT_AFTER_APPROVAL, State.NEEDS_OPERATOR})


class TerminalResult(Value):
    """What a terminal said of one attempt, decoded and with card data already masked.

    `cvm` says in words how the cardholder was verified; `aid`, `tvr`, `tsi` and `cryptogram` are
    EMV's, in hex, for the slip. Empty where the terminal does not say. `signature`: the cardholder
    is to sign the merchant's receipt.
    """

    approved: bool
    amount: Money | None = None
    tip: Money | None = None
    cashback: Money | None = None
    code: str = ""
    text: str = ""
    terminal_id: str = ""
    receipt_no: str = ""
    trace_no: str = ""
    auth_code: str = ""
    scheme: str = ""
    pan_last4: str = ""
    entry: str = ""
    terminal_time: str = ""
    merchant_no: str = ""
    aid: str = ""
    cvm: str = ""
    tvr: str = ""
    tsi: str = ""
    cryptogram: str = ""
    signature: bool = False
    cancelled: bool = False


class Evidence(Value):
    """Something that was seen and speaks for or against an attempt; kept for ever."""

    at: Stamp
    source: str
    text: str
    result: TerminalResult | None = None


class Attempt(Value):
    """One attempt as the journal's last entry on it tells it.

    `amount` is positive, `kind` says which way it moves; `tip` and `cashback` are parts of it that
    the till named, `asks_tip` lets the terminal add one to it. `partial` tells the terminal that
    less would do. `sent` is when SENDING began. `preimage`
    is the terminal's last receipt number before we sent: with no key in the protocol, only a
    strictly newer receipt can be ours. `heard` is when the terminal last spoke before the doubt, at
    the latest; `silence_s` how long it asked to be left alone, 0 if it did not. `reference` is our
    key at the provider, if any.
    """

    id: str
    sale: str
    till: str
    kind: AttemptKind
    terminal: str
    amount: Money
    tip: Money | None = None
    cashback: Money | None = None
    asks_tip: bool = False
    partial: bool = False
    state: State
    created: Stamp
    sent: Stamp | None = None
    heard: Stamp | None = None
    silence_s: int = 0
    cause: Cause | None = None
    original: str | None = None
    original_receipt_no: str | None = None
    original_reference: str | None = None
    original_amount: Money | None = None
    preimage: str | None = None
    reference: str | None = None
    result: TerminalResult | None = None
    evidence: tuple[Evidence, ...] = ()
    customer_receipt: tuple[str, ...] = ()
    merchant_receipt: tuple[str, ...] = ()

    @property
    def settled(self) -> bool:
        return self.state in FINAL

    @property
    def moved(self) -> Money:
        """What really moved, which may differ from what was asked; zero when nothing did."""
        nothing = Money(minor=0, currency=self.amount.currency)
        return nothing if self.kind in MOVES_NOTHING else self.approved

    @property
    def approved(self) -> Money:
        """What was approved: moved, reserved or released as the kind says; zero for no."""
        if self.state not in MONEY_MOVED:
            return Money(minor=0, currency=self.amount.currency)
        return (self.result.amount if self.result else None) or self.amount


def advance(state: State, cause: Cause, attempt: str) -> State:
    """Return the state that `cause` leads to; MisuseError names attempt, cause and state."""
    after = TABLE[state].get(cause)
    if after is None:
        raise MisuseError(
            "payment.impossible_move",
            f"attempt {attempt}: {cause.value} cannot happen in {state.value}",
            attempt=attempt,
            cause=cause.value,
            state=state.value,
        )
    return after
