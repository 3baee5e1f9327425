"""A device's options from catalog and configuration, checked against what its driver knows."""

from collections.abc import Mapping
from typing import TypeVar

from pydantic import ValidationError

from posedge.model.errors import DeviceError
from posedge.model.mistakes import mistakes
from posedge.model.value import Json, Value

V = TypeVar("V", bound=Value)


def read_options(kind: type[V], options: Mapping[str, Json]) -> V:
    """Return the options as `kind`, the driver's; those of the line are not among them.

    DeviceError `options.invalid` names the first that is wrong, and what to write instead: one
    badly configured device must not stop the box.
    """
    try:
        return kind.model_validate(options)
    except ValidationError as error:
        first = mistakes(error, kind)[0]
        name = ".".join(map(str, first.place))
        raise DeviceError("options.invalid", f"option {name}: {first.text}", option=name) from None
