"""What the kernel hands out when a keyboard wedge types: bytes of struct input_event."""

from collections.abc import Iterable, Iterator
from functools import cache

from posedge.wire.input_event import EV_KEY, EV_SYN, INPUT_EVENT, SYN_DROPPED, SYN_REPORT
from posedge.wire.keys import ALT, ALT_GR, CONTROLS, KEYPAD, SPACING, US, Key, Layout, LayoutName
from posedge.wire.keys import layout as layout_of

EV_MSC = 4
MSC_SCAN = 4
LEFT_CTRL, LEFT_SHIFT, ENTER, TAB = 29, 42, 28, 15
MS = 1_000_000
START_NS = 5_000_000_000


def strokes(text: str, layout: Layout = US) -> Iterator[tuple[int, bool]]:
    """(code, down) for each key of `text`, as a good scanner on that layout types.

    A dead key is followed by a blank, control characters are Ctrl with the key of a US keyboard,
    what the layout lacks is Alt with its number.
    """
    for character in text:
        yield from _stroke(character, layout)


def alt_strokes(text: str) -> Iterator[tuple[int, bool]]:
    """As a scanner in ALT mode types: each character by its number, but for Enter and Tab."""
    for character in text:
        yield from _stroke(character, US) if character in "\r\t" else _numbered(character)


def keys(
    text: str, *, start_ns: int = START_NS, gap_ns: int = MS, layout: Layout = US
) -> list[Key]:
    """Key events, each in its own report, `gap_ns` apart."""
    return timed(strokes(text, layout), start_ns=start_ns, gap_ns=gap_ns)


def timed(
    typed: Iterable[tuple[int, bool]], *, start_ns: int = START_NS, gap_ns: int = MS
) -> list[Key]:
    return [Key(code, down, start_ns + n * gap_ns) for n, (code, down) in enumerate(typed)]


def packed(events: Iterable[Key], *, scan_codes: bool = False) -> bytes:
    """The bytes that the kernel hands out for `events`; with EV_MSC where it is not masked."""
    return b"".join(
        (event(k.at_ns, EV_MSC, MSC_SCAN, 0x70004) if scan_codes else b"")
        + event(k.at_ns, EV_KEY, k.code, int(k.down))
        + event(k.at_ns, EV_SYN, SYN_REPORT, 0)
        for k in events
    )


def dropped(at_ns: int) -> bytes:
    return event(at_ns, EV_SYN, SYN_DROPPED, 0)


def event(at_ns: int, kind: int, code: int, value: int) -> bytes:
    return INPUT_EVENT.pack(at_ns // 1_000_000_000, at_ns // 1000 % 1_000_000, kind, code, value)


def _stroke(character: str, layout: Layout) -> Iterator[tuple[int, bool]]:
    ways = _ways(layout.name)
    dead = {SPACING[each]: each for each in SPACING if each in ways}
    if character in ways:
        yield from _pressed(*ways[character])
    elif character in CONTROL_KEYS:
        yield from _pressed(4, CONTROL_KEYS[character])
    elif character in dead:
        yield from _pressed(*ways[dead[character]])
        yield from _pressed(*ways[" "])
    else:
        yield from _numbered(character)


@cache
def _ways(name: LayoutName) -> dict[str, tuple[int, int]]:
    """Level and key of each character: the simplest wins, the keypad's keys never do."""
    levels = reversed(list(enumerate(layout_of(name).levels)))
    return {
        typed: (n, code)
        for n, level in levels
        for code, typed in reversed(list(level.items()))
        if code not in NOT_TYPED
    }


def _pressed(level: int, code: int) -> Iterator[tuple[int, bool]]:
    modifiers = ((), (LEFT_SHIFT,), (ALT_GR,), (LEFT_SHIFT, ALT_GR), (LEFT_CTRL,))[level]
    yield from ((key, True) for key in (*modifiers, code))
    yield from ((key, False) for key in reversed((*modifiers, code)))


def _numbered(character: str) -> Iterator[tuple[int, bool]]:
    codes = {digit: code for code, digit in KEYPAD.items()}
    yield ALT, True
    for digit in f"0{character.encode('cp1252')[0]}":
        yield codes[digit], True
        yield codes[digit], False
    yield ALT, False


NOT_TYPED = {*KEYPAD, 55, 74, 78, 83, 96, 98, 117}
CONTROL_KEYS = {typed: code for code, typed in CONTROLS.items()}
