"""A sale whose money the box cannot give back is settled by a person."""

import asyncio

import pytest

from posedge.checkout.checkout import Checkout
from posedge.model.errors import MisuseError, NotFoundError, StorageError
from posedge.model.payment import Attempt, AttemptKind
from posedge.model.sale import Sale, SaleState
from tests.doubles.store import Store, basket, card, cash, line, sale_id
from tests.doubles.terminal import Act, Fault

BOTH = basket(1, card(500), card(690))


async def settle(checkout: Checkout, number: int = 1) -> Sale:
    return await checkout.resolve(sale_id(number), who="ina", why="paid back", evidence="slip 7")


def refusing() -> Store:
    """Take the first card, decline the second, and then the reversal of the first."""
    store = Store()
    for act in (Act.APPROVE, Act.DECLINE, Act.DECLINE):
        store.front.plan(act)
    return store


async def test_a_person_settles_what_the_terminal_does_not_give_back() -> None:
    store = refusing()
    async with store.checkout() as checkout:
        stuck = await checkout.sell(BOTH)
        assert stuck.code == "payment.reversal_refused"
        sale = await settle(checkout)
        assert (sale.state, sale.code) == (SaleState.VOIDED, "payment.declined")
        with pytest.raises(MisuseError) as again:
            await settle(checkout)
        assert again.value.code == "sale.not_for_operator"
    async with store.checkout() as checkout:
        assert await checkout.sell(BOTH) == sale
    last = store.journal.entries[-1]
    assert last.type == "sale.voided"
    assert last.data["resolution"] == {"who": "ina", "why": "paid back", "evidence": "slip 7"}
    assert len(store.front.moved) == 1


async def test_a_person_settles_what_is_tried_for_ever() -> None:
    store = Store()
    store.side.plan(Act.DECLINE)
    store.side.on_step = lambda _step, _attempt: store.devices.away.add("front")
    async with store.checkout() as checkout:
        sale = await checkout.sell(basket(1, card(500), card(690, terminal="side")))
        assert sale.state is SaleState.VOIDING
        await asyncio.sleep(100)
        assert (await settle(checkout)).state is SaleState.VOIDED
        store.devices.away.clear()
        await asyncio.sleep(2000)
    assert len(store.front.moved) == 1


async def test_a_payment_that_is_open_is_not_talked_over() -> None:
    store = Store()
    store.front.plan(Act.APPROVE)
    store.front.plan(Act.DECLINE)
    store.front.plan(Act.APPROVE, Fault.LOST_END)
    async with store.checkout() as checkout:
        given_back = asyncio.Event()

        def watch(_step: str, attempt: Attempt) -> None:
            if attempt.kind is AttemptKind.REVERSAL:
                given_back.set()

        store.front.on_step = watch
        selling = asyncio.gather(checkout.sell(BOTH))
        await given_back.wait()
        with pytest.raises(MisuseError) as busy:
            await settle(checkout)
        assert busy.value.code == "sale.busy"
        store.front.forgetful = True
        (sale,) = await selling
        assert sale.state is SaleState.IN_DOUBT
        with pytest.raises(MisuseError) as in_doubt:
            await settle(checkout)
        assert in_doubt.value.code == "sale.not_for_operator"
        store.front.forgetful = False
        await asyncio.sleep(100)
        assert (await checkout.get(sale_id(1))).state is SaleState.VOIDED
    assert list(store.front.moved.values()) == [500, 500]


async def test_only_a_sale_that_cannot_be_voided_is_for_a_person() -> None:
    store = Store()
    async with store.checkout() as checkout:
        await checkout.sell(basket(1, cash(100)))
        with pytest.raises(MisuseError, match="is completed"):
            await settle(checkout)
        with pytest.raises(NotFoundError):
            await settle(checkout, 9)


async def test_goods_that_a_person_paid_for_do_not_come_back_again() -> None:
    store = Store()
    async with store.checkout() as checkout:
        sold = await checkout.sell(basket(1, card(1190), lines=(line(),)))
        paid = sold.attempts[0].id
        back = (line(original=sale_id(1)),)
        store.front.plan(Act.APPROVE)
        store.front.plan(Act.DECLINE)
        halves = (card(-500, original=paid), card(-690, original=paid))
        stuck = await checkout.sell(basket(2, *halves, lines=back))
        assert stuck.code == "payment.irreversible"
        assert (await settle(checkout, 2)).state is SaleState.VOIDED
        with pytest.raises(MisuseError, match="left to return"):
            await checkout.sell(basket(3, cash(-1190), lines=back))


async def test_a_word_that_cannot_be_stored_is_the_askers_error() -> None:
    store = refusing()
    async with store.checkout() as checkout:
        await checkout.sell(BOTH)
        store.journal.fail()
        with pytest.raises(StorageError):
            await settle(checkout)
        store.journal.mend()
        assert (await settle(checkout)).state is SaleState.VOIDED
