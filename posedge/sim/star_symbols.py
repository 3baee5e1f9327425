"""Bar code data as a Star printer reads it (Line Mode Command Specifications, pp. 3-42 and 5-3)."""

from collections.abc import Iterator
from typing import Final

from posedge.wire import symbols
from posedge.wire.symbols import refused

_PERCENT = ord("%")
_STARTS: Final = {"6": b"{A", "7": b"{B", "8": b"{C"}
_FNC1 = "1"
_PLAIN: Final = {"0": "%", "5": "\x7f"} | {chr(0x40 + code): chr(code) for code in range(0x20)}
"""What stands behind % for characters that the command could not carry otherwise."""

_DIGITS_FOR_C = 5
"""More than four digits in front: the printer begins in code set C by itself."""


def ean13(data: bytes) -> tuple[str, str]:
    """Return modules and digits; the printer's own check digit wins over a 13th one given."""
    if len(data) not in {12, 13}:
        raise refused(f"{data!r} is not 12 or 13 digits")
    return symbols.ean13(data[:12])


def code128(data: bytes) -> tuple[str, str]:
    """Return modules and text; without a start code the printer chooses one."""
    if not data:
        raise refused("it is empty")
    marks = list(_marks(data.decode("latin-1")))
    start = _STARTS.get(marks[0][1]) if marks[0][0] else None
    body = marks[1:] if start else marks
    text = "".join(char for special, char in body if not special)
    return symbols.code128(_in_epsons_words(start or _own_start(text), body))


def _marks(data: str) -> Iterator[tuple[bool, str]]:
    """Yield characters, and (True, code) for start and function codes."""
    rest = iter(data)
    for char in rest:
        if ord(char) != _PERCENT:
            yield False, char
            continue
        code = next(rest, "")
        if code in _PLAIN:
            yield False, _PLAIN[code]
        elif code in _STARTS or code == _FNC1:
            yield True, code
        else:
            raise refused(f"%{code} is no code for Code 128, or one that this printer cannot draw")


def _own_start(text: str) -> bytes:
    if text[:_DIGITS_FOR_C].isdigit() and len(text) >= _DIGITS_FOR_C:
        return b"{C"
    return b"{A" if text[:1] < " " else b"{B"


def _in_epsons_words(start: bytes, marks: list[tuple[bool, str]]) -> bytes:
    """Write the data for the encoder that all printers share; it leaves set C for B at the end."""
    words, code_set, place = bytearray(start), start, 0
    while place < len(marks):
        special, char = marks[place]
        pair = "".join(char for special, char in marks[place : place + 2] if not special)
        place += 1
        if special:
            words += b"{1" if char == _FNC1 else _STARTS[char]
            code_set = code_set if char == _FNC1 else _STARTS[char]
        elif code_set == b"{C" and len(pair) > 1 and pair.isdigit():
            words.append(int(pair))
            place += 1
        else:
            words += b"{B" if code_set == b"{C" else b""
            code_set = b"{B" if code_set == b"{C" else code_set
            words += char.encode("latin-1").replace(b"{", b"{{")
    return bytes(words)
