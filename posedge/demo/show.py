"""`posedge demo`: open the shop, let the shopper in, and count."""

import asyncio
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import webbrowser
from dataclasses import asdict, dataclass
from pathlib import Path

from posedge import log
from posedge.demo.chaos import Chaos
from posedge.demo.report import Report, count
from posedge.demo.shop import Shop
from posedge.demo.shopper import Shopper
from posedge.model.sale import Sale
from posedge.tasks import Crew, cancel
from posedge.web.access import Scope

CUSTOMER_S = 1.5
"""How long a customer looks for the card, when somebody watches."""

BETWEEN_S = (0.5, 3.0)


@dataclass(frozen=True, slots=True)
class Wishes:
    """`sales` None: until Ctrl-C. `leave`: end when the shopping is done, without a browser."""

    sales: int | None
    leave: bool
    as_json: bool
    chaos: int | None
    seed: int
    folder: Path | None
    browser: bool
    terminal: str = "zvt"


async def show(wishes: Wishes) -> int:
    """Return 0 when all counts agree, 1 when they do not."""
    log.configure("WARNING")
    folder = wishes.folder or Path(tempfile.mkdtemp(prefix="posedge-demo-"))
    folder.mkdir(parents=True, exist_ok=True)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    try:
        report = await _day(wishes, folder, stop)
    finally:
        if wishes.folder is None:
            shutil.rmtree(folder, ignore_errors=True)
    if report is None:
        return 0
    _print(report, as_json=wishes.as_json)
    return 0 if report.agrees else 1


async def _day(wishes: Wishes, folder: Path, stop: asyncio.Event) -> Report | None:
    customer_s = 0.0 if wishes.leave else CUSTOMER_S
    async with Shop(
        folder, customer_s=customer_s, private=wishes.leave, terminal=wishes.terminal
    ) as shop:
        chance = random.Random(wishes.seed)  # noqa: S311 - a replayable day, no secret
        shopper = Shopper(shop.devices, shop.till, clock=shop.clock, ids=shop.ids, chance=chance)
        if not wishes.leave:
            await _welcome(shop, browser=wishes.browser)
        async with Crew("day") as day:
            shopping = day.start(_shop(shopper, wishes, chance), name="shopper")
            stopping = day.start(stop.wait(), name="stop")
            chaos = None if wishes.chaos is None else Chaos(shop, wishes.chaos)
            trouble = None if chaos is None else day.start(chaos.run(), name="chaos")
            await asyncio.wait((shopping, stopping), return_when=asyncio.FIRST_COMPLETED)
            if trouble and chaos:
                await cancel(trouble)
                await chaos.heal()
            if wishes.leave and not stop.is_set():
                shopping.result()
                return await count(shop, shopper.book)
            await stopping
        return None


async def _shop(shopper: Shopper, wishes: Wishes, chance: random.Random) -> None:
    while wishes.sales is None or len(shopper.book.sales) < wishes.sales:
        sale = await shopper.visit()
        if not wishes.leave:
            print(_line(sale, shopper), flush=True)
            await asyncio.sleep(chance.uniform(*BETWEEN_S))


def _line(sale: Sale, shopper: Shopper) -> str:
    request = shopper.book.requests[sale.id]
    total = f"{request.total_gross_minor / 100:9.2f} {request.currency}"
    reason = f" — {sale.reason}" if sale.reason else ""
    return f"  {request.kind:8} {total}  {request.tenders[0].kind:5} {sale.state}{reason}"


async def _welcome(shop: Shop, *, browser: bool) -> None:
    page = f"{shop.page}/#pair={await shop.code(Scope.TECHNICIAN, 'demo')}"
    print(f"The box's page       {page}")
    customers = await shop.code(Scope.DISPLAY, "display")
    print(f"What customers see   {shop.page}/display#pair={customers}")
    print(f"Headquarters         {shop.hq_page}")
    print(f"The till's API       {shop.page}/v1/openapi.json")
    print("Ctrl-C ends the day.\n", flush=True)
    if browser and (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        await asyncio.to_thread(webbrowser.open, page)


def _print(report: Report, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(asdict(report)))
    else:
        for name, value in asdict(report).items():
            print(f"{name:24} {value}")
    if not report.agrees:
        print("The counts do not agree.", file=sys.stderr)
