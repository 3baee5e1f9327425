"""A partial approval: the till's word, a deadline, and money that goes back."""

import asyncio

import pytest

from posedge.model.case import CaseKind
from posedge.model.errors import MisuseError, NotFoundError, PosedgeError, StorageError
from posedge.model.payment import AttemptKind, State
from posedge.model.terminal import Ability
from posedge.payments.order import give_back_id
from tests.doubles.counter import Counter, euros, order
from tests.doubles.simloop import PowerCut, simulate
from tests.doubles.terminal import Act, Fault

BACK = give_back_id("p1", 0)


def part() -> Counter:
    counter = Counter()
    counter.front.plan(Act.PARTIAL)
    return counter


async def test_a_part_locks_its_sale_and_terminal_until_the_till_has_decided() -> None:
    counter = part()
    async with counter.desk() as desk:
        assert (await desk.pay(order(sale="s1"))).state is State.PARTIAL
        assert desk.status().undecided == 1
        with pytest.raises(PosedgeError, match="wait"):
            await desk.pay(order("p2", sale="s1", terminal="side"))
        with pytest.raises(PosedgeError, match="wait"):
            await desk.pay(order("p3"))
        kept = await desk.decide("p1", keep=True, who="till-1")
        assert (kept.state, kept.moved) == (State.PARTIAL_KEPT, euros(625))
        assert (kept.evidence[-1].source, kept.evidence[-1].text) == ("till-1", "kept")
        assert await desk.decide("p1", keep=True, who="till-1") == kept
        with pytest.raises(MisuseError) as late:
            await desk.decide("p1", keep=False, who="till-1")
        assert late.value.code == "payment.not_partial"
        assert (await desk.pay(order("p2", sale="s1"))).state is State.APPROVED
        assert desk.status().undecided == 0


async def test_what_the_till_does_not_want_is_given_back() -> None:
    counter = part()
    async with counter.desk() as desk:
        await desk.pay(order())
        unwanted = await desk.decide("p1", keep=False, who="till-1")
        assert unwanted.state is State.PARTIAL_UNWANTED
        await asyncio.sleep(60)
        back = await desk.get(BACK)
        assert (back.kind, back.state, back.moved) == (
            AttemptKind.REVERSAL,
            State.APPROVED,
            euros(625),
        )
    assert await counter.journal.notes("give-back/") == {}


async def test_nobodys_word_is_a_no() -> None:
    counter = part()
    async with counter.desk() as desk:
        await desk.pay(order())
        await asyncio.sleep(counter.settings.decision_s - 10)
        assert (await desk.get("p1")).state is State.PARTIAL
        await asyncio.sleep(60)
        after = await desk.get("p1")
        assert after.state is State.PARTIAL_UNWANTED
        assert after.evidence[-1].source == "the box: no word within 120 s"
        assert (await desk.get(BACK)).state is State.APPROVED
        with pytest.raises(MisuseError):
            await desk.decide("p1", keep=True, who="till-1")


async def test_the_question_outlives_the_box() -> None:
    counter = part()
    async with counter.desk() as desk:
        await desk.pay(order())
        await desk.close()
        await asyncio.sleep(1_000)
        assert (await desk.get("p1")).state is State.PARTIAL
    async with counter.desk() as desk:
        await asyncio.sleep(1_000)
        assert (await desk.get("p1")).state is State.PARTIAL_UNWANTED


async def test_two_words_at_once_are_one_decision() -> None:
    counter = part()
    async with counter.desk() as desk:
        await desk.pay(order())
        words = await asyncio.gather(
            desk.decide("p1", keep=True, who="a"),
            desk.decide("p1", keep=False, who="b"),
            return_exceptions=True,
        )
        assert sum(isinstance(word, MisuseError) for word in words) == 1


async def test_a_part_that_recovery_finds_waits_for_the_till_too() -> None:
    counter = Counter()
    counter.front.plan(Act.PARTIAL, Fault.LOST_END)
    async with counter.desk() as desk:
        assert (await desk.pay(order())).state is State.IN_DOUBT_AFTER_APPROVAL
        await asyncio.sleep(30)
        assert (await desk.get("p1")).state is State.PARTIAL
        assert (await desk.decide("p1", keep=True, who="till-1")).moved == euros(625)


async def test_a_refund_of_only_a_part_is_kept_at_once() -> None:
    counter = Counter()
    async with counter.desk() as desk:
        await desk.pay(order())
        counter.front.plan(Act.PARTIAL)
        await desk.pay(order("r1", kind=AttemptKind.REFUND, original="p1"))
        back = await desk.settle("r1")
        assert (back.state, back.moved) == (State.PARTIAL_KEPT, euros(625))


