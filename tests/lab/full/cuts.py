"""The power goes at several steps of a payment, and in the middle of the till's work.

Each scenario ends the machine's life and begins another on the disk that was left.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from itertools import pairwise

from posedge.model.sale import Sale, SaleState
from posedge.tasks import Crew
from tests.lab.full.blocklog import Survived
from tests.lab.full.crashes import COMPLETED, Disks, Told, look_at_all
from tests.lab.full.service import charged, in_progress
from tests.lab.full.shop import LOOK_S, PATIENCE_S, Shop

SALES_S = 10.0
"""The till sells for so long before the power goes."""

RECORDED_S = 40.0
"""The same where each write is looked at: a sale by card takes some seconds."""

AS_POSEDGE = "setpriv --reuid=posedge --regid=posedge --init-groups"


async def cut_while_the_customer_has_the_card_in_hand(shop: Shop) -> str:
    async def presented() -> None:
        assert await shop.till.expect(shop.till.mark(), in_progress, PATIENCE_S), "no payment began"

    return await _cut_a_payment(shop, presented)


async def cut_as_the_terminal_charges(shop: Shop) -> str:
    before = len(shop.terminal.ledger)

    async def taken() -> None:
        while len(shop.terminal.ledger) == before:  # noqa: ASYNC110 - a terminal tells nobody
            await asyncio.sleep(0.001)

    return await _cut_a_payment(shop, taken)


async def cut_as_the_till_has_its_answer(shop: Shop) -> str:
    sold = asyncio.Event()
    return await _cut_a_payment(shop, sold.wait, sold)


async def any_write_of_a_sale_may_be_the_last(shop: Shop) -> str:
    """The till sells for cash and by card; then the disk of each moment is made and looked at."""
    loop = asyncio.get_running_loop()
    told = [Told(shop.machine.logged, event=shop.till.last)]
    until_s = loop.time() + RECORDED_S
    while loop.time() < until_s:
        sale = await shop.till.sell(shop.request("card" if len(told) % 2 else "cash"))
        assert sale.state is SaleState.COMPLETED, sale
        told.append(Told(shop.machine.logged, frozenset({sale.id}), shop.till.last))
    with shop.machine.recorded() as disks:
        chance = random.Random(shop.terminal.port)
        looked = await asyncio.to_thread(look_at_all, disks, told, chance)
        early = [replace(each, end=before.end) for before, each in pairwise(told)]
        found = await asyncio.to_thread(_fault, disks, early, chance)
    return f"{len(told) - 1} sales; {looked}; told a sale too early: {found}"


def _fault(disks: Disks, told: Sequence[Told], chance: random.Random) -> str:
    """Return what is wrong when the box promises too much; AssertionError when nothing is seen."""
    try:
        look_at_all(disks, told, chance)
    except AssertionError as error:
        return f"{error.args[0][1]} is noticed"
    raise AssertionError("a sale told before it was written was not missed")


async def cut_in_mid_sale(shop: Shop) -> str:
    """The till sells for cash without a pause; what it was told is sold must be there."""
    told: list[Sale] = []

    async def sell() -> None:
        while True:
            told.append(await shop.till.sell(shop.request("cash")))

    async with Crew("seller") as crew:
        crew.start(sell(), name="sell")
        await asyncio.sleep(SALES_S)
        before = len(told)
        survived = await _again(shop)
        while len(told) < before + 2:  # noqa: ASYNC110 - the one under way, and another
            await asyncio.sleep(LOOK_S)
    assert {each.state for each in told} == {SaleState.COMPLETED}, told
    journalled = await _journalled(shop)
    assert all(journalled[each.id] == 1 for each in told), journalled
    after = len(told) - before
    return f"{before} acknowledged before, {after} after, each journalled once; {survived}"


async def _cut_a_payment(
    shop: Shop, moment: Callable[[], Awaitable[object]], sold: asyncio.Event | None = None
) -> str:
    charges = len(shop.terminal.ledger)
    request = shop.request("card")
    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(_at(moment))
        sale = group.create_task(shop.till.sell(request))
        if sold is not None:
            sale.add_done_callback(lambda _: sold.set())
        await waiting
        survived = await _again(shop)
    kept = charged(shop, charges)
    answer = await shop.technician.get(f"/v1/sales/{request.id}")
    state = Sale.model_validate_json(answer.content).state
    assert state is sale.result().state, (state, sale.result())
    assert kept == (state is SaleState.COMPLETED), (kept, state)
    assert (await _journalled(shop))[request.id] == kept, "not once in the journal"
    return f"{state}, charged {kept} x; {survived}"


async def _at(moment: Callable[[], Awaitable[object]]) -> None:
    await moment()


async def _again(shop: Shop) -> str:
    """Cut, boot on what is left, and have the journal verified."""
    survived: Survived = await shop.machine.cut(random.Random(shop.terminal.port))
    await shop.machine.switch_on()
    await shop.ready()
    verified = await shop.machine.run(f"{AS_POSEDGE} posedge journal verify")
    return (
        f"of {survived.late} writes that no flush had followed {survived.kept} were kept;"
        f" {verified.splitlines()[0]}"
    )


async def _journalled(shop: Shop) -> Counter[str]:
    """Return how often each sale is completed in the journal."""
    completed = [each for each in await shop.journal() if each["type"] == COMPLETED]
    return Counter(each["subject"].removeprefix("sale/") for each in completed)


SCENARIOS = (
    cut_while_the_customer_has_the_card_in_hand,
    cut_as_the_terminal_charges,
    cut_as_the_till_has_its_answer,
    any_write_of_a_sale_may_be_the_last,
    cut_in_mid_sale,
)
