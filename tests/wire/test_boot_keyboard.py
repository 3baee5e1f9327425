import pytest
from evdev import ecodes
from hypothesis import given
from hypothesis import strategies as st

from posedge.model.errors import ProtocolError
from posedge.wire.boot_keyboard import CODES, LETTERS, MODIFIERS, REPORT_BYTES, BootKeyboard
from posedge.wire.keys import KEY_UNKNOWN, Key, Keyboard


def report(modifiers: int = 0, *usages: int) -> bytes:
    return bytes([modifiers, 0, *usages]).ljust(REPORT_BYTES, b"\0")


def text(*reports: bytes) -> str:
    boot, keyboard = BootKeyboard(), Keyboard()
    return "".join(keyboard.type(key) for r in reports for key in boot.keys(r, at_ns=0))


def test_letters_digits_shift_and_group_separator() -> None:
    assert text(report(2, 0x04), report(), report(0, 0x05), report(0, 0x1E), report(0, 0x27)) == (
        "Ab10"
    )
    assert text(report(1, 0x30), report(), report(0, 0x28)) == "\x1d\r"
    assert text(report(0x20, 0x1F), report(0, 0x62, 0x59)) == "@01"


def test_usages_map_to_the_kernel_s_keys() -> None:
    assert [ecodes.KEY[code] for code in LETTERS] == [f"KEY_{chr(c)}" for c in range(65, 91)]
    named = {0x29: "ESC", 0x2A: "BACKSPACE", 0x2C: "SPACE", 0x2D: "MINUS", 0x31: "BACKSLASH",
             0x33: "SEMICOLON", 0x38: "SLASH", 0x39: "CAPSLOCK", 0x53: "NUMLOCK", 0x54: "KPSLASH",
             0x58: "KPENTER", 0x5F: "KP7", 0x62: "KP0", 0x63: "KPDOT", 0x64: "102ND",
             0x67: "KPEQUAL", 0x47: "SCROLLLOCK"}  # fmt: skip
    for usage, name in named.items():
        assert CODES[usage] == getattr(ecodes, f"KEY_{name}"), name
    names = ("LEFTCTRL", "LEFTSHIFT", "LEFTALT", "LEFTMETA", "RIGHTCTRL", "RIGHTSHIFT", "RIGHTALT",
             "RIGHTMETA")  # fmt: skip
    assert [getattr(ecodes, f"KEY_{name}") for name in names] == list(MODIFIERS)


def test_a_key_that_stays_down_is_told_once() -> None:
    boot = BootKeyboard()
    assert list(boot.keys(report(0, 0x04), 1)) == [Key(30, down=True, at_ns=1)]
    assert list(boot.keys(report(0, 0x04, 0x05), 2)) == [Key(48, down=True, at_ns=2)]
    assert list(boot.keys(report(), 3)) == [
        Key(48, down=False, at_ns=3),
        Key(30, down=False, at_ns=3),
    ]


def test_roll_over_and_unknown_usages_are_unknown_keys() -> None:
    boot = BootKeyboard()
    unknown = [Key(KEY_UNKNOWN, down=True, at_ns=1), Key(KEY_UNKNOWN, down=False, at_ns=1)]
    assert list(boot.keys(report(0, *[1] * 6), 1)) == unknown
    assert list(boot.keys(report(0, 0xA5), 1)) == unknown[:1]


@given(st.lists(st.binary(max_size=12)))
def test_noise_raises_nothing_but_protocol_errors(reports: list[bytes]) -> None:
    boot = BootKeyboard()
    for data in reports:
        if len(data) == REPORT_BYTES:
            assert all(isinstance(key, Key) for key in boot.keys(data, 0))
        else:
            with pytest.raises(ProtocolError):
                list(boot.keys(data, 0))
