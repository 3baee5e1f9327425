"""What stands have in common whose terminal can lose its line at any byte of what it says."""

import random
from collections.abc import Sequence
from contextlib import AsyncExitStack
from enum import Enum
from types import TracebackType
from typing import Any, Generic, Protocol, Self, TypeVar

from posedge.sim.charge import Charge


class LineSim(Protocol):
    """A simulated terminal whose `faults` have `outcome`, `cut_at`, `silent_at` and `unmasked`."""

    faults: Any

    @property
    def ledger(self) -> Sequence[Charge]: ...

    @property
    def thought(self) -> Sequence[tuple[float, float]]: ...

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


S = TypeVar("S", bound=LineSim)


class LineStand(Generic[S]):
    """A Stand but for its table, which each kind has of its own.

    `says` is about how many bytes the terminal says in one payment: a cut may fall on any of them.
    """

    def __init__(self, sim: S, *, says: int, outcomes: type[Enum], steps: type[Enum]) -> None:
        self._sim = sim
        self._says = says
        self._outcomes = outcomes
        self._steps = list(steps)
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        await self._switch_on()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stack.__aexit__(kind, error, trace)

    @property
    def ledger(self) -> Sequence[Charge]:
        return self._sim.ledger

    @property
    def thought(self) -> Sequence[tuple[float, float]]:
        return self._sim.thought

    def decline(self, *, really: bool) -> None:
        self._sim.faults.outcome = self._outcomes["DECLINE" if really else "APPROVE"]

    def cut(self, chance: random.Random) -> None:
        self._sim.faults.cut_at = chance.randrange(self._says)

    def silence(self, chance: random.Random) -> None:
        self._sim.faults.silent_at = chance.choice(self._steps)

    def unmask(self) -> None:
        self._sim.faults.unmasked = True

    def mend(self) -> None:
        self._sim.faults.cut_at = None
        self._sim.faults.silent_at = None

    async def _switch_on(self) -> None:
        await self._stack.enter_async_context(self._sim)
