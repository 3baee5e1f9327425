import pytest

from posedge.devices.past import PATTERNS, STEADY_S, Past


def resets(past: Past, times: int, *, period_s: float, online_s: float = 0.5) -> float:
    """Let the device come and go; return the time after it."""
    now_s = 100.0
    for _ in range(times):
        past.answered(now_s)
        past.answered(now_s + online_s / 2)
        past.ended(now_s + online_s)
        now_s += period_s
    return now_s


@pytest.mark.parametrize(("count", "period_s"), PATTERNS)
def test_regular_resets_make_it_restless(count: int, period_s: float) -> None:
    past = Past()
    resets(past, count - 1, period_s=period_s - 0.1)
    assert not past.restless
    resets(past := Past(), count, period_s=period_s - 0.1)
    assert past.restless


def test_what_is_pulled_now_and_then_is_not() -> None:
    past = Past()
    resets(past, 500, period_s=25.0)
    assert not past.restless


def test_a_failure_of_what_never_answered_is_no_reset() -> None:
    past = Past()
    for now_s in range(100):
        past.ended(float(now_s))
    assert not past.restless


def test_it_is_believed_again_once_it_stayed() -> None:
    past = Past()
    now_s = resets(past, 20, period_s=1.0)
    past.answered(now_s)
    past.ended(now_s + STEADY_S - 1)
    assert past.restless
    past.answered(now_s)
    past.ended(now_s + STEADY_S)
    assert not past.restless
