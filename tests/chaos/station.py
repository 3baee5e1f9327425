"""A terminal under test: a driver at one end of a line, a simulated terminal at the other."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Literal, Protocol

from posedge.clock import Clock
from posedge.model.terminal import Terminal
from posedge.payments.settings import PaymentSettings
from posedge.sim.charge import Charge
from tests.chaos.world import Life

Way = Literal["out", "in"]


@dataclass(frozen=True, slots=True)
class Cut:
    """The line breaks before the byte number `at` (all connections counted together) of one way."""

    way: Way
    at: int

    def __str__(self) -> str:
        return f"cut {self.way} {self.at}"


class Station(Protocol):
    """`async with` switches the terminal on. It keeps its books whatever becomes of the box."""

    @property
    def ledger(self) -> Sequence[Charge]: ...

    def clock(self, life: int) -> Clock: ...

    def driver(self, life: Life) -> Terminal:
        """Make the driver for one life; its lines are cut with it."""
        ...

    def cut_lines(self) -> None:
        """Lose every connection at once, as when the box dies."""
        ...

    def spoil(self, fault: str) -> None: ...

    def cut(self, cut: Cut) -> None: ...

    def mend(self) -> None:
        """End fault and cut: the day after."""
        ...


@dataclass(frozen=True, slots=True)
class Wire:
    """One row group of the matrix. `bytes` of each way that a payment has, about.

    `virtual`: runs on a loop with virtual time; else in real time, many cases side by side.
    `patience_s`: how long the box may need to know, once everything works again.
    """

    name: str
    station: Callable[[int], AbstractAsyncContextManager[Station]]
    faults: tuple[str, ...]
    bytes: Mapping[Way, int]
    virtual: bool = True
    patience_s: float = 4 * 3600
    settings: PaymentSettings = field(default_factory=PaymentSettings)
