"""Terminals that a provider's cloud drives, in the virtual shop: the cloud is simulated too."""

import random
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from posedge.demo.stand import Spot, static_device
from posedge.sim.charge import Charge
from posedge.sim.cloud_alone import CLOUDS, cloud
from posedge.sim.cloud_faults import Outcome, Way

REQUESTS = 8
"""About what one payment asks for: a cut may fall on any of them."""

CUTS = (Way.LOST, Way.UNTOLD, Way.TORN, Way.FAILED, Way.LIMITED)
SILENCES = (Way.SILENT, Way.MUTE)

OPTIONS_MS = {
    "poll_ms": 50,
    "answer_ms": 1_000,
    "customer_ms": 6_000,
    "settle_ms": 3_000,
    "status_ms": 1_000,
}
"""A virtual customer is quick; a real one keeps the three minutes of the default."""


class CloudStand:
    """A Stand."""

    def __init__(self, kind: str, spot: Spot) -> None:
        self._kind = kind
        self._sim = cloud(kind, customer_s=spot.customer_s)

    async def __aenter__(self) -> Self:
        await self._sim.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._sim.__aexit__(kind, error, trace)

    @property
    def ledger(self) -> Sequence[Charge]:
        return self._sim.ledger

    @property
    def thought(self) -> Sequence[tuple[float, float]]:
        return self._sim.thought

    @property
    def table(self) -> str:
        options: dict[str, str | int] = {**CLOUDS[self._kind].options, **OPTIONS_MS}
        return static_device(self._kind, self._sim.url, options)

    def decline(self, *, really: bool) -> None:
        self._sim.faults.outcome = Outcome.DECLINE if really else Outcome.APPROVE

    def cut(self, chance: random.Random) -> None:
        faults = self._sim.faults
        faults.way = chance.choice(CUTS)
        faults.after = chance.randrange(REQUESTS)
        faults.times = chance.choice((1, 4))

    def silence(self, chance: random.Random) -> None:
        faults = self._sim.faults
        faults.way = chance.choice(SILENCES)
        faults.after = chance.randrange(REQUESTS)
        faults.times = None

    def unmask(self) -> None:
        self._sim.faults.unmasked = True

    def mend(self) -> None:
        self._sim.faults.mend()


def square(spot: Spot) -> CloudStand:
    return CloudStand("square", spot)


def sumup(spot: Spot) -> CloudStand:
    return CloudStand("sumup", spot)


def stripe(spot: Spot) -> CloudStand:
    return CloudStand("stripe", spot)
