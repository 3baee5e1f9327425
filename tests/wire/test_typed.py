from dataclasses import replace

import pytest

from posedge.wire.keys import FUNCTION_KEYS, KEY_UNKNOWN, Key, layout
from posedge.wire.lines import ENDLESS, GARBLED, MAX_BYTES, UNTERMINATED
from posedge.wire.scan import Dropped, Scan
from posedge.wire.typed import FIRST_GAP_NS, LOST, UNPLUGGED_NS, Ending, Manner, TypedScans
from tests.doubles.wedge import LEFT_SHIFT, MS, START_NS, alt_strokes, keys, timed


def take(typed: TypedScans, events: list[Key]) -> list[Scan | Dropped]:
    return [scan for key in events if (scan := typed.key(key)) is not None]


def texts(found: list[Scan | Dropped]) -> list[str]:
    return [scan.text if isinstance(scan, Scan) else scan.code for scan in found]


def new(ending: Ending = Ending.AUTO) -> TypedScans:
    return TypedScans(Manner(ending=ending))


@pytest.mark.parametrize(
    ("ending", "end"),
    [
        (Ending.AUTO, "\r"),
        (Ending.AUTO, "\t"),
        (Ending.AUTO, "\r\n"),
        (Ending.ENTER, "\r"),
        (Ending.TAB, "\t"),
    ],
)
def test_each_terminator_ends_a_code(ending: Ending, end: str) -> None:
    typed = new(ending)
    assert texts(take(typed, keys(f"40063{end}40144{end}"))) == ["40063", "40144"]
    assert not typed.pending


def test_a_scan_bears_the_kernel_s_time_of_its_last_key() -> None:
    events = keys("12\r")
    assert take(new(), events) == [Scan("12", at_ns=events[-2].at_ns)]


def test_without_a_terminator_silence_ends_the_code() -> None:
    typed = new(Ending.NONE)
    assert take(typed, keys("4006381333931")) == []
    assert typed.pending
    assert typed.silence() == Scan("4006381333931", at_ns=keys("4006381333931")[-1].at_ns)
    assert typed.silence() is None


def test_a_gap_by_the_kernel_s_clock_divides_two_codes() -> None:
    typed = new(Ending.NONE)
    first, second = keys("40063"), keys("40144", start_ns=START_NS + 1000 * MS)
    assert texts(take(typed, first + second)) == ["40063"]
    assert texts([typed.silence() or LOST]) == ["40144"]


def test_the_gap_is_learnt_from_the_scanner() -> None:
    typed = new(Ending.ENTER)
    assert typed.silence_ns == 3 * FIRST_GAP_NS
    for n in range(20):
        take(typed, keys("4006381333931\r", start_ns=START_NS + n * 10_000 * MS))
    assert typed.silence_ns == 50 * MS
    take(typed, keys("4006381333931\r", start_ns=START_NS + 300_000 * MS, gap_ns=30 * MS))
    assert typed.silence_ns == 90 * MS
    take(typed, keys("12\r", start_ns=START_NS + 400_000 * MS))
    assert typed.silence_ns == 90 * MS
    assert "silence 90 ms" in repr(typed)


@pytest.mark.parametrize("ending", [Ending.AUTO, Ending.NONE])
def test_silence_ends_no_code_before_the_kernel_tells_of_an_unplugged_scanner(
    ending: Ending,
) -> None:
    typed = new(ending)
    for n in range(20):
        assert typed.silence_ns == UNPLUGGED_NS
        take(typed, keys("4006381333931", start_ns=START_NS + n * 10_000 * MS))
        assert isinstance(typed.silence(), Scan)


def test_a_scanner_that_has_a_terminator_does_not_end_without_it() -> None:
    typed = new()
    assert texts(take(typed, keys("40063\r"))) == ["40063"]
    take(typed, keys("4006"))
    assert typed.silence() == UNTERMINATED


def test_a_configured_terminator_is_demanded_from_the_first_code_on() -> None:
    typed = new(Ending.ENTER)
    take(typed, keys("4006"))
    assert typed.silence() == UNTERMINATED


@pytest.mark.parametrize("cut", range(1, 12))
def test_a_pause_within_a_code_lets_neither_part_pass_for_a_code(cut: int) -> None:
    typed = new(Ending.ENTER)
    events = keys("4006381333931\r")
    first, rest = events[: 2 * cut], events[2 * cut :]
    take(typed, first)
    assert typed.silence() == UNTERMINATED
    late = [replace(each, at_ns=each.at_ns + 400 * MS) for each in rest]
    assert take(typed, late) == []  # told once
    assert texts(take(typed, keys("40144\r", start_ns=late[-1].at_ns + 200 * MS))) == ["40144"]


