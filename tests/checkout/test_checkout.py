import asyncio

import pytest

from posedge.model.errors import (
    ConflictError,
    DeviceError,
    MisuseError,
    NotFoundError,
    StorageError,
)
from posedge.model.events import ReceiptChanged, SaleChanged
from posedge.model.payment import AttemptKind
from posedge.model.receipt import Columns
from posedge.model.sale import ReceiptState, Sale, SaleState
from tests.doubles.store import Store, basket, card, cash, line, sale_id
from tests.doubles.terminal import Act, Fault


async def test_a_card_sale_is_paid_journalled_and_printed() -> None:
    store = Store()
    async with store.checkout() as checkout:
        sale = await checkout.sell(basket(1, card(1190)))
        assert sale.state is SaleState.COMPLETED
        assert sale.receipt is ReceiptState.PRINTED
        assert sale.transaction is not None
        (tender,) = sale.transaction.tenders
        assert (tender.scheme, tender.last4, tender.auth_code) == ("girocard", "0010", "047110")
        assert tender.attempt == sale.attempts[0].id
        assert (sale.transaction.tenant, sale.transaction.receipt_no) == ("acme", 1)
        assert await checkout.get(sale_id(1)) == sale
    assert store.types("sale", "receipt", "drawer") == [
        "sale.accepted",
        "sale.completed",
        "receipt.waiting",
        "receipt.printed",
    ]
    assert store.printer.kicks == []
    assert [each.state for each in store.shelf.events if isinstance(each, SaleChanged)] == [
        "accepted",
        "completed",
    ]


async def test_a_cash_sale_opens_the_drawer_once_and_gives_change() -> None:
    store = Store()
    async with store.checkout() as checkout:
        request = basket(1, cash(1190, given=2000))
        first, second = await asyncio.gather(checkout.sell(request), checkout.sell(request))
        assert first == second == await checkout.sell(request)
        assert first.transaction is not None
        assert first.transaction.tenders[0].change_minor == 810
    async with store.checkout() as checkout:
        assert await checkout.sell(request) == first
    assert store.printer.kicks == [0]
    assert store.types("drawer") == ["drawer.opened"]
    assert len(store.printer.paper) == 1


async def test_receipt_numbers_are_gapless_per_till() -> None:
    store = Store()
    async with store.checkout() as checkout:
        sales = await asyncio.gather(
            *(checkout.sell(basket(n, cash(100), till=f"till-{n % 2}")) for n in range(6))
        )
        store.front.plan(Act.DECLINE)
        await checkout.sell(basket(10, card(100), till="till-0"))
        sales.append(await checkout.sell(basket(11, cash(100), till="till-0")))
    numbers: dict[str, list[int]] = {}
    for sale in sales:
        assert sale.transaction is not None
        numbers.setdefault(sale.transaction.till, []).append(sale.transaction.receipt_no)
    assert sorted(numbers["till-0"]) == [1, 2, 3, 4]
    assert sorted(numbers["till-1"]) == [1, 2, 3]


async def test_the_same_id_with_other_content_is_a_conflict() -> None:
    store = Store()
    async with store.checkout() as checkout:
        selling = asyncio.gather(checkout.sell(basket(1, card(1190))))
        await asyncio.sleep(1)
        for _ in range(2):
            with pytest.raises(ConflictError):
                await checkout.sell(basket(1, card(1191)))
            await selling


async def test_a_till_that_goes_away_finds_its_sale_done() -> None:
    store = Store()
    async with store.checkout() as checkout:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await checkout.sell(basket(1, card(1190)))
        assert (await checkout.get(sale_id(1))).state is SaleState.PAYING
        assert (await checkout.sell(basket(1, card(1190)))).state is SaleState.COMPLETED
    assert sum(store.front.moved.values()) == 1190


async def test_a_declined_card_is_a_declined_sale() -> None:
    store = Store()
    store.front.plan(Act.DECLINE)
    async with store.checkout() as checkout:
        sale = await checkout.sell(basket(1, card(1190)))
    assert sale.state is SaleState.DECLINED
    assert (sale.code, sale.reason) == ("payment.declined", "card declined")
    assert sale.receipt is ReceiptState.NONE
    assert store.types("sale") == ["sale.accepted", "sale.declined"]


async def test_a_second_card_that_is_declined_gives_the_first_back() -> None:
    store = Store()
    store.front.plan(Act.APPROVE)
    store.front.plan(Act.DECLINE)
    async with store.checkout() as checkout:
        sale = await checkout.sell(basket(1, card(500), card(690)))
    assert sale.state is SaleState.VOIDED
    assert sale.code == "payment.declined"
    assert [attempt.kind.value for attempt in sale.attempts] == ["sale", "reversal", "sale"]
    assert list(store.front.moved.values()) == [500, 500]
    assert store.types("sale") == ["sale.accepted", "sale.voiding", "sale.voided"]


