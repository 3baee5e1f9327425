"""Text for the glass of a customer display: in the characters that it has, in its columns.

Controls are taken off: a title from a product file must never move a cursor. What the code page
lacks is written as it is typed without accents, else as `?`, and told.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from posedge.model.display import Row

CodePage = Literal["ascii", "cp437", "cp850", "cp852", "cp858", "cp866", "cp1252"]

UNKNOWN = "?"
WHITE = "\t\n\r"

TYPED: Mapping[str, str] = {
    "ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O",
    "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ð": "d", "þ": "th", "€": "EUR", "£": "GBP",
    "\N{LATIN SMALL LETTER DOTLESS I}": "i",
    "\N{EN DASH}": "-", "\N{EM DASH}": "-", "\N{MINUS SIGN}": "-", "\N{MULTIPLICATION SIGN}": "x",
    "\N{LEFT SINGLE QUOTATION MARK}": "'", "\N{RIGHT SINGLE QUOTATION MARK}": "'",
    "\N{LEFT DOUBLE QUOTATION MARK}": '"', "\N{RIGHT DOUBLE QUOTATION MARK}": '"',
    "\N{HORIZONTAL ELLIPSIS}": "...", "\N{NO-BREAK SPACE}": " ", "\N{NARROW NO-BREAK SPACE}": " ",
}  # fmt: skip
"""What a person types who does not have the character, where taking off its accent is not it."""


@dataclass(frozen=True, slots=True)
class Glass:
    """What to show: each row exactly as wide as the display, and the characters that it lacks."""

    rows: tuple[str, ...]
    lost: str

    def to_bytes(self, page: CodePage) -> tuple[bytes, ...]:
        return tuple(row.encode(page) for row in self.rows)


def glass(rows: Sequence[Row], *, columns: int, height: int, page: CodePage) -> Glass:
    """Lay `rows` out from the top; what is too much is cut off, and missing rows are blank.

    What stands on the right, an amount, is whole as long as it fits; what stands on the left gives.
    """
    lost: dict[str, None] = {}
    laid = [
        _row(_legible(row.left, page, lost), _legible(row.right, page, lost), columns)
        for row in rows[:height]
    ]
    blank = " " * columns
    return Glass((*laid, *[blank] * (height - len(laid))), "".join(lost))


def _row(left: str, right: str, columns: int) -> str:
    right = right[:columns]
    room = columns - len(right) - 1 if right else columns
    return f"{left[: max(room, 0)]:<{columns - len(right)}}{right}"


def _legible(text: str, page: CodePage, lost: dict[str, None]) -> str:
    known: list[str] = []
    for character in unicodedata.normalize("NFC", text):
        kind = unicodedata.category(character)
        if kind.startswith("Z") or character in WHITE:
            known.append(" ")
        elif not kind.startswith("C"):
            known.append(_typed(character, page, lost))
    return "".join(known)


def _typed(character: str, page: CodePage, lost: dict[str, None]) -> str:
    for candidate in (character, TYPED.get(character, ""), _without_accents(character)):
        if candidate and _has(page, candidate):
            return candidate
    lost[character] = None
    return UNKNOWN


def _without_accents(character: str) -> str:
    parts = unicodedata.normalize("NFKD", character)
    return "".join(part for part in parts if not unicodedata.combining(part))


def _has(page: CodePage, text: str) -> bool:
    try:
        text.encode(page)
    except UnicodeEncodeError:
        return False
    return text.isprintable()
