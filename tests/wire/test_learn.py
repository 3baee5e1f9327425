from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posedge.model.errors import ProtocolError
from posedge.model.lesson import Lesson, Mode
from posedge.wire.gs1 import GS
from posedge.wire.keys import ALT, CAPS_LOCK, FUNCTION_KEYS, Key, LayoutName, layout
from posedge.wire.learn import NAMES, NO_GS, learn
from posedge.wire.lesson_text import FULL_TEXT, SHORT_TEXT, TEXTS
from posedge.wire.strokes import Strokes
from posedge.wire.typed import Ending, Manner, TypedScans
from tests.doubles.wedge import alt_strokes, strokes, timed

ALIKE = ({"ch-de", "ch-fr"}, {"se", "fi"})
"""Layouts that do not differ in ASCII."""

Typed = list[tuple[int, bool]]


def keys(text: str, name: LayoutName = "us") -> Typed:
    return list(strokes(text, layout(name)))


def lesson(typed: Typed, now: Manner = Manner(), *, caps_lock: bool = False) -> Lesson:  # noqa: B008
    return learn(Strokes(tuple(timed(typed)), caps_lock), now)


def manner(learnt: Lesson) -> Manner:
    return Manner(learnt.layout, Ending(learnt.ending), learnt.gs, learnt.invert_case)  # type: ignore[arg-type]


def read(typed: Typed, learnt: Lesson) -> str:
    scans = TypedScans(manner(learnt))
    found = [scan for key in timed(typed) if (scan := scans.key(key))]
    return getattr(found[0] if found else scans.silence(), "text", "")


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("end", ["", "\r", "\t"])
def test_the_layout_and_the_ending(name: LayoutName, text: str, end: str) -> None:
    learnt = lesson(keys(text + end, name))
    assert {learnt.layout, name} in ALIKE or learnt.layout == name
    assert learnt.ending == {"": "none", "\r": "enter", "\t": "tab"}[end]
    assert (learnt.gs, learnt.mode, learnt.aim, learnt.remarks) == ("", Mode.KEYS, False, ())
    assert read(keys(text + end, name), learnt) == text


@pytest.mark.parametrize("text", TEXTS)
def test_the_codes_tell_apart_all_layouts_that_differ(text: str) -> None:
    same = [{a, b} for a, b in combinations(NAMES, 2) if keys(text, a) == keys(text, b)]
    assert same == list(ALIKE)


def test_of_layouts_that_read_alike_the_one_that_was_set_stays() -> None:
    assert lesson(keys(FULL_TEXT, "fi"), Manner(layout="fi")).layout == "fi"
    assert lesson(keys(FULL_TEXT, "ch-fr"), Manner(layout="ch-fr")).layout == "ch-fr"


def test_alt_mode_needs_no_layout() -> None:
    learnt = lesson(list(alt_strokes(f"{FULL_TEXT}\r")), Manner(layout="de"))
    assert (learnt.mode, learnt.layout, learnt.ending) == (Mode.ALT, "de", "enter")


def test_an_aim_identifier_in_front_is_seen() -> None:
    for name in ("us", "fr", "de"):
        assert lesson(keys(f"]Q1{FULL_TEXT}\r", name)).aim
    assert lesson(keys(f"]C0{SHORT_TEXT}\r")).aim


def test_inverted_case() -> None:
    learnt = lesson(keys(FULL_TEXT.swapcase()))
    assert learnt.invert_case
    assert not lesson(keys(FULL_TEXT.swapcase()), caps_lock=True).invert_case


def test_a_scanner_that_switches_caps_lock_off_and_on() -> None:
    pulse = [(CAPS_LOCK, True), (CAPS_LOCK, False)]
    typed = [*pulse, *keys(FULL_TEXT), *pulse]
    assert not lesson(typed, caps_lock=True).invert_case


@pytest.mark.parametrize("stand_in", ["{GS}", "<GS>", "\\x1D", "~029"])
def test_a_text_that_stands_for_gs(stand_in: str) -> None:
    for name in ("us", "fr"):
        learnt = lesson(keys(FULL_TEXT.replace(GS, stand_in), name))
        assert (learnt.gs, learnt.remarks) == (stand_in, ())
        assert read(keys(f"10A{stand_in}17", name), learnt) == f"10A{GS}17"


def test_a_key_that_stands_for_gs() -> None:
    head, _, tail = FULL_TEXT.partition(GS)
    f8 = FUNCTION_KEYS["F8"]
    learnt = lesson([*keys(head), (f8, True), (f8, False), *keys(tail)])
    assert learnt.gs == "F8"


def test_one_character_for_gs_is_told() -> None:
    learnt = lesson(keys(FULL_TEXT.replace(GS, "|")))
    assert learnt.gs == "|"
    assert "every '|'" in learnt.remarks[0]


@pytest.mark.parametrize("stand_in", ["", " ", "A"])
def test_a_gs_that_does_not_come_through_is_told(stand_in: str) -> None:
    learnt = lesson(keys(FULL_TEXT.replace(GS, stand_in)))
    assert (learnt.gs, learnt.remarks) == ("", (NO_GS,))


def test_enter_and_tab_together_are_left_to_the_reader() -> None:
    assert lesson(keys(f"{FULL_TEXT}\t\r")).ending == "auto"


@pytest.mark.parametrize(
    ("typed", "where"), [(f"X-{FULL_TEXT}", "front"), (f"{FULL_TEXT}##", "behind")]
)
def test_what_the_scanner_adds_is_named(typed: str, where: str) -> None:
    with pytest.raises(ProtocolError, match=where) as caught:
        lesson(keys(typed))
    assert caught.value.code == "lesson.framed"


@pytest.mark.parametrize("text", ["4006381333931\r", "x", f"{FULL_TEXT[:12]}"])
def test_another_code(text: str) -> None:
    with pytest.raises(ProtocolError) as caught:
        lesson(keys(text))
    assert caught.value.code == "lesson.foreign"


def test_a_damaged_code() -> None:
    typed = keys(f"{FULL_TEXT}\r")
    for wrong in (typed[:60] + typed[64:], [*typed[:-2], (ALT, True), (80, True)]):
        with pytest.raises(ProtocolError) as caught:
            lesson(wrong)
        assert caught.value.code == "lesson.damaged"


def test_a_separator_of_keys_and_text_is_too_much() -> None:
    head, _, tail = FULL_TEXT.partition(GS)
    f8 = FUNCTION_KEYS["F8"]
    with pytest.raises(ProtocolError, match="damaged"):
        lesson([*keys(f"{head}x"), (f8, True), (f8, False), *keys(tail)])


@given(st.lists(st.tuples(st.integers(0, 255), st.booleans()), max_size=40))
def test_noise_raises_nothing_but_protocol_errors(typed: Typed) -> None:
    with pytest.raises(ProtocolError):
        learn(Strokes(tuple(Key(c, d, 0) for c, d in typed), caps_lock=False), Manner())
