"""The `[printing]` table of the configuration."""

from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import Field, model_validator

from posedge.model.value import Value

Name = Annotated[str, Field(min_length=1, max_length=64)]


class PrintingSettings(Value):
    """`roles` gives printers further names, for what they are used for.

    `fallback` names for a printer another one, which takes the documents that have not begun once
    it has been away or waiting for `fallback_after_s`. `raw` lets tills print bytes in the
    printer's own language; they can also open its drawer.
    """

    roles: Mapping[Name, Name] = Field(default_factory=dict[str, str])
    fallback: Mapping[Name, Name] = Field(default_factory=dict[str, str])
    fallback_after_s: Annotated[int, Field(ge=1, le=3600)] = 30
    raw: bool = False

    @model_validator(mode="after")
    def _another(self) -> Self:
        own = next((name for name, other in self.fallback.items() if name == other), None)
        if own is not None:
            raise ValueError(f"{own} cannot stand in for itself")
        return self

    def device(self, wanted: str | None) -> str | None:
        """Return the name of the device that `wanted` means."""
        return None if wanted is None else self.roles.get(wanted, wanted)

    def stand_in(self, device: str | None) -> str | None:
        return None if device is None else self.fallback.get(device)
