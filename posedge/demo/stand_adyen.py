"""An Adyen terminal in the virtual shop: on its network, or behind a cloud."""

import random
from collections.abc import Sequence
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Self

from posedge.demo.stand import Spot
from posedge.sim.adyen import POIID
from posedge.sim.adyen_alone import API_KEY, KEY_IDENTIFIER, PASSPHRASE, switched_off
from posedge.sim.adyen_faults import Outcome, Step
from posedge.sim.certificates import Authority
from posedge.sim.charge import Charge

ANSWER_BYTES = 4_000
"""About what the virtual terminal says to a payment: a cut may fall on any byte."""

OPTIONS = f'poiid = "{POIID}", payment_ms = 4000, answer_ms = 2000, settle_s = 2, status_ms = 1000'
"""A virtual customer is quick; a real terminal keeps the minutes of its defaults."""


class AdyenStand:
    """A Stand; on the shop's network."""

    cloud = False

    def __init__(self, spot: Spot) -> None:
        folder = spot.folder / "adyen"
        folder.mkdir(exist_ok=True)
        self._authority = Authority(folder)
        self._sim = switched_off(
            self._authority, cloud=self.cloud, port=0, customer_s=spot.customer_s
        )
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
driver = "adyen"
address = "https://127.0.0.1:{self._sim.port}"
options = {{ {OPTIONS}, roots = "{self._authority.roots}", {self._secret} }}
"""

    @property
    def _secret(self) -> str:
        return f'passphrase = "{PASSPHRASE}", key_identifier = "{KEY_IDENTIFIER}"'

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


class AdyenCloudStand(AdyenStand):
    """A Stand; behind the cloud."""

    cloud = True

    @property
    def _secret(self) -> str:
        return f'api_key = "{API_KEY}"'
