"""The Adyen terminal on the shop's network, sealed and over TLS, in real time."""

import tempfile
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from posedge.drivers.adyen import AdyenTerminal
from posedge.link.interface import Link
from posedge.link.tcp import open_tcp
from posedge.model.terminal import Terminal
from posedge.model.value import Json
from posedge.payments.settings import PaymentSettings
from posedge.sim.adyen import POIID, AdyenSim
from posedge.sim.adyen_alone import KEY_IDENTIFIER, PASSPHRASE, switched_off
from posedge.sim.adyen_faults import Alien, Faults, Outcome, Seal, Step
from posedge.sim.certificates import Authority
from posedge.tasks import Crew
from tests.chaos.proxied import ProxiedStation
from tests.chaos.station import Station, Wire
from tests.chaos.world import Life

FAULTS: Mapping[str, Callable[[Faults], None]] = {
    "none": lambda _: None,
    **{f"silent at {step}": lambda f, s=step: setattr(f, "silent_at", s) for step in Step},  # type: ignore[misc]
    **{f"another's {part}": lambda f, p=part: setattr(f, "alien", p) for part in Alien},  # type: ignore[misc]
    **{f"seal {seal}": lambda f, s=seal: setattr(f, "seal", s) for seal in Seal},  # type: ignore[misc]
    "declines": lambda f: setattr(f, "outcome", Outcome.DECLINE),
    "customer stops": lambda f: setattr(f, "outcome", Outcome.ABORT),
    "does not mask": lambda f: setattr(f, "unmasked", True),
}

OPTIONS: dict[str, Json] = {
    "poiid": POIID,
    "payment_ms": 3_000,
    "answer_ms": 1_500,
    "settle_s": 2,
    "status_ms": 60_000,
    "passphrase": PASSPHRASE,
    "key_identifier": KEY_IDENTIFIER,
}


@asynccontextmanager
async def opened(_seed: int) -> AsyncGenerator[Station]:
    with tempfile.TemporaryDirectory() as folder:
        authority = Authority(Path(folder))
        sim = switched_off(authority, cloud=False, port=0, customer_s=0.05)
        async with Crew("terminal") as crew, sim:
            station = AdyenStation(sim, str(authority.roots), crew)
            yield station
            station.cut_lines()


class AdyenStation(ProxiedStation):
    """A Station."""

    faults = FAULTS

    def __init__(self, sim: AdyenSim, roots: str, crew: Crew) -> None:
        super().__init__(sim, crew)
        self._roots = roots

    def driver(self, life: Life) -> Terminal:
        del life
        proxy = self.way()

        async def connect() -> Link:
            return await open_tcp("127.0.0.1", proxy.port, timeout_s=2)

        options = {**OPTIONS, "roots": self._roots}
        return AdyenTerminal(self.site("adyen", proxy, "https", options, connect))


ADYEN = Wire(
    "adyen",
    opened,
    tuple(FAULTS),
    {"out": 4_000, "in": 9_000},
    virtual=False,
    patience_s=25.0,
    settings=PaymentSettings(deadline_s=60, slow_s=10),
)
