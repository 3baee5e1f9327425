import pytest

from posedge.model.errors import MisuseError
from posedge.model.money import Money
from posedge.model.payment import (
    DOUBTFUL,
    FINAL,
    MONEY_MOVED,
    TABLE,
    Attempt,
    AttemptKind,
    Cause,
    State,
    TerminalResult,
    advance,
)
from posedge.model.stamp import Stamp

RESULTS = {
    "result_approved": "approval_stored",
    "result_partial": "partial_stored",
    "result_declined": "decline_stored",
    "result_cancelled": "cancel_stored",
}
FOUND = {
    "found_approved": "approved",
    "found_partial": "partial",
    "found_not_completed": "not_completed",
}

MOVES = {
    "created": {"send": "sending", "abandoned": "not_sent", "crashed": "not_sent"},
    "sending": {
        "accepted": "in_progress",
        "refused": "failed_not_started",
        **RESULTS,
        "silence": "in_doubt",
        "crashed": "in_doubt",
    },
    "in_progress": {**RESULTS, "silence": "in_doubt", "crashed": "in_doubt"},
    "approval_stored": {
        "acknowledged": "approved",
        "silence": "in_doubt_after_approval",
        "crashed": "in_doubt_after_approval",
    },
    "partial_stored": {
        "acknowledged": "partial",
        "silence": "in_doubt_after_approval",
        "crashed": "in_doubt_after_approval",
    },
    "decline_stored": dict.fromkeys(("acknowledged", "silence", "crashed"), "declined"),
    "cancel_stored": dict.fromkeys(("acknowledged", "silence", "crashed"), "cancelled"),
    "in_doubt": {**FOUND, "crashed": "in_doubt", "deadline": "needs_operator"},
    "in_doubt_after_approval": {
        **FOUND,
        "crashed": "in_doubt_after_approval",
        "deadline": "needs_operator",
    },
    "needs_operator": {
        **FOUND,
        "crashed": "needs_operator",
        "operator_says_approved": "operator_approved",
        "operator_says_not_completed": "operator_not_completed",
    },
    "partial": {
        "kept": "partial_kept",
        "unwanted": "partial_unwanted",
        "crashed": "partial",
    },
}
"""Written out a second time, by hand: a change of the table must be meant twice."""


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("cause", Cause)
def test_the_whole_table(state: State, cause: Cause) -> None:
    expected = MOVES.get(state.value, {}).get(cause.value)
    if expected is not None:
        assert advance(state, cause, "p1") is State(expected)
        return
    with pytest.raises(MisuseError) as error:
        advance(state, cause, "p1")
    assert error.value.code == "payment.impossible_move"
    assert error.value.data == {"attempt": "p1", "cause": cause.value, "state": state.value}


def test_every_state_is_in_the_table_and_reachable() -> None:
    assert set(TABLE) == set(State)
    reached = {State.CREATED} | {after for moves in TABLE.values() for after in moves.values()}
    assert reached == set(State)


def test_a_crash_leaves_no_state_without_an_answer_and_never_means_more_than_doubt() -> None:
    for state in set(State) - FINAL:
        after = TABLE[state][Cause.CRASHED]
        certain = {State.NOT_SENT, State.DECLINED, State.CANCELLED, State.PARTIAL}
        assert after in DOUBTFUL | certain


def test_silence_is_never_a_decline_of_what_was_not_declined() -> None:
    for state, moves in TABLE.items():
        if Cause.SILENCE in moves and state not in {State.DECLINE_STORED, State.CANCEL_STORED}:
            assert moves[Cause.SILENCE] in DOUBTFUL


def test_only_facts_and_people_lead_out_of_doubt() -> None:
    proof = {
        Cause.FOUND_APPROVED,
        Cause.FOUND_PARTIAL,
        Cause.FOUND_NOT_COMPLETED,
        Cause.OPERATOR_SAYS_APPROVED,
        Cause.OPERATOR_SAYS_NOT_COMPLETED,
    }
    for state in DOUBTFUL:
        out = {cause for cause, after in TABLE[state].items() if after not in DOUBTFUL}
        assert out <= proof


def test_money_moves_only_in_final_states_or_while_the_till_decides_on_a_part() -> None:
    assert MONEY_MOVED - {State.PARTIAL} <= FINAL
    assert not FINAL & DOUBTFUL


def attempt(state: State, result: TerminalResult | None = None) -> Attempt:
    return Attempt(
        id="p1",
        sale="s1",
        till="t1",
        kind=AttemptKind.SALE,
        terminal="front",
        amount=euros(1250),
        state=state,
        created=Stamp(utc_ns=0, monotonic_ns=0, boot_id="a", trusted=False),
        result=result,
    )


def euros(minor: int) -> Money:
    return Money(minor=minor, currency="EUR")


@pytest.mark.parametrize("state", State)
def test_what_moved_is_what_the_terminal_said_or_else_what_was_asked(state: State) -> None:
    half = TerminalResult(approved=True, amount=euros(600))
    silent = TerminalResult(approved=True)
    if state in MONEY_MOVED:
        assert attempt(state, half).moved == euros(600)
        assert attempt(state, silent).moved == attempt(state).moved == euros(1250)
    else:
        assert attempt(state, half).moved == euros(0)
    assert attempt(state).settled is (state in FINAL)


@pytest.mark.parametrize("kind", [AttemptKind.PREAUTH, AttemptKind.RELEASE])
def test_a_reservation_moves_nothing(kind: AttemptKind) -> None:
    reserved = attempt(State.APPROVED).model_copy(update={"kind": kind})
    assert (reserved.moved, reserved.approved) == (euros(0), euros(1250))


def test_an_attempt_survives_json() -> None:
    before = attempt(State.PARTIAL, TerminalResult(approved=True, amount=euros(600)))
    assert Attempt.model_validate_json(before.model_dump_json()) == before
