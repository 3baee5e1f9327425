"""A Caisse-AP terminal in the virtual shop."""

import random
from collections.abc import Sequence
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Self

from posedge.demo.stand import Spot
from posedge.sim.caisse_ap import CaisseApSim, Outcome, Step
from posedge.sim.charge import Charge

ANSWER_BYTES = 160
"""About what the virtual terminal says in one payment: a cut may fall on any byte."""


class CaisseApStand:
    """A Stand. What its line loses only a person can find out: see demo.operator."""

    def __init__(self, spot: Spot) -> None:
        self._sim = CaisseApSim(customer_s=spot.customer_s)
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        await self._stack.enter_async_context(self._sim)
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

    @property
    def table(self) -> str:
        return f"""
[[devices.static]]
name = "terminal"
driver = "caisse-ap"
address = "tcp://127.0.0.1:{self._sim.port}"
options = {{ answer_ms = 4000, rest_ms = 20, status_ms = 1000 }}
"""

    def decline(self, *, really: bool) -> None:
        self._sim.faults.outcome = Outcome.DECLINE if really else Outcome.APPROVE

    def cut(self, chance: random.Random) -> None:
        self._sim.faults.cut_at = chance.randrange(ANSWER_BYTES)

    def silence(self, chance: random.Random) -> None:
        self._sim.faults.silent_at = chance.choice(list(Step))

    def unmask(self) -> None:
        self._sim.faults.unmasked = True

    def mend(self) -> None:
        self._sim.faults.cut_at = None
        self._sim.faults.silent_at = None
