"""Orders typed at a simulated device that switch its faults: `late_s 2`, `outcome decline`."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from enum import StrEnum
from types import NoneType
from typing import Any, get_args, get_type_hints

NEVER = "never"


def switch(faults: object, order: str) -> str | None:
    """Set one fault of a dataclass of faults; None when done, else the orders that there are."""
    words = order.split()
    if not words:
        return None
    kinds = dict(_kinds(faults))
    if len(words) == 2 and words[0] in kinds:  # noqa: PLR2004 - a name and a value
        try:
            setattr(faults, words[0], _read(kinds[words[0]], words[1]))
        except ValueError:
            pass
        else:
            return None
    return "orders: " + ", ".join(f"{name} {_values(kind)}" for name, kind in kinds.items())


def _kinds(faults: Any) -> Iterator[tuple[str, tuple[type, ...]]]:
    hints: dict[str, Any] = get_type_hints(faults.__class__)
    for each in fields(faults):
        if is_dataclass(hints[each.name]):
            continue  # faults of another part of it, switched by themselves
        yield each.name, get_args(hints[each.name]) or (hints[each.name],)


def _read(kinds: tuple[type, ...], word: str) -> object:
    """Read `word` as one of the kinds; ValueError when it is none."""
    if NoneType in kinds and word == NEVER:
        return None
    kind = kinds[0]
    if kind is bool:
        return ("off", "on").index(word) == 1
    return kind(word)


def _values(kinds: tuple[type, ...]) -> str:
    kind = kinds[0]
    if kind is bool:
        return "on|off"
    named = "|".join(kind) if issubclass(kind, StrEnum) else "NUMBER"
    return f"{named}|{NEVER}" if NoneType in kinds else named
