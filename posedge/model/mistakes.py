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
    return tuple(
        Mistake(each["loc"], _words(each, root, tuple(beside)))
        for each in error.errors(include_url=False)
    )


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


def _words(finding: ErrorDetails, root: type[BaseModel], beside: tuple[str, ...]) -> str:
    place = finding["loc"]
    field = declared(root, place)
    match finding["type"]:
        case "told":
            return finding["msg"]
        case "extra_forbidden":
            known = [*keys(declared(root, place[:-1])), *beside]
            return no_such(str(place[-1]), known)
        case "missing":
            return f"is missing; write {wanted(field)}"
        case "value_error":
            return _own_words(finding, field)
        case _:
            return f"{_given(finding['input'], field)} cannot be; write {wanted(field)}"


def _own_words(finding: ErrorDetails, field: FieldInfo | None) -> str:
    """Return what a validator of ours said, behind the value unless it named that itself."""
    text, value = str(finding.get("ctx", {})["error"]), finding["input"]
    scalar = isinstance(value, str | int) and str(value) not in text
    return f"{_given(value, field)}: {text}" if scalar else text


def _given(value: object, field: FieldInfo | None) -> str:
    return shown(value) if field is None or field.repr else "what is there"
