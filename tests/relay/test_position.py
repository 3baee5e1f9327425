from hypothesis import given
from hypothesis import strategies as st

from posedge.relay.position import AHEAD, STALL_MAX_S, STALL_S, Position


def sent(position: Position, count: int, now: float = 0) -> Position:
    for _ in range(count):
        position.advance(now)
    return position


def test_begins_behind_headquarters_word() -> None:
    position = Position(5)
    position.restart(9, 0)
    assert (position.acked, position.upto, position.sent) == (9, 9, 9)


def test_begins_at_the_stored_cursor_without_an_answer() -> None:
    position = Position(5)
    position.restart(None, 0)
    assert (position.acked, position.sent) == (5, 5)


def test_restored_headquarters_is_sent_again_what_it_lost() -> None:
    position = Position(500)
    position.restart(300, 0)
    assert (position.acked, position.upto, position.sent) == (500, 300, 300)
    sent(position, 10)
    assert position.confirm(310, 1)
    assert position.acked == 500


def test_only_news_is_news() -> None:
    position = sent(Position(0), 10)
    assert position.confirm(4, 0)
    assert not position.confirm(4, 0)
    assert not position.confirm(3, 0)
    assert position.acked == 4


def test_confirmation_ahead_of_us_skips_what_need_not_be_sent() -> None:
    position = sent(Position(0), 10)
    position.rewind(0)
    position.confirm(8, 0)
    assert position.sent == 8


def test_stalls_after_three_seconds_without_progress_and_grows_patient() -> None:
    position = sent(Position(0), 1, now=100)
    assert not position.stalled(100 + STALL_S)
    assert position.stalled(100 + STALL_S + 0.1)
    position.rewind(104)
    assert position.sent == 0
    sent(position, 1, now=104)
    assert not position.stalled(104 + 2 * STALL_S)
    for _ in range(20):
        position.rewind(0)
    sent(position, 1, now=0)
    assert position.stalled(STALL_MAX_S + 1)
    position.confirm(1, 200)
    sent(position, 1, now=200)
    assert position.stalled(200 + STALL_S + 0.1)


def test_nothing_under_way_cannot_stall() -> None:
    position = Position(3)
    assert not position.stalled(1e9)
    sent(position, 1, now=1e9)
    assert not position.stalled(1e9 + 1)


def test_long_round_trips_are_waited_for() -> None:
    position = sent(Position(0), 1)
    for _ in range(100):
        position.timed(2.0)
    assert not position.stalled(7.9)
    assert position.stalled(8.1)


def test_need_goes_back_and_never_forward() -> None:
    position = sent(Position(0), 10)
    position.need(20)
    assert position.sent == 10
    position.need(4)
    assert position.sent == 3
    position.need(0)
    assert position.sent == 0


def test_need_that_comes_late_sends_nothing_again() -> None:
    """An Ack may be delivered twice, or wait in the broker for ten minutes."""
    position = sent(Position(0), 10)
    position.confirm(8, 1.0)
    position.need(2)
    assert position.sent == 8


def test_room_is_bounded() -> None:
    position = Position(0)
    position.sent = AHEAD
    assert position.room == 0
    assert "sent 20000" in repr(position)


@given(st.lists(st.tuples(st.sampled_from("acnrw"), st.integers(0, 50)), max_size=60))
def test_cursor_only_grows_and_never_passes_what_was_confirmed(
    steps: list[tuple[str, int]],
) -> None:
    position, best = Position(0), 0
    for step, value in steps:
        before = position.acked
        match step:
            case "a":
                position.advance(value)
            case "c":
                position.confirm(value, 0)
                best = max(best, value)
            case "n":
                position.need(value)
            case "r":
                position.restart(value if value % 2 else None, 0)
                best = max(best, value if value % 2 else 0)
            case _:
                position.rewind(value)
        assert before <= position.acked <= max(best, before)
        assert position.sent >= 0