async def test_a_partial_approval_that_nobody_wants_is_given_back() -> None:
    store = Store()
    store.front.plan(Act.PARTIAL)
    async with store.checkout() as checkout:
        sale = await checkout.sell(basket(1, card(1190)))
        assert sale.state is SaleState.PARTIAL
        await asyncio.sleep(180)
        sale = await checkout.get(sale.id)
    assert sale.state is SaleState.VOIDED
    assert sale.code == "payment.partial"
    assert sale.reason == "only 5.95 EUR of 11.90 EUR was approved"
    assert list(store.front.moved.values()) == [595, 595]


async def test_the_till_keeps_a_part_and_takes_the_rest_otherwise() -> None:
    store = Store()
    store.front.plan(Act.PARTIAL)
    async with store.checkout() as checkout:
        sale = await checkout.sell(basket(1, card(1190)))
        rest = (card(500, terminal="side"), cash(95))
        with pytest.raises(MisuseError) as short:
            await checkout.extend(sale.id, rest[:1])
        assert (short.value.code, short.value.message) == (
            "sale.rest",
            "the tenders sum to 500, 595 is left to pay",
        )
        sale = await checkout.extend(sale.id, rest)
        assert sale.state is SaleState.COMPLETED
        assert await checkout.extend(sale.id, rest) == sale
        with pytest.raises(MisuseError) as late:
            await checkout.extend(sale.id, (cash(595),))
        assert late.value.code == "sale.not_partial"
        with pytest.raises(MisuseError):
            await checkout.refuse(sale.id)
    assert sale.transaction is not None
    tenders = [(each.kind, each.amount_minor) for each in sale.transaction.tenders]
    assert tenders == [("card", 595), ("card", 500), ("cash", 95)]
    assert (store.front.moved, store.side.moved) == (
        {sale.attempts[0].id: 595},
        {sale.attempts[1].id: 500},
    )
    assert len(store.printer.kicks) == 1
    assert store.types("sale") == ["sale.accepted", "sale.extended", "sale.completed"]


async def test_too_many_tenders_are_no_rest() -> None:
    store = Store()
    store.front.plan(Act.PARTIAL)
    async with store.checkout() as checkout:
        sale = await checkout.sell(basket(1, card(1190)))
        with pytest.raises(MisuseError) as many:
            await checkout.extend(sale.id, (*[cash(1)] * 15, cash(580)))
        assert many.value.code == "sale.rest"


async def test_the_till_refuses_a_part() -> None:
    store = Store()
    store.front.plan(Act.PARTIAL)
    async with store.checkout() as checkout:
        sale = await checkout.sell(basket(1, card(1190)))
        await checkout.refuse(sale.id)
        await asyncio.sleep(10)
        sale = await checkout.get(sale.id)
    assert (sale.state, sale.code) == (SaleState.VOIDED, "payment.partial")
    assert list(store.front.moved.values()) == [595, 595]


async def test_a_rest_that_is_declined_gives_the_part_back_too() -> None:
    store = Store()
    store.front.plan(Act.PARTIAL)
    store.front.plan(Act.DECLINE)
    async with store.checkout() as checkout:
        sale = await checkout.sell(basket(1, card(1190)))
        sale = await checkout.extend(sale.id, (card(595),))
        assert sale.state is SaleState.VOIDED
    assert list(store.front.moved.values()) == [595, 595]


async def test_a_tip_from_the_terminal_becomes_a_line_of_the_sale() -> None:
    store = Store()
    store.front.plan(Act.TIPPED)
    async with store.checkout() as checkout:
        tender = card(1190).model_copy(update={"asks_tip": True})
        sale = await checkout.sell(basket(1, tender))
    assert sale.state is SaleState.COMPLETED
    done = sale.transaction
    assert done is not None
    assert (done.total_gross_minor, done.tenders[0].amount_minor) == (1340, 1340)
    tip = done.lines[-1]
    assert (tip.kind, tip.gross_minor, str(tip.unit_price)) == ("tip", 150, "1.50")
    assert sum(store.front.moved.values()) == 1340


async def test_a_terminal_that_is_not_there_declines_before_anything_moves() -> None:
    store = Store()
    store.devices.away.add("side")
    async with store.checkout() as checkout:
        sale = await checkout.sell(basket(1, card(500), card(690, terminal="side")))
        assert (sale.state, sale.code) == (SaleState.VOIDED, "device.offline")
        store.front.plan(Act.APPROVE, Fault.UNREACHABLE)
        sale = await checkout.sell(basket(2, card(500)))
        assert (sale.state, sale.code) == (SaleState.DECLINED, "payment.not_sent")
        assert sale.reason == "terminal.unreachable: the terminal does not answer"


