import pytest
from hypothesis import given
from hypothesis import strategies as st

from posedge.wire.contact import Contact, after_pulse


@pytest.mark.parametrize("known", list(Contact))
@pytest.mark.parametrize("high", [True, False])
def test_the_table_is_whole_and_symmetric(known: Contact, *, high: bool) -> None:
    swap = {each: _mirrored(each) for each in Contact}
    assert swap[after_pulse(known, high=high)] is after_pulse(swap[known], high=not high)


def _mirrored(known: Contact) -> Contact:
    words = {"high": "low", "low": "high"}
    return Contact("-".join(words.get(word, word) for word in known.value.split("-")))


@pytest.mark.parametrize(
    ("known", "high", "is_open"),
    [
        (Contact.UNKNOWN, True, None),
        (Contact.MAYBE_HIGH, True, None),
        (Contact.MAYBE_LOW, False, None),
        (Contact.HIGH, True, True),
        (Contact.HIGH, False, False),
        (Contact.HIGH_DOUBTED, True, True),
        (Contact.LOW, True, False),
        (Contact.LOW, False, True),
        (Contact.LOW_DOUBTED, False, True),
    ],
)
def test_levels_are_read_once_they_are_learnt(
    known: Contact, is_open: bool | None, *, high: bool
) -> None:
    assert known.is_open(high=high) is is_open


@given(start=st.sampled_from(list(Contact)), high=st.booleans())
def test_four_honest_openings_put_any_belief_right(start: Contact, *, high: bool) -> None:
    known = start
    for _ in range(4):
        known = after_pulse(known, high=high)
    assert known.is_open(high=high) is True
    assert known in {Contact.HIGH, Contact.LOW}


@given(pushed=st.lists(st.booleans(), max_size=30), open_high=st.booleans())
def test_a_drawer_pushed_shut_on_a_pulse_now_and_then_turns_nothing_round(
    pushed: list[bool], *, open_high: bool
) -> None:
    """Never twice in a row: then the belief, once it is there, stays what it is."""
    known = Contact.HIGH if open_high else Contact.LOW
    before = False
    for each in pushed:
        wrong = each and not before
        before = wrong
        known = after_pulse(known, high=open_high != wrong)
        assert known.is_open(high=open_high) is True
