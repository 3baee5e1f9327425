"""Stripe, Square and SumUp through their own clients, in real time."""

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import cast

from posedge.drivers.clouds import CLOUDS as DRIVERS
from posedge.model.terminal import Terminal
from posedge.model.value import Json
from posedge.payments.settings import PaymentSettings
from posedge.sim.cloud import CloudSim
from posedge.sim.cloud_alone import CLOUDS, cloud
from posedge.sim.cloud_faults import CloudFaults, Outcome, Way
from posedge.tasks import Crew
from tests.chaos.proxied import ProxiedStation
from tests.chaos.station import Station, Wire
from tests.chaos.world import Life

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


class CloudStation(ProxiedStation):
    """A Station."""

    faults = FAULTS

    def __init__(self, kind: str, sim: CloudSim, crew: Crew) -> None:
        super().__init__(sim, crew)
        self._kind = kind

    def driver(self, life: Life) -> Terminal:
        del life

        async def unlinked() -> None:
            raise AssertionError("a cloud has no link")

        options = {**CLOUDS[self._kind].options, **QUICK, **LEAN.get(self._kind, {})}
        site = self.site(self._kind, self.way(), "http", options, unlinked)
        known = next(each for each in DRIVERS if each.name == self._kind)
        return cast("Terminal", known(site))


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
