"""nexo's JSON. Amounts are decimal numbers there: written from Decimal and read as one, exactly."""

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import TypeAlias, cast

from posedge.model.errors import ProtocolError
from posedge.model.money import Money

Nexo: TypeAlias = "bool | int | str | Decimal | Sequence[Nexo] | Mapping[str, Nexo] | None"
Fields: TypeAlias = Mapping[str, Nexo]

NOTHING: Fields = {}

WRITTEN = {"true": True, "false": False}

MAX_DIGITS = 18
"""In front of or behind an amount's point; `1e999999999` is a number to JSON, too."""


def write(value: Nexo) -> str:
    match value:
        case Decimal():
            return f"{value:f}"
        case str() | bool() | int() | None:
            return json.dumps(value, ensure_ascii=False)
        case Mapping():
            return (
                "{" + ",".join(f"{write(key)}:{write(each)}" for key, each in value.items()) + "}"
            )
        case _:
            return "[" + ",".join(map(write, value)) + "]"


def read(data: bytes) -> Fields:
    """Return the object; ProtocolError `nexo.unreadable` for anything else."""
    try:
        found = json.loads(data, parse_float=Decimal, parse_constant=_refused)
    except (ValueError, RecursionError, InvalidOperation) as error:
        raise ProtocolError("nexo.unreadable", f"no JSON: {type(error).__name__}") from None
    if not isinstance(found, dict):
        raise ProtocolError("nexo.unreadable", "no JSON object")
    return cast("Fields", found)


def fields(of: Fields, *path: str) -> Fields:
    """Return the object at `path`, an empty one where there is none."""
    for name in path:
        inner = of.get(name)
        if not isinstance(inner, Mapping):
            return NOTHING
        of = inner
    return of


def items(of: Fields, name: str) -> tuple[Fields, ...]:
    """Return the objects of the list `name`, none where there is none."""
    found = of.get(name)
    if not isinstance(found, Sequence) or isinstance(found, str):
        return ()
    return tuple(each for each in found if isinstance(each, Mapping))


def text(of: Fields, *path: str) -> str:
    """Return the text at `path`, or a number as text; empty for anything else."""
    found = fields(of, *path[:-1]).get(path[-1])
    if isinstance(found, bool):
        return ""
    return str(found) if isinstance(found, str | int) else ""


def flag(of: Fields, name: str, *, unless_told: bool) -> bool:
    """Return the truth of `name`, also one written as text; `unless_told` for anything else."""
    found = of.get(name)
    if isinstance(found, str):
        return WRITTEN.get(found.lower(), unless_told)
    return found if isinstance(found, bool) else unless_told


def number(of: Fields, *path: str) -> Decimal | None:
    """Return the number at `path`, also one written as text; None for anything else."""
    found = fields(of, *path[:-1]).get(path[-1])
    if isinstance(found, bool) or not isinstance(found, str | int | Decimal):
        return None
    try:
        value = Decimal(found)
    except InvalidOperation:
        return None
    small = value.is_finite() and abs(value.adjusted()) <= MAX_DIGITS
    return value if small else None


def money(value: Decimal | None, currency: str) -> Money | None:
    """Return an amount; None where there is none, or it has parts that the currency has not."""
    if value is None:
        return None
    minor = value.scaleb(Money(minor=0, currency=currency).exponent)
    if minor != minor.to_integral_value():
        return None
    return Money(minor=int(minor), currency=currency)


def _refused(word: str) -> None:
    raise ValueError(word)
