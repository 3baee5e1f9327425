"""Keys to text: what a keyboard wedge types. Codes are those of linux/input-event-codes.h.

Scanners imitate a Windows keyboard of some country. They type what that keyboard lacks with
Alt and the keypad: the number of the character, with a leading zero in CP1252, else in CP437.
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal

from posedge.model.errors import ProtocolError
from posedge.wire.layout_tables import KEYS, TABLES

SHIFT = frozenset({42, 54})
CTRL = frozenset({29, 97})
ALT, ALT_GR = 56, 100
META = frozenset({125, 126})
MODIFIERS = SHIFT | CTRL | {ALT, ALT_GR} | META
CAPS_LOCK = 58
SILENT = frozenset({69, 70})
"""NumLock and ScrollLock. Scanners that use the keypad mean digits, whatever NumLock says."""
KEY_UNKNOWN = 240
FUNCTION_KEYS: Mapping[str, int] = {
    f"F{n}": code for n, code in enumerate((*range(59, 69), 87, 88, *range(183, 195)), 1)
}

KEYPAD = dict(zip((82, 79, 80, 81, 75, 76, 77, 71, 72, 73), "0123456789", strict=True))
MAX_DIGITS = 4
"""Of a character's number: a zero in front, and 255."""

KEYPAD_SIGNS = {74: "-", 78: "+", 55: "*", 98: "/", 117: "="}
EVERYWHERE: Mapping[int, str] = KEYPAD | KEYPAD_SIGNS | {57: " ", 15: "\t", 28: "\r", 96: "\r"}
CONTROLS = {26: "\x1b", 43: "\x1c", 27: "\x1d", 7: "\x1e", 12: "\x1f"}
"""With Ctrl, where they are on a US keyboard: on others the same keys type letters with accents."""

SPACING: Mapping[str, str] = dict(
    zip(
        "\u0300\u0301\u0302\u0303\u0304\u0306\u0307\u0308\u030a\u030b\u030c\u0323\u0327\u0328",
        "`´^~¯˘˙¨°˝ˇ.¸˛",  # noqa: RUF001 - accents by themselves
        strict=True,
    )
)
"""What a dead key types when a blank follows."""

LayoutName = Literal[
    "us", "gb", "de", "fr", "be", "ch-de", "ch-fr", "es", "it", "se", "fi", "dk", "no"
]


@dataclass(frozen=True, slots=True)
class Key:
    """A key went down or up; autorepeat is not one. `at_ns` is the kernel's monotonic time."""

    code: int
    down: bool
    at_ns: int


@dataclass(frozen=True, slots=True)
class Layout:
    """What each key types alone, with Shift, with AltGr, with both; dead keys combine."""

    name: LayoutName
    levels: tuple[Mapping[int, str], ...]

    def alphabetic(self, code: int) -> bool:
        """Whether Caps Lock works on this key: its two characters are one letter."""
        plain, shifted = (level.get(code, "") for level in self.levels[:2])
        return plain != shifted and plain.upper() == shifted


@cache
def layout(name: LayoutName) -> Layout:
    """Return the layout; its tables are made when it is first asked for."""
    levels = (dict(zip(KEYS, level, strict=True)) for level in TABLES[name])
    typing = ({code: each for code, each in level.items() if each != " "} for level in levels)
    return Layout(name, tuple({**EVERYWHERE, **level} for level in typing))


US = layout("us")


