"""A sale with the power cut in front of every step: paid once, journalled once, or given back."""

import asyncio

import pytest

from posedge.model.sale import SALE_FINAL, ReceiptState, Sale, SaleRequest, SaleState
from tests.doubles.simloop import PowerCut, simulate
from tests.doubles.store import Store, basket, card, cash, sale_id
from tests.doubles.terminal import Act, Fault

REQUEST = basket(1, card(500), card(690, terminal="side"), cash(100))


REST = (cash(595),)


async def sell(store: Store, request: SaleRequest, *, keep: bool = False) -> Sale:
    """Sell as a till does that asks again until it knows; `keep`: a part is enough for it."""
    async with store.checkout() as checkout:
        sale = await checkout.sell(request)
        for _ in range(1000):
            if sale.state in SALE_FINAL and sale.receipt is not ReceiptState.WAITING:
                return sale
            if keep and sale.state is SaleState.PARTIAL:
                sale = await checkout.extend(request.id, REST)
                continue
            await asyncio.sleep(5)
            sale = await checkout.sell(request)
    raise AssertionError(f"no end: {sale}")


def check(store: Store, sale: Sale) -> None:
    ledger = {**store.front.moved, **store.side.moved}
    paid = [each for each in sale.attempts if each.kind.value == "sale"]
    back = [each for each in sale.attempts if each.kind.value == "reversal"]
    kept = sum(ledger.get(each.id, 0) for each in paid) - sum(ledger.get(b.id, 0) for b in back)
    assert kept == (1190 if sale.state is SaleState.COMPLETED else 0)
    assert {each.id for each in sale.attempts} >= ledger.keys()
    done = store.types("sale").count("sale.completed")
    assert done == (sale.state is SaleState.COMPLETED)
    assert len(store.printer.kicks) <= done
    originals = [job for job, receipt in store.printer.paper if receipt.copy_of is None]
    assert len(originals) <= done <= len(store.printer.paper)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("front", "side", "stride"),
    [
        ((Act.APPROVE, Fault.NONE), (Act.APPROVE, Fault.NONE), 1),
        ((Act.APPROVE, Fault.LOST_END), (Act.APPROVE, Fault.LOST_ACK), 2),
        ((Act.APPROVE, Fault.NONE), (Act.DECLINE, Fault.NONE), 1),
        ((Act.PARTIAL, Fault.NONE), (Act.APPROVE, Fault.NONE), 1),
    ],
)
def test_a_cut_in_front_of_every_single_step(
    front: tuple[Act, Fault], side: tuple[Act, Fault], stride: int
) -> None:
    cut_at = 0
    ends: set[SaleState] = set()
    cut = True
    while cut:
        cut_at += stride
        store = Store()
        store.front.plan(*front)
        store.side.plan(*side)
        try:
            sale = simulate(sell(store, REQUEST), cut_at=cut_at)
            cut = False
        except PowerCut:
            store.power_cut()
            sale = simulate(sell(store, REQUEST), seed=1)
        check(store, sale)
        ends.add(sale.state)
    assert simulate(sell(store, REQUEST), seed=2) == sale
    check(store, sale)
    assert cut_at > 50
    assert ends <= SALE_FINAL


def test_two_cuts_and_a_night_between_them_ask_no_card_of_somebody_else() -> None:
    store = Store()
    with pytest.raises(PowerCut):
        simulate(sell(store, REQUEST), cut_at=25)
    assert store.types("sale") == ["sale.accepted"]
    asked = [step for step in store.front.steps if step.startswith("asked")]
    store.power_cut()
    store.trusted = False
    sale = simulate(sell(store, REQUEST), seed=1)
    assert sale.state in {SaleState.DECLINED, SaleState.VOIDED}
    assert [step for step in store.front.steps if step.startswith("asked")][len(asked) + 1 :] == []
    assert store.side.moved == {}
    check(store, sale)


def test_receipt_numbers_have_no_gap_after_cuts() -> None:
    store = Store()
    for number in range(1, 30):
        request = basket(number, cash(100))
        try:
            simulate(sell(store, request), cut_at=4 + 2 * number)
        except PowerCut:
            store.power_cut()
            simulate(sell(store, request), seed=number)
    numbers = [
        entry.data["transaction"]["receipt_no"]
        for entry in store.journal.entries
        if entry.type == "sale.completed"
    ]
    assert numbers == list(range(1, 30))
    assert store.types("sale").count("sale.accepted") == 29
    assert sale_id(29) in store.journal.entries[-1].subject


@pytest.mark.slow
def test_a_part_that_is_kept_and_its_rest_are_paid_once_whenever_the_power_goes() -> None:
    request = basket(1, card(1190))
    cut_at, cut = 0, True
    while cut:
        cut_at += 1
        store = Store()
        store.front.plan(Act.PARTIAL)
        try:
            sale = simulate(sell(store, request, keep=True), cut_at=cut_at)
            cut = False
        except PowerCut:
            store.power_cut()
            sale = simulate(sell(store, request, keep=True), seed=1)
        moved = sum(store.front.moved.values())
        if sale.state is SaleState.COMPLETED and moved == 595:
            assert sale.transaction is not None
            tenders = [(each.kind, each.amount_minor) for each in sale.transaction.tenders]
            assert tenders == [("card", 595), ("cash", 595)]
        else:
            check(store, sale)
    assert cut_at > 20
