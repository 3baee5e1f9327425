"""Keys to whole scans: where a code that was typed begins and ends.

A scanner types in its own manner: the keyboard that it imitates, what it ends a code with, how it
writes the separator GS.

A code ends with its terminator, or with a silence of three times the gap between keys that this
scanner showed before. A scanner that has used a terminator always does: then silence means that
the code broke off. For any other, silence lasts until the kernel would have told that the scanner
was unplugged. A code of which anything was lost is a Dropped, never a shorter code.
"""

from dataclasses import dataclass
from enum import StrEnum

from posedge.model.errors import ProtocolError
from posedge.wire.gs1 import GS
from posedge.wire.keys import FUNCTION_KEYS, Key, Keyboard, LayoutName, layout
from posedge.wire.lines import ENDLESS, GARBLED, MAX_BYTES, UNTERMINATED
from posedge.wire.scan import Dropped, Scan, garbled

MS = 1_000_000
SILENCE_FLOOR_NS = 50 * MS
"""Below this, a stall of the USB host would divide a code."""
UNPLUGGED_NS = 300 * MS
"""A hub asks its ports every 256 ms: a code cut off by the plug must not pass for a whole one."""
SILENCE_CEILING_NS = 500 * MS
"""Above this, the clerk would wait for the till; also two codes are never scanned that fast."""
REST_NS = 1000 * MS
"""Keys so soon behind a code that broke off are the rest of it: the host or a radio had paused."""
FIRST_GAP_NS = 50 * MS
"""Until a code was seen: radio scanners pause up to this long between reports."""
TELLING = 4
"""Keys that a code must have for its gaps to say anything about the scanner."""

LOST = Dropped("scan.lost", "Part of the code was lost because the box was busy: scan again")


class Ending(StrEnum):
    """How the scanner is configured to end a code; AUTO takes Enter and Tab, and learns."""

    AUTO = "auto"
    ENTER = "enter"
    TAB = "tab"
    NONE = "none"


TERMINATORS = {
    Ending.AUTO: frozenset("\r\n\t"),
    Ending.ENTER: frozenset("\r\n"),
    Ending.TAB: frozenset("\t"),
    Ending.NONE: frozenset[str](),
}


@dataclass(frozen=True, slots=True)
class Manner:
    """How a scanner is set to type.

    `gs` is what it types for the separator GS: "" for the control character itself (Ctrl+] or
    Alt+029), F1 to F24 for that key, anything else for that text. `invert_case`: it takes Caps
    Lock for the opposite of what it is.
    """

    layout: LayoutName = "us"
    ending: Ending = Ending.AUTO
    gs: str = ""
    invert_case: bool = False

    def keyboard(self, *, caps_lock: bool) -> Keyboard:
        """Return the keyboard that it is; `caps_lock` as the kernel's lamp has it."""
        key = FUNCTION_KEYS.get(self.gs)
        return Keyboard(
            layout(self.layout),
            caps_lock=caps_lock ^ self.invert_case,
            controls=None if key is None else {key: GS},
        )


class TypedScans:
    """Give it keys in order; it returns a scan when one is over."""

    def __init__(self, manner: Manner = Manner(), *, caps_lock: bool = False) -> None:
        self._keyboard = manner.keyboard(caps_lock=caps_lock)
        self._gs = "" if manner.gs in FUNCTION_KEYS else manner.gs
        self._terminators = TERMINATORS[manner.ending]
        self._terminated = manner.ending in {Ending.ENTER, Ending.TAB}
        self._gap_ns = FIRST_GAP_NS
        self._text = ""
        self._spoilt: Dropped | None = None
        self._widest_ns = 0
        self._last_ns: int | None = None
        self._broke_ns: int | None = None
        self._rest = False

    @property
    def pending(self) -> bool:
        """Whether a code has begun: then `silence` is due after `silence_ns` without a key."""
        begun = bool(self._text) or self._rest or self._keyboard.midway
        return begun or self._spoilt is not None

    @property
    def silence_ns(self) -> int:
        floor_ns = SILENCE_FLOOR_NS if self._terminated else UNPLUGGED_NS
        return min(max(3 * self._gap_ns, floor_ns), SILENCE_CEILING_NS)

    def key(self, key: Key) -> Scan | Dropped | None:
        """Take a key; return the code that it ended, or that had ended before it."""
        ended = self._ended_before(key.at_ns)
        self._resume(key.at_ns)
        self._last_ns = key.at_ns
        try:
            typed = self._keyboard.type(key)
        except ProtocolError as error:
            self._spoilt = self._spoilt or Dropped(error.code, error.message)
            return ended
        for character in typed:
            if character in self._terminators:
                self._terminated |= self.pending
                ended = ended or self._end()
            else:
                self._take(character)
        return ended

    def lost(self, at_ns: int) -> Scan | Dropped | None:
        """Keys went missing at that moment: the code that they are part of is void to its end."""
        ended = self._ended_before(at_ns)
        self._last_ns = at_ns
        self.void()
        return ended

    def void(self) -> None:
        """Let the code that comes now be lost: its beginning was not seen."""
        self._spoilt = self._spoilt or LOST

    def silence(self) -> Scan | Dropped | None:
        """No key came for `silence_ns`."""
        if self._terminated and self.pending:
            self._broke_ns = self._last_ns
            if not self._rest:  # which was told already
                self._spoilt = self._spoilt or UNTERMINATED
        return self._end()

    def __repr__(self) -> str:
        return f"<TypedScans {len(self._text)} keys, silence {self.silence_ns // MS} ms>"

    def _ended_before(self, at_ns: int) -> Scan | Dropped | None:
        """Judge the gap by the kernel's time: a late reader must not divide a code."""
        if not self.pending or self._last_ns is None:
            return None
        gap_ns = at_ns - self._last_ns
        if gap_ns > self.silence_ns:
            return self.silence()
        self._widest_ns = max(self._widest_ns, gap_ns)
        return None

    def _resume(self, at_ns: int) -> None:
        """Void what goes on behind a pause: a code's end must not pass for a code."""
        if self._broke_ns is not None:
            self._rest = at_ns - self._broke_ns <= REST_NS
            self._broke_ns = None

    def _take(self, character: str) -> None:
        if len(self._text) < MAX_BYTES:
            self._text += character
        else:
            self._spoilt = self._spoilt or ENDLESS

    def _end(self) -> Scan | Dropped | None:
        self._settle()
        text, spoilt, widest_ns = self._text, self._spoilt, self._widest_ns
        self._text, self._spoilt, self._widest_ns = "", None, 0
        rest, self._rest = self._rest, False
        if spoilt is not None or rest:
            self._keyboard.rest()
        if spoilt is not None or rest or not text:
            return spoilt
        text = text.replace(self._gs, GS) if self._gs else text
        if garbled(text):
            return GARBLED
        if len(text) >= TELLING:  # forget slowly: one fast code does not make a fast scanner
            self._gap_ns = max(widest_ns, self._gap_ns * 7 // 8)
        return Scan(text, at_ns=self._last_ns)

    def _settle(self) -> None:
        """Have the last dead key typed."""
        try:
            self._text += self._keyboard.settle()
        except ProtocolError as error:
            self._spoilt = self._spoilt or Dropped(error.code, error.message)
