"""ZVT over TCP and on a serial line."""

from collections.abc import Callable, Coroutine, Mapping
from datetime import datetime
from typing import Any

from posedge.drivers.zvt import ZvtTerminal
from posedge.sim.zvt import ZvtTerminalSim
from posedge.sim.zvt_faults import Faults, Outcome, Step
from posedge.sim.zvt_serial import attend
from posedge.wire.zvt.transport import Timing
from tests.chaos.line import Speech
from tests.chaos.station import Wire
from tests.simulation.lines import SerialPort, TerminalEnd

FAULTS: Mapping[str, Callable[[Faults], None]] = {
    "none": lambda _: None,
    **{f"silent at {step}": lambda f, s=step: setattr(f, "silent_at", s) for step in Step},  # type: ignore[misc]
    "declines": lambda f: setattr(f, "outcome", Outcome.DECLINE),
    "customer stops": lambda f: setattr(f, "outcome", Outcome.ABORT),
    "answers late": lambda f: setattr(f, "late_s", 200.0),
    "says it twice": lambda f: setattr(f, "duplicates", True),
    "reverses by itself": lambda f: setattr(f, "auto_reverses", True),
    "forgets its last receipt": lambda f: setattr(f, "forgets", True),
    "is busy": lambda f: setattr(f, "busy", True),
    "charges more": lambda f: setattr(f, "amount_minor", 9999),
    "charges less": lambda f: setattr(f, "amount_minor", 700),
    "other money": lambda f: setattr(f, "currency", 756),
    "does not mask": lambda f: setattr(f, "unmasked", True),
}


def made(now: Callable[[], datetime]) -> ZvtTerminalSim:
    return ZvtTerminalSim(now=now, customer_s=3.0)


def talk(sim: ZvtTerminalSim, end: TerminalEnd) -> Coroutine[Any, Any, None]:
    return sim.talk(end, end)


def attended(sim: ZvtTerminalSim, port: SerialPort) -> Coroutine[Any, Any, Any]:
    return attend(sim, port, Timing())


UTC = {"timezone": "UTC"}
OVER_TCP = Speech(made, ZvtTerminal, FAULTS, talk=talk, options=UTC)
BY_WIRE = Speech(made, ZvtTerminal, FAULTS, attend=attended, options=UTC)

ZVT = Wire("zvt", OVER_TCP.open, tuple(FAULTS), {"out": 160, "in": 620})
ZVT_SERIAL = Wire("zvt-serial", BY_WIRE.open, tuple(FAULTS), {"out": 260, "in": 720})
