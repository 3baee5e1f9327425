"""The root of every value that crosses a floor as JSON."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from pydantic import BaseModel, ConfigDict

Json: TypeAlias = "bool | int | str | Sequence[Json] | Mapping[str, Json] | None"
"""What we put into JSON. Never a float: money, weight and time are integers or decimal strings."""


class Value(BaseModel):
    """Immutable, and strict about what it is given: an unknown field is an error.

    Its validator is built when the first of its kind is made: those of all cost an idle box 1 MB.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)
