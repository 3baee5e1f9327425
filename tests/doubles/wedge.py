"""What the kernel hands out when a keyboard wedge types: bytes of struct input_event."""

from collections.abc import Iterable, Iterator

from posedge.wire.input_event import EV_KEY, EV_SYN, INPUT_EVENT, SYN_DROPPED, SYN_REPORT
from posedge.wire.keys import US, Key, Layout

EV_MSC = 4
MSC_SCAN = 4
LEFT_CTRL, LEFT_SHIFT, ENTER, TAB = 29, 42, 28, 15
MS = 1_000_000
START_NS = 5_000_000_000


def strokes(text: str, layout: Layout = US) -> Iterator[tuple[int, bool]]:
    """(code, down) for each key of `text`; GS is Ctrl+]. KeyError for what cannot be typed."""
    for character in text:
        yield from _stroke(character, layout)


def keys(text: str, *, start_ns: int = START_NS, gap_ns: int = MS) -> list[Key]:
    """Key events, each in its own report, `gap_ns` apart."""
    return [Key(code, down, start_ns + n * gap_ns) for n, (code, down) in enumerate(strokes(text))]


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
    plain = {typed: code for code, typed in layout.plain.items()}
    shifted = {typed: code for code, typed in layout.shifted.items()}
    modifiers: list[int] = []
    if character < " " and character not in plain:
        modifiers.append(LEFT_CTRL)
        character = chr(ord(character) | 0x40).lower()
    if character not in plain:
        modifiers.append(LEFT_SHIFT)
    code = plain[character] if character in plain else shifted[character]
    yield from ((key, True) for key in (*modifiers, code))
    yield from ((key, False) for key in reversed((*modifiers, code)))
