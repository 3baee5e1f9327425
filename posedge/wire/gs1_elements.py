"""GS1 element strings as people write them, `(01)…(10)…`, made into what a symbol carries."""

import re
from typing import Final

from posedge.model.errors import MisuseError
from posedge.wire.gtin import holds_check_digit
from posedge.wire.matrix_size import FNC1

_WRITTEN: Final = re.compile(r"(\(\d{2,4}\)[^()]{1,90})+")
_ELEMENT: Final = re.compile(r"\((\d{2,4})\)([^()]+)")

_PREDEFINED: Final = {
    **dict.fromkeys(("00",), 18),
    **dict.fromkeys(("01", "02", "03"), 14),
    "04": 16,
    **dict.fromkeys((str(ai) for ai in range(11, 20)), 6),
    "20": 2,
    **dict.fromkeys((str(ai) for ai in (*range(31, 37), 41)), None),
}
"""The first two digits of identifiers that need no separator, and the length of what follows where
it is the same for all of them (GS1 General Specifications, figure 7.8.5-2)."""

_CHECKED: Final = frozenset({"00", "01", "02"})
"""Identifiers whose value ends in a check digit."""


def encode(text: str) -> str:
    """Return the symbol's data: FNC1 in front and behind what has no fixed length.

    MisuseError `element.invalid` says which element is wrong.
    """
    if not _WRITTEN.fullmatch(text):
        raise _invalid(f"{text!r} is not written as (01)04006381333931(10)AB")
    elements: list[tuple[str, str]] = _ELEMENT.findall(text)
    data = FNC1
    for place, (ai, value) in enumerate(elements, 1):
        _check(ai, value)
        separated = ai[:2] not in _PREDEFINED and place < len(elements)
        data += ai + value + (FNC1 if separated else "")
    return data


def _check(ai: str, value: str) -> None:
    length = _PREDEFINED.get(ai[:2])
    if length is not None and (len(value) != length or not value.isdigit()):
        raise _invalid(f"({ai}) takes {length} digits, not {value!r}")
    if ai in _CHECKED and not holds_check_digit(value):
        raise _invalid(f"the last digit of ({ai}){value} does not check")


def _invalid(what: str) -> MisuseError:
    return MisuseError("element.invalid", what)
