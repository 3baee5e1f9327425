"""A terminal behind a vendor's program in the virtual shop; the box starts the program."""

import random
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from posedge.demo.stand import Spot, static_device
from posedge.sim.charge import Charge
from posedge.sim.vendor import VendorSim
from posedge.sim.vendor_faults import Faults, Outcome, Step, Trouble

CRASHES = (Trouble.SEGFAULT, Trouble.EXIT, Trouble.GARBLE)

OPTIONS_MS = {
    "start_ms": 5_000,
    "beat_ms": 1_000,
    "read_ms": 2_000,
    "answer_ms": 4_000,
}
"""A virtual customer is quick; a real terminal keeps the three minutes of its default."""


class VendorStand:
    """A Stand. Its line is a pipe: it is cut where the program dies, and silent where it hangs."""

    def __init__(self, spot: Spot) -> None:
        self._sim = VendorSim(spot.folder / "vendor", spot.customer_s)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._sim.mend()

    @property
    def ledger(self) -> Sequence[Charge]:
        return self._sim.ledger

    @property
    def thought(self) -> Sequence[tuple[float, float]]:
        return self._sim.thought

    @property
    def table(self) -> str:
        return static_device("vendor", f"worker://{self._sim.program}", OPTIONS_MS)

    def decline(self, *, really: bool) -> None:
        self._sim.faults.outcome = Outcome.DECLINE if really else Outcome.APPROVE
        self._sim.tell()

    def cut(self, chance: random.Random) -> None:
        self._plan(chance.choice(list(Step)), chance.choice(CRASHES))

    def silence(self, chance: random.Random) -> None:
        self._plan(chance.choice(list(Step)), Trouble.HANG)

    def unmask(self) -> None:
        self._sim.faults.unmasked = True
        self._sim.tell()

    def mend(self) -> None:
        self._sim.faults.at = None
        self._sim.tell()

    def _plan(self, step: Step, trouble: Trouble) -> None:
        faults: Faults = self._sim.faults
        faults.at, faults.does = step, trouble
        self._sim.tell()
