import asyncio

import pytest

from posedge.model.capabilities import Printer, PrintEvidence
from posedge.model.errors import MisuseError
from posedge.model.receipt import Receipt
from posedge.model.sale import ReceiptState, SaleState
from tests.doubles.printer import FakePrinter
from tests.doubles.prints import MemoryPrints
from tests.doubles.store import Store, basket, cash, sale_id


async def test_a_receipt_that_may_be_on_paper_is_printed_again_as_a_copy() -> None:
    store = Store()
    store.printer.on_print = lambda _job: setattr(store.printer, "jammed", True)
    async with store.checkout() as checkout:
        sale = await checkout.sell(basket(1, cash(100)))
        assert (sale.receipt, sale.receipt_reason) == (ReceiptState.WAITING, "unplugged in mid-job")
        store.printer.jammed = False
        store.printer.on_print = lambda _job: None
        await asyncio.sleep(5)
        assert (await checkout.get(sale_id(1))).receipt is ReceiptState.PRINTED
    assert [receipt.copy_of for _, receipt in store.printer.paper] == [None, "receipt 1"]


async def test_paper_that_ends_before_a_byte_is_sent_makes_no_copy() -> None:
    store = Store()
    store.printer.on_print = lambda _job: setattr(store.printer, "has_paper", False)
    async with store.checkout() as checkout:
        sale = await checkout.sell(basket(1, cash(100)))
        assert sale.receipt_reason == "out of paper"
        before = store.journal.last
        await asyncio.sleep(3600)
        assert store.journal.last == before
        store.printer.on_print = lambda _job: None
        store.printer.has_paper = True
        await asyncio.sleep(5)
    assert [receipt.copy_of for _, receipt in store.printer.paper] == [None]


async def test_after_a_power_cut_in_mid_job_the_receipt_is_a_copy() -> None:
    store = Store()
    store.printer.takes_s = 20
    async with store.checkout() as checkout:
        sale = await checkout.sell(basket(1, cash(100)))
        assert sale.receipt is ReceiptState.WAITING
    store.power_cut()
    store.printer.takes_s = 0.1
    async with store.checkout() as checkout:
        assert store.queue_of_today.waiting == 1
        await asyncio.sleep(5)
        assert (await checkout.get(sale_id(1))).receipt is ReceiptState.PRINTED
    assert [receipt.copy_of for _, receipt in store.printer.paper] == ["receipt 1"]


async def test_what_only_waited_is_no_copy_after_a_restart() -> None:
    store = Store()
    store.printer.has_paper = False
    async with store.checkout() as checkout:
        await checkout.sell(basket(1, cash(100)))
    store.printer.has_paper = True
    async with store.checkout() as checkout:
        await asyncio.sleep(5)
        assert store.queue_of_today.waiting == 0
    assert [receipt.copy_of for _, receipt in store.printer.paper] == [None]


async def test_no_printer_at_all_is_a_reason() -> None:
    store = Store()
    del store.devices.devices["printer"]
    async with store.checkout() as checkout:
        sale = await checkout.sell(basket(1, cash(100)))
    assert sale.receipt_reason == "there is no Printer"
    assert store.types("drawer") == ["drawer.opened", "drawer.failed"]


async def test_a_printer_that_hangs_is_given_up_and_tried_again() -> None:
    store = Store()
    store.printer.takes_s = 10**6
    async with store.checkout() as checkout:
        await checkout.sell(basket(1, cash(100)))
        await asyncio.sleep(598)
        waiting = await checkout.get(sale_id(1))
        assert waiting.receipt_reason == "the printer did not answer within 600 s"
        store.printer.takes_s = 0.1
        await asyncio.sleep(603)
        assert store.queue_of_today.waiting == 0
    assert [receipt.copy_of for _, receipt in store.printer.paper] == ["receipt 1"]


