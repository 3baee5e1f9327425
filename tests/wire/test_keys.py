import pytest
from evdev import ecodes
from hypothesis import given
from hypothesis import strategies as st

from posedge.model.errors import ProtocolError
from posedge.wire import keys as module
from posedge.wire.keys import CAPS_LOCK, US, Key, Keyboard
from tests.doubles.wedge import LEFT_CTRL, LEFT_SHIFT, keys

PRINTABLE = "".join(chr(code) for code in range(0x20, 0x7F))


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
    for code, character in US.plain.items():
        names = ecodes.KEY[code]
        name = names if isinstance(names, str) else names[0]
        if character.isalnum():
            assert name in {f"KEY_{character.upper()}", f"KEY_KP{character}"}
    assert (ecodes.KEY_CAPSLOCK, ecodes.KEY_UNKNOWN) == (CAPS_LOCK, module.KEY_UNKNOWN)
    assert {ecodes.KEY_LEFTSHIFT, ecodes.KEY_RIGHTSHIFT} == module.SHIFT
    assert {ecodes.KEY_LEFTCTRL, ecodes.KEY_RIGHTCTRL} == module.CTRL
    assert {
        ecodes.KEY_LEFTALT,
        ecodes.KEY_RIGHTALT,
        ecodes.KEY_LEFTMETA,
        ecodes.KEY_RIGHTMETA,
    } == module.OTHER_MODIFIERS
    assert {ecodes.KEY_NUMLOCK, ecodes.KEY_SCROLLLOCK} == module.SILENT
    assert US.plain[ecodes.KEY_LEFTBRACE] == "["
    assert US.plain[ecodes.KEY_BACKSLASH] == "\\"
    assert US.plain[ecodes.KEY_GRAVE] == "`"
    assert US.plain[ecodes.KEY_KPENTER] == US.plain[ecodes.KEY_ENTER] == "\r"
    assert US.plain[ecodes.KEY_KPDOT] == "."
    assert US.shifted[ecodes.KEY_SLASH] == "?"


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
        (ecodes.KEY_LEFTALT, ecodes.KEY_KP6),
        (LEFT_CTRL, ecodes.KEY_1),
    ],
)
def test_a_key_without_known_text_is_an_error(codes: tuple[int, ...]) -> None:
    with pytest.raises(ProtocolError) as caught:
        press(Keyboard(), *codes)
    assert caught.value.code == "key.unmapped"
