"""Bars and modules as the standards draw them, so that a scanner can read what was printed.

EAN-13: GS1 General Specifications §5.2. Code 128: ISO/IEC 15417, tables 1 and 2. Both return a
string of modules, `1` black.
"""

from typing import Final

from posedge.model.errors import ProtocolError

_LEFT: Final = "0001101 0011001 0010011 0111101 0100011 0110001 0101111 0111011 0110111 0001011"
"""Number set A of the digits 0 to 9; set C is its inverse and set B is set C backwards."""

_FIRST_DIGIT: Final = "AAAAAA AABABB AABBAB AABBBA ABAABB ABBAAB ABBBAA ABABAB ABABBA ABBABA"
"""The first of the 13 digits is not drawn: it decides the sets of the next six."""

_WIDTHS: Final = (
    "212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 "
    "112232 122132 122231 113222 123122 123221 223211 221132 221231 213212 223112 312131 "
    "311222 321122 321221 312212 322112 322211 212123 212321 232121 111323 131123 131321 "
    "112313 132113 132311 211313 231113 231311 112133 112331 132131 113123 113321 133121 "
    "313121 211331 231131 213113 213311 213131 311123 311321 331121 312113 312311 332111 "
    "314111 221411 431111 111224 111422 121124 121421 141122 141221 112214 112412 122114 "
    "122411 142112 142211 241211 221114 413111 241112 134111 111242 121142 121241 114212 "
    "124112 124211 411212 421112 421211 212141 214121 412121 111143 111341 131141 114113 "
    "114311 411113 411311 113141 114131 311141 411131 211412 211214 211232 2331112 "
)
"""Code 128: widths of bars and spaces of each value."""

_STOP: Final = "2331112"
_SETS: Final = {ord("A"): (103, 101), ord("B"): (104, 100), ord("C"): (105, 99)}
"""Code set: its start value, and the value that changes to it."""

_FNC1 = 102
_MODULUS = 103
_BRACE = ord("{")


def refused(what: str) -> ProtocolError:
    return ProtocolError("symbol.refused", f"a printer leaves this symbol out: {what}")


def ean13(data: bytes) -> tuple[str, str]:
    """Return modules and the 13 digits of 12 or 13 digits given."""
    text = data.decode("latin-1")
    if len(text) not in {12, 13} or not (text.isascii() and text.isdigit()):
        raise refused(f"{data!r} is not 12 or 13 digits")
    odd, even = sum(map(int, text[0:12:2])), sum(map(int, text[1:12:2]))
    digits = text[:12] + str(-(odd + 3 * even) % 10)
    if not digits.startswith(text):
        raise refused(f"{text} has a wrong check digit")
    sets = _pattern(_FIRST_DIGIT, int(digits[0]))
    left = "".join(_digit(d, s) for d, s in zip(digits[1:7], sets, strict=True))
    right = "".join(_digit(d, "C") for d in digits[7:])
    return f"101{left}01010{right}101", digits


def code128(data: bytes) -> tuple[str, str]:
    """Return modules and text of data in Epson's notation: `{A`, `{B`, `{C`, `{1`, `{{`."""
    values, text = _values(data)
    check = (values[0] + sum(place * value for place, value in enumerate(values))) % _MODULUS
    widths = "".join(_pattern(_WIDTHS, value) for value in (*values, check)) + _STOP
    modules = "".join("10"[place % 2] * int(width) for place, width in enumerate(widths))
    return modules, text


def _digit(digit: str, number_set: str) -> str:
    a = _pattern(_LEFT, int(digit))
    c = a.translate({48: "1", 49: "0"})
    return {"A": a, "B": c[::-1], "C": c}[number_set]


def _pattern(table: str, index: int) -> str:
    size = table.index(" ") + 1
    return table[index * size : index * size + size].rstrip()


def _values(data: bytes) -> tuple[list[int], str]:
    values: list[int] = []
    text, code_set, rest = "", 0, iter(data)
    for byte in rest:
        escape = next(rest, 0) if byte == _BRACE else _BRACE
        if escape in _SETS:
            values.append(_SETS[escape][bool(values)])
            code_set = escape
        elif escape == ord("1") and code_set:
            values.append(_FNC1)
        elif escape == _BRACE and code_set:
            values.append(_value(byte, code_set))
            text += f"{byte:02d}" if code_set == ord("C") else chr(byte)
        else:
            raise refused(f"{data!r} does not begin with a code set, or leaves it for one unknown")
    if not text:
        raise refused("it is empty")
    return values, text


def _value(byte: int, code_set: int) -> int:
    match chr(code_set):
        case "A" if byte in range(32):
            return byte + 64
        case "A" if byte in range(32, 96):
            return byte - 32
        case "B" if byte in range(32, 128):
            return byte - 32
        case "C" if byte in range(100):
            return byte
        case name:
            raise refused(f"{byte:02x} is not in code set {name}")