def test_two_pauses_within_a_code_are_told_once() -> None:
    typed = new(Ending.ENTER)
    take(typed, keys("40"))
    assert typed.silence() == UNTERMINATED
    take(typed, keys("06", start_ns=START_NS + 400 * MS))
    assert typed.pending
    assert typed.silence() is None
    assert take(typed, keys("38\r", start_ns=START_NS + 800 * MS)) == []


def test_long_after_a_code_that_broke_off_another_is_a_code() -> None:
    typed = new(Ending.ENTER)
    take(typed, keys("40"))
    assert typed.silence() == UNTERMINATED
    assert texts(take(typed, keys("40144\r", start_ns=START_NS + 2000 * MS))) == ["40144"]


def test_a_lone_terminator_is_nothing_and_teaches_nothing() -> None:
    typed = new()
    assert take(typed, keys("\r\r")) == []
    take(typed, keys("4006"))
    assert isinstance(typed.silence(), Scan)


def test_lost_keys_void_the_whole_code_until_its_end() -> None:
    typed = new()
    events = keys("4006381333931\r40144\r")
    assert take(typed, events[:10]) == []
    assert typed.lost(events[10].at_ns) is None
    assert texts(take(typed, events[20:])) == ["scan.lost", "40144"]


def test_keys_lost_between_two_codes_are_told_by_silence() -> None:
    typed = new(Ending.NONE)
    take(typed, keys("40063"))
    assert texts([typed.lost(START_NS + 9000 * MS) or LOST]) == ["40063"]
    assert typed.silence() == LOST


def test_a_modifier_whose_release_was_lost_does_not_bend_the_next_code() -> None:
    typed = new()
    events = keys("A1\r123\r")
    shift_up = next(n for n, key in enumerate(events) if key.code == LEFT_SHIFT and not key.down)
    assert take(typed, events[:shift_up]) == []
    assert typed.lost(events[shift_up].at_ns) is None
    assert texts(take(typed, events[shift_up + 1 :])) == ["scan.lost", "123"]


def test_a_code_whose_beginning_was_not_seen_is_void() -> None:
    typed = new()
    typed.void()
    assert texts(take(typed, keys("81333931\r40144\r"))) == ["scan.lost", "40144"]


def test_a_key_without_text_voids_the_code() -> None:
    typed = new()
    events = keys("40063\r")
    events[4:4] = [Key(KEY_UNKNOWN, down=True, at_ns=events[4].at_ns)] * 2
    assert texts(take(typed, events)) == ["key.unmapped"]
    assert texts(take(typed, keys("40144\r"))) == ["40144"]


def test_control_characters_that_no_code_bears_are_garbled() -> None:
    assert take(new(), keys("40\x0163\r")) == [GARBLED]
    assert texts(take(new(), keys("10A\x1d17\r"))) == ["10A\x1d17"]


def test_endless_typing_is_bounded() -> None:
    typed = new(Ending.NONE)
    take(typed, keys("x" * (MAX_BYTES + 100)))
    assert len(typed._text) == MAX_BYTES
    assert typed.silence() == ENDLESS


def test_a_separator_that_is_typed_as_text_is_one() -> None:
    typed = TypedScans(Manner(gs="{GS}"))
    assert texts(take(typed, keys("10A{GS}17\r"))) == ["10A\x1d17"]


def test_a_separator_that_is_a_function_key_is_one() -> None:
    typed = TypedScans(Manner(gs="F8"))
    events = [*keys("10A"), Key(FUNCTION_KEYS["F8"], down=True, at_ns=START_NS), *keys("17\r")]
    assert texts(take(typed, events)) == ["10A\x1d17"]


def test_a_scanner_that_takes_caps_lock_the_wrong_way_round() -> None:
    typed = TypedScans(Manner(invert_case=True))
    assert texts(take(typed, keys("aB1\r"))) == ["Ab1"]


def test_a_dead_key_at_the_end_is_typed_whatever_ends_the_code() -> None:
    for end in ("\r", ""):
        typed = TypedScans(Manner(layout="de"))
        found = take(typed, keys(f"1^{end}", layout=layout("de"))[:4] + keys(end))
        assert typed.pending is not bool(end)
        assert texts(found or [typed.silence() or LOST]) == ["1^"]


def test_a_code_that_breaks_off_within_a_number_is_void() -> None:
    typed = new()
    take(typed, timed(alt_strokes("A")))
    take(typed, timed(alt_strokes("B"))[:3])
    assert typed.pending
    assert texts([typed.silence() or LOST]) == ["key.unmapped"]
    assert texts(take(typed, timed(alt_strokes("]C1A\r")))) == ["]C1A"]
