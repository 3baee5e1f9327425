import re
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest
from evdev import ecodes
from hypothesis import given
from hypothesis import strategies as st

from posedge.model.errors import ProtocolError
from posedge.wire import keys as module
from posedge.wire import layout_tables
from posedge.wire.keys import CAPS_LOCK, FUNCTION_KEYS, US, Key, Keyboard, LayoutName, layout
from posedge.wire.layout_tables import TABLES
from tests.doubles.boot_keyboard import CODES, LETTERS
from tests.doubles.boot_keyboard import MODIFIERS as REPORTED
from tests.doubles.wedge import LEFT_CTRL, LEFT_SHIFT, alt_strokes, keys, timed

PRINTABLE = "".join(chr(code) for code in range(0x20, 0x7F))
NAMES: tuple[LayoutName, ...] = get_args(LayoutName)
TOOL = Path(__file__).parents[2] / "tools" / "layouts"
VERSION = re.compile(r"Source: (.*)")
ALT_GR, ALT = ecodes.KEY_RIGHTALT, ecodes.KEY_LEFTALT


def typed(text: str, keyboard: Keyboard | None = None) -> str:
    keyboard = keyboard or Keyboard()
    return "".join(keyboard.type(key) for key in keys(text))


def press(keyboard: Keyboard, *codes: int) -> str:
    return "".join(keyboard.type(Key(code, down=True, at_ns=0)) for code in codes)


def test_all_printable_ascii_and_the_separators() -> None:
    text = PRINTABLE + "\x1d\x1c\t\r"
    assert typed(text) == text


@given(st.text(PRINTABLE + "\x1d"))
def test_any_text_comes_back(text: str) -> None:
    assert typed(text) == text


def test_codes_are_the_kernel_s() -> None:
    for code, character in US.levels[0].items():
        names = ecodes.KEY[code]
        name = names if isinstance(names, str) else names[0]
        if character.isalnum():
            assert name in {f"KEY_{character.upper()}", f"KEY_KP{character}"}
    assert (ecodes.KEY_CAPSLOCK, ecodes.KEY_UNKNOWN) == (CAPS_LOCK, module.KEY_UNKNOWN)
    assert {ecodes.KEY_LEFTSHIFT, ecodes.KEY_RIGHTSHIFT} == module.SHIFT
    assert {ecodes.KEY_LEFTCTRL, ecodes.KEY_RIGHTCTRL} == module.CTRL
    assert {ecodes.KEY_LEFTMETA, ecodes.KEY_RIGHTMETA} == module.META
    assert (module.ALT, module.ALT_GR) == (ALT, ALT_GR)
    assert [getattr(ecodes, f"KEY_{name}") for name in FUNCTION_KEYS] == [*FUNCTION_KEYS.values()]
    assert {ecodes.KEY_NUMLOCK, ecodes.KEY_SCROLLLOCK} == module.SILENT
    assert US.levels[0][ecodes.KEY_LEFTBRACE] == "["
    assert US.levels[0][ecodes.KEY_BACKSLASH] == "\\"
    assert US.levels[0][ecodes.KEY_GRAVE] == "`"
    assert US.levels[0][ecodes.KEY_KPENTER] == US.levels[0][ecodes.KEY_ENTER] == "\r"
    assert US.levels[0][ecodes.KEY_KPDOT] == "."
    assert US.levels[1][ecodes.KEY_SLASH] == "?"


def test_caps_lock_inverts_letters_only() -> None:
    keyboard = Keyboard(caps_lock=True)
    assert typed("aB1!", keyboard) == "Ab1!"
    assert press(keyboard, CAPS_LOCK) == ""
    assert keyboard.type(Key(CAPS_LOCK, down=False, at_ns=0)) == ""
    assert typed("aB1!", keyboard) == "aB1!"


def test_at_rest_no_key_is_held_and_caps_lock_is_as_it_was() -> None:
    keyboard = Keyboard()
    assert press(keyboard, LEFT_SHIFT, CAPS_LOCK, ecodes.KEY_A, ecodes.KEY_1) == "a!"
    keyboard.rest()
    assert press(keyboard, ecodes.KEY_A, ecodes.KEY_1) == "a1"


