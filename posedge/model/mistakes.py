"""What an operator wrote wrong, and what to write instead: pydantic's findings in plain words.

A field with `repr=False` is secret: its value is never repeated.
"""

import difflib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError

from posedge.model.declared import Place, declared, keys, wanted

MAX_SHOWN = 60
"""Characters of a wrong value that are repeated: enough to find it again."""

TOLD = "told"
"""The kind of a finding that has its words already."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """`place` is the path of keys, and of positions from 0; `text` what is wrong and the remedy."""

    place: Place
    text: str


def mistakes(
    error: ValidationError, root: type[BaseModel], beside: Iterable[str] = ()
) -> tuple[Mistake, ...]:
    """Say each finding of `root`'s validation; `beside` are keys that are known elsewhere."""
    found: dict[Place, Mistake] = {}
    for each in error.errors(include_url=False):
        mistake = _mistake(each, root, tuple(beside))
        found.setdefault(mistake.place, mistake)
    return tuple(found.values())


def retold(
    error: ValidationError, root: type[BaseModel], beside: Iterable[str] = ()
) -> ValidationError:
    """Return `error` in words: raised inside a validator, it becomes part of the outer finding."""
    return ValidationError.from_exception_data(
        root.__name__,
        [told(each.text, *each.place) for each in mistakes(error, root, beside)],
    )


def told(text: str, *place: int | str) -> InitErrorDetails:
    """Return a finding that already has its words."""
    return InitErrorDetails(
        type=PydanticCustomError(TOLD, "{text}", {"text": text}), loc=place, input=None
    )


def shown(value: object) -> str:
    """Return a value as it stands in the file, shortened."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= MAX_SHOWN else f"{text[: MAX_SHOWN - 1]}…"


def no_such(key: str, known: Sequence[str]) -> str:
    """Say that a key is unknown, and the one that was probably meant."""
    close = difflib.get_close_matches(key, known, n=1)
    advice = f"write {close[0]}" if close else f"known here: {', '.join(known) or 'none'}"
    return f"no such key; {advice}"


def _mistake(finding: ErrorDetails, root: type[BaseModel], beside: tuple[str, ...]) -> Mistake:
    place = finding["loc"]
    match finding["type"]:
        case "told":
            return Mistake(place, finding["msg"])
        case "extra_forbidden":
            known = [*keys(declared(root, place[:-1])), *beside]
            return Mistake(place, no_such(str(place[-1]), known))
        case kind:
            while (field := declared(root, place)) is None:
                place = place[:-1]  # it also names which of several types was tried
            return Mistake(place, _words(kind, finding, field))


def _words(kind: str, finding: ErrorDetails, field: FieldInfo) -> str:
    value = finding["input"]
    given = shown(value) if field.repr else "what is there"
    match kind:
        case "missing":
            return f"is missing; write {wanted(field)}"
        case "value_error":
            text = str(finding.get("ctx", {})["error"])
            named = not isinstance(value, str | int) or str(value) in text
            return text if named else f"{given}: {text}"
        case _:
            return f"{given} cannot be; write {wanted(field)}"
