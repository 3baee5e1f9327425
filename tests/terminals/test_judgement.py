"""What the go-live check makes of each outcome."""

import pytest

from posedge.model.money import Money
from posedge.model.payment import DOUBTFUL, Attempt, AttemptKind, Evidence, State, TerminalResult
from posedge.model.reconciliation import (
    DayState,
    Difference,
    DifferenceKind,
    Reconciliation,
)
from posedge.model.rehearsal import Rehearsal
from posedge.model.stamp import Stamp
from posedge.model.terminal import Ability
from posedge.terminals.judgement import DAYS, Verdict, judge, judge_day
from posedge.terminals.plan import FLOWS, Flow, Step, missing, plan

NOW = Stamp(utc_ns=1, monotonic_ns=1, boot_id="b", trusted=True)
EUR = Money(minor=100, currency="EUR")


def step(flow: Flow) -> Step:
    return next(each for each in FLOWS if each.flow is flow)


def attempt(state: State, *, text: str = "", evidence: str = "", tip: int = 0) -> Attempt:
    result = TerminalResult(
        approved=state is State.APPROVED,
        text=text,
        tip=Money(minor=tip, currency="EUR") if tip else None,
    )
    seen = (Evidence(at=NOW, source="terminal", text=evidence),) if evidence else ()
    return Attempt(
        id="a", sale="s", till="t", kind=AttemptKind.SALE, terminal="x", amount=EUR, state=state,
        created=NOW, result=result, evidence=seen,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("flow", "seen", "verdict", "text"),
    [
        (Flow.SALE, attempt(State.APPROVED), Verdict.PASSED, "approved: 1.00 EUR"),
        (Flow.SALE, attempt(State.DECLINED, text="no"), Verdict.FAILED, "it was declined (no)"),
        (Flow.SALE, attempt(State.IN_DOUBT), Verdict.FAILED, "it is still in doubt"),
        (Flow.SALE, attempt(State.CREATED), Verdict.FAILED, "it is created"),
        (Flow.SALE, attempt(State.NOT_SENT, evidence="e"), Verdict.FAILED, "it was not sent (e)"),
        (
            Flow.SALE,
            attempt(State.NEEDS_OPERATOR),
            Verdict.FAILED,
            "the terminal cannot say whether money moved: settle it by hand",
        ),
        (Flow.DECLINE, attempt(State.DECLINED), Verdict.PASSED, "it was declined"),
        (Flow.CANCEL, attempt(State.CANCELLED), Verdict.PASSED, "it was cancelled"),
        (Flow.ASKS_TIP, attempt(State.APPROVED, tip=20), Verdict.PASSED, "0.20 EUR of it a tip"),
        (Flow.ASKS_TIP, attempt(State.APPROVED), Verdict.NOT_SHOWN, "no tip came"),
        (Flow.SILENCE, attempt(State.APPROVED), Verdict.NOT_SHOWN, "over before the line was cut"),
        (Flow.SILENCE, attempt(State.NOT_COMPLETED, evidence="e"), Verdict.PASSED, "did not"),
        (Flow.SALE, attempt(State.PARTIAL_UNWANTED), Verdict.FAILED, "1.00 EUR was asked"),
    ],
)
def test_outcomes(flow: Flow, seen: Attempt, verdict: Verdict, text: str) -> None:
    finding = judge(step(flow), seen)
    assert finding.verdict is verdict
    assert text in finding.text


def test_a_doubt_never_passes() -> None:
    for each in FLOWS:
        for state in DOUBTFUL:
            assert judge(each, attempt(state)).verdict is Verdict.FAILED


@pytest.mark.parametrize("flow", [Flow.DECLINE, Flow.STOP, Flow.CANCEL, Flow.PARTIAL])
def test_an_approval_that_was_not_wanted_is_the_person_s_hand(flow: Flow) -> None:
    assert judge(step(flow), attempt(State.APPROVED)).verdict is Verdict.NOT_SHOWN


def test_days() -> None:
    assert set(DAYS) == set(DayState)
    day = Reconciliation(id="d", terminal="x", who="w", state=DayState.AGREED, begun=NOW)
    assert judge_day(day).text == "its sums agree with the journal"
    gone = Difference(kind=DifferenceKind.TOTAL, text="girocard: 1.00 is missing")
    other = day.model_copy(update={"state": DayState.DIFFERENT, "differences": (gone,)})
    assert judge_day(other).verdict is Verdict.FAILED
    assert judge_day(other).text.endswith("girocard: 1.00 is missing")


def test_what_a_terminal_cannot_do_is_not_asked() -> None:
    assert missing(step(Flow.REFUND), frozenset(), ends_day=True) == "it cannot do this: refund"
    assert missing(step(Flow.REFUND), frozenset({Ability.REFUND}), ends_day=True) is None
    assert "no way to tell" in (
        missing(step(Flow.SILENCE), frozenset(), ends_day=True, tells=False) or ""
    )
    assert "end its day" in (missing(step(Flow.END_OF_DAY), frozenset(), ends_day=False) or "")


def test_documented_amounts_replace_cards() -> None:
    steps = {each.flow: each for each in plan(Rehearsal(test_mode=True, currency="EUR"))}
    assert steps[Flow.DECLINE] == step(Flow.DECLINE)
    told = Rehearsal(test_mode=True, currency="EUR", decline_minor=124, partial_minor=3000)
    steps = {each.flow: each for each in plan(told)}
    assert (steps[Flow.DECLINE].amount_minor, steps[Flow.PARTIAL].amount_minor) == (124, 3000)
    assert "The amount itself" in steps[Flow.DECLINE].ask


def test_each_amount_is_known_again() -> None:
    amounts = [each.amount_minor for each in FLOWS if each.kinds]
    assert len(amounts) == len(set(amounts))
