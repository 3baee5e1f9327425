"""What `posedge terminal` says of a payment, and the exit code that goes with it."""

from collections.abc import Mapping, Sequence

from posedge.model.payment import Attempt, AttemptKind, State
from posedge.model.reconciliation import DayState, Reconciliation, SchemeTotal
from posedge.payments.declared import UNTOLD
from posedge.terminals.overview import TerminalStatus

DONE, NOT_DONE, IN_DOUBT, TRY_AGAIN = 0, 1, 3, 75
"""75 is EX_TEMPFAIL of sysexits.h."""

OUTCOMES: Mapping[State, tuple[int, str]] = {
    State.APPROVED: (DONE, "Approved"),
    State.PARTIAL_KEPT: (DONE, "Approved in part, and kept"),
    State.OPERATOR_APPROVED: (DONE, "Approved, by an operator's word"),
    State.DECLINED: (NOT_DONE, "Declined"),
    State.CANCELLED: (NOT_DONE, "Cancelled"),
    State.NOT_COMPLETED: (NOT_DONE, "Not completed: the terminal proves that no money moved"),
    State.OPERATOR_NOT_COMPLETED: (NOT_DONE, "Not completed, by an operator's word"),
    State.PARTIAL_UNWANTED: (NOT_DONE, "Approved in part, and given back"),
    State.NOT_SENT: (TRY_AGAIN, "Not sent: the terminal was not asked"),
    State.FAILED_NOT_STARTED: (TRY_AGAIN, "Not started: the terminal refused at once"),
}
UNKNOWN = (IN_DOUBT, "In doubt: nobody knows yet whether the money moved")

TO_A_PERSON = (
    "  The terminal cannot say it: look into its own journal or ask its host, then settle the"
    " payment on the box's page."
)
LOCKED = (
    "  Do not charge again: the terminal is locked, and is asked until it proves something."
    " The box does that by itself while it runs."
)

DAYS: Mapping[DayState, int] = {
    DayState.AGREED: DONE,
    DayState.UNCOMPARED: DONE,
    DayState.DIFFERENT: NOT_DONE,
    DayState.FAILED: TRY_AGAIN,
    DayState.UNKNOWN: IN_DOUBT,
    DayState.RUNNING: IN_DOUBT,
}
DAY_WORDS: Mapping[DayState, str] = {
    DayState.AGREED: "The day is closed, and agrees with the journal.",
    DayState.UNCOMPARED: "The day is closed; the terminal gave nothing to compare.",
    DayState.DIFFERENT: "The day is closed, and differs from the journal: each has a case.",
    DayState.FAILED: "The day is not closed.",
    DayState.UNKNOWN: "Nobody knows whether the day is closed: see the case.",
    DayState.RUNNING: "The terminal is at it.",
}

SLIP = (
    "  Has it printed a slip? posedge terminal reconcile --of {day} --declared TOTAL compares that."
)

KINDS: Mapping[AttemptKind, str] = {
    AttemptKind.SALE: "Payment",
    AttemptKind.REFUND: "Refund",
    AttemptKind.REVERSAL: "Undoing",
    AttemptKind.PREAUTH: "Reservation",
    AttemptKind.CAPTURE: "Booking",
    AttemptKind.RELEASE: "Release",
}


def exit_code(attempt: Attempt) -> int:
    return OUTCOMES.get(attempt.state, UNKNOWN)[0]


def begun(kind: AttemptKind, amount: object, terminal: str, attempt_id: str) -> str:
    return f"{KINDS[kind]} of {amount} on {terminal}: {attempt_id}"


def outcome(attempt: Attempt, again: str) -> list[str]:
    """Return the outcome in words, what the terminal said of it, and what to do if unknown.

    `again` are the words that name the terminal once more.
    """
    lines = [f"{OUTCOMES.get(attempt.state, UNKNOWN)[1]}{_how_much(attempt)}."]
    result = attempt.result
    if result is not None:
        named = {
            "card": f"{result.scheme} {result.pan_last4}".strip(),
            "receipt": result.receipt_no,
            "trace": result.trace_no,
            "authorised": result.auth_code,
        }
        said = ", ".join(f"{key} {each}" for key, each in named.items() if each)
        lines += [f"  {line}" for line in (result.text, said) if line]
    if result is None and attempt.evidence:
        lines.append(f"  {attempt.evidence[-1].text}")
    return lines + (_next(attempt, again) if exit_code(attempt) == IN_DOUBT else [])


def day_words(day: Reconciliation) -> list[str]:
    """Return how an end of day went, with the terminal's sums and what differs."""
    sums = [f"  {_sum(each)}" for each in day.terminal_totals]
    said = [f"  {day.text}"] if day.text else []
    slip = [SLIP.format(day=day.id)] if day.state in UNTOLD else []
    differences = [f"  {each.text}" for each in day.differences]
    return [DAY_WORDS[day.state], *said, *sums, *differences, *slip]


def _sum(total: SchemeTotal) -> str:
    count = "" if total.count is None else f"{total.count} for "
    return f"{total.scheme or 'all schemes'}: {count}{total.amount}"


def table(every: Sequence[TerminalStatus]) -> list[str]:
    """Return one line for each terminal, with what it can do under it."""
    lines: list[str] = []
    for each in every:
        state = each.state.value + (f" ({each.reason})" if each.reason else "")
        lines.append(f"{each.name}  {each.driver}  {each.port}  {state}")
        if each.says:
            lines.append(f"    says: {each.says}")
        if each.able:
            can = ["sale", *each.able, *(["end_of_day"] if each.ends_day else [])]
            lines.append(f"    can: {', '.join(can)}")
        if each.test_mode:
            lines.append("    stands in its test mode")
    return lines or ["No terminal. Add one to [[devices.static]], or name --driver and --address."]


def _how_much(attempt: Attempt) -> str:
    if exit_code(attempt) != DONE:
        return ""
    extra = attempt.result.tip if attempt.result else None
    return f": {attempt.approved}" + (f", {extra} of it a tip" if extra else "")


def _next(attempt: Attempt, again: str) -> list[str]:
    if attempt.state is State.NEEDS_OPERATOR:
        return [TO_A_PERSON]
    return [LOCKED, f"  Ask again: posedge terminal ask {attempt.id}{again}"]
