import asyncio

import pytest

from posedge.model.errors import (
    ConflictError,
    DeviceBusy,
    DeviceError,
    MisuseError,
    NotFoundError,
    StorageError,
)
from posedge.model.events import PaymentChanged, PaymentProgress
from posedge.model.payment import Attempt, AttemptKind, State
from posedge.model.terminal import Witness
from tests.doubles.counter import Counter, euros, order, until
from tests.doubles.journal import MemoryJournal
from tests.doubles.terminal import Act, FakeTerminal, Fault


async def test_an_approved_payment_is_written_step_by_step() -> None:
    counter = Counter()
    async with counter.desk() as desk:
        paid = await desk.pay(order())
        assert paid.moved == euros(1250)
        assert paid.result is not None
        assert paid.result.pan_last4 == "0010"
        assert paid.preimage == "100"
    assert counter.states("p1") == [
        "created",
        "sending",
        "in_progress",
        "approval_stored",
        "approved",
    ]
    assert counter.front.moved == {"p1": 1250}


@pytest.mark.parametrize(
    ("act", "fault", "state", "moved"),
    [
        (Act.APPROVE, Fault.NONE, State.APPROVED, 1250),
        (Act.AMOUNTLESS, Fault.NONE, State.APPROVED, 1250),
        (Act.PARTIAL, Fault.NONE, State.PARTIAL_UNWANTED, 625),
        (Act.DECLINE, Fault.NONE, State.DECLINED, 0),
        (Act.CANCEL, Fault.NONE, State.CANCELLED, 0),
        (Act.TOO_MUCH, Fault.NONE, State.NOT_COMPLETED, 0),
        (Act.APPROVE, Fault.UNREACHABLE, State.NOT_SENT, 0),
        (Act.APPROVE, Fault.REFUSED, State.FAILED_NOT_STARTED, 0),
        (Act.APPROVE, Fault.LOST_COMMAND, State.NOT_COMPLETED, 0),
        (Act.APPROVE, Fault.LOST_RESULT, State.NOT_COMPLETED, 0),
        (Act.APPROVE, Fault.LOST_ACK, State.NOT_COMPLETED, 0),
        (Act.APPROVE, Fault.LOST_END, State.APPROVED, 1250),
        (Act.PARTIAL, Fault.LOST_END, State.PARTIAL_UNWANTED, 625),
        (Act.DECLINE, Fault.LOST_ACK, State.DECLINED, 0),
    ],
)
async def test_every_outcome_ends_as_the_terminal_knows_it(
    act: Act, fault: Fault, state: State, moved: int
) -> None:
    counter = Counter()
    counter.front.plan(act, fault)
    async with counter.desk() as desk:
        await desk.pay(order())
        settled = await desk.settle("p1")
    assert settled.state is state
    assert settled.moved == euros(moved)
    assert sum(counter.front.moved.values()) == moved


async def test_pay_returns_when_in_doubt_and_settle_when_it_is_over() -> None:
    counter = Counter()
    counter.front.plan(Act.APPROVE, Fault.LOST_END)
    async with counter.desk() as desk:
        assert (await desk.pay(order())).state is State.IN_DOUBT_AFTER_APPROVAL
        assert (await desk.settle("p1")).state is State.APPROVED
        assert (await desk.settle("p1")).state is State.APPROVED


async def test_a_till_that_goes_away_does_not_take_the_payment_along() -> None:
    counter = Counter()
    async with counter.desk() as desk:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await desk.pay(order())
        assert (await desk.pay(order())).state is State.APPROVED
    assert counter.front.steps == ["asked p1", "kept p1"]


async def test_the_same_order_twice_at_once_is_one_payment() -> None:
    counter = Counter()
    async with counter.desk() as desk:
        one, two = await asyncio.gather(desk.pay(order()), desk.pay(order(terminal="front")))
    assert one == two
    assert counter.front.moved == {"p1": 1250}


async def test_not_naming_the_terminal_finds_the_only_one_and_agrees_with_it_later() -> None:
    counter = Counter()
    del counter.devices.devices["side"]
    async with counter.desk() as desk:
        paid = await desk.pay(order(terminal=None))
        assert paid.terminal == "front"
        assert await desk.pay(order(terminal=None)) == paid
        assert await desk.pay(order(terminal="front")) == paid
        with pytest.raises(ConflictError):
            await desk.pay(order(terminal="back"))


async def test_an_unknown_or_ambiguous_terminal_is_refused_before_anything_is_written() -> None:
    counter = Counter()
    async with counter.desk() as desk:
        with pytest.raises(NotFoundError):
            await desk.pay(order(terminal="cellar"))
        with pytest.raises(MisuseError):
            await desk.pay(order(terminal=None))
        with pytest.raises(NotFoundError, match="no payment p1"):
            await desk.get("p1")
    assert counter.journal.last == 0