@pytest.mark.parametrize("fault", [Fault.UNREACHABLE, Fault.REFUSED, Fault.LOST_RESULT])
async def test_a_terminal_that_is_away_gives_back_later(fault: Fault) -> None:
    counter = part()
    async with counter.desk() as desk:
        await desk.pay(order())
        counter.front.plan(Act.APPROVE, fault)
        await desk.decide("p1", keep=False, who="till-1")
        await asyncio.sleep(3_600)
        assert (await desk.get(give_back_id("p1", 1))).state is State.APPROVED
    assert sum(counter.front.moved.values()) == 1250


async def test_one_that_is_unplugged_gives_back_when_it_is_there_again() -> None:
    counter = part()
    async with counter.desk() as desk:
        await desk.pay(order())
        counter.devices.away.add("front")
        await desk.decide("p1", keep=False, who="till-1")
        await asyncio.sleep(3_600)
        with pytest.raises(NotFoundError):
            await desk.get(BACK)
        counter.devices.away.clear()
        await asyncio.sleep(3_600)
        assert (await desk.get(BACK)).state is State.APPROVED


@pytest.mark.parametrize("able", [True, False])
async def test_a_terminal_that_says_no_leaves_it_to_a_person(able: bool) -> None:
    counter = part()
    counter.front.unable = frozenset() if able else frozenset({Ability.REVERSAL})
    async with counter.desk() as desk:
        await desk.pay(order())
        counter.front.plan(Act.DECLINE)
        await desk.decide("p1", keep=False, who="till-1")
        await asyncio.sleep(60)
        (case,) = desk.status().cases
        assert (case.kind, case.code) == (CaseKind.GIVE_BACK, "payment.reversal_refused")
        assert case.payments == (("p1", BACK) if able else ("p1",))
        assert "6.25 EUR must go back" in case.text
    counter.power_cut()
    async with counter.desk() as desk:
        await asyncio.sleep(3_600)
        assert desk.cases.open == (case,), "a case is kept, and opened once"
        word = {"who": "ina", "why": "paid out in cash", "evidence": "receipt 12"}
        ended = await desk.cases.resolve(case.id, **word)
    async with counter.desk() as desk:
        assert ended.resolution is not None
        assert ended.resolution.who == "ina"
        assert desk.cases.open == ()
        assert await desk.cases.get(case.id) == ended
        with pytest.raises(MisuseError, match="ina ended it"):
            await desk.cases.resolve(case.id, **word)
        with pytest.raises(NotFoundError):
            await desk.cases.get("another")


async def test_a_word_that_cannot_be_stored_is_not_taken() -> None:
    counter = part()
    async with counter.desk() as desk:
        await desk.pay(order())
        counter.journal.fail()
        with pytest.raises(StorageError):
            await desk.decide("p1", keep=True, who="till-1")
    counter.power_cut()
    async with counter.desk() as desk:
        assert (await desk.get("p1")).state is State.PARTIAL
        assert (await desk.decide("p1", keep=True, who="till-1")).state is State.PARTIAL_KEPT


async def test_a_case_that_cannot_be_ended_on_disk_stays_open() -> None:
    counter = part()
    async with counter.desk() as desk:
        await desk.pay(order())
        counter.front.plan(Act.DECLINE)
        await desk.decide("p1", keep=False, who="till-1")
        await asyncio.sleep(60)
        (case,) = desk.cases.open
        again = await desk.cases.begin(
            case.id, CaseKind.GIVE_BACK, terminal="front", code="another", text="", payments=()
        )
        assert again == case
        counter.journal.fail()
        with pytest.raises(StorageError):
            await desk.cases.resolve(case.id, who="ina", why="done", evidence="none")
        assert desk.cases.open == (case,)


async def unwanted_once(counter: Counter) -> None:
    async with counter.desk() as desk:
        known = await desk.find("p1") or await desk.pay(order())
        if not known.settled:
            await desk.settle("p1")
        await asyncio.sleep(1_000)


def test_a_power_cut_in_front_of_every_step_gives_back_exactly_once() -> None:
    cut_at, cut = 0, True
    while cut:
        cut_at += 1
        counter = part()
        counter.settings = counter.settings.model_copy(update={"decision_s": 10})
        try:
            simulate(unwanted_once(counter), cut_at=cut_at)
            cut = False
        except PowerCut:
            counter.power_cut()
            simulate(unwanted_once(counter), seed=1)
        took = counter.front.moved.pop("p1", 0)
        back = sum(counter.front.moved.values())
        assert back == (took if took == 625 else 0), f"cut in front of step {cut_at}"
        assert asyncio.run(counter.journal.notes("give-back/")) == {}
    assert cut_at > 10
