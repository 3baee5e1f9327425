"""The table of the serial line, and two ends of it with a line between them that loses things."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posedge.model.errors import MisuseError
from posedge.wire.zvt.apdu import Apdu
from posedge.wire.zvt.serial import framed
from posedge.wire.zvt.transport import (
    ACK,
    NAK,
    TABLE,
    Action,
    Cause,
    State,
    Timing,
    Transport,
)

T1, T2 = 0.2, 5.0
PAY, YES, RESULT, END = Apdu(0x0601, b"x"), Apdu(0x8000), Apdu(0x040F, b"\x27\x00"), Apdu(0x060F)
BROKEN = framed(RESULT)[:-1] + b"\x00"


def said(transport: Transport) -> list[bytes]:
    return list(iter(transport.outgoing, None))


def got(transport: Transport) -> list[Apdu]:
    return list(iter(transport.pull, None))


@pytest.fixture
def end() -> Transport:
    return Transport(Timing())


IMPOSSIBLE = {
    *product((State.SAID, State.AGAIN, State.LAST), (Cause.SEND, Cause.ANSWERED)),
    (State.QUIET, Cause.T2),
}


def test_every_state_has_every_cause_that_can_be() -> None:
    assert TABLE.keys() == set(product(State, Cause)) - IMPOSSIBLE


@pytest.mark.parametrize(("state", "cause"), TABLE)
def test_what_comes_is_answered_once_and_delivered_only_when_new(
    state: State, cause: Cause
) -> None:
    then, actions = TABLE[state, cause]
    assert (Action.DELIVER in actions) is (cause is Cause.NEW)
    came = {Cause.NEW, Cause.REPEAT, Cause.ANSWERED}
    assert (Action.ACKNOWLEDGE in actions) is (cause in came)
    assert (Action.REFUSE in actions) is (cause is Cause.BROKEN)
    says = {Cause.SEND, Cause.NAK, Cause.T2, Cause.ANSWERED}
    assert (Action.SAY in actions) is (cause in says and then is not State.QUIET)


def test_the_times_are_the_specification_s() -> None:
    assert (Timing().t1_s, Timing().t2_s) == (T1, T2)


def test_what_is_acknowledged_is_said_once(end: Transport) -> None:
    end.send(PAY, 0)
    assert said(end) == [framed(PAY)]
    assert (end.settled, end.due_s) == (False, T2)
    end.feed(ACK, 0.1)
    assert (end.settled, end.gave_up, end.due_s) == (True, False, None)
    end.feed(b"", 100)
    assert said(end) == []


@pytest.mark.parametrize("nak", [True, False])
def test_it_is_said_thrice_and_then_given_up(end: Transport, *, nak: bool) -> None:
    end.send(PAY, 0)
    for now in (0, T2):
        assert said(end) == [framed(PAY)]
        end.feed(NAK if nak else b"", now + T2)
    assert said(end) == [framed(PAY)]
    assert not end.gave_up
    end.feed(NAK if nak else b"", 3 * T2)
    assert (said(end), end.settled, end.gave_up, end.due_s) == ([], True, True, None)
    end.send(END, 20)
    assert (said(end), end.gave_up) == ([framed(END)], False)


def test_one_frame_at_a_time(end: Transport) -> None:
    end.send(PAY, 0)
    with pytest.raises(MisuseError) as busy:
        end.send(END, 0)
    assert busy.value.code == "transport.busy"
    assert repr(end) == "<Transport said>"


def test_a_frame_is_acknowledged_and_delivered(end: Transport) -> None:
    end.feed(framed(RESULT), 0)
    assert (said(end), got(end)) == ([ACK], [RESULT])


def test_a_broken_frame_is_refused_and_its_repeat_is_new(end: Transport) -> None:
    end.feed(BROKEN, 0)
    assert (said(end), got(end)) == ([NAK], [])
    end.feed(framed(RESULT), 0)
    assert (said(end), got(end)) == ([ACK], [RESULT])


def test_a_frame_that_stops_in_its_middle_is_refused_after_t1(end: Transport) -> None:
    end.feed(framed(RESULT)[:6], 0)
    assert end.due_s == T1
    end.feed(framed(RESULT)[6:8], 0.15)
    end.feed(b"", T1)
    assert said(end) == []
    end.feed(b"", 0.15 + T1)
    assert said(end) == [NAK]
    end.feed(framed(RESULT), 1)
    assert (said(end), got(end)) == ([ACK], [RESULT])


def test_a_result_whose_ack_was_lost_is_not_a_second_result(end: Transport) -> None:
    for now in (0, T2, 2 * T2):
        end.feed(framed(RESULT), now)
    assert (said(end), got(end)) == ([ACK] * 3, [RESULT])


def test_a_repeat_is_known_while_our_answer_is_not_acknowledged(end: Transport) -> None:
    end.feed(framed(RESULT), 0)
    end.send(YES, 0.1)
    end.feed(framed(RESULT), T2)
    assert (said(end), got(end), end.settled) == ([ACK, framed(YES), ACK], [RESULT], False)
    end.feed(ACK, T2)
    end.feed(framed(RESULT), T2 + 1)
    assert got(end) == [RESULT], "our answer was acknowledged, and it comes too soon for a repeat"


@pytest.mark.parametrize("later", [T2, 2 * T2])
def test_a_repeat_that_was_answered_gets_the_same_answer_again(
    end: Transport, later: float
) -> None:
    end.feed(framed(RESULT), 0)
    end.send(YES, 0.1)
    end.feed(ACK, 0.1)
    said(end)
    got(end)
    end.feed(framed(RESULT), later)
    assert (said(end), got(end), end.settled) == ([ACK, framed(YES)], [], False)
    end.feed(framed(RESULT), later + 1)
    assert (said(end), got(end)) == ([ACK], []), "that answer was not heard either"
    end.feed(ACK, later + 1)
    assert end.settled


@pytest.mark.parametrize("later", [0.1, 0.5 * T2, 3 * T2])
def test_the_same_words_at_another_time_are_new(end: Transport, later: float) -> None:
    end.feed(framed(RESULT), 0)
    end.send(YES, 0)
    end.feed(ACK, 0)
    end.feed(framed(RESULT), later)
    assert got(end) == [RESULT, RESULT]


def test_the_same_words_behind_a_question_of_ours_are_new(end: Transport) -> None:
    end.feed(framed(YES), 0)
    end.send(RESULT, 0)
    end.feed(ACK, 0)
    end.feed(framed(YES), T2)
    assert (got(end), end.settled) == ([YES, YES], True)


def test_nobody_repeats_more_than_twice_so_the_third_is_new(end: Transport) -> None:
    for now in range(4):
        end.feed(framed(PAY), now)
    assert (said(end), got(end)) == ([ACK] * 4, [PAY, PAY])


def test_who_never_heard_us_may_say_the_same_again(end: Transport) -> None:
    end.feed(framed(PAY), 0)
    end.send(YES, 0)
    for now in (T2, 2 * T2, 3 * T2):
        end.feed(b"", now)
    assert end.gave_up
    end.feed(framed(PAY), 60)
    assert got(end) == [PAY, PAY]


@pytest.mark.parametrize("repeats", [0, 1, 2])
def test_an_answer_proves_that_the_command_came_through(end: Transport, repeats: int) -> None:
    """A command that moves money is not said again when its ACK was lost."""
    end.send(PAY, 0)
    for _ in range(repeats):
        end.feed(NAK, 0)
    said(end)
    end.feed(framed(YES), 1)
    assert (end.settled, end.gave_up, end.due_s) == (True, False, None)
    assert (said(end), got(end)) == ([ACK], [YES])


def test_an_ack_that_nobody_waits_for_means_nothing(end: Transport) -> None:
    end.feed(ACK + NAK, 0)
    assert (said(end), end.settled, end.due_s) == ([], True, None)


def test_a_broken_frame_leaves_ours_under_way(end: Transport) -> None:
    end.send(YES, 0)
    end.feed(BROKEN, 1)
    assert said(end) == [framed(YES), NAK]
    assert (end.settled, end.due_s) == (False, T2)


class Talk:
    """A terminal's turn and a register's, in alternation, over a line with a fault for each part.

    `faults` says what becomes of each thing written, by either side: it arrives, is lost, or
    comes broken.
    """

    def __init__(self, faults: list[str]) -> None:
        self.ends = {"T": Transport(Timing()), "E": Transport(Timing())}
        self.heard: dict[str, list[Apdu]] = {"T": [], "E": []}
        self.faults = faults
        self.now_s = 0.0

    def says(self, who: str, apdu: Apdu) -> bool:
        """Say it and wait; return whether it was not given up."""
        self.ends[who].send(apdu, self.now_s)
        self.carry()
        while not self.ends[who].settled:
            dues = [end.due_s for end in self.ends.values() if end.due_s is not None]
            self.now_s = min(dues)
            for end in self.ends.values():
                end.feed(b"", self.now_s)
            self.carry()
        return not self.ends[who].gave_up

    def carry(self) -> None:
        moved = True
        while moved:
            moved = False
            for who, other in (("T", "E"), ("E", "T")):
                for data in said(self.ends[who]):
                    moved = True
                    self.ends[other].feed(self.through(data), self.now_s)
                self.heard[other] += got(self.ends[other])

    def through(self, data: bytes) -> bytes:
        fault = self.faults.pop(0) if self.faults else ""
        if fault == "lost":
            return b""
        return data[:-1] + bytes([data[-1] ^ 0x40]) if fault == "broken" else data


@given(faults=st.lists(st.sampled_from(["", "", "lost", "broken"]), max_size=12))
def test_what_was_not_given_up_arrived_once_and_in_order(faults: list[str]) -> None:
    talk = Talk(faults)
    words = [("E", YES) if n % 2 else ("T", Apdu(0x04FF, bytes([n]))) for n in range(12)]
    spoken: dict[str, list[Apdu]] = {"T": [], "E": []}
    for who, apdu in words:
        if not talk.says(who, apdu):
            break
        spoken[who].append(apdu)
    else:
        assert talk.heard == {"E": spoken["T"], "T": spoken["E"]}
    for who, other in (("T", "E"), ("E", "T")):
        assert len(spoken[who]) <= len(talk.heard[other]) <= len(spoken[who]) + 1
