"""ZVT terminals in the virtual shop, over TCP and on a serial line."""

import random
from collections.abc import Sequence
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Self

from posedge.demo.stand import Spot
from posedge.sim.alone import local_time
from posedge.sim.charge import Charge
from posedge.sim.pty import Pty
from posedge.sim.zvt import ZvtTerminalSim
from posedge.sim.zvt_faults import Outcome, Step
from posedge.sim.zvt_serial import attend
from posedge.tasks import Crew
from posedge.wire.zvt.transport import Timing

PAYMENT_BYTES = 400
"""About what the virtual terminal says in one payment: a cut may fall on any byte."""

OPTIONS_MS = {
    "t2_ms": 500,
    "t3_ms": 2_000,
    "t4_ms": 4_000,
    "answer_ms": 4_000,
    "status_ms": 1_000,
}
"""A virtual customer is quick; a real terminal keeps the three minutes of its default."""


class ZvtStand:
    """A Stand; over TCP."""

    def __init__(self, spot: Spot) -> None:
        self._spot = spot
        self._sim = ZvtTerminalSim(now=local_time, customer_s=spot.customer_s)
        self._stack = AsyncExitStack()
        self._address = ""

    async def __aenter__(self) -> Self:
        self._address = await self._install(self._sim, self._stack)
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
driver = "zvt"
address = "{self._address}"
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

    async def _install(self, sim: ZvtTerminalSim, stack: AsyncExitStack) -> str:
        """Switch the terminal on; return its address."""
        await stack.enter_async_context(sim)
        return f"tcp://127.0.0.1:{sim.port}"


class ZvtSerialStand(ZvtStand):
    """A Stand; on a serial line."""

    async def _install(self, sim: ZvtTerminalSim, stack: AsyncExitStack) -> str:
        cable = Pty(self._spot.folder / "terminal")
        stack.callback(cable.unplug)
        crew = await stack.enter_async_context(Crew("terminal"))
        timing = Timing(t2_s=OPTIONS_MS["t2_ms"] / 1000)
        crew.start(attend(sim, cable, timing), name="terminal")
        return f"serial://{cable.path}"
