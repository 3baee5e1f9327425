"""Stripe, Square and SumUp through their own clients, in real time."""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import cast

from posedge.bus import Bus
from posedge.clock import Clock, Ids, SystemClock
from posedge.drivers.clouds import CLOUDS as DRIVERS
from posedge.drivers.interface import Site
from posedge.model.terminal import Terminal
from posedge.model.value import Json
from posedge.payments.settings import PaymentSettings
from posedge.sim.charge import Charge
from posedge.sim.cloud import CloudSim
from posedge.sim.cloud_alone import CLOUDS, cloud
from posedge.sim.cloud_faults import CloudFaults, Outcome, Way
from posedge.tasks import Crew
from tests.chaos.proxy import Proxy
from tests.chaos.station import Cut, Station, Wire
from tests.chaos.world import Life
from tests.doubles.shelf import MemoryShelf

QUICK: dict[str, Json] = {
    "poll_ms": 50,
    "answer_ms": 1_000,
    "customer_ms": 2_000,
    "settle_ms": 1_000,
    "status_ms": 60_000,
}
LEAN: Mapping[str, dict[str, Json]] = {"stripe": {"retries": 0}, "square": {"retries": 0}}
"""Without what a vendor's client mends by itself, after seconds."""

REQUESTS = 8


def lost(way: Way, after: int) -> Callable[[CloudFaults], None]:
    def spoil(faults: CloudFaults) -> None:
        faults.way, faults.after = way, after

    return spoil


FAULTS: Mapping[str, Callable[[CloudFaults], None]] = {
    "none": lambda _: None,
    **{f"request {n} {way}": lost(way, n) for way in Way for n in range(REQUESTS)},
    "declines": lambda f: setattr(f, "outcome", Outcome.DECLINE),
    "customer stops": lambda f: setattr(f, "outcome", Outcome.CANCEL),
    "no card ever comes": lambda f: setattr(f, "outcome", Outcome.IGNORE),
    "charges more": lambda f: setattr(f, "amount_minor", 9999),
    "other money": lambda f: setattr(f, "currency", "CHF"),
    "somebody else's record": lambda f: setattr(f, "foreign", True),
    "the reader forgets": lambda f: setattr(f, "forgets", True),
    "is busy": lambda f: setattr(f, "busy", True),
    "does not mask": lambda f: setattr(f, "unmasked", True),
    "its clock is wrong": lambda f: setattr(f, "skew_s", 7200),
}


def opener(kind: str) -> Callable[[int], AbstractAsyncContextManager[Station]]:
    @asynccontextmanager
    async def open_station(_seed: int) -> AsyncGenerator[Station]:
        async with Crew("provider") as crew, cloud(kind, customer_s=0.05) as sim:
            station = CloudStation(kind, sim, crew)
            yield station
            station.cut_lines()

    return open_station


class CloudStation:
    """A Station."""

    def __init__(self, kind: str, sim: CloudSim, crew: Crew) -> None:
        self._kind = kind
        self._sim = sim
        self._crew = crew
        self._clock = SystemClock()
        self._proxies: list[Proxy] = []
        self._cut: Cut | None = None

    @property
    def ledger(self) -> Sequence[Charge]:
        return self._sim.ledger

    def clock(self, life: int) -> Clock:
        del life
        return self._clock

    def driver(self, life: Life) -> Terminal:
        del life  # its way to the provider is cut with it
        proxy = Proxy(self._sim.port, lambda: self._cut)
        self._proxies.append(proxy)
        self._crew.start(proxy.serve(), name="proxy")
        known = next(each for each in DRIVERS if each.name == self._kind)

        async def unlinked() -> None:
            raise AssertionError("a cloud has no link")

        async def hush(_words: str | None) -> None: ...

        site = Site(
            device=self._kind,
            name="Terminal",
            open=unlinked,
            bus=Bus(MemoryShelf()),
            clock=self._clock,
            ids=Ids(self._clock),
            options={**CLOUDS[self._kind].options, **QUICK, **LEAN.get(self._kind, {})},
            report=hush,
            warn=hush,
            scheme="http",
            address=f"http://127.0.0.1:{proxy.port}",
        )
        return cast("Terminal", known(site))

    def cut_lines(self) -> None:
        for proxy in self._proxies:
            proxy.close()
        self._proxies.clear()

    def spoil(self, fault: str) -> None:
        FAULTS[fault](self._sim.faults)

    def cut(self, cut: Cut) -> None:
        self._cut = cut

    def mend(self) -> None:
        fresh = CloudFaults()
        for name in CloudFaults.__slots__:
            setattr(self._sim.faults, name, getattr(fresh, name))
        self._cut = None


SETTINGS = PaymentSettings(deadline_s=60, slow_s=10)
PATIENCE_S = 25.0


def wire(kind: str) -> Wire:
    return Wire(
        kind,
        opener(kind),
        tuple(FAULTS),
        {"out": 3_000, "in": 6_000},
        virtual=False,
        patience_s=PATIENCE_S,
        settings=SETTINGS,
    )


STRIPE, SQUARE, SUMUP = wire("stripe"), wire("square"), wire("sumup")