def test_ctrl_with_enter_and_tab_is_enter_and_tab() -> None:
    assert press(Keyboard(), LEFT_CTRL, ecodes.KEY_ENTER, ecodes.KEY_TAB) == "\r\t"


def test_keypad_digits_whatever_num_lock_says() -> None:
    assert press(Keyboard(), ecodes.KEY_NUMLOCK, ecodes.KEY_KP4, ecodes.KEY_KP0) == "40"


@pytest.mark.parametrize(
    "codes",
    [
        (ecodes.KEY_F1,),
        (ecodes.KEY_POWER,),
        (ecodes.KEY_UNKNOWN,),
        (ALT, ecodes.KEY_A),
        (ALT, *[ecodes.KEY_KP1] * 5),
        (ecodes.KEY_LEFTMETA, ecodes.KEY_R),
        (ALT_GR, ecodes.KEY_A),
        (LEFT_CTRL, ecodes.KEY_1),
        (LEFT_CTRL, ecodes.KEY_F1),
    ],
)
def test_a_key_without_known_text_is_an_error(codes: tuple[int, ...]) -> None:
    with pytest.raises(ProtocolError) as caught:
        press(Keyboard(), *codes)
    assert caught.value.code == "key.unmapped"


@pytest.mark.parametrize("name", NAMES)
@given(text=st.text(PRINTABLE + "\x1c\x1d\x1e\x1f\t\r€éüñß"))
def test_what_is_typed_on_a_layout_is_read_on_it(name: LayoutName, text: str) -> None:
    assert read(keys(text, layout=layout(name)), name) == text


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("gb", "Az-/;:_"),
        ("de", "Ay/&<>?"),
        ("ch-de", "Ay/&<>?"),
        ("fr", "Qw6>,.8"),
        ("be", "Qw=>,.+"),
        ("it", "Az/&<>?"),
        ("es", "Az/&<>?"),
        ("se", "Az/&<>?"),
    ],
)
def test_what_a_us_keyboard_makes_of_other_scanners(name: LayoutName, seen: str) -> None:
    assert read(keys("Az-/;:_", layout=layout(name)), "us") == seen


@pytest.mark.parametrize(
    ("name", "codes", "text"),
    [
        ("de", (ALT_GR, ecodes.KEY_Q), "@"),
        ("de", (ecodes.KEY_GRAVE, ecodes.KEY_SPACE), "^"),
        ("de", (ecodes.KEY_GRAVE, ecodes.KEY_E), "ê"),
        ("de", (ecodes.KEY_GRAVE, ecodes.KEY_X), "^x"),
        ("de", (ecodes.KEY_GRAVE, ecodes.KEY_GRAVE, ecodes.KEY_SPACE), "^^"),
        ("de", (ecodes.KEY_GRAVE, ecodes.KEY_ENTER), "^\r"),
        ("de", (ecodes.KEY_KPDOT,), ","),
        ("de", (LEFT_CTRL, ecodes.KEY_RIGHTBRACE), "\x1d"),
        ("de", (LEFT_CTRL, ecodes.KEY_Y), "\x1a"),
        ("fr", (ecodes.KEY_1, LEFT_SHIFT, ecodes.KEY_1), "&1"),
        ("es", (LEFT_CTRL, ALT, ecodes.KEY_2), "@"),
        ("it", (LEFT_SHIFT, ALT_GR, ecodes.KEY_LEFTBRACE), "{"),
        ("ch-fr", (ecodes.KEY_APOSTROPHE, LEFT_SHIFT, ecodes.KEY_APOSTROPHE), "àä"),
    ],
)
def test_keys_by_country(name: LayoutName, codes: tuple[int, ...], text: str) -> None:
    assert press(Keyboard(layout(name)), *codes) == text


def test_a_dead_key_on_alt_gr_waits_for_the_next_key() -> None:
    keyboard = Keyboard(layout("fr"))
    assert press(keyboard, ALT_GR, ecodes.KEY_2) == ""
    keyboard.type(Key(ALT_GR, down=False, at_ns=0))
    assert press(keyboard, ecodes.KEY_N) == "ñ"


