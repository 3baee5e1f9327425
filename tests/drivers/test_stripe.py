"""What is Stripe's own: reservations, tips, keys, and what its records mean."""

import asyncio

import pytest
from pydantic import ValidationError

from posedge.drivers.cloud_interface import Step
from posedge.drivers.stripe_options import StripeOptions
from posedge.drivers.stripe_records import (
    Action,
    Intent,
    Reader,
    Refund,
    weigh_booking,
    weigh_refund,
    weigh_sale,
)
from posedge.model.errors import NotStarted
from posedge.model.mistakes import mistakes
from posedge.model.payment import AttemptKind, State
from posedge.sim.cloud_faults import Way
from posedge.sim.stripe_cloud import READER, SECRET_KEY, TIP, WEBHOOK_SECRET
from tests.doubles.clouds import Diary, Ended, Shop, shop, until, wanted

RETRYING = {"retries": 2, "answer_ms": 300, "customer_ms": 5_000}


async def reserved(s: Shop) -> Ended:
    ended = await s.pay(wanted(5_000, AttemptKind.PREAUTH, key="p1"))
    assert (ended.state, s.moved) == (State.APPROVED, 0)
    return ended


@pytest.mark.parametrize("minor", [5_000, 3_000])
async def test_a_reservation_is_captured_whole_or_less(minor: int) -> None:
    async with shop("stripe") as s:
        first = await reserved(s)
        ended = await s.pay(wanted(minor, AttemptKind.CAPTURE, key="c1", original=first))
        assert (ended.state, ended.moved, s.moved) == (State.APPROVED, minor, minor)
        day = await s.driver.end_of_day(None)
        assert [each.kind for each in day.listed or ()] == [AttemptKind.CAPTURE]


async def test_a_reservation_is_given_up() -> None:
    async with shop("stripe") as s:
        first = await reserved(s)
        ended = await s.pay(wanted(5_000, AttemptKind.RELEASE, key="x1", original=first))
        assert (ended.state, s.moved) == (State.APPROVED, 0)
        late = await s.pay(wanted(5_000, AttemptKind.CAPTURE, key="c1", original=first))
        assert (late.moved, s.moved) == (0, 0)


@pytest.mark.parametrize("kind", [AttemptKind.CAPTURE, AttemptKind.RELEASE])
async def test_a_fault_at_any_request_about_a_reservation(kind: AttemptKind) -> None:
    async def case(way: Way, after: int) -> None:
        async with shop("stripe", customer_ms=600, settle_ms=30) as s:
            first = await reserved(s)
            s.faults.way, s.faults.after = way, after
            ended = await s.pay(wanted(5_000, kind, key="c1", original=first))
            assert ended.state is not State.NEEDS_OPERATOR, (way, after, ended.text)
            assert s.moved == (ended.moved if kind is AttemptKind.CAPTURE else 0)

    await asyncio.gather(*(case(way, after) for way in Way for after in range(3)))


async def test_the_reader_asks_for_a_tip() -> None:
    async with shop("stripe") as s:
        ended = await s.pay(wanted(1250, asks_tip=True))
        assert ended.result is not None
        assert ended.result.tip is not None
        assert (ended.result.tip.minor, ended.moved) == (TIP, 1250 + TIP)
        assert s.moved == 1250 + TIP


@pytest.mark.parametrize("at", ["create", "process", "capture"])
@pytest.mark.parametrize("way", [Way.UNTOLD, Way.DOWN, Way.FAILED])
async def test_the_client_asks_again_with_the_same_key(at: str, way: Way) -> None:
    async with shop("stripe", **RETRYING) as s:
        s.faults.at, s.faults.way = (at,), way
        ended = await s.pay(wanted())
        assert s.sim.asked.count(at) >= 2
        if (at, way) == ("create", Way.FAILED):  # Stripe replays a 500: there is no intent for us
            assert ended.state is State.FAILED_NOT_STARTED
        else:
            assert ended.state is State.APPROVED
        assert s.moved == ended.moved


async def test_the_key_is_stored_before_the_reader_hears_of_it() -> None:
    async with shop("stripe") as s:
        with pytest.raises(Exception, match="full"):
            await s.driver.execute(wanted(), Diary("reference"))
        assert "process" not in s.sim.asked


async def test_a_wrong_key_of_the_account_has_not_begun() -> None:
    async with shop("stripe", secret_key="sk_test_wrong") as s:
        with pytest.raises(NotStarted, match="secret_key"):
            await s.driver.preimage()


async def test_a_reader_that_another_till_uses_is_let_be() -> None:
    """A second command would take the first one's place on the reader."""
    async with shop("stripe") as s:
        s.faults.busy = True
        assert (await s.pay(wanted())).state is State.FAILED_NOT_STARTED
        assert "process" not in s.sim.asked


async def test_an_operators_no_is_not_overtaken_by_a_capture() -> None:
    async with shop("stripe", customer_ms=600) as s:
        s.faults.at, s.faults.way, s.faults.times = ("capture",), Way.DOWN, None
        diary = Diary()
        with pytest.raises(Exception, match="not known to be taken"):
            await s.driver.execute(wanted(), diary)
        s.faults.mend()
        denied = wanted().model_copy(
            update={"state": State.OPERATOR_NOT_COMPLETED, "reference": diary.key}
        )
        await s.driver.find(denied, waited_s=1_000)
        assert s.moved == 0


