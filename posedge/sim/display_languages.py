"""The command languages of customer displays, heard from the display's side, byte by byte.

Written from the makers' command tables, not from the encoder. Each is a generator that is sent
one byte at a time and moves the glass; a byte or parameter that the tables do not have raises
ProtocolError. In AEDEX there are no commands outside of its frames.
"""

from collections.abc import Callable, Generator, Mapping

from posedge.model.errors import ProtocolError
from posedge.sim.display_glass import Glass

Hearing = Generator[None, int, None]

ESC, US, CAN, CR, BLANK, DEL = 0x1B, 0x1F, 0x18, 0x0D, 0x20, 0x7F
SELECT = 0x3D
VERTICAL, SCROLL, CURSOR_ON = 0x12, 0x02, 0x13
DISPLAY_BIT = 2

LONGEST = 64
"""More than any string that a display scrolls."""

PAGES = {0: "cp437", 2: "cp850", 16: "cp1252", 17: "cp866", 18: "cp852", 19: "cp858"}
"""ESC t n; the katakana and user pages are not simulated."""


def cd5220(glass: Glass) -> Hearing:
    while True:
        byte = yield
        match byte:
            case 0x1B:
                yield from _cd5220_escape(glass)
            case 0x18:
                glass.clear_row()
            case _:
                _common(glass, byte)


def _cd5220_escape(glass: Glass) -> Hearing:
    match command := (yield):
        case 0x40:
            _reset(glass)
        case 0x11 | 0x12:
            glass.scrolls = command == VERTICAL
        case 0x13:
            raise _unknown("horizontal scroll, which is not simulated", command)
        case 0x2A:
            glass.brightness = _within((yield), 1, 4)
        case 0x3D:
            _within((yield), 1, 3)
        case 0x5F:
            glass.cursor_shown = bool(_within((yield), 0, 1))
        case 0x6C:
            column = yield
            glass.place(column - 1, (yield) - 1)
        case 0x51:
            row = _row_of((yield))
            data = yield from _until_return()
            glass.write_row(row, data)
        case _:
            raise _unknown("ESC", command)


def _row_of(letter: int) -> int:
    if letter not in b"AB":
        raise _unknown("ESC Q", letter)
    return letter - ord("A")


def epson(glass: Glass) -> Hearing:
    """ESC = 1 hands what follows to the printer on the same line, until ESC = 2 or 3."""
    ours = True
    while True:
        byte = yield
        command = (yield) if byte == ESC else 0
        if command == SELECT:
            ours = bool(_within((yield), 1, 3) & DISPLAY_BIT)
        elif not ours:
            continue
        elif byte == ESC:
            yield from _epson_escape(glass, command)
        elif byte == US:
            yield from _epson_unit(glass, (yield))
        elif byte == CAN:
            glass.clear_row()
        else:
            _common(glass, byte)


def _epson_escape(glass: Glass, command: int) -> Hearing:
    match command:
        case 0x40:
            _reset(glass)
        case 0x74 if (page := PAGES.get((yield))) is not None:
            glass.page = page
        case _:
            raise _unknown("ESC", command)


def _epson_unit(glass: Glass, command: int) -> Hearing:
    match command:
        case 0x01 | 0x02:
            glass.scrolls = command == SCROLL
        case 0x24:
            column = yield
            glass.place(column - 1, (yield) - 1)
        case 0x43:
            glass.cursor_shown = bool(_within((yield), 0, 1))
        case 0x58:
            glass.brightness = _within((yield), 1, 4)
        case _:
            raise _unknown("US", command)


def logic_controls(glass: Glass) -> Hearing:
    while True:
        byte = yield
        match byte:
            case 0x1F:
                _reset(glass)
            case 0x10:
                at = yield
                glass.place(at % glass.columns, at // glass.columns)
            case 0x11 | 0x12:
                glass.scrolls = byte == VERTICAL
            case 0x13 | 0x14:
                glass.cursor_shown = byte == CURSOR_ON
            case 0x04:
                level = yield
                glass.brightness = 1 + _place(b"\x20\x40\x60\xff", level)
            case 0x0D:
                glass.return_carriage()
            case 0x0A:
                glass.feed_line()
            case _:
                _printable(glass, byte)


def aedex(glass: Glass) -> Hearing:
    while True:
        for expected in b"!#":
            if (byte := (yield)) != expected:
                raise _unknown("outside of a frame", byte)
        number = yield
        data = yield from _until_return()
        match number:
            case 0x31 | 0x32:
                glass.write_row(number - 0x31, data)
            case 0x39:
                wide = data.ljust(2 * glass.columns)
                glass.write_row(0, wide[: glass.columns])
                glass.write_row(1, wide[glass.columns :])
            case _:
                raise _unknown("!#", number)


LANGUAGES: Mapping[str, Callable[[Glass], Hearing]] = {
    "cd5220": cd5220,
    "epson": epson,
    "logic-controls": logic_controls,
    "aedex": aedex,
}


def _common(glass: Glass, byte: int) -> None:
    match byte:
        case 0x0C:
            glass.clear()
        case 0x0B:
            glass.place(0, 0)
        case 0x0D:
            glass.return_carriage()
        case 0x0A:
            glass.feed_line()
        case 0x08:
            glass.step_back()
        case _:
            _printable(glass, byte)


def _printable(glass: Glass, byte: int) -> None:
    if byte < BLANK or byte == DEL:
        raise _unknown("control character", byte)
    glass.put(byte)


def _reset(glass: Glass) -> None:
    glass.clear()
    glass.scrolls, glass.cursor_shown, glass.brightness, glass.page = False, True, 4, "cp437"


def _until_return() -> Generator[None, int, bytes]:
    data = bytearray()
    while (byte := (yield)) != CR:
        if byte < BLANK or len(data) == LONGEST:
            raise _unknown("in a string", byte)
        data.append(byte)
    return bytes(data)


def _within(value: int, low: int, high: int) -> int:
    if not low <= value <= high:
        raise _unknown(f"a parameter of {low} to {high}", value)
    return value


def _place(levels: bytes, level: int) -> int:
    if level not in levels:
        raise _unknown("brightness", level)
    return levels.index(level)


def _unknown(where: str, byte: int) -> ProtocolError:
    return ProtocolError("display.unknown", f"{where}: {byte:#04x} is not in the command table")
