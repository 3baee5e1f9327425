"""A part of the matrix in every run of the tests, and bugs planted to see that it finds them."""

import pytest

from posedge.drivers import zvt
from posedge.drivers.zvt import ZvtTerminal
from posedge.model.payment import TABLE, Attempt, Cause, State
from posedge.model.terminal import Finding, FindingKind
from tests.chaos.case import Case, Verdict, play
from tests.chaos.matrix import PROTOCOLS, cases, run, table
from tests.chaos.station import Cut, Wire
from tests.chaos.world import Kill, World
from tests.chaos.zvt import ZVT
from tests.doubles.simloop import simulate
from tests.doubles.zvt import Notebook

VIRTUAL = [each for each in PROTOCOLS if each.virtual]


def alone(fault: str, breaks: Kill | Cut | None) -> Verdict:
    return simulate(play(Case(ZVT, fault, breaks, 1)), seed=1)


@pytest.mark.parametrize("wire", VIRTUAL, ids=lambda wire: wire.name)
def test_no_promise_is_broken(wire: Wire) -> None:
    verdicts = list(run(cases(wire, 120, 5)))
    assert [str(each.case) for each in verdicts if each.wrong] == []
    states = {each.state for each in verdicts}
    assert {"approved", "declined"} <= states
    assert len(states) > 3
    assert any(each.struck for each in verdicts)


def test_the_same_seed_chooses_the_same_cases() -> None:
    assert cases(ZVT, 50, 7) == cases(ZVT, 50, 7) != cases(ZVT, 50, 8)
    assert len(cases(ZVT, 2_000, 7)) == 2_000


def test_a_payment_that_nothing_breaks_is_approved() -> None:
    verdict = alone("none", None)
    assert (verdict.state, verdict.wrong, verdict.struck) == ("approved", (), False)
    assert "| zvt | none | 1 | 1 | 0 | 0 | 0 | 0 | 0 | 0 |" in list(table([verdict]))


def test_silence_taken_for_a_no_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TABLE[State.APPROVAL_STORED], Cause.SILENCE, State.DECLINED)
    assert alone("silent at completion", None).wrong == ("lost",)


def test_a_guessed_approval_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    sure = Finding(kind=FindingKind.APPROVED, text="it will be all right")
    monkeypatch.setattr(zvt, "weigh", lambda *_words, **_more: sure)
    assert alone("silent at card", None).wrong == ("guessed",)


def test_a_second_try_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    async def again(self: ZvtTerminal, attempt: Attempt, *, waited_s: int) -> Finding:
        del waited_s
        await self.execute(attempt, Notebook())
        return Finding(kind=FindingKind.APPROVED, text="now it went through")

    monkeypatch.setattr(ZvtTerminal, "find", again)
    assert "doubled" in alone("none", Kill(6, "before")).wrong


def test_a_forgotten_payment_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(World, "attempts", lambda _self: [])
    assert alone("none", None).wrong == ("lost",)
