"""Caisse-AP, which has no way to ask what became of a payment: doubt is for a person."""

from collections.abc import Callable, Coroutine, Mapping
from datetime import datetime
from typing import Any

from posedge.drivers.caisse_ap import CaisseApTerminal
from posedge.sim.caisse_ap import CaisseApSim, Faults, Outcome, Step
from tests.chaos.line import Speech
from tests.chaos.station import Wire
from tests.simulation.lines import TerminalEnd

FAULTS: Mapping[str, Callable[[Faults], None]] = {
    "none": lambda _: None,
    **{f"silent at {step}": lambda f, s=step: setattr(f, "silent_at", s) for step in Step},  # type: ignore[misc]
    "declines": lambda f: setattr(f, "outcome", Outcome.DECLINE),
    "customer stops": lambda f: setattr(f, "outcome", Outcome.ABANDON),
    "answers late": lambda f: setattr(f, "late_ms", 200_000),
    "says it twice": lambda f: setattr(f, "duplicates", True),
    "only takes it": lambda f: setattr(f, "only_takes", True),
    "is busy": lambda f: setattr(f, "busy", True),
    "charges more": lambda f: setattr(f, "amount_minor", 9999),
    "other money": lambda f: setattr(f, "currency", 756),
    "another till's answer": lambda f: setattr(f, "till", "09"),
    "does not mask": lambda f: setattr(f, "unmasked", True),
}


def made(_now: Callable[[], datetime]) -> CaisseApSim:
    return CaisseApSim(customer_s=3.0)


def talk(sim: CaisseApSim, end: TerminalEnd) -> Coroutine[Any, Any, None]:
    return sim.talk(end, end)


SPEECH = Speech(made, CaisseApTerminal, FAULTS, talk=talk)
CAISSE_AP = Wire("caisse-ap", SPEECH.open, tuple(FAULTS), {"out": 80, "in": 180})
