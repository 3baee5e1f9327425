"""An ECR17 terminal in the virtual shop."""

import random
from collections.abc import Sequence
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Self

from posedge.demo.stand import Spot
from posedge.sim.alone import local_time
from posedge.sim.charge import Charge
from posedge.sim.ecr17 import Ecr17Sim
from posedge.sim.ecr17_faults import Outcome, Step

PAYMENT_BYTES = 500
"""About what the virtual terminal says in one payment: a cut may fall on any byte."""

OPTIONS_MS = {
    "ack_ms": 1_000,
    "answer_ms": 4_000,
    "read_ms": 2_000,
    "receipt_ms": 1_000,
    "status_ms": 1_000,
}
"""A virtual customer is quick; a real terminal keeps the three minutes of its default."""


class Ecr17Stand:
    """A Stand; over TCP."""

    def __init__(self, spot: Spot) -> None:
        self._sim = Ecr17Sim(now=local_time, customer_s=spot.customer_s)
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
driver = "ecr17"
address = "tcp://127.0.0.1:{self._sim.port}"
options = {{ {", ".join(f"{key} = {value}" for key, value in OPTIONS_MS.items())} }}
"""

    def decline(self, *, really: bool) -> None:
        self._sim.faults.outcome = Outcome.DECLINE if really else Outcome.APPROVE

    def cut(self, chance: random.Random) -> None:
        self._sim.faults.cut_at = chance.randrange(PAYMENT_BYTES)

    def silence(self, chance: random.Random) -> None:
        self._sim.faults.silent_at = chance.choice(list(Step))

    def unmask(self) -> None:
        self._sim.faults.unmasked = True

    def mend(self) -> None:
        self._sim.faults.cut_at = None
        self._sim.faults.silent_at = None
