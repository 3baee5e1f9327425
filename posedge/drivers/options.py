"""A device's options from catalog and configuration, checked against what its driver knows."""

from collections.abc import Mapping
from typing import TypeVar

from pydantic import ValidationError

from posedge.model.errors import DeviceError
from posedge.model.value import Json, Value

V = TypeVar("V", bound=Value)


def read_options(kind: type[V], options: Mapping[str, Json]) -> V:
    """Return the options that `kind` names; others are the link's.

    DeviceError `options.invalid`: one badly configured device must not stop the box.
    """
    known = {key: value for key, value in options.items() if key in kind.model_fields}
    try:
        return kind.model_validate(known)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(map(str, first["loc"]))
        text = f"option {name} = {first['input']!r} cannot be: {first['msg']}"
        raise DeviceError("options.invalid", text, option=name) from None
