"""The same desk and checkout on the journal that the box really has."""

import asyncio
import random
from pathlib import Path
from typing import cast

from posedge.journal.store import SqliteJournal, open_journal
from posedge.model.sale import SaleState
from posedge.tasks import Worker
from tests.doubles.journal import SOURCE, MemoryJournal
from tests.doubles.store import Store, basket, card, cash, line, sale_id
from tests.doubles.terminal import Act, Fault


async def test_a_day_with_doubt_refund_and_restart_on_sqlite(tmp_path: Path) -> None:
    worker = Worker("journal")
    store = Store()
    store.front.prints = True
    store.front.plan(Act.APPROVE, Fault.LOST_END)
    store.front.forgetful = True

    async def open_shop() -> SqliteJournal:
        journal = await open_journal(
            tmp_path / "journal.db", source=SOURCE, chance=random.Random(1), run=worker.run
        )
        store.journal = cast("MemoryJournal", journal)
        return journal

    journal = await open_shop()
    split = basket(1, card(500), cash(690))
    async with store.checkout() as checkout:
        assert (await checkout.sell(split)).state is SaleState.IN_DOUBT
        held = await checkout.sell(basket(2, card(1190, terminal="side"), lines=(line(1),)))
        assert held.state is SaleState.COMPLETED
    await journal.close()
    store.front.power_cut()
    store.front.forgetful = False
    journal = await open_shop()
    async with store.checkout() as checkout:
        desk = store.desk_of_today
        await desk.settle((await checkout.get(sale_id(1))).attempts[0].id)
        while (done := await checkout.sell(split)).state is SaleState.PAYING:  # noqa: ASYNC110 - as a till asks again
            await asyncio.sleep(0.1)
        assert done.state is SaleState.COMPLETED
        assert done.attempts[0].customer_receipt == ("CARD PAYMENT", "5.00 EUR")
        assert await checkout.sell(basket(2, card(1190, terminal="side"), lines=(line(1),))) == held
        tender = card(-1190, terminal="side", original=held.attempts[0].id)
        back = basket(3, tender, lines=(line(1, original=sale_id(2)),))
        assert (await checkout.refund(sale_id(2), back)).state is SaleState.COMPLETED
        assert len(await desk.recent(10)) == 3
        assert desk.status().blocked == ()
    await journal.close()
    worker.close()
    assert list(store.front.moved.values()) == [500]
    assert list(store.side.moved.values()) == [1190, 1190]
