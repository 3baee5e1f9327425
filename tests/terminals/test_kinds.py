"""The whole go-live check on each kind of terminal, all of them side by side."""

import asyncio
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from posedge.app.counter import Counter
from posedge.app.world import real_world
from posedge.demo.stand import Spot, Stand
from posedge.demo.terminals import TERMINALS, stand
from posedge.devices.settings import DevicesSettings, StaticDevice
from posedge.model.value import Json
from posedge.settings import Settings
from posedge.terminals.judgement import Verdict
from posedge.terminals.plan import FLOWS, Flow
from posedge.terminals.report import Phase, Report
from posedge.terminals.surroundings import Patience

NAME = "terminal"
CUSTOMER_S = 0.4
PATIENCE = Patience(pause_s=0, begin_s=0.15, doubt_s=15, off_s=0.1, on_s=1)
QUICK: Mapping[str, dict[str, Json]] = {
    "zvt": {"t4_ms": 900, "answer_ms": 900},
    "ecr17": {"receipt_ms": 100},
    "adyen": {"payment_ms": 1_500, "answer_ms": 1_000, "settle_s": 1},
    "adyen-cloud": {"payment_ms": 1_500, "answer_ms": 1_000, "settle_s": 1},
    "vendor": {"answer_ms": 1_500, "read_ms": 3_000, "beat_ms": 200},
}
SIGNED = frozenset({"stripe"})
"""Its key says that no real money moves."""

DECLINE, ABORT, CANCEL = {"outcome": "decline"}, {"outcome": "abort"}, {"outcome": "cancel"}
HAND: Mapping[Flow, dict[str, Any]] = {
    Flow.DECLINE: DECLINE,
    Flow.STOP: ABORT,
    Flow.PARTIAL: {"amount_minor": 1000},
    Flow.ASKS_TIP: {"tip_minor": 50},
}
LESS = {Flow.PARTIAL: {"less_minor": 1000}}
STOPPED = {Flow.STOP: CANCEL}
OWN: Mapping[str, dict[Flow, dict[str, Any]]] = {
    "ecr17": {Flow.STOP: DECLINE},
    "caisse-ap": {Flow.STOP: {"outcome": "abandon"}},
    "adyen": LESS,
    "adyen-cloud": LESS,
    "stripe": STOPPED,
    "square": STOPPED,
    "sumup": STOPPED,
}
"""What the person at the terminal does when asked, where it differs."""

USUAL = {"outcome": "approve", "amount_minor": None, "less_minor": None, "tip_minor": None}

PATIENT = frozenset({"zvt-serial"})
"""It refuses whatever comes while it waits for an answer: tests/drivers tries its doubts."""

TITLES = {each.title: each.flow for each in FLOWS}


async def checked(kind: str, folder: Path) -> Report:
    async with stand(kind)(Spot(folder, CUSTOMER_S)) as terminal:
        table = tomllib.loads(terminal.table)["devices"]["static"][0]
        table["options"] |= QUICK.get(kind, {})
        if kind not in SIGNED:
            table["options"]["test_mode"] = True
        devices = DevicesSettings(static=(StaticDevice(**table),))
        settings = Settings(state_dir=folder / "state", devices=devices)
        async with Counter(settings, real_world(), PATIENCE) as counter:
            await counter.check("c1", NAME, real_money=False, confirm="")
            return await attended(counter, kind, terminal)


async def attended(counter: Counter, kind: str, terminal: Stand) -> Report:
    """Do what the check asks a person for, until it ends."""
    hand = {**HAND, **OWN.get(kind, {})}
    sim: Any = terminal._sim  # type: ignore[attr-defined]
    outcomes = type(sim.faults.outcome)
    before: Flow | None = None
    async with asyncio.timeout(60):
        while (report := await counter.checked(NAME)).phase is Phase.RUNNING:
            flow = TITLES.get(report.now.partition(". ")[0])
            if flow is not before:
                does = hand.get(flow, {}) if flow else {}
                for name, usual in USUAL.items():
                    if name in type(sim.faults).__slots__:
                        setattr(sim.faults, name, does.get(name, usual))
                sim.faults.outcome = outcomes(sim.faults.outcome)
                if hasattr(sim, "tell"):
                    sim.tell()
            before = flow
            await asyncio.sleep(0.01)
    return report


async def test_each_kind_is_checked_whole(tmp_path: Path) -> None:
    kinds = [kind for kind in TERMINALS if kind not in PATIENT]
    for kind in kinds:
        (tmp_path / kind).mkdir()
    reports = await asyncio.gather(*(checked(kind, tmp_path / kind) for kind in kinds))
    wrong = {
        (kind, each.flow): f"{each.verdict}: {each.text}"
        for kind, report in zip(kinds, reports, strict=True)
        for each in report.entries
        if each.verdict not in {Verdict.PASSED, Verdict.UNABLE} and each.flow is not Flow.RECONNECT
    }
    assert wrong == {}
