"""A place for one card terminal in the virtual shop, whatever it speaks."""

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from posedge.sim.charge import Charge


@dataclass(frozen=True, slots=True)
class Spot:
    """Where it stands: `folder` is the shop's; `customer_s` is how long a customer takes."""

    folder: Path
    customer_s: float


class Stand(Protocol):
    """`async with` switches the terminal on; one is made of a Spot.

    `ledger`: what it really charged, oldest first. `thought`: when it was busy with itself, on the
    monotonic clock, so that the box's own share can be told.
    """

    @property
    def ledger(self) -> Sequence[Charge]: ...

    @property
    def thought(self) -> Sequence[tuple[float, float]]: ...

    @property
    def table(self) -> str:
        """The `[[devices.static]]` table of the box, for a device named `terminal`."""
        ...

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    def decline(self, *, really: bool) -> None:
        """Decline what comes from now on, or take it again."""
        ...

    def cut(self, chance: random.Random) -> None:
        """Lose the line at some byte of what comes next."""
        ...

    def silence(self, chance: random.Random) -> None:
        """Say no more at some step of what comes next."""
        ...

    def unmask(self) -> None:
        """Send whole card numbers from now on, as some do, if this kind of terminal can."""
        ...

    def mend(self) -> None:
        """End all of this."""
        ...


def static_device(driver: str, address: str, options: Mapping[str, str | int]) -> str:
    """Return the `[[devices.static]]` table of a device named `terminal`."""
    written = ", ".join(f"{name} = {json.dumps(value)}" for name, value in options.items())
    return f"""
[[devices.static]]
name = "terminal"
driver = "{driver}"
address = "{address}"
options = {{ {written} }}
"""