async def test_nobody_stops_another_tills_payment() -> None:
    async with shop("stripe", customer_s=30, customer_ms=100) as s:
        diary = Diary()
        running = asyncio.get_running_loop().create_task(s.pay(wanted(), diary))
        await until(lambda: diary.steps[-1:] == ["accepted"])
        s.faults.busy = True
        ended = await running
        assert "stop" not in s.sim.asked
        assert ended.state is State.NOT_COMPLETED


INTENT = Intent(
    id="pi_1", status="requires_payment_method", amount=1250, currency="eur",
    metadata={"attempt": "a1"},
)  # fmt: skip
IDLE = Reader(id=READER)


def reader(status: str, intent: str = "pi_1", code: str | None = None) -> Reader:
    asks = {"payment_intent": intent}
    action = Action.model_validate(
        {"status": status, "failure_code": code, "process_payment_intent": asks}
    )
    return Reader(id=READER, action=action)


@pytest.mark.parametrize(
    ("changes", "at", "step"),
    [
        ({}, IDLE, Step.NOTHING),
        ({}, reader("in_progress"), Step.UNDERWAY),
        ({}, reader("succeeded"), Step.UNDERWAY),
        ({}, reader("in_progress", "pi_2"), Step.NOTHING),
        ({}, reader("failed", code="terminal_reader_timeout"), Step.DECLINED),
        ({"status": "requires_confirmation"}, IDLE, Step.NOTHING),
        ({"last_payment_error": {"code": "card_declined"}}, IDLE, Step.DECLINED),
        ({"status": "processing"}, IDLE, Step.UNDERWAY),
        ({"status": "canceled"}, IDLE, Step.DECLINED),
        ({"status": "mysterious"}, IDLE, Step.UNCLEAR),
        ({"status": "requires_capture", "amount_capturable": 1250}, IDLE, Step.APPROVED),
        ({"status": "requires_capture", "amount_capturable": 1251}, IDLE, Step.UNCLEAR),
        ({"status": "requires_capture"}, IDLE, Step.UNCLEAR),
        ({"status": "succeeded", "amount_received": 1250}, IDLE, Step.APPROVED),
        ({"currency": "chf"}, IDLE, Step.UNCLEAR),
        ({"amount": 1251}, IDLE, Step.UNCLEAR),
        ({"metadata": {}}, IDLE, Step.UNCLEAR),
        ({"amount": 1260, "amount_details": {"tip": {"amount": 10}}}, IDLE, Step.UNCLEAR),
    ],
)
def test_what_the_records_say_of_a_sale(changes: dict[str, object], at: Reader, step: Step) -> None:
    intent = Intent.model_validate({**INTENT.model_dump(), **changes})
    assert weigh_sale(wanted(), intent, at).step is step


@pytest.mark.parametrize(
    ("kind", "changes", "step"),
    [
        (AttemptKind.CAPTURE, {"status": "requires_capture"}, Step.NOTHING),
        (AttemptKind.CAPTURE, {"status": "canceled"}, Step.DECLINED),
        (AttemptKind.CAPTURE, {"status": "succeeded", "amount_received": 1250}, Step.UNCLEAR),
        (AttemptKind.CAPTURE, {"status": "processing"}, Step.UNCLEAR),
        (AttemptKind.RELEASE, {"status": "canceled"}, Step.APPROVED),
        (AttemptKind.RELEASE, {"status": "succeeded"}, Step.DECLINED),
    ],
)
def test_what_the_records_say_of_a_reservation(
    kind: AttemptKind, changes: dict[str, object], step: Step
) -> None:
    intent = Intent.model_validate({**INTENT.model_dump(), **changes})
    assert weigh_booking(wanted(1250, kind), intent).step is step


@pytest.mark.parametrize(
    ("changes", "step"),
    [
        ({}, Step.APPROVED),
        ({"status": "pending"}, Step.UNDERWAY),
        ({"status": "failed"}, Step.DECLINED),
        ({"amount": 1}, Step.UNCLEAR),
        ({"metadata": {"attempt": "other"}}, Step.NOTHING),
    ],
)
def test_what_the_records_say_of_a_refund(changes: dict[str, object], step: Step) -> None:
    made = {
        "id": "re_1", "status": "succeeded", "amount": 1250, "currency": "eur",
        "metadata": {"attempt": "a1"}, **changes,
    }  # fmt: skip
    found = Refund.model_validate(made)
    assert weigh_refund(wanted(1250, AttemptKind.REFUND), [found]).step is step


def test_secrets_are_not_repeated() -> None:
    options = StripeOptions(secret_key=SECRET_KEY, reader=READER, webhook_secret=WEBHOOK_SECRET)
    assert SECRET_KEY not in repr(options)
    assert WEBHOOK_SECRET not in repr(options)
    with pytest.raises(ValidationError) as refused:
        StripeOptions(secret_key="my_secret", reader=READER)
    assert "my_secret" not in str(mistakes(refused.value, StripeOptions))
