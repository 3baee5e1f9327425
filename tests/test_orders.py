"""What headquarters may have the box do, through the box's own desk."""

from collections.abc import Callable, Coroutine, Mapping
from typing import Any

import pytest
from pydantic import JsonValue

from posedge.app.orders import Orders
from posedge.model.errors import MisuseError, NotFoundError
from posedge.model.messages import Command
from posedge.model.payment import State
from posedge.model.reconciliation import DayState, EndOfDay
from posedge.payments.desk import Desk
from posedge.payments.reconciliations import Reconciliations
from tests.doubles.counter import order, until
from tests.doubles.day import DayCounter, DayTerminal
from tests.doubles.simloop import simulate
from tests.doubles.terminal import Act, Fault

WORD = {"who": "Ina", "why": "host asked", "evidence": "its list"}


def command(number: str, args: Mapping[str, JsonValue], *, dry_run: bool = False) -> Command:
    return Command(id=number, args=dict(args), dry_run=dry_run)


def played(
    shop: DayCounter,
    play: Callable[[Desk, Reconciliations, Orders], Coroutine[Any, Any, None]],
) -> None:
    async def scene() -> None:
        async with shop.open() as (desk, days):
            await play(desk, days, Orders(desk, days))

    simulate(scene())


def test_a_day_is_ended_under_the_commands_own_id() -> None:
    shop = DayCounter()
    shop.day.answers = [EndOfDay(text="closed", totals=())]

    async def play(desk: Desk, days: Reconciliations, orders: Orders) -> None:
        reconcile = orders.verbs["reconcile"]
        assert await reconcile(command("c-0", {}, dry_run=True)) == {"terminals": ["front"]}
        await desk.pay(order("p1"))
        said = await reconcile(command("c-1", {"terminal": "front", "who": "Ina"}))
        assert said == {
            "reconciliation": "c-1",
            "state": "different",
            "text": "closed",
            "differences": 1,
        }
        assert (await days.get("c-1")).who == "Ina (headquarters)"
        with pytest.raises(MisuseError) as wrong:
            await reconcile(command("c-2", {"till": "1"}))
        assert wrong.value.code == "command.mistaken"
        (case,) = desk.cases.open
        resolve = orders.verbs["resolve-case"]
        looked = await resolve(command("c-3", {"case": case.id, **WORD}, dry_run=True))
        assert looked == {"case": case.id, "resolved": False}
        assert await resolve(command("c-4", {"case": case.id, **WORD})) == {
            "case": case.id,
            "resolved": True,
        }
        assert desk.cases.open == ()
        with pytest.raises(NotFoundError):
            await resolve(command("c-5", {"case": "none", **WORD}))

    played(shop, play)
    assert len(shop.day.asked) == 1


def test_a_slip_is_declared_from_afar_by_the_rules_of_the_box() -> None:
    shop = DayCounter()

    async def play(desk: Desk, days: Reconciliations, orders: Orders) -> None:
        reconcile = orders.verbs["reconcile"]
        await desk.pay(order("p1"))
        total: dict[str, JsonValue] = {"scheme": "", "amount": {"minor": 1250, "currency": "EUR"}}
        declared: dict[str, JsonValue] = {"who": "Bea", "totals": [total]}
        looked = await reconcile(command("c-0", {"declared": declared}, dry_run=True))
        assert looked == {"terminals": ["front", "side"]}
        wish: dict[str, JsonValue] = {"terminal": "front", "who": "Ina", "declared": declared}
        said = await reconcile(command("c-1", wish))
        assert (said["state"], said["differences"]) == ("agreed", 0)
        day = await days.get("c-1")
        assert (day.who, day.declared) == ("Bea (Ina (headquarters))", True)
        typed: dict[str, JsonValue] = {
            "who": "Bea",
            "totals": "visa 1.00\n girocard 2,50",
            "currency": "EUR",
        }
        said = await reconcile(command("c-2", {"terminal": "front", "slip": typed}))
        assert (said["state"], said["differences"]) == ("different", 2)
        assert (await days.get("c-2")).who == "Bea (headquarters)"
        mistakes: list[tuple[dict[str, JsonValue], str]] = [
            ({"declared": declared, "slip": typed}, "command.mistaken"),
            ({"declared": {**declared, "totals": []}}, "command.mistaken"),
            ({"slip": {**typed, "totals": "visa"}}, "money.unreadable"),
            ({"slip": {**typed, "of": "c-1"}, "terminal": "side"}, "reconciliation.elsewhere"),
            ({"slip": typed, "terminal": "front", "who": "x"}, "command.mistaken"),
        ]
        for wrong, code in mistakes:
            with pytest.raises(MisuseError) as error:
                await reconcile(command("c-3", wrong))
            assert error.value.code == code

    played(shop, play)
    assert shop.day.asked == []


def test_a_long_end_of_day_is_answered_by_its_number() -> None:
    async def play(_: Desk, days: Reconciliations, orders: Orders) -> None:
        said = await orders.verbs["reconcile"](command("c-1", {}))
        assert said == {"reconciliation": "c-1", "state": "running"}
        assert (await days.run("c-1", None, who="Ina")).state is DayState.UNCOMPARED

    played(DayCounter(day=DayTerminal(work_s=100)), play)


def test_a_payment_that_needs_a_person_is_settled_from_afar() -> None:
    shop = DayCounter()
    shop.day.plan(Act.APPROVE, Fault.LOST_END)
    shop.day.forgetful = True

    async def play(desk: Desk, _: Reconciliations, orders: Orders) -> None:
        await desk.pay(order("p1"))
        await until(desk, "p1", "needs_operator")
        resolve = orders.verbs["resolve-payment"]
        wish: Mapping[str, JsonValue] = {"payment": "p1", "approved": True, **WORD}
        looked = await resolve(command("c-1", wish, dry_run=True))
        assert looked == {"payment": "p1", "state": "needs_operator"}
        said = await resolve(command("c-2", wish))
        assert said == {"payment": "p1", "state": "operator_approved"}
        settled = await desk.get("p1")
        assert settled.state is State.OPERATOR_APPROVED
        assert settled.evidence[-1].source == "operator Ina (headquarters)"

    played(shop, play)
