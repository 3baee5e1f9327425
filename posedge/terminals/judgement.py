"""What the go-live check makes of what came: a table of outcomes, and what each means. Pure."""

from collections.abc import Mapping
from enum import StrEnum

from posedge.model.payment import DOUBTFUL, Attempt, State
from posedge.model.reconciliation import DayState, Reconciliation
from posedge.model.value import Value
from posedge.terminals.plan import Flow, Step


class Verdict(StrEnum):
    """NOT_SHOWN: nothing is wrong, but it was not seen. NOT_RUN: it could not be tried."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_SHOWN = "not_shown"
    UNABLE = "unable"
    NOT_RUN = "not_run"


class Finding(Value):
    """What one step showed, and in words what a person should do about it."""

    verdict: Verdict
    text: str


APPROVED = frozenset({State.APPROVED})
REFUSED = frozenset({State.DECLINED, State.CANCELLED})

WANTED: Mapping[Flow, frozenset[State]] = {
    Flow.DECLINE: REFUSED,
    Flow.STOP: REFUSED,
    Flow.CANCEL: REFUSED,
    Flow.PARTIAL: frozenset({State.PARTIAL_UNWANTED}),
    Flow.SILENCE: frozenset({State.APPROVED, State.NOT_COMPLETED, *REFUSED}),
}
"""How the last payment of a flow must end; else approved."""

TRY_AGAIN: Mapping[Flow, str] = {
    Flow.DECLINE: "it was approved: check again with a card that is declined",
    Flow.STOP: "it was approved: check again, press the red key and present no card",
    Flow.CANCEL: "the approval came first: check again, and present no card",
    Flow.PARTIAL: "all of it was approved: check again with a card that has less left",
}
"""What an approval means where none was wanted: the person's hand, not the terminal."""

REASONS: Mapping[State, str] = {
    State.DECLINED: "it was declined",
    State.CANCELLED: "it was cancelled",
    State.NOT_SENT: "it was not sent",
    State.FAILED_NOT_STARTED: "the terminal refused to begin",
    State.NOT_COMPLETED: "the terminal did not complete it",
    State.NEEDS_OPERATOR: "the terminal cannot say whether money moved: settle it by hand",
}

DAYS: Mapping[DayState, tuple[Verdict, str]] = {
    DayState.AGREED: (Verdict.PASSED, "its sums agree with the journal"),
    DayState.UNCOMPARED: (Verdict.UNABLE, "it closed its day and gave nothing to compare"),
    DayState.DIFFERENT: (Verdict.FAILED, "its sums differ from the journal"),
    DayState.FAILED: (Verdict.FAILED, "it did not close its day"),
    DayState.UNKNOWN: (Verdict.FAILED, "nobody knows whether it closed its day"),
    DayState.RUNNING: (Verdict.FAILED, "it did not end"),
}


def judge(step: Step, attempt: Attempt) -> Finding:
    """Hold the last payment of a step against what was wanted."""
    wanted = WANTED.get(step.flow, APPROVED)
    if attempt.state in wanted:
        return _shown(step, attempt)
    if attempt.state in APPROVED and step.flow in TRY_AGAIN:
        return Finding(verdict=Verdict.NOT_SHOWN, text=TRY_AGAIN[step.flow])
    if attempt.state in {State.PARTIAL, State.PARTIAL_UNWANTED}:
        text = f"{attempt.approved} was approved, {attempt.amount} was asked"
        return Finding(verdict=Verdict.FAILED, text=text)
    return Finding(verdict=Verdict.FAILED, text=f"{_reason(attempt)}{_words(attempt)}")


def judge_day(day: Reconciliation) -> Finding:
    verdict, text = DAYS[day.state]
    more = "; ".join(each.text for each in day.differences) or day.text
    return Finding(verdict=verdict, text=f"{text}: {more}" if more else text)


def _shown(step: Step, attempt: Attempt) -> Finding:
    if step.flow is Flow.SILENCE and not attempt.evidence:
        text = "it was over before the line was cut: check again, and present the card later"
        return Finding(verdict=Verdict.NOT_SHOWN, text=text)
    tip = attempt.result.tip if attempt.result else None
    if step.flow is Flow.ASKS_TIP and tip is None:
        text = "no tip came: check again and enter one, or have its operator switch tips on"
        return Finding(verdict=Verdict.NOT_SHOWN, text=text)
    if attempt.state in APPROVED:
        with_tip = f", {tip} of it a tip" if tip else ""
        return Finding(verdict=Verdict.PASSED, text=f"approved: {attempt.approved}{with_tip}")
    if attempt.state is State.PARTIAL_UNWANTED:
        return Finding(verdict=Verdict.PASSED, text=f"{attempt.approved} approved, and given back")
    return Finding(verdict=Verdict.PASSED, text=f"{_reason(attempt)}{_words(attempt)}")


def _reason(attempt: Attempt) -> str:
    if attempt.state in DOUBTFUL - {State.NEEDS_OPERATOR}:
        return "it is still in doubt"
    return REASONS.get(attempt.state, f"it is {attempt.state.value}")


def _words(attempt: Attempt) -> str:
    """Return the last words on it: the terminal's, else the evidence's."""
    said = attempt.result.text if attempt.result else ""
    said = said or (attempt.evidence[-1].text if attempt.evidence else "")
    return f" ({said})" if said else ""
