"""How a scanner types, learnt from its scan of a code whose text is known.

Every layout is tried. Several may fit, when the scanner types by number (ALT mode) or the layouts
do not differ in ASCII: then they read every such code alike, and the one that was set stays.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import get_args

from posedge.model.errors import ProtocolError
from posedge.model.lesson import Lesson, Mode
from posedge.wire.gs1 import GS, split_aim
from posedge.wire.keys import ALT, FUNCTION_KEYS, KEYPAD, Keyboard, LayoutName, layout
from posedge.wire.lesson_text import TEXTS
from posedge.wire.strokes import Strokes
from posedge.wire.typed import Ending, Manner

NAMES: tuple[LayoutName, ...] = get_args(LayoutName)
KEY_NAMES = {code: name for name, code in FUNCTION_KEYS.items()}
NO_TEXT = "\ufffd"

LONGEST_GS = 16
"""Characters of what stands for GS: `<GROUP SEPARATOR>` is the longest that is worth it."""
SHORTEST_GS = 3
"""A text this long is met in no code by chance; one character may be, see `_gs`."""
ENDINGS = {
    "": Ending.NONE,
    "\r": Ending.ENTER,
    "\n": Ending.ENTER,
    "\r\n": Ending.ENTER,
    "\t": Ending.TAB,
}
NO_GS = (
    "The separator GS does not come through: GS1 codes with several fields cannot be read until"
    " the scanner is set to send control characters"
)
ALIKE = 0.6
"""From here on a scan is a damaged test code, below it is another code."""


@dataclass(frozen=True, slots=True)
class _Reading:
    """The scan as one layout has it: characters, and names of function keys."""

    layout: LayoutName
    invert_case: bool
    tokens: tuple[str, ...]

    @property
    def text(self) -> str:
        return "".join(each if len(each) == 1 else NO_TEXT for each in self.tokens)


def learn(strokes: Strokes, now: Manner) -> Lesson:
    """Return what the scan of a test code says of its scanner, which is set to `now`.

    ProtocolError `lesson.foreign` for another code, `lesson.damaged` when no layout gives the
    text, `lesson.framed` when the scanner adds text of its own that only it can leave out.
    """
    readings = tuple(_readings(strokes, now))
    for reading in readings:
        lesson = next((each for text in TEXTS if (each := _lesson(reading, text))), None)
        if lesson is not None:
            return lesson.model_copy(update={"mode": _mode(strokes)})
    likeness = max(_alike(reading.text, text) for reading in readings for text in TEXTS)
    raise _damaged() if likeness >= ALIKE else _foreign()


def _readings(strokes: Strokes, now: Manner) -> Iterator[_Reading]:
    """Read the scan on every layout, the present one first; case as it is before inverted."""
    for invert_case in (False, True):
        for name in sorted(NAMES, key=lambda each: each != now.layout):
            keyboard = Keyboard(layout(name), caps_lock=strokes.caps_lock ^ invert_case)
            yield _Reading(name, invert_case, tuple(_tokens(strokes, keyboard)))


def _tokens(strokes: Strokes, keyboard: Keyboard) -> Iterator[str]:
    for key in strokes.keys:
        if key.down and key.code in KEY_NAMES:
            yield KEY_NAMES[key.code]
            continue
        try:
            yield from keyboard.type(key)
        except ProtocolError:
            yield NO_TEXT
    if keyboard.midway:
        yield NO_TEXT


def _lesson(reading: _Reading, text: str) -> Lesson | None:
    """Find `text` in the scan, but for what stands for GS in it and what is added behind it."""
    head, _, tail = text.partition(GS)
    aim, rest = split_aim(reading.text)
    tokens = reading.tokens[len(reading.text) - len(rest) :]
    start = rest.find(head)
    behind = rest.find(tail, start + len(head), start + len(head) + LONGEST_GS + len(tail))
    if start < 0 or behind < 0:
        return None
    if start:
        raise _framed("in front of", rest[:start])
    gs, remarks = _gs(tokens[len(head) : behind])
    return Lesson(
        layout=reading.layout,
        ending=_ending(rest[behind + len(tail) :]),
        gs=gs,
        invert_case=reading.invert_case,
        aim=bool(aim),
        remarks=remarks,
    )


def _ending(added: str) -> Ending:
    if added in ENDINGS:
        return ENDINGS[added]
    if not added.strip("\r\n\t"):
        return Ending.AUTO
    raise _damaged() if NO_TEXT in added else _framed("behind", added)


def _gs(tokens: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """Return the option `gs`, and what to tell about it."""
    typed = "".join(tokens)
    if typed == GS:
        return "", ()
    if len(tokens) == 1 and typed in FUNCTION_KEYS:
        return typed, ()
    if NO_TEXT in typed or any(len(each) > 1 for each in tokens):
        raise _damaged()
    if not typed.strip() or (typed.isalnum() and len(typed) < SHORTEST_GS):
        return "", (NO_GS,)
    if len(typed) < SHORTEST_GS:
        return typed, (f"From now on every {typed!r} of this scanner is taken for GS",)
    return typed, ()


def _mode(strokes: Strokes) -> Mode:
    """ALT mode: at least half of the characters were typed by their number."""
    held = numbers = others = 0
    for key in strokes.keys:
        if key.code == ALT:
            held = key.down
        elif key.down:
            numbers += bool(held and key.code in KEYPAD)
            others += not held
    return Mode.ALT if numbers > others else Mode.KEYS


def _alike(sent: str, text: str) -> float:
    return SequenceMatcher(None, sent[: 2 * len(text)], text, autojunk=False).ratio()


def _foreign() -> ProtocolError:
    text = "That was another code: scan the test code that is shown, nothing before it"
    return ProtocolError("lesson.foreign", text)


def _damaged() -> ProtocolError:
    return ProtocolError(
        "lesson.damaged",
        "The test code came damaged, or from a keyboard that the box does not know: scan it again,"
        " then set the scanner to the US keyboard or to ALT mode by its manual",
    )


def _framed(where: str, added: str) -> ProtocolError:
    return ProtocolError(
        "lesson.framed",
        f"The scanner adds {added!r} {where} each code: switch prefix and suffix off by its"
        " manual, Enter and Tab apart",
    )
