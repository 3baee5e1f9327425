"""The `[drawers]` table of the configuration."""

from typing import Annotated

from pydantic import Field

from posedge.model.value import Value


class DrawerSettings(Value):
    """A drawer that stands open longer than `left_open_s` is told."""

    left_open_s: Annotated[int, Field(ge=5, le=3600)] = 120
