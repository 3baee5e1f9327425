import pytest
from pydantic import ValidationError

from posedge.model.errors import MisuseError
from posedge.model.payment import AttemptKind, State
from posedge.model.terminal import Ability
from posedge.payments.order import Order, check_able
from tests.doubles.counter import Counter, euros, order
from tests.doubles.terminal import Act


async def test_a_reservation_is_captured_once_for_what_it_holds_or_less() -> None:
    counter = Counter()
    async with counter.desk() as desk:
        held = await desk.pay(order(kind=AttemptKind.PREAUTH))
        assert (held.state, held.approved, held.moved) == (State.APPROVED, euros(1250), euros(0))
        capture = AttemptKind.CAPTURE
        with pytest.raises(MisuseError) as much:
            await desk.pay(order("c1", kind=capture, minor=1251, original="p1"))
        assert much.value.code == "payment.returned"
        with pytest.raises(MisuseError) as elsewhere:
            await desk.pay(order("c1", kind=capture, terminal="side", original="p1"))
        assert elsewhere.value.code == "payment.elsewhere"
        counter.front.plan(Act.DECLINE)
        assert (await desk.pay(order("c1", kind=capture, original="p1"))).state is State.DECLINED
        booked = await desk.pay(order("c2", kind=capture, minor=900, original="p1"))
        assert booked.moved == euros(900)
        for kind in (capture, AttemptKind.RELEASE):
            with pytest.raises(MisuseError, match="captured or released already"):
                await desk.pay(order("c3", kind=kind, minor=350, original="p1"))
        back = await desk.pay(order("r1", kind=AttemptKind.REFUND, minor=900, original="c2"))
        assert back.moved == euros(900)


async def test_a_reservation_is_given_up_whole() -> None:
    counter = Counter()
    async with counter.desk() as desk:
        await desk.pay(order(kind=AttemptKind.PREAUTH))
        with pytest.raises(MisuseError) as part:
            await desk.pay(order("c1", kind=AttemptKind.RELEASE, minor=1, original="p1"))
        assert part.value.code == "payment.not_whole"
        released = await desk.pay(order("c1", kind=AttemptKind.RELEASE, original="p1"))
        assert (released.approved, released.moved) == (euros(1250), euros(0))


@pytest.mark.parametrize("kind", [AttemptKind.REFUND, AttemptKind.REVERSAL])
async def test_a_reservation_is_no_payment_to_give_back(kind: AttemptKind) -> None:
    counter = Counter()
    async with counter.desk() as desk:
        await desk.pay(order(kind=AttemptKind.PREAUTH))
        with pytest.raises(MisuseError) as nothing:
            await desk.pay(order("r1", kind=kind, original="p1"))
        assert nothing.value.code == "payment.not_moved"


def wish(**more: object) -> Order:
    plain = order().model_dump()
    return Order.model_validate({**plain, **more})


@pytest.mark.parametrize(
    "wrong",
    [
        {"tip": euros(0)},
        {"tip": euros(1250)},
        {"tip": euros(700), "cashback": euros(550)},
        {"cashback": {"minor": 1, "currency": "CHF"}},
        {"kind": "refund", "asks_tip": True},
        {"kind": "capture", "original": "p0", "partial": True},
        {"kind": "capture"},
        {"kind": "preauth", "original": "p0"},
    ],
)
def test_wishes_that_make_no_sense_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        wish(**wrong)


def test_a_terminal_that_cannot_is_told_before_anything_happens() -> None:
    wanted = wish(tip=euros(100), cashback=euros(50), asks_tip=True, partial=True)
    assert wanted.needs == {Ability.TIP, Ability.CASHBACK, Ability.ASKS_TIP, Ability.PARTIAL}
    check_able(wanted, "front", frozenset(Ability))
    with pytest.raises(MisuseError, match="cashback, tip") as unable:
        check_able(wanted, "front", frozenset({Ability.ASKS_TIP, Ability.PARTIAL}))
    assert unable.value.code == "terminal.unable"
    assert wish().needs == frozenset()
    assert wish(kind="preauth").needs == {Ability.PREAUTH}