async def test_a_sale_in_doubt_says_so_at_once_and_completes_by_itself() -> None:
    store = Store()
    store.front.plan(Act.APPROVE, Fault.LOST_END)
    store.front.forgetful = True
    async with store.checkout() as checkout:
        request = basket(1, card(1190))
        sale = await checkout.sell(request)
        assert sale.state is SaleState.IN_DOUBT
        assert (await checkout.sell(request)).state is SaleState.IN_DOUBT
        store.front.forgetful = False
        sale = await completed(checkout.get, 1)
        assert sale.receipt is ReceiptState.PRINTED
    assert sum(store.front.moved.values()) == 1190


async def completed(get: object, number: int) -> Sale:
    assert callable(get)
    async with asyncio.timeout(10_000):
        sale: Sale = await get(sale_id(number))
        while sale.state is not SaleState.COMPLETED or sale.receipt is ReceiptState.WAITING:
            await asyncio.sleep(0.5)
            sale = await get(sale_id(number))
    return sale


async def test_a_second_card_is_not_asked_for_when_the_doubt_took_long() -> None:
    store = Store()
    store.front.plan(Act.APPROVE, Fault.LOST_END)
    store.front.forgetful = True
    async with store.checkout() as checkout:
        await checkout.sell(basket(1, card(500), card(690, terminal="side")))
        await asyncio.sleep(300)
        store.front.forgetful = False
        await asyncio.sleep(100)
        sale = await checkout.get(sale_id(1))
        assert (sale.state, sale.code) == (SaleState.VOIDED, "sale.interrupted")
    assert store.side.moved == {}


async def test_a_reversal_is_tried_until_the_terminal_is_there_again() -> None:
    store = Store()
    store.front.plan(Act.APPROVE)
    store.side.plan(Act.DECLINE)
    async with store.checkout() as checkout:
        store.side.on_step = lambda _step, _attempt: setattr(store.front, "reachable", False)
        sale = await checkout.sell(basket(1, card(500), card(690, terminal="side")))
        assert sale.state is SaleState.VOIDING
        await asyncio.sleep(30)
        store.devices.away.add("front")
        await asyncio.sleep(700)
        store.devices.away.clear()
        store.front.reachable = True
        await asyncio.sleep(700)
        sale = await checkout.get(sale_id(1))
        assert sale.state is SaleState.VOIDED
    assert list(store.front.moved.values()) == [500, 500]


async def test_a_reversal_that_is_refused_waits_for_a_person() -> None:
    store = Store()
    store.front.plan(Act.APPROVE)
    store.front.plan(Act.DECLINE)
    store.front.plan(Act.DECLINE)
    async with store.checkout() as checkout:
        sale = await checkout.sell(basket(1, card(500), card(690)))
        assert (sale.state, sale.code) == (SaleState.VOIDING, "payment.reversal_refused")
        assert sale.reason == "card declined; but the terminal does not give back: card declined"
        await asyncio.sleep(3600)
        assert await checkout.sell(basket(1, card(500), card(690))) == sale
    async with store.checkout() as checkout:
        await asyncio.sleep(60)
        assert await checkout.get(sale_id(1)) == sale


async def test_a_paid_sale_does_not_wait_for_paper() -> None:
    store = Store()
    store.printer.has_paper = False
    loop = asyncio.get_running_loop()
    async with store.checkout() as checkout:
        before = loop.time()
        sale = await checkout.sell(basket(1, cash(100)))
        assert loop.time() - before < 6
        assert (sale.state, sale.receipt) == (SaleState.COMPLETED, ReceiptState.WAITING)
        assert sale.receipt_reason == "printer is not ready"
        await checkout.sell(basket(2, cash(100)))
        assert store.queue_of_today.waiting == 2
        store.printer.has_paper = True
        await completed(checkout.get, 2)
        assert store.queue_of_today.waiting == 0
    assert [job for job, _ in store.printer.paper] == [f"receipt-{sale_id(n)}" for n in (1, 2)]
    told = [each.state for each in store.shelf.events if isinstance(each, ReceiptChanged)]
    assert told == ["waiting", "printed", "printed"]


async def test_a_sale_that_wants_no_paper_gets_none() -> None:
    store = Store()
    async with store.checkout() as checkout:
        sale = await checkout.sell(basket(1, cash(100), paper=False))
    assert sale.receipt is ReceiptState.NONE
    assert store.printer.paper == []
    assert store.printer.kicks == [0]


