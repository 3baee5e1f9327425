"""The go-live check on the simulated terminal: whole, and with each fault switched on."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from posedge.app.counter import Counter
from posedge.model.errors import DeviceBusy, MisuseError, NotFoundError
from posedge.sim.zvt import ZvtTerminalSim
from posedge.sim.zvt_faults import Faults, Outcome, Step
from posedge.terminals.judgement import Verdict
from posedge.terminals.plan import FLOWS, Flow
from posedge.terminals.report import Phase, Report
from tests.terminals.conftest import NAME, Opened

TITLES = {each.title: each.flow for each in FLOWS}

HAND: Mapping[Flow, dict[str, Any]] = {
    Flow.DECLINE: {"outcome": Outcome.DECLINE},
    Flow.STOP: {"outcome": Outcome.ABORT},
    Flow.PARTIAL: {"amount_minor": 1000},
    Flow.ASKS_TIP: {"tip_minor": 20},
}
"""What the person at the terminal does when asked."""


async def checked(
    counter: Counter,
    sim: ZvtTerminalSim,
    faults: Faults | None = None,
    until: Callable[[Report], bool] = lambda _: False,
    *,
    switches: bool = False,
) -> Report:
    """Run a check with a person who does what is asked; stop it when `until` says so."""
    faults = faults or Faults()
    report = await counter.check("c1", NAME, real_money=True, confirm=NAME)
    off = False
    async with asyncio.timeout(60):
        while report.phase is Phase.RUNNING:
            flow = TITLES.get(report.now.partition(". ")[0])
            sim.faults = replace(faults, **HAND.get(flow, {})) if flow else faults
            if switches and flow is Flow.RECONNECT and off is ("is away" in report.now):
                await (sim.__aenter__() if off else sim.__aexit__(None, None, None))
                off = not off
            if until(report):
                await counter.stop_check(NAME)
            await asyncio.sleep(0.005)
            report = await counter.checked(NAME)
    return report


def verdicts(report: Report) -> dict[Flow, Verdict | None]:
    return {each.flow: each.verdict for each in report.entries}


def found(report: Report, flow: Flow) -> tuple[Verdict | None, str]:
    (entry,) = [each for each in report.entries if each.flow is flow]
    return entry.verdict, entry.text


def after(flow: Flow) -> Callable[[Report], bool]:
    return lambda report: verdicts(report)[flow] is not None


async def test_a_sound_terminal_is_ready(opened: Opened, sim: ZvtTerminalSim) -> None:
    async with opened(off_s=5) as counter:
        report = await checked(counter, sim, switches=True)
        assert set(verdicts(report).values()) == {Verdict.PASSED}, report.entries
        assert report.ready
        assert found(report, Flow.SALE) == (Verdict.PASSED, "approved: 1.00 EUR")
        assert found(report, Flow.PARTIAL)[1] == "10.00 EUR approved, and given back"
        assert "0.20 EUR of it a tip" in found(report, Flow.ASKS_TIP)[1]
        assert found(report, Flow.RECONNECT)[1].endswith("and says: ready")
        assert "agree" in found(report, Flow.END_OF_DAY)[1]
        assert report.entries[0].payments[0].customer_receipt
    async with opened() as counter:
        assert await counter.checked(NAME) == report
        assert await counter.check("c1", NAME, real_money=False, confirm="") == report


async def test_with_real_money_it_asks_twice_and_gives_all_back(
    opened: Opened, sim: ZvtTerminalSim
) -> None:
    async with opened(test_mode=False) as counter:
        with pytest.raises(MisuseError, match="not known to stand in its test mode"):
            await counter.check("c0", NAME, real_money=False, confirm="")
        with pytest.raises(MisuseError, match="confirm with the name card terminal"):
            await counter.check("c0", NAME, real_money=True, confirm="yes")
        assert sim.ledger == []
        report = await checked(counter, sim)
    assert not report.test_mode
    assert report.warnings == ()
    assert found(report, Flow.RECONNECT)[0] is Verdict.NOT_SHOWN
    assert report.summary == "Not ready: 1 not shown."
    kept = [
        each
        for each in sim.ledger
        if each.kind in {"sale", "capture", "preauth"} and not each.reversed
    ]
    refunds = [each.amount_minor for each in sim.ledger if each.kind == "refund"]
    assert [each.amount_minor for each in kept] == refunds == [200]


@pytest.mark.parametrize(
    ("faults", "text"),
    [
        (Faults(outcome=Outcome.DECLINE), "it was declined (Ablehnung)"),
        (Faults(amount_minor=60), "0.60 EUR was approved"),
        (Faults(busy=True), "refused to begin"),
        (Faults(silent_at=Step.COMMAND), "did not complete it"),
        (Faults(cut_at=40), "did not complete it"),
    ],
)
async def test_a_fault_is_found_at_the_first_payment(
    opened: Opened, sim: ZvtTerminalSim, faults: Faults, text: str
) -> None:
    async with opened() as counter:
        report = await checked(counter, sim, faults, until=after(Flow.SALE))
    assert found(report, Flow.SALE)[0] is Verdict.FAILED
    assert text in found(report, Flow.SALE)[1]
    assert report.phase is Phase.STOPPED
    assert verdicts(report)[Flow.END_OF_DAY] is Verdict.NOT_RUN


async def test_one_that_forgets_cannot_clear_up_a_doubt(
    opened: Opened, sim: ZvtTerminalSim
) -> None:
    def only_silence(report: Report) -> bool:
        return verdicts(report)[Flow.SILENCE] is not None

    async with opened(doubt_s=1) as counter:
        report = await checked(counter, sim, Faults(forgets=True), until=only_silence)
    assert found(report, Flow.SALE)[0] is Verdict.PASSED
    assert found(report, Flow.SILENCE)[0] is Verdict.FAILED
    assert "it is still in doubt" in found(report, Flow.SILENCE)[1]


async def test_whole_card_numbers_are_warned_of(opened: Opened, sim: ZvtTerminalSim) -> None:
    async with opened() as counter:
        report = await checked(counter, sim, Faults(unmasked=True), until=after(Flow.SALE))
    assert "whole card numbers" in report.warnings[0]
    assert not report.ready


async def test_what_the_person_did_not_do_is_not_shown(opened: Opened, sim: ZvtTerminalSim) -> None:
    async with opened() as counter:
        await counter.check("c1", NAME, real_money=False, confirm="")
        with pytest.raises(DeviceBusy, match="runs"):
            await counter.check("c2", NAME, real_money=False, confirm="")
        async with asyncio.timeout(20):
            report = await counter.checked(NAME)
            while not after(Flow.STOP)(report):
                await asyncio.sleep(0.01)
                report = await counter.checked(NAME)
        await counter.stop_check(NAME)
    assert found(report, Flow.DECLINE)[0] is Verdict.NOT_SHOWN
    assert found(report, Flow.STOP)[1].startswith("it was approved: check again")


async def test_what_was_never_checked(opened: Opened) -> None:
    async with opened() as counter:
        with pytest.raises(NotFoundError, match="never checked"):
            await counter.checked(NAME)
        with pytest.raises(NotFoundError, match="there are: card terminal"):
            await counter.check("c1", "other", real_money=False, confirm="")
