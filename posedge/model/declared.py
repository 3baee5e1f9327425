"""What is declared at a place of a pydantic model, and in words what may be written there.

A field's `description` says it where its type cannot ("lower-case letters and digits").
"""

from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any, Literal, TypeAlias, cast, get_args, get_origin

from annotated_types import Ge, Le, MaxLen
from pydantic import BaseModel, RootModel
from pydantic.fields import FieldInfo

Place: TypeAlias = tuple[int | str, ...]
"""The path of keys from a model's root, and of positions from 0."""

OTHER = "another value"


def declared(root: type[BaseModel], place: Place) -> FieldInfo | None:
    """Find what is declared at `place`; None where nothing is."""
    field: FieldInfo | None = FieldInfo.from_annotation(root)
    for step in place:
        field = None if field is None else _inside(_core(field).annotation, step)
    return field


def keys(field: FieldInfo | None) -> tuple[str, ...]:
    """Return the keys that may stand in a table."""
    model = None if field is None else _model(_core(field).annotation)
    return () if model is None else tuple(model.model_fields)


def wanted(field: FieldInfo) -> str:
    """Say what may be written."""
    core = _core(field)
    description = field.description or core.description
    return description or _by_type(core.annotation, core)


def nested(field: FieldInfo) -> bool:
    """Whether a table or a list may be written, no single value."""
    kind = _core(field).annotation
    return get_origin(kind) in {tuple, Mapping} or _model(kind) is not None


def _core(field: FieldInfo) -> FieldInfo:
    """Take off `| None`."""
    options = get_args(field.annotation)
    if type(None) not in options:
        return field
    return FieldInfo.from_annotation(next(each for each in options if each is not type(None)))


def _inside(kind: Any, step: int | str) -> FieldInfo | None:
    inner, origin = get_args(kind), get_origin(kind)
    if isinstance(step, int):
        return FieldInfo.from_annotation(inner[0]) if origin is tuple else None
    if origin is Mapping:
        return FieldInfo.from_annotation(inner[1])
    model = _model(kind)
    if model is None:
        return None
    if issubclass(model, RootModel):
        return _inside(model.model_fields["root"].annotation, step)
    return model.model_fields.get(step)


def _model(kind: Any) -> type[BaseModel] | None:
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


def _by_type(kind: Any, field: FieldInfo) -> str:
    if get_origin(kind) is Literal:
        return _choice(get_args(kind))
    if get_origin(kind) is tuple:
        limit = f", at most {most} items" if (most := _longest(field)) else ""
        return f"a list{limit}: each {wanted(FieldInfo.from_annotation(get_args(kind)[0]))}"
    if get_origin(kind) is Mapping:
        return "a table"
    if (model := _model(kind)) is not None:
        return f"a table with {', '.join(model.model_fields)}"
    return _scalar(cast("type[object]", kind), field) if isinstance(kind, type) else OTHER


def _scalar(kind: type[object], field: FieldInfo) -> str:
    if issubclass(kind, Enum):
        return _choice(each.value for each in kind)
    if issubclass(kind, bool):
        return "true or false"
    if issubclass(kind, int):
        return f"a whole number{_range(field)}"
    if issubclass(kind, str) or hasattr(kind, "__fspath__"):
        most = _longest(field)
        return f"text in quotes, at most {most} characters" if most else "text in quotes"
    return OTHER


def _choice(values: Iterable[object]) -> str:
    return "one of " + ", ".join(
        f'"{each}"' if isinstance(each, str) else f"{each}" for each in values
    )


def _range(field: FieldInfo) -> str:
    low = next((each.ge for each in field.metadata if isinstance(each, Ge)), None)
    high = next((each.le for each in field.metadata if isinstance(each, Le)), None)
    return "" if low is None or high is None else f", {low} to {high}"


def _longest(field: FieldInfo) -> int | None:
    return next((each.max_length for each in field.metadata if isinstance(each, MaxLen)), None)