@given(st.text("".join(chr(n) for n in (*range(0x20, 0x7F), *range(0xA0, 0x100), 0x1D))))
def test_alt_mode_types_the_same_on_every_layout(text: str) -> None:
    assert all(read(timed(alt_strokes(text)), name) == text for name in ("us", "fr"))


@pytest.mark.parametrize(
    ("digits", "text"),
    [("065", "A"), ("65", "A"), ("0233", "é"), ("130", "é"), ("029", "\x1d"), ("29", "\x1d")],
)
def test_with_a_leading_zero_the_number_is_of_cp1252_else_of_cp437(digits: str, text: str) -> None:
    assert numbered(Keyboard(), digits) == text


@pytest.mark.parametrize("digits", ["0129", "256", "9999"])
def test_a_number_that_is_no_character(digits: str) -> None:
    with pytest.raises(ProtocolError, match=digits):
        numbered(Keyboard(), digits)


def test_alt_by_itself_types_nothing() -> None:
    assert numbered(Keyboard(), "") == ""


def test_what_was_begun_is_settled() -> None:
    keyboard = Keyboard(layout("de"))
    assert (keyboard.settle(), keyboard.midway) == ("", False)
    press(keyboard, ecodes.KEY_EQUAL)
    assert keyboard.midway
    assert (keyboard.settle(), keyboard.midway) == ("´", False)  # noqa: RUF001 - an accent
    press(keyboard, ALT, ecodes.KEY_KP6)
    assert keyboard.midway
    with pytest.raises(ProtocolError):
        keyboard.settle()
    assert press(keyboard, ecodes.KEY_A) == "a"


def test_a_key_can_stand_for_a_separator() -> None:
    keyboard = Keyboard(controls={FUNCTION_KEYS["F8"]: "\x1d"})
    assert press(keyboard, ecodes.KEY_A, ecodes.KEY_F8, ecodes.KEY_B) == "a\x1db"


def test_caps_lock_leaves_keys_alone_that_bear_two_signs() -> None:
    keyboard = Keyboard(layout("ch-fr"), caps_lock=True)
    assert press(keyboard, ecodes.KEY_A, ecodes.KEY_APOSTROPHE) == "Aà"


def test_every_table_has_its_name() -> None:
    assert set(NAMES) == TABLES.keys()


def test_the_tables_are_those_of_the_tool() -> None:
    made = subprocess.run(
        [sys.executable, TOOL, "--print"], check=False, capture_output=True, text=True
    )
    kept = Path(layout_tables.__file__).read_text(encoding="utf-8")
    if made.returncode or VERSION.findall(made.stdout) != VERSION.findall(kept):
        pytest.skip("libxkbcommon and the xkb-data that the tables were made from are not here")
    assert made.stdout == kept


def test_the_double_s_usages_are_the_kernel_s_keys() -> None:
    assert [ecodes.KEY[code] for code in LETTERS] == [f"KEY_{chr(c)}" for c in range(65, 91)]
    named = {0x29: "ESC", 0x2C: "SPACE", 0x2D: "MINUS", 0x31: "BACKSLASH", 0x33: "SEMICOLON",
             0x38: "SLASH", 0x54: "KPSLASH", 0x58: "KPENTER", 0x5F: "KP7", 0x62: "KP0",
             0x63: "KPDOT", 0x64: "102ND", 0x67: "KPEQUAL"}  # fmt: skip
    assert {u: getattr(ecodes, f"KEY_{name}") for u, name in named.items()}.items() <= CODES.items()
    names = ("LEFTCTRL", "LEFTSHIFT", "LEFTALT", "LEFTMETA", "RIGHTCTRL", "RIGHTSHIFT", "RIGHTALT",
             "RIGHTMETA")  # fmt: skip
    assert [getattr(ecodes, f"KEY_{name}") for name in names] == list(REPORTED)


def read(events: list[Key], name: LayoutName) -> str:
    keyboard = Keyboard(layout(name))
    return "".join(keyboard.type(key) for key in events) + keyboard.settle()


def numbered(keyboard: Keyboard, digits: str) -> str:
    codes = [getattr(ecodes, f"KEY_KP{digit}") for digit in digits]
    assert press(keyboard, ALT, *codes) == ""
    return keyboard.type(Key(ALT, down=False, at_ns=0))
