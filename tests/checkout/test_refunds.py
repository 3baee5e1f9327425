import asyncio

import pytest

from posedge.model.errors import MisuseError, NotFoundError, PosedgeError
from posedge.model.payment import AttemptKind
from posedge.model.sale import Sale, SaleState
from tests.doubles.counter import order
from tests.doubles.store import Store, basket, card, cash, line, sale_id
from tests.doubles.terminal import Act

TWO = (line(1, minor=1190, quantity="2"), line(2, minor=500))


async def test_goods_come_back_for_cash_and_not_more_of_them_than_were_sold() -> None:
    store = Store()
    async with store.checkout() as checkout:
        await checkout.sell(basket(1, cash(1690), lines=TWO))
        half = line(1, minor=595, quantity="1", original=sale_id(1))
        first = await checkout.refund(sale_id(1), basket(2, cash(-595), lines=(half,)))
        assert first.state is SaleState.COMPLETED
        assert first.transaction is not None
        assert (first.transaction.kind, first.transaction.receipt_no) == ("refund", 2)
        await checkout.refund(sale_id(1), basket(3, cash(-595), lines=(half,)))
        with pytest.raises(MisuseError) as more:
            await checkout.refund(sale_id(1), basket(4, cash(-595), lines=(half,)))
        assert more.value.code == "refund.too_much"
        assert await checkout.refund(sale_id(1), basket(2, cash(-595), lines=(half,))) == first
    assert store.types("refund") == ["refund.accepted", "refund.completed"] * 2
    assert store.printer.kicks == [0, 0, 0]


async def test_the_same_line_twice_in_one_refund_counts_twice() -> None:
    store = Store()
    async with store.checkout() as checkout:
        await checkout.sell(basket(1, cash(500), lines=(line(2, minor=500),)))
        back = line(2, minor=500, original=sale_id(1))
        with pytest.raises(MisuseError, match="left to return"):
            await checkout.sell(basket(2, cash(-1000), lines=(back, back)))


async def test_two_refunds_at_once_do_not_take_back_the_same_goods() -> None:
    store = Store()
    async with store.checkout() as checkout:
        await checkout.sell(basket(1, cash(500), lines=(line(2, minor=500),)))
        back = (line(2, minor=500, original=sale_id(1)),)
        both = await asyncio.gather(
            *(checkout.sell(basket(number, cash(-500), lines=back)) for number in (2, 3)),
            return_exceptions=True,
        )
    assert sorted(type(each).__name__ for each in both) == ["MisuseError", "Sale"]


async def test_a_refund_that_is_declined_leaves_the_goods_returnable() -> None:
    store = Store()
    async with store.checkout() as checkout:
        sold = await checkout.sell(basket(1, card(500), lines=(line(2, minor=500),)))
        back = (line(2, minor=500, original=sale_id(1)),)
        original = sold.attempts[0].id
        store.front.plan(Act.DECLINE)
        no = await checkout.sell(basket(2, card(-500, original=original), lines=back))
        assert no.state is SaleState.DECLINED
        yes = await checkout.sell(basket(3, card(-500, original=original), lines=back))
        assert yes.state is SaleState.COMPLETED
    assert store.types("refund")[:2] == ["refund.accepted", "refund.declined"]


@pytest.mark.parametrize(
    ("minor", "day", "kind"),
    [
        (1190, "2026-11-24", AttemptKind.REVERSAL),
        (1190, "2026-11-25", AttemptKind.REFUND),
        (595, "2026-11-24", AttemptKind.REFUND),
    ],
)
async def test_a_whole_payment_of_the_day_is_reversed_and_any_other_refunded(
    minor: int, day: str, kind: AttemptKind
) -> None:
    store = Store()
    async with store.checkout() as checkout:
        sold = await checkout.sell(basket(1, card(1190), lines=(line(1),)))
        back = (line(1, minor=minor, original=sale_id(1)),)
        tender = card(-minor, original=sold.attempts[0].id).model_copy(update={"terminal": None})
        refund = await checkout.refund(sale_id(1), basket(2, tender, lines=back, day=day))
    assert refund.state is SaleState.COMPLETED
    assert refund.attempts[0].kind is kind
    assert refund.attempts[0].original_receipt_no == "101"


async def test_a_refund_to_a_card_that_paid_without_a_sale_or_never() -> None:
    store = Store()
    back = (line(1, original=None).model_copy(update={"kind": "return"}),)
    async with store.checkout() as checkout:
        await store.desk_of_today.pay(order("p1", minor=1190))
        request = basket(1, card(-1190, original="p1"), lines=back, operator="ina")
        assert (await checkout.sell(request)).attempts[0].kind is AttemptKind.REFUND
        request = basket(2, card(-1190, original="p9"), lines=back, operator="ina")
        assert (await checkout.sell(request)).code == "payment.unknown"


async def test_a_return_without_a_receipt_names_the_operator() -> None:
    store = Store()
    back = (line(1).model_copy(update={"kind": "return"}),)
    async with store.checkout() as checkout:
        with pytest.raises(MisuseError) as nobody:
            await checkout.sell(basket(1, cash(-1190), lines=back))
        assert nobody.value.code == "refund.operator_missing"
        taken = await checkout.sell(basket(1, cash(-1190), lines=back, operator="ina"))
        assert taken.state is SaleState.COMPLETED


async def test_what_is_not_known_or_not_so_is_refused() -> None:
    store = Store()
    async with store.checkout() as checkout:
        await checkout.sell(basket(1, cash(1690), lines=TWO))
        store.front.plan(Act.DECLINE)
        await checkout.sell(basket(2, card(1190), lines=(line(1),)))

        async def refused(by: int, of: int, number: int, **changes: object) -> PosedgeError:
            back = line(number, minor=500, original=sale_id(of)).model_copy(update=changes)
            with pytest.raises(MisuseError) as error:
                await checkout.refund(sale_id(by), basket(9, cash(-500), lines=(back,)))
            return error.value

        assert (await refused(1, 2, 1)).code == "refund.other_sale"
        assert isinstance(await refused(7, 7, 1), NotFoundError)
        assert isinstance(await refused(2, 2, 1), NotFoundError)
        assert (await refused(1, 1, 3)).code == "refund.not_sold"
        assert (await refused(1, 1, 2, sku="OTHER")).code == "refund.not_sold"
        with pytest.raises(MisuseError) as kind:
            await checkout.refund(sale_id(1), basket(9, cash(500)))
        assert kind.value.code == "refund.kind"
        francs = basket(9, cash(-500), lines=(line(2, minor=500, original=sale_id(1)),))
        with pytest.raises(MisuseError) as currency:
            await checkout.sell(francs.model_copy(update={"currency": "CHF"}))
        assert currency.value.code == "refund.currency"


async def test_an_exchange_is_one_transaction_with_goods_both_ways() -> None:
    store = Store()
    async with store.checkout() as checkout:
        await checkout.sell(basket(1, cash(500), lines=(line(2, minor=500),)))
        goods = (line(2, minor=500, original=sale_id(1)), line(1, minor=1190))
        swapped: Sale = await checkout.sell(basket(2, card(690), lines=goods))
    assert swapped.transaction is not None
    assert (swapped.transaction.kind, swapped.transaction.total_gross_minor) == ("exchange", 690)
    assert store.front.moved == {swapped.attempts[0].id: 690}
