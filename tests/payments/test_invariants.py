"""The fourteen invariants of a payment, each as a test, in their order.

Numbers 10 and 14 are promises of other rooms as well (the relay, the reconciliation); here is
what the desk owes to them.
"""

import asyncio

import pytest

from posedge.model.errors import ConflictError, DeviceBusy, MisuseError, NotStarted, StorageError
from posedge.model.payment import Attempt, AttemptKind, Cause, State
from tests.doubles.counter import Counter, euros, order, until
from tests.doubles.terminal import Act, FakeTerminal, Fault


async def test_01_written_before_it_is_sent() -> None:
    counter = Counter()
    seen: list[tuple[str, str, str | None]] = []

    def look(step: str, attempt: Attempt) -> None:
        data = counter.journal.entries[-1].data
        seen.append((step, data["state"], data["preimage"]))
        assert data["amount"] == {"minor": 1250, "currency": "EUR"}
        assert data["terminal"] == "front"
        assert attempt.sent is not None

    counter.front.on_step = look
    async with counter.desk() as desk:
        await desk.pay(order())
    assert seen == [("asked", "sending", "100"), ("kept", "approval_stored", "100")]


async def test_02_written_before_it_is_acknowledged() -> None:
    counter = Counter()
    counter.front.prints = True
    durable: dict[str, object] = {}
    counter.front.on_step = lambda step, _: durable.update({step: counter.journal.entries[-1].data})
    async with counter.desk() as desk:
        await desk.pay(order())
    kept = durable["kept"]
    assert isinstance(kept, dict)
    assert kept["state"] == "approval_stored"
    assert kept["result"]["auth_code"] == "047110"
    assert kept["customer_receipt"] == ["CARD PAYMENT", "12.50 EUR"]


async def test_03_one_money_command_for_a_sale_and_on_a_terminal_also_after_a_power_cut() -> None:
    counter = Counter()
    counter.front.plan(Act.APPROVE, Fault.LOST_END)
    counter.front.forgetful = True
    async with counter.desk() as desk:
        await desk.pay(order(sale="s1"))
    counter.power_cut()
    async with counter.desk() as desk:
        with pytest.raises(MisuseError) as same_sale:
            await desk.pay(order("p2", sale="s1", terminal="side"))
        assert same_sale.value.code == "sale.payment_open"
        with pytest.raises(DeviceBusy) as same_terminal:
            await desk.pay(order("p3", sale="s3"))
        assert same_terminal.value.code == "terminal.locked"
        assert same_terminal.value.data["payment"] == "p1"
    assert [step for step in counter.front.steps if step.startswith("asked")] == ["asked p1"]


@pytest.mark.parametrize("fault", [Fault.LOST_COMMAND, Fault.LOST_RESULT])
async def test_04_silence_is_never_a_decline(fault: Fault) -> None:
    counter = Counter()
    counter.front.plan(Act.DECLINE, fault)
    async with counter.desk() as desk:
        assert (await desk.pay(order())).state is State.IN_DOUBT


async def test_05_a_perfect_answer_that_is_not_ours_changes_nothing() -> None:
    counter = Counter()
    counter.front.plan(Act.TOO_MUCH)
    async with counter.desk() as desk:
        doubtful = await desk.pay(order())
        assert doubtful.state is State.IN_DOUBT
        assert doubtful.result is None
    assert counter.front.moved == {}


async def test_06_not_completed_needs_positive_evidence() -> None:
    counter = Counter()
    counter.front.plan(Act.APPROVE, Fault.LOST_RESULT)
    counter.front.reachable = True
    counter.front.forgetful = True
    async with counter.desk() as desk:
        await desk.pay(order())
        await asyncio.sleep(100_000)
        assert (await desk.get("p1")).state is State.NEEDS_OPERATOR
        counter.front.forgetful = False
        settled = await desk.settle("p1")
    assert settled.cause is Cause.FOUND_NOT_COMPLETED
    assert settled.evidence[-1].text == "ready, last receipt is the pre-image"


async def test_07_nothing_in_doubt_is_reversed() -> None:
    counter = Counter()
    counter.front.plan(Act.APPROVE, Fault.LOST_END)
    counter.front.forgetful = True
    async with counter.desk() as desk:
        await desk.pay(order())
        with pytest.raises(MisuseError) as refused:
            await desk.reverse("r1", "p1")
        assert refused.value.code == "payment.not_moved"
        await asyncio.sleep(100_000)
    assert not [step for step in counter.front.steps if step == "asked r1"]


