"""ECR17 over TCP and on a serial line: its last result has no number of ours."""

from collections.abc import Callable, Coroutine, Mapping
from datetime import datetime
from typing import Any

from posedge.drivers.ecr17 import Ecr17Terminal
from posedge.sim.ecr17 import Ecr17Sim
from posedge.sim.ecr17_faults import Faults, Outcome, Step
from tests.chaos.line import Speech
from tests.chaos.station import Wire
from tests.simulation.lines import SerialPort, TerminalEnd

FAULTS: Mapping[str, Callable[[Faults], None]] = {
    "none": lambda _: None,
    **{f"silent at {step}": lambda f, s=step: setattr(f, "silent_at", s) for step in Step},  # type: ignore[misc]
    "declines": lambda f: setattr(f, "outcome", Outcome.DECLINE),
    "answers late": lambda f: setattr(f, "late_ms", 200_000),
    "says it twice": lambda f: setattr(f, "duplicates", True),
    "forgets its last result": lambda f: setattr(f, "forgets", True),
    "is busy": lambda f: setattr(f, "busy", True),
    "is plain": lambda f: setattr(f, "plain", True),
    "charges more": lambda f: setattr(f, "amount_minor", 9999),
    "another terminal's result": lambda f: setattr(f, "terminal_id", "87654321"),
    "its clock is wrong": lambda f: setattr(f, "skew_min", 90),
    "does not mask": lambda f: setattr(f, "unmasked", True),
    "wrong checksums": lambda f: setattr(f, "corrupt", 2),
    "lost confirmations": lambda f: setattr(f, "drop_ack", 2),
}


def made(now: Callable[[], datetime]) -> Ecr17Sim:
    return Ecr17Sim(now=now, customer_s=3.0)


def talk(sim: Ecr17Sim, end: TerminalEnd) -> Coroutine[Any, Any, None]:
    return sim.talk(end, end)


def attended(sim: Ecr17Sim, port: SerialPort) -> Coroutine[Any, Any, Any]:
    return sim.attend(port)


UTC = {"timezone": "UTC"}
OVER_TCP = Speech(made, Ecr17Terminal, FAULTS, talk=talk, options=UTC)
BY_WIRE = Speech(made, Ecr17Terminal, FAULTS, attend=attended, options=UTC)

ECR17 = Wire("ecr17", OVER_TCP.open, tuple(FAULTS), {"out": 300, "in": 900})
ECR17_SERIAL = Wire("ecr17-serial", BY_WIRE.open, tuple(FAULTS), {"out": 300, "in": 900})
