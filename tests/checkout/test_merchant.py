"""The merchant's copy: for whom it is printed, once, and what happens when it cannot be."""

import asyncio

import pytest

from posedge.checkout.merchant import MerchantCopies
from posedge.model.errors import NotFoundError
from posedge.model.receipt import Receipt, Text
from posedge.model.sale import SALE_FINAL, SaleState
from posedge.payments.settings import MerchantCopy, PaymentSettings
from tests.doubles.printer import FakePrinter
from tests.doubles.simloop import PowerCut, simulate
from tests.doubles.store import Store, basket, card, cash, sale_id
from tests.doubles.terminal import Act, FakeTerminal


def shop(when: MerchantCopy = "signature", *, signature: bool = True, prints: bool = True) -> Store:
    front = FakeTerminal(prints=prints, signature=signature)
    return Store(front=front, settings=PaymentSettings(merchant_copy=when))


def copies(store: Store) -> list[Receipt]:
    return [each for job, each in store.printer.paper if job.startswith("merchant-")]


@pytest.mark.parametrize(
    ("when", "signature", "printed"),
    [
        ("signature", True, 1),
        ("signature", False, 0),
        ("always", False, 1),
        ("never", True, 0),
    ],
)
async def test_when_it_is_printed(when: MerchantCopy, signature: bool, printed: int) -> None:
    store = shop(when, signature=signature)
    async with store.checkout() as checkout:
        sale = await checkout.sell(basket(1, card(1190)))
        assert sale.state is SaleState.COMPLETED
        assert await checkout.copies.merchant(sale_id(1)) == Receipt(
            parts=(Text(text="MERCHANT COPY"),)
        )
    assert len(copies(store)) == printed
    assert len(store.printer.paper) == printed + 1


async def test_its_text_is_unaltered_and_comes_before_the_receipt_on_the_same_printer() -> None:
    store = shop()
    store.devices.devices["kitchen"] = kitchen = FakePrinter()
    async with store.checkout() as checkout:
        request = basket(1, card(1190)).model_copy(update={"printer": "kitchen"})
        sale = await checkout.sell(request)
        assert await checkout.sell(request) == sale
    (merchant, copy), (customer, _) = kitchen.paper
    assert merchant == f"merchant-{sale.attempts[0].id}"
    assert customer == f"receipt-{sale_id(1)}"
    assert copy == Receipt(parts=(Text(text="MERCHANT COPY"),))
    assert store.printer.paper == []


async def test_a_terminal_without_text_gets_a_slip_with_a_line_to_sign_on() -> None:
    store = shop(prints=False)
    async with store.checkout() as checkout:
        await checkout.sell(basket(1, card(1190)))
    (copy,) = copies(store)
    texts = [each.text for each in copy.parts if isinstance(each, Text)]
    assert texts == ["MERCHANT COPY", "CARD PAYMENT", "Signature"]


async def test_what_was_declined_or_paid_in_cash_has_none() -> None:
    store = shop("always")
    store.front.plan(Act.DECLINE)
    async with store.checkout() as checkout:
        await checkout.sell(basket(1, card(1190)))
        await checkout.sell(basket(2, cash(100)))
        for number in (1, 2):
            with pytest.raises(NotFoundError, match="no card paid"):
                await checkout.copies.merchant(sale_id(number))
    assert copies(store) == []


async def test_what_is_given_back_has_one_of_its_own() -> None:
    store = shop(prints=False)
    store.side.plan(Act.DECLINE)
    async with store.checkout() as checkout:
        sale = await checkout.sell(basket(1, card(600), card(590, terminal="side")))
        assert sale.state is SaleState.VOIDED
        kept = await checkout.copies.merchant(sale_id(1))
        await asyncio.sleep(5)
    titles = [each.text for each in kept.parts if isinstance(each, Text) and each.bold]
    assert titles == ["CARD PAYMENT", "CARD PAYMENT UNDONE"]
    assert len(copies(store)) == 2


async def test_what_keeps_it_from_paper_is_no_matter_of_the_payment() -> None:
    store = shop()
    store.printer.has_paper = False
    async with store.checkout() as checkout:
        assert (await checkout.sell(basket(1, card(1190)))).state is SaleState.COMPLETED
        store.prints.broken = True
        assert (await checkout.sell(basket(2, card(1190)))).state is SaleState.COMPLETED
        store.prints.broken = False
    store.printer.has_paper = True
    async with store.checkout() as checkout:
        assert (await checkout.get(sale_id(2))).state is SaleState.COMPLETED
        await store.queue_of_today.ended(f"receipt-{sale_id(1)}", 20)
    assert len(copies(store)) == 1


def test_a_power_cut_in_front_of_every_step_prints_it_once() -> None:
    async def sell(store: Store) -> None:
        async with store.checkout() as checkout:
            await checkout.sell(basket(1, card(1190)))
            await store.queue_of_today.ended(f"receipt-{sale_id(1)}", 1000)

    async def again(store: Store) -> None:
        async with store.checkout() as checkout:
            await checkout.sell(basket(1, card(1190)))
            while (await checkout.get(sale_id(1))).state not in SALE_FINAL:  # noqa: ASYNC110 - the till asks
                await asyncio.sleep(1)
            for job in list(store.prints.jobs):
                await store.queue_of_today.ended(job, 1000)

    cut, cut_at = True, 0
    while cut:
        cut_at += 1
        store = shop()
        try:
            simulate(sell(store), cut_at=cut_at)
            cut = False
        except PowerCut:
            store.power_cut()
            simulate(again(store), seed=cut_at)
        paid = len(store.front.moved)
        assert len([each for each in copies(store) if each.copy_of is None]) <= 1
        assert len(copies(store)) >= paid
    assert cut_at > 40


async def test_a_queue_that_lost_its_memory_marks_it_as_a_copy() -> None:
    store = shop()
    store.prints.alarm = "the print queue could not be read"
    async with store.checkout() as checkout:
        sale = await checkout.sell(basket(1, card(1190)))
        (attempt,) = sale.attempts
        assert [each.copy_of for each in copies(store)] == [None]
        store.prints.jobs.clear()
        again = MerchantCopies(store.queue_of_today, "signature")
        await again.hand_in([attempt], "printer", resumed=True)
        await store.queue_of_today.ended(f"merchant-{attempt.id}", 20)
    assert [each.copy_of for each in copies(store)] == [None, "a merchant's receipt"]