async def test_08_what_moved_may_differ_from_what_was_asked() -> None:
    counter = Counter()
    counter.front.plan(Act.PARTIAL)
    async with counter.desk() as desk:
        part = await desk.pay(order())
        assert part.state is State.PARTIAL
        assert (part.amount, part.moved) == (euros(1250), euros(625))
        kept = await desk.decide("p1", keep=True, who="till-1")
        assert (kept.state, kept.moved) == (State.PARTIAL_KEPT, euros(625))
        undone = await desk.reverse("r1", "p1")
        assert undone.moved == euros(625)


async def test_09_the_same_key_is_the_same_payment_for_ever() -> None:
    counter = Counter()
    async with counter.desk() as desk:
        first = await desk.pay(order())
        await asyncio.sleep(40 * 86_400)
    counter.power_cut()
    async with counter.desk() as desk:
        assert await desk.pay(order()) == first
        with pytest.raises(ConflictError):
            await desk.pay(order(minor=1))
    assert counter.front.moved == {"p1": 1250}


async def test_10_each_move_is_an_entry_with_its_own_id_and_publishing_gates_nothing() -> None:
    counter = Counter()

    async def stuck(_event: object) -> None:
        await asyncio.get_running_loop().create_future()

    counter.shelf.put = stuck  # type: ignore[assignment,method-assign]
    async with counter.desk() as desk:
        assert (await desk.pay(order())).state is State.APPROVED
    entries = counter.journal.entries
    assert len({entry.id for entry in entries}) == len(entries) == 5
    assert [entry.sequence for entry in entries] == [1, 2, 3, 4, 5]
    assert {entry.type for entry in entries} == {"payment.changed"}
    assert [entry.data["open"] for entry in entries] == [True, True, True, True, False]


@pytest.mark.parametrize(
    ("act", "state"), [(Act.APPROVE, State.APPROVED), (Act.DECLINE, State.CANCELLED)]
)
async def test_11_cancel_is_a_request(act: Act, state: State) -> None:
    counter = Counter()
    counter.front.plan(act)
    async with counter.desk() as desk:
        paying = asyncio.gather(desk.pay(order()))
        await until(desk, "p1", "in_progress")
        assert (await desk.cancel("p1")).state is State.IN_PROGRESS
        (ended,) = await paying
    assert ended.state is state


async def test_12_a_terminal_that_is_not_ready_is_no_fault_of_the_payment() -> None:
    class EndOfDay(FakeTerminal):
        async def preimage(self) -> str | None:
            raise NotStarted("terminal.maintenance", "F0: end of day needed")

    counter = Counter()
    counter.devices.devices["front"] = EndOfDay()
    async with counter.desk() as desk:
        ended = await desk.pay(order())
        assert ended.state is State.NOT_SENT
        assert ended.evidence[-1].text == "terminal.maintenance: F0: end of day needed"
        assert desk.status().blocked == ()


async def test_13_an_operators_word_is_kept_with_who_why_and_evidence() -> None:
    counter = Counter()
    counter.front.plan(Act.APPROVE, Fault.LOST_END)
    counter.front.forgetful = True
    async with counter.desk() as desk:
        await desk.pay(order())
        await until(desk, "p1", "needs_operator")
        said = await desk.resolve(
            "p1", approved=True, who="ina", why="slip seen", evidence="receipt 0101"
        )
        assert said.state is State.OPERATOR_APPROVED
        assert said.evidence[-1].source == "operator ina"
        assert said.evidence[-1].text == "slip seen (receipt 0101)"
        assert said.moved == euros(1250)
        assert (await desk.pay(order("p2"))).state is State.APPROVED
    # a later fact against it: test_recovery.test_a_fact_against_the_operators_word…


async def test_14_the_journal_alone_adds_up_to_the_terminals_own_books() -> None:
    counter = Counter()
    counter.front.plan(Act.APPROVE)
    counter.front.plan(Act.DECLINE)
    counter.front.plan(Act.PARTIAL)
    async with counter.desk() as desk:
        for key in ("p1", "p2", "p3"):
            await desk.pay(order(key))
        await desk.decide("p3", keep=True, who="till-1")
        await desk.pay(order("r1", kind=AttemptKind.REFUND, minor=1250, original="p1"))
        books = {each.id: each.moved.minor for each in await desk.recent(10) if each.moved.minor}
    assert books == counter.front.moved == {"p1": 1250, "p3": 625, "r1": 1250}


async def test_disk_full_at_the_result_keeps_no_approval() -> None:
    counter = Counter()

    async with counter.desk() as desk:
        paying = asyncio.gather(desk.pay(order()), return_exceptions=True)
        await until(desk, "p1", "in_progress")
        counter.journal.fail()
        (error,) = await paying
        assert isinstance(error, StorageError)
    assert counter.front.moved == {}
    counter.power_cut()
    async with counter.desk() as desk:
        assert (await desk.settle("p1")).state is State.NOT_COMPLETED
