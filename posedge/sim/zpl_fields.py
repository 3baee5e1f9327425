"""What a ZPL field says: text, bars or modules, from its parameters and its data."""

import re
from dataclasses import dataclass
from typing import Final

from posedge.sim.printer_parameters import between, unknown
from posedge.sim.zpl_label import Mark, PrintedBars, PrintedDataMatrix, PrintedQr, PrintedText
from posedge.wire import symbols

_INVOKED: Final = {"0": "{B>", "<": "{B^", "=": "{B~"}
_STARTS: Final = {"9": "{A", ":": "{B", ";": "{C"}


@dataclass(frozen=True, slots=True)
class Field:
    """What was said of the next ^FD."""

    left: int = 0
    top: int = 0
    hexes: str = ""
    kind: str = ""
    words: tuple[str, ...] = ()


def mark(said: Field, module: int, text: str) -> Mark:
    """Return what ^FD's text becomes; ProtocolError `symbol.refused` for what is left out."""
    left, top, words = said.left, said.top, list(said.words)
    match said.kind:
        case "A":
            if words[0] != "0N":
                raise unknown(f"^A{words[0]}")
            return PrintedText(left, top, between(number(words, 1), 10, 32_000), text)
        case "BE":
            modules, digits = symbols.ean13(text.encode("latin-1", "replace"))
            return PrintedBars(left, top, _bar_height(words), module, modules, digits)
        case "BC":
            modules, said_text = symbols.code128(_in_epsons_words(text))
            return PrintedBars(left, top, _bar_height(words), module, modules, said_text)
        case "BQ":
            only(words[:2], "N", "2")
            return _qr(left, top, between(number(words, 2), 1, 100), text)
        case _:
            only([words[0], *words[2:]], "N", "200", "", "", "", "_", "1")
            cell = between(number(words, 1), 1, 4095)
            return PrintedDataMatrix(left, top, cell, _gs1(text))


def only(words: list[str], *allowed: str) -> None:
    if tuple(words) != allowed:
        raise unknown(f"parameters {words} (this printer takes {list(allowed)})")


def number(words: list[str], place: int) -> int:
    text = words[place] if place < len(words) else ""
    if not (text.isascii() and text.isdigit()):
        raise unknown(f"{text!r} for a number")
    return int(text)


def _bar_height(words: list[str]) -> int:
    only([words[0], *words[2:4]], "N", "Y", "N")
    if words[4:] not in ([], ["N", "N"]):
        raise unknown(f"parameters {words}")
    return between(number(words, 1), 1, 32_000)


def _qr(left: int, top: int, module: int, text: str) -> PrintedQr:
    found = re.fullmatch(r"([HQML])A,(.+)", text, re.DOTALL)
    if found is None:
        raise unknown(f"QR data {text[:4]!r}")
    return PrintedQr(left, top, module, found[1], found[2])


def _gs1(text: str) -> str:
    """Undo ^BX's escape sequences: `_1` is FNC1, `__` the character."""
    if re.sub(r"__|_1", "", text).find("_") >= 0:
        raise unknown(f"an escape sequence in {text!r}")
    return re.sub(r"__|_1", lambda found: "_" if found[0] == "__" else "\x1d", text)


def _in_epsons_words(text: str) -> bytes:
    """Write ^BC's invocation codes as the encoder that all printers share has them."""
    words, rest = "" if text[:1] == ">" and text[1:2] in _STARTS else "{B", iter(text)
    for char in rest:
        code = next(rest, "") if char == ">" else ""
        if char != ">":
            words += char.replace("{", "{{")
        elif code in _STARTS:
            words += _STARTS[code]
        elif code in _INVOKED:
            words += _INVOKED[code][2:]
        else:
            raise unknown(f">{code} in Code 128")
    return words.encode("latin-1", "replace")