async def test_a_receipt_that_cannot_be_printed_lets_the_others_pass() -> None:
    class Picky(FakePrinter):
        async def print(self, content: Receipt | bytes, job: str) -> PrintEvidence:
            if job == f"receipt-{sale_id(1)}":
                raise MisuseError("receipt.unprintable", "no such symbol")
            return await super().print(content, job)

    store = Store(printer=Picky())
    async with store.checkout() as checkout:
        await asyncio.gather(*(checkout.sell(basket(n, cash(100))) for n in (1, 2)))
        sale = await checkout.get(sale_id(1))
        assert (sale.receipt, sale.receipt_reason) == (ReceiptState.FAILED, "no such symbol")
    assert store.types("receipt").count("receipt.failed") == 1
    async with store.checkout() as checkout:
        assert await checkout.get(sale_id(1)) == sale
    assert [job for job, _ in store.printer.paper] == [f"receipt-{sale_id(2)}"]


async def test_printers_do_not_wait_for_each_other() -> None:
    store = Store()
    store.devices.devices["kitchen"] = kitchen = FakePrinter()
    store.printer.has_paper = False
    assert isinstance(kitchen, Printer)
    async with store.checkout() as checkout:
        await checkout.sell(basket(1, cash(100)).model_copy(update={"printer": "printer"}))
        request = basket(2, cash(100)).model_copy(update={"printer": "kitchen"})
        assert (await checkout.sell(request)).receipt is ReceiptState.PRINTED
    assert len(kitchen.paper) == 1
    assert kitchen.kicks == [0]


async def test_while_the_disk_is_broken_nothing_is_printed() -> None:
    store = Store()
    store.printer.has_paper = False
    async with store.checkout() as checkout:
        await checkout.sell(basket(1, cash(100)))
        store.prints.broken = True
        store.printer.has_paper = True
        await asyncio.sleep(60)
        assert store.queue_of_today.waiting == 1
        assert store.printer.paper == []
        store.prints.broken = False
        await asyncio.sleep(12)
        assert (await checkout.get(sale_id(1))).receipt is ReceiptState.PRINTED
    assert [receipt.copy_of for _, receipt in store.printer.paper] == [None]


async def test_a_receipt_that_the_queue_refuses_is_owed_until_the_next_start() -> None:
    store = Store()
    store.prints.broken = True
    async with store.checkout() as checkout:
        sale = await checkout.sell(basket(1, cash(100)))
        assert (sale.state, sale.receipt) == (SaleState.COMPLETED, ReceiptState.WAITING)
    store.prints.broken = False
    async with store.checkout() as checkout:
        await asyncio.sleep(5)
        assert (await checkout.get(sale_id(1))).receipt is ReceiptState.PRINTED


async def test_what_a_lost_queue_knew_comes_out_as_a_copy() -> None:
    store = Store()
    store.printer.has_paper = False
    async with store.checkout() as checkout:
        await checkout.sell(basket(1, cash(100)))
    store.prints = MemoryPrints()
    store.prints.alarm = "set aside"
    store.printer.has_paper = True
    async with store.checkout():
        await asyncio.sleep(5)
    assert [receipt.copy_of for _, receipt in store.printer.paper] == ["receipt 1"]


async def test_the_end_that_the_journal_missed_is_written_down_at_the_next_start() -> None:
    store = Store()
    store.printer.on_print = lambda _job: store.journal.fail()
    async with store.checkout() as checkout:
        await checkout.sell(basket(1, cash(100)))
        await asyncio.sleep(5)
    assert store.types("receipt") == ["receipt.waiting"]
    store.power_cut()
    store.printer.on_print = lambda _job: None
    async with store.checkout() as checkout:
        assert (await checkout.get(sale_id(1))).receipt is ReceiptState.PRINTED
    assert store.types("receipt") == ["receipt.waiting", "receipt.printed"]
    assert len(store.printer.paper) == 1


@pytest.mark.parametrize("paper", [True, False])
async def test_a_replay_after_a_restart_prints_nothing_twice(paper: bool) -> None:
    store = Store()
    async with store.checkout() as checkout:
        await checkout.sell(basket(1, cash(100), paper=paper))
    async with store.checkout() as checkout:
        await checkout.sell(basket(1, cash(100), paper=paper))
        await asyncio.sleep(60)
    assert len(store.printer.paper) == int(paper)
