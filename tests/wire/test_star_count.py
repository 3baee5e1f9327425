import pytest
from hypothesis import given
from hypothesis import strategies as st

from posedge.model.errors import MisuseError
from posedge.wire.star import COUNT, AutoStatus
from posedge.wire.star_count import STARTS, Tally


def status(count: int, *, executed: bool = True) -> AutoStatus:
    counter = (count & 7) << 1 | (count & 24) << 2
    return AutoStatus(3, bytes((0x02 * executed, 0, 0, 0, 0, counter, 0)))


def test_a_job_is_out_when_its_number_is_reached() -> None:
    tally = Tally(5)
    assert tally.begin == b"\x1b\x1eE\x00" + COUNT * 5
    assert tally.heard(status(5))
    assert tally.counts
    number = tally.next()
    assert not tally.reached(number)
    assert tally.heard(status(6))
    assert tally.reached(number)


def test_what_an_earlier_connection_left_counts_for_nothing() -> None:
    tally = Tally(9)
    number = tally.next()
    for left_over in (1, 2, 3, 4):
        assert tally.heard(status(left_over))
        assert not tally.counts
    for step in range(1, 10):
        tally.heard(status(step))
    assert tally.counts
    assert not tally.reached(number)


def test_a_status_that_no_etb_caused_proves_nothing() -> None:
    tally = Tally(3)
    assert tally.heard(status(3, executed=False))
    assert not tally.counts


def test_a_printer_that_was_switched_off_has_forgotten() -> None:
    tally = Tally(31)
    tally.heard(status(31))
    number = tally.next()  # zero, as after power-on
    assert not tally.heard(status(0, executed=False))
    assert not tally.reached(number)


def test_a_printer_that_does_not_count_is_believed_nothing() -> None:
    tally = Tally(3)
    assert tally.heard(AutoStatus(1, b"\x02\0\0\0\0"))
    assert not tally.counts


@given(st.sampled_from(STARTS), st.lists(st.booleans(), max_size=120))
def test_it_follows_over_the_end_of_the_counter(start: int, obeyed: list[bool]) -> None:
    """Numbers run on while the counter has five bits; never ahead of the printer."""
    tally, printer = Tally(start), start
    tally.heard(status(start))
    for obeys in obeyed:
        if obeys and printer < tally.sent:
            printer += 1
            assert tally.heard(status(printer % 32))
        elif tally.sent - printer < 31:
            tally.next()
        assert tally.reached(printer)
        assert not tally.reached(printer + 1)


@pytest.mark.parametrize("start", [0, 2, 32])
def test_a_start_that_cannot_be_is_refused(start: int) -> None:
    with pytest.raises(MisuseError, match="3 to 31"):
        Tally(start)