async def test_receipts_of_the_terminal_are_kept_whole() -> None:
    counter = Counter()
    counter.front.prints = True
    async with counter.desk() as desk:
        paid = await desk.pay(order())
    assert paid.customer_receipt == ("CARD PAYMENT", "12.50 EUR")
    assert paid.merchant_receipt == ("MERCHANT COPY",)


async def test_the_bus_tells_each_state_once_and_the_progress() -> None:
    counter = Counter()
    counter.front.prints = True
    async with counter.desk() as desk:
        await desk.pay(order())
        await asyncio.sleep(1)
    states = [each.state.value for each in counter.shelf.events if isinstance(each, PaymentChanged)]
    assert states == ["created", "sending", "in_progress", "approval_stored", "approved"]
    shown = [each.text for each in counter.shelf.events if isinstance(each, PaymentProgress)]
    assert shown == ["Insert or tap card"]


async def test_cancel_before_the_terminal_heard_of_it_sends_nothing() -> None:
    counter = Counter()
    async with counter.desk() as desk:
        paying = asyncio.gather(desk.pay(order()))
        await asyncio.sleep(0.005)
        assert (await desk.cancel("p1")).state is State.CREATED
        (ended,) = await paying
        assert ended.state is State.FAILED_NOT_STARTED
        assert "cancelled before" in ended.evidence[-1].text
    assert counter.front.steps == []


async def test_cancel_of_what_is_over_or_in_doubt() -> None:
    counter = Counter()
    counter.front.plan(Act.APPROVE, Fault.LOST_RESULT)
    async with counter.desk() as desk:
        assert (await desk.pay(order())).state is State.IN_DOUBT
        with pytest.raises(MisuseError, match="comes too late"):
            await desk.cancel("p1")
        settled = await desk.settle("p1")
        assert await desk.cancel("p1") == settled


async def test_cancel_says_when_the_terminal_cannot_be_told() -> None:
    counter = Counter()
    async with counter.desk() as desk:
        paying = asyncio.gather(desk.pay(order()))
        await until(desk, "p1", "in_progress")
        counter.front.reachable = False
        with pytest.raises(DeviceError):
            await desk.cancel("p1")
        (ended,) = await paying
        assert ended.state is State.APPROVED


async def test_a_refund_gives_back_no_more_than_was_paid() -> None:
    counter = Counter()
    async with counter.desk() as desk:
        await desk.pay(order())
        refund = AttemptKind.REFUND
        back = await desk.pay(order("r1", kind=refund, minor=1000, original="p1"))
        assert back.original_receipt_no == "101"
        with pytest.raises(MisuseError, match=r"only 2.50 EUR"):
            await desk.pay(order("r2", kind=refund, minor=251, original="p1"))
        await desk.pay(order("r3", kind=refund, minor=250, original="p1"))
        with pytest.raises(MisuseError, match=r"only 0.00 EUR"):
            await desk.reverse("r4", "p1")
    assert counter.front.moved == {"p1": 1250, "r1": 1000, "r3": 250}


async def test_two_refunds_at_once_give_back_no_more_than_was_paid() -> None:
    counter = Counter(journal=MemoryJournal(fsync_s=0.01))
    refund = AttemptKind.REFUND
    async with counter.desk() as desk:
        await desk.pay(order("p1"))
        answers = await asyncio.gather(
            desk.pay(order("r1", kind=refund, original="p1")),
            desk.pay(order("r2", kind=refund, terminal="side", original="p1")),
            return_exceptions=True,
        )
    (taken,) = (each for each in answers if isinstance(each, Attempt))
    (refused,) = (each for each in answers if isinstance(each, MisuseError))
    assert taken.state is State.APPROVED
    assert refused.code == "payment.returned"
    given_back = {**counter.front.moved, **counter.side.moved}
    assert given_back.keys() == {"p1", taken.id}


async def test_a_refund_without_its_original_is_possible() -> None:
    counter = Counter()
    async with counter.desk() as desk:
        back = await desk.pay(order("r1", kind=AttemptKind.REFUND))
    assert back.state is State.APPROVED
    assert back.original_receipt_no is None


async def test_a_reversal_is_whole_and_on_the_same_terminal() -> None:
    counter = Counter()
    reversal = AttemptKind.REVERSAL
    async with counter.desk() as desk:
        await desk.pay(order())
        for wrong in (
            order("r1", kind=reversal, minor=1000, original="p1"),
            order("r1", kind=reversal, terminal="side", original="p1"),
        ):
            with pytest.raises(MisuseError, match="undoes all"):
                await desk.pay(wrong)
        assert (await desk.reverse("r1", "p1")).state is State.APPROVED
        with pytest.raises(MisuseError, match="nothing for a reversal"):
            await desk.reverse("r2", "r1")


async def test_a_reversal_that_failed_may_be_tried_again() -> None:
    counter = Counter()
    async with counter.desk() as desk:
        await desk.pay(order())
        counter.front.plan(Act.DECLINE)
        assert (await desk.reverse("r1", "p1")).state is State.DECLINED
        assert (await desk.reverse("r2", "p1")).state is State.APPROVED