class Keyboard:
    """Modifiers and locks of one keyboard. A key that types nothing known is an error, not "".

    `caps_lock` is its state at rest; `controls` are keys that stand for a control character.
    """

    def __init__(
        self,
        layout: Layout = US,
        *,
        caps_lock: bool = False,
        controls: Mapping[int, str] | None = None,
    ) -> None:
        self._layout = layout
        self._caps_at_rest = caps_lock
        self._controls = controls or {}
        self.rest()

    @property
    def midway(self) -> bool:
        """Whether keys were typed whose character is not known yet."""
        return bool(self._dead or self._digits)

    def rest(self) -> None:
        """Keys were lost: be as a scanner leaves its keyboard between two codes."""
        self._held = frozenset[int]()
        self._caps_lock = self._caps_at_rest
        self._dead = ""
        self._digits = ""

    def settle(self) -> str:
        """Return what the last dead key types, since nothing follows it.

        ProtocolError `key.unmapped` when Alt and a part of a number were typed.
        """
        if self._digits:
            self.rest()
            raise _unmapped("The code broke off within a character: scan again")
        dead, self._dead = self._dead, ""
        return SPACING[dead] if dead else ""

    def type(self, key: Key) -> str:
        """Return what `key` types, Enter being CR; "" for modifiers, locks and most releases.

        Two characters where a dead key and the next one make none together. ProtocolError
        `key.unmapped` for a key whose text is not known: the code that it belongs to must not be
        shown shortened.
        """
        if key.code in MODIFIERS:
            return self._modifier(key)
        if key.code == CAPS_LOCK:
            self._caps_lock ^= key.down
        elif key.down and key.code not in SILENT:
            return self._pressed(key.code)
        return ""

    def _modifier(self, key: Key) -> str:
        self._held = self._held | {key.code} if key.down else self._held - {key.code}
        if key.code != ALT or key.down or not self._digits:
            return ""
        digits, self._digits = self._digits, ""
        return self._composed(_numbered(digits))

    def _pressed(self, code: int) -> str:
        if self._held & META:
            raise _unmapped("The scanner typed a shortcut: set it to another keyboard layout")
        alone = not self._held & (CTRL | {ALT_GR})
        if ALT in self._held and alone:
            return self._digit(code)
        return self._composed(self._character(code))

    def _digit(self, code: int) -> str:
        if code not in KEYPAD or len(self._digits) >= MAX_DIGITS:
            raise _unmapped("The scanner typed Alt with a key that is no digit: scan again")
        self._digits += KEYPAD[code]
        return ""

    def _character(self, code: int) -> str:
        """Return what one key types. Windows takes Ctrl+Alt for AltGr, and so do scanners."""
        if code in self._controls:
            return self._controls[code]
        alt_gr = bool(self._held & {ALT_GR, ALT})
        shifted = bool(self._held & SHIFT) ^ (self._caps_lock and self._layout.alphabetic(code))
        character = self._layout.levels[2 * alt_gr + shifted].get(code)
        if self._held & CTRL and not alt_gr:
            return _control(code, character or "")
        if character is None:
            raise _unmapped(f"The scanner typed key {code}, which has no text: scan again")
        return character

    def _composed(self, character: str) -> str:
        """Put `character` onto the dead key before it, as Windows does."""
        dead, self._dead = self._dead, ""
        if character in SPACING:
            self._dead = character
            return SPACING[dead] if dead else ""
        if not dead:
            return character
        if character == " ":
            return SPACING[dead]
        one = unicodedata.normalize("NFC", character + dead)
        return one if len(one) == 1 else SPACING[dead] + character


def _control(code: int, character: str) -> str:
    """Ctrl with a character of 0x40 to 0x5F gives the control character of its low five bits."""
    if character and character in "\r\t":
        return character
    upper = character.upper()
    if len(upper) == 1 and "@" <= upper <= "_":
        return chr(ord(upper) & 0x1F)
    if code in CONTROLS:
        return CONTROLS[code]
    raise _unmapped("The scanner typed an unknown key with Ctrl: scan again")


def _numbered(digits: str) -> str:
    number = int(digits)
    if number <= 0xFF:  # noqa: PLR2004 - one byte
        try:
            return bytes([number]).decode("cp1252" if digits.startswith("0") else "cp437")
        except UnicodeDecodeError:  # five numbers that CP1252 leaves out
            pass
    raise _unmapped(f"The scanner typed Alt+{digits}, which is no character: scan again")


def _unmapped(message: str) -> ProtocolError:
    return ProtocolError("key.unmapped", message)
