"""Keys to text: what a keyboard wedge types. Codes are those of linux/input-event-codes.h."""

from collections.abc import Mapping
from dataclasses import dataclass

from posedge.model.errors import ProtocolError

SHIFT = frozenset({42, 54})
CTRL = frozenset({29, 97})
OTHER_MODIFIERS = frozenset({56, 100, 125, 126})  # Alt, AltGr, Meta left and right
MODIFIERS = SHIFT | CTRL | OTHER_MODIFIERS
CAPS_LOCK = 58
SILENT = frozenset({69, 70})
"""NumLock and ScrollLock. Scanners that use the keypad mean digits, whatever NumLock says."""
KEY_UNKNOWN = 240


@dataclass(frozen=True, slots=True)
class Key:
    """A key went down or up; autorepeat is not one. `at_ns` is the kernel's monotonic time."""

    code: int
    down: bool
    at_ns: int


@dataclass(frozen=True, slots=True)
class Layout:
    """What each key types, alone and with Shift. A further layout is a further table."""

    plain: Mapping[int, str]
    shifted: Mapping[int, str]


def _row(first: int, characters: str) -> dict[int, str]:
    return dict(enumerate(characters, first))


EVERYWHERE = (
    _row(71, "789-456+1230.")  # the keypad
    | {55: "*", 98: "/", 117: "=", 57: " ", 15: "\t", 28: "\r", 96: "\r"}
)
US = Layout(
    plain=EVERYWHERE
    | _row(2, "1234567890-=")
    | _row(16, "qwertyuiop[]")
    | _row(30, "asdfghjkl;'`")
    | _row(43, "\\zxcvbnm,./")
    | {86: "\\"},
    shifted=EVERYWHERE
    | _row(2, "!@#$%^&*()_+")
    | _row(16, "QWERTYUIOP{}")
    | _row(30, 'ASDFGHJKL:"~')
    | _row(43, "|ZXCVBNM<>?")
    | {86: "|"},
)
LAYOUTS: Mapping[str, Layout] = {"us": US}


class Keyboard:
    """Modifiers and locks of one keyboard. A key that types nothing known is an error, not "".

    `caps_lock` is its state at rest.
    """

    def __init__(self, layout: Layout = US, *, caps_lock: bool = False) -> None:
        self._layout = layout
        self._caps_at_rest = caps_lock
        self.rest()

    def rest(self) -> None:
        """Keys were lost: be as a scanner leaves its keyboard between two codes."""
        self._held = frozenset[int]()
        self._caps_lock = self._caps_at_rest

    def type(self, key: Key) -> str:
        """Return what `key` types, Enter being CR; "" for modifiers, locks and releases.

        ProtocolError `key.unmapped` for a key whose text is not known: the code that it belongs
        to must not be shown shortened.
        """
        if key.code in MODIFIERS:
            self._held = self._held | {key.code} if key.down else self._held - {key.code}
        elif key.code == CAPS_LOCK:
            self._caps_lock ^= key.down
        elif key.down and key.code not in SILENT:
            return self._character(key.code)
        return ""

    def _character(self, code: int) -> str:
        if self._held & OTHER_MODIFIERS:
            raise _unmapped("The scanner types with Alt: set it to the US keyboard, ALT mode off")
        shifted = bool(self._held & SHIFT)
        if self._caps_lock and self._layout.plain.get(code, "").isalpha():
            shifted = not shifted
        character = (self._layout.shifted if shifted else self._layout.plain).get(code)
        if character is None:
            raise _unmapped(f"The scanner typed key {code}, which has no text: scan again")
        return _control(character) if self._held & CTRL else character


def _control(character: str) -> str:
    """Ctrl with a character of 0x40 to 0x5F gives the control character of its low five bits."""
    upper = character.upper()
    if character in "\r\t":
        return character
    if not "@" <= upper <= "_":
        raise _unmapped("The scanner typed an unknown key with Ctrl: scan again")
    return chr(ord(upper) & 0x1F)


def _unmapped(message: str) -> ProtocolError:
    return ProtocolError("key.unmapped", message)