async def test_a_broken_disk_before_the_first_byte_sends_none() -> None:
    counter = Counter()
    async with counter.desk() as desk:
        counter.journal.fail()
        with pytest.raises(StorageError):
            await desk.pay(order())
        with pytest.raises(StorageError):
            await desk.pay(order())
    assert counter.front.steps == []


async def test_a_bug_in_front_of_the_first_byte_is_a_bug() -> None:
    class Buggy(FakeTerminal):
        async def preimage(self) -> str | None:
            raise ZeroDivisionError

    counter = Counter()
    counter.devices.devices["front"] = Buggy()
    with pytest.raises(ZeroDivisionError):
        async with counter.desk() as desk:
            await desk.pay(order())
    async with counter.desk() as desk:  # as after the restart that it causes
        assert (await desk.get("p1")).state is State.NOT_SENT
    assert counter.front.steps == []


async def test_a_driver_that_lets_the_storage_error_out_is_heard_too() -> None:
    class Candid(FakeTerminal):
        async def execute(self, attempt: object, witness: object) -> None:
            raise StorageError("storage.failed", "as the witness raised it")

    counter = Counter()
    counter.devices.devices["front"] = Candid()
    async with counter.desk() as desk:
        with pytest.raises(StorageError):
            await desk.pay(order())
        assert (await desk.get("p1")).state is State.SENDING


async def test_a_driver_that_contradicts_itself_proves_nothing() -> None:
    class Liar(FakeTerminal):
        async def execute(self, attempt: object, witness: object) -> None:
            """Return as if all were done."""

    counter = Counter()
    counter.devices.devices["front"] = Liar()
    async with counter.desk() as desk:
        doubtful = await desk.pay(order())
        assert doubtful.state is State.IN_DOUBT
        assert doubtful.evidence[-1].text == "returned without a result"


async def test_an_unreadable_event_shelf_does_not_stop_a_payment() -> None:
    counter = Counter()

    async def full(_event: object) -> None:
        raise StorageError("storage.failed", "the event log is full")

    counter.shelf.put = full  # type: ignore[assignment,method-assign]
    async with counter.desk() as desk:
        assert (await desk.pay(order())).state is State.APPROVED


async def test_status_and_recent_tell_what_the_page_shows() -> None:
    counter = Counter()
    counter.side.reachable = True
    counter.front.plan(Act.APPROVE, Fault.LOST_END)
    counter.front.forgetful = True
    async with counter.desk() as desk:
        for number in range(25):
            await desk.pay(order(f"s{number}", terminal="side"))
        await desk.pay(order("p1"))
        doubt = desk.status()
        assert (doubt.in_doubt, doubt.needs_operator, doubt.blocked) == (1, 0, ("front",))
        await until(desk, "p1", "needs_operator")
        late = desk.status()
        assert (late.in_doubt, late.needs_operator, late.blocked) == (0, 1, ("front",))
        assert [each.id for each in late.recent[:2]] == ["p1", "s24"]
        assert len(late.recent) == 20
        assert [each.id for each in await desk.recent(3)] == ["p1", "s24", "s23"]
    async with counter.desk() as desk:
        assert desk.status().recent[0].id == "p1"


async def test_a_closed_desk_takes_no_orders_but_answers() -> None:
    counter = Counter()
    counter.front.plan(Act.APPROVE, Fault.LOST_RESULT)
    async with counter.desk() as desk:
        await desk.pay(order())
        await desk.close()
        with pytest.raises(MisuseError, match="not open"):
            await desk.pay(order("p2", terminal="side"))
        assert (await desk.pay(order())).state is State.IN_DOUBT
        asked = list(counter.front.steps)
        await asyncio.sleep(3600)
        assert counter.front.steps == asked


async def test_two_tills_at_one_terminal_take_turns() -> None:
    counter = Counter()
    async with counter.desk() as desk:
        paying = asyncio.gather(desk.pay(order("p1")))
        await until(desk, "p1", "in_progress")
        with pytest.raises(DeviceBusy) as busy:
            await desk.pay(order("p2"))
        assert busy.value.data["payment"] == "p1"
        assert (await desk.pay(order("p3", terminal="side"))).state is State.APPROVED
        await paying
        assert (await desk.pay(order("p2"))).state is State.APPROVED


async def test_a_cut_ends_only_what_the_terminal_is_at() -> None:
    counter = Counter()
    async with counter.desk() as desk:
        await desk.cut("p1")

        async def too_soon() -> None:
            await asyncio.sleep(0.005)
            await desk.cut("p1")

        paid, _ = await asyncio.gather(desk.pay(order()), too_soon())
        assert paid.state is State.APPROVED


async def test_a_time_out_that_a_driver_lets_escape_is_a_bug() -> None:
    class Hasty(FakeTerminal):
        async def execute(self, attempt: Attempt, witness: Witness) -> None:
            raise TimeoutError

    counter = Counter()
    counter.devices.devices["front"] = Hasty()
    with pytest.raises(TimeoutError):
        async with counter.desk() as desk:
            await desk.pay(order())
