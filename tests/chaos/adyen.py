"""The Adyen terminal on the shop's network, sealed and over TLS, in real time."""

import tempfile
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from posedge.bus import Bus
from posedge.clock import Clock, Ids, SystemClock
from posedge.drivers.adyen import AdyenTerminal
from posedge.drivers.interface import Site
from posedge.link.interface import Link
from posedge.link.tcp import open_tcp
from posedge.model.terminal import Terminal
from posedge.model.value import Json
from posedge.payments.settings import PaymentSettings
from posedge.sim.adyen import POIID
from posedge.sim.adyen_alone import KEY_IDENTIFIER, PASSPHRASE, switched_off
from posedge.sim.adyen_faults import Alien, Faults, Outcome, Seal, Step
from posedge.sim.certificates import Authority
from posedge.sim.charge import Charge
from posedge.tasks import Crew
from tests.chaos.proxy import Proxy
from tests.chaos.station import Cut, Station, Wire
from tests.chaos.world import Life
from tests.doubles.shelf import MemoryShelf

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


class AdyenStation:
    """A Station."""

    def __init__(self, sim: Any, roots: str, crew: Crew) -> None:
        self._sim = sim
        self._roots = roots
        self._crew = crew
        self._clock = SystemClock()
        self._proxies: list[Proxy] = []
        self._cut: Cut | None = None

    @property
    def ledger(self) -> Sequence[Charge]:
        charges: Sequence[Charge] = self._sim.ledger
        return charges

    def clock(self, life: int) -> Clock:
        del life
        return self._clock

    def driver(self, life: Life) -> Terminal:
        del life  # its way to the terminal is cut with it
        proxy = Proxy(self._sim.port, lambda: self._cut)
        self._proxies.append(proxy)
        self._crew.start(proxy.serve(), name="proxy")

        async def connect() -> Link:
            return await open_tcp("127.0.0.1", proxy.port, timeout_s=2)

        async def hush(_words: str | None) -> None: ...

        return AdyenTerminal(
            Site(
                device="adyen",
                name="Terminal",
                open=connect,
                bus=Bus(MemoryShelf()),
                clock=self._clock,
                ids=Ids(self._clock),
                options={**OPTIONS, "roots": self._roots},
                report=hush,
                warn=hush,
                scheme="https",
                address=f"https://127.0.0.1:{proxy.port}",
            )
        )

    def cut_lines(self) -> None:
        for proxy in self._proxies:
            proxy.close()
        self._proxies.clear()

    def spoil(self, fault: str) -> None:
        FAULTS[fault](self._sim.faults)

    def cut(self, cut: Cut) -> None:
        self._cut = cut

    def mend(self) -> None:
        fresh = Faults()
        for name in Faults.__slots__:
            setattr(self._sim.faults, name, getattr(fresh, name))
        self._cut = None


ADYEN = Wire(
    "adyen",
    opened,
    tuple(FAULTS),
    {"out": 4_000, "in": 9_000},
    virtual=False,
    patience_s=25.0,
    settings=PaymentSettings(deadline_s=60, slow_s=10),
)