@pytest.mark.parametrize("slow", [True, False])
async def test_a_drawer_that_does_not_open_is_told_and_holds_nothing_up(slow: bool) -> None:
    store = Store()

    async def kick(drawer: int = 0) -> None:
        await asyncio.sleep(60 if slow else 0)
        raise DeviceError("printer.offline", "the printer is off")

    store.printer.kick = kick  # type: ignore[method-assign]
    async with store.checkout() as checkout:
        assert (await checkout.sell(basket(1, cash(100)))).state is SaleState.COMPLETED
    assert store.types("drawer") == ["drawer.opened", "drawer.failed"]


async def test_a_broken_disk_is_said_and_nothing_is_taken() -> None:
    store = Store()
    async with store.checkout() as checkout:
        store.journal.fail()
        with pytest.raises(StorageError):
            await checkout.sell(basket(1, card(1190)))
        assert store.front.moved == {}
    store.power_cut()
    async with store.checkout() as checkout:
        with pytest.raises(NotFoundError):
            await checkout.get(sale_id(1))


async def test_a_disk_that_breaks_while_paying() -> None:
    store = Store()
    async with store.checkout() as checkout:
        store.front.on_step = lambda _step, _attempt: store.journal.fail()
        with pytest.raises(StorageError):
            await checkout.sell(basket(1, card(500)))
        assert (await checkout.get(sale_id(1))).state is SaleState.PAYING


async def test_a_disk_that_was_full_for_a_while_leaves_no_paid_sale_behind() -> None:
    store = Store()
    request = basket(1, card(690), cash(500))
    async with store.checkout() as checkout:
        store.front.on_step = lambda step, _: store.journal.fail() if step == "kept" else None
        with pytest.raises(StorageError):
            await checkout.sell(request)
        with pytest.raises(StorageError):
            await checkout.sell(request)
        await asyncio.sleep(30)
        store.journal.mend()
        await asyncio.sleep(30)
        sale = await checkout.sell(request)
        assert (sale.state, sale.receipt) == (SaleState.COMPLETED, ReceiptState.PRINTED)
    assert list(store.front.moved.values()) == [690]
    assert store.printer.kicks == [0]


async def test_a_disk_that_breaks_while_giving_back() -> None:
    store = Store()
    store.side.plan(Act.DECLINE)
    async with store.checkout() as checkout:
        store.front.on_step = lambda _step, attempt: (
            store.journal.fail() if attempt.kind is AttemptKind.REVERSAL else None
        )
        with pytest.raises(StorageError):
            await checkout.sell(basket(1, card(500), card(690, terminal="side")))
        assert (await checkout.get(sale_id(1))).state is SaleState.VOIDING
    store.power_cut()
    store.front.on_step = lambda _step, _attempt: None
    async with store.checkout() as checkout:
        await asyncio.sleep(60)
        assert (await checkout.get(sale_id(1))).state is SaleState.VOIDED
    assert list(store.front.moved.values()) == [500, 500]


async def test_a_closed_checkout_takes_nothing_new() -> None:
    store = Store()
    store.front.plan(Act.APPROVE, Fault.LOST_END)
    store.front.forgetful = True
    async with store.checkout() as checkout:
        await checkout.sell(basket(1, card(500)))
        selling = asyncio.gather(checkout.sell(basket(2, card(500, terminal="side"))))
        await asyncio.sleep(1)
        await checkout.close()
        with pytest.raises(MisuseError, match="not open"):
            await checkout.sell(basket(3, cash(100)))
        assert (await checkout.sell(basket(1, card(500)))).state is SaleState.IN_DOUBT
        (running,) = await selling
        assert running.state is SaleState.COMPLETED


@pytest.mark.parametrize(("letter", "count"), [("x", 301), ("\N{EURO SIGN}", 121)])
async def test_a_basket_too_large_for_the_journal_is_refused_before_it_is_paid(
    letter: str, count: int
) -> None:
    store = Store()
    title = {"title": letter * 250}
    goods = tuple(line(number).model_copy(update=title) for number in range(1, count))
    total = sum(each.gross_minor for each in goods)
    async with store.checkout() as checkout:
        with pytest.raises(MisuseError, match="split it"):
            await checkout.sell(basket(1, card(total), lines=goods))
    assert store.journal.last == 0


async def test_the_receipt_of_a_completed_sale_can_be_had_again() -> None:
    store = Store()
    async with store.checkout() as checkout:
        await checkout.sell(basket(1, card(1190)))
        document = await checkout.copies.customer(sale_id(1))
        assert Columns(left="Card", right="girocard **** 0010") in document.parts
        store.front.plan(Act.DECLINE)
        await checkout.sell(basket(2, card(1190)))
        with pytest.raises(NotFoundError) as none:
            await checkout.copies.customer(sale_id(2))
        assert none.value.code == "receipt.missing"
