"""What a text display for the customer can be asked."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from posedge.model.display import Row


class OnGlass(Protocol):
    """What a text display shows now: its rows, and the characters that it lacks."""

    @property
    def rows(self) -> tuple[str, ...]: ...

    @property
    def lost(self) -> str: ...


@runtime_checkable
class LineDisplay(Protocol):
    """A customer display of a few rows of text. It never answers: sent is all that is known.

    Each method raises DeviceError when it cannot be sent.
    """

    @property
    def rows(self) -> int:
        """How many rows it has."""
        ...

    async def display_text(self, rows: Sequence[Row]) -> OnGlass:
        """Show `rows` from the top and nothing else; what does not fit is cut off."""
        ...

    async def clear(self) -> None: ...

    async def brightness(self, percent: int) -> None:
        """Set the nearest step not below; MisuseError `display.dimless` where there is none."""
        ...
