"""The whole virtual shop, as `make demo` runs it, and a bad day in it."""

import asyncio
import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from posedge.demo.chaos import TROUBLES, Chaos
from posedge.demo.report import count, percentile
from posedge.demo.shop import Shop
from posedge.demo.shopper import Shopper
from posedge.model.sale import SaleState
from posedge.sim.zvt_payment import TEST_PAN


def run_demo(*arguments: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "posedge", "demo", "--exit", "--json", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 0, done.stdout + done.stderr
    counts: dict[str, Any] = json.loads(done.stdout)
    return counts


def test_a_quiet_day_agrees_everywhere() -> None:
    counts = run_demo("--sales", "12")
    assert counts["sales"] == 12
    assert counts["lost"] == counts["duplicated"] == counts["in_doubt"] == 0
    assert counts["journal"] == counts["relayed"] == counts["ledger"] > 12
    assert counts["charged_minor"] == counts["journal_minor"] > 0


def test_a_bad_day_agrees_too() -> None:
    counts = run_demo("--sales", "8", "--chaos", "3")
    assert counts["lost"] == counts["duplicated"] == counts["in_doubt"] == 0
    assert counts["journal"] == counts["relayed"] == counts["ledger"]
    assert counts["charged_minor"] == counts["journal_minor"]


@pytest.mark.parametrize("terminal", ["zvt-serial", "adyen", "ecr17", "caisse-ap", "vendor"])
def test_a_bad_day_with_another_terminal_agrees(terminal: str) -> None:
    counts = run_demo("--sales", "6", "--chaos", "1", "--terminal", terminal)
    assert counts["lost"] == counts["duplicated"] == counts["in_doubt"] == 0
    assert counts["journal"] == counts["relayed"] == counts["ledger"]
    assert counts["charged_minor"] == counts["journal_minor"]


async def test_a_terminal_that_does_not_mask_leaks_nothing(tmp_path: Path) -> None:
    async with Shop(tmp_path, customer_s=0, private=True) as shop:
        shop.devices.terminal.unmask()
        shopper = Shopper(
            shop.devices, shop.till, clock=shop.clock, ids=shop.ids, chance=random.Random(5)
        )
        async with asyncio.timeout(60):
            while len(shop.devices.terminal.ledger) < 2:
                await shopper.visit()
        report = await count(shop, shopper.book)
        receipts = [receipt.png() for receipt in shop.devices.printer.receipts]
    assert report.agrees
    assert receipts
    digits = TEST_PAN.hex().rstrip("f")
    forms = (digits.encode(), TEST_PAN, TEST_PAN.hex().encode(), digits[4:-4].encode())
    written = await asyncio.to_thread(contents, tmp_path)
    assert {"journal.db", "events.db", "box.log", "headquarters.db"} <= written.keys()
    for name, content in written.items():
        assert not any(form in content for form in forms), name


async def test_the_customer_reads_the_basket_and_the_thanks(tmp_path: Path) -> None:
    read: list[tuple[str, ...]] = []
    async with Shop(tmp_path, customer_s=0, private=True) as shop:
        glass = shop.devices.display
        shopper = Shopper(
            shop.devices, shop.till, clock=shop.clock, ids=shop.ids, chance=random.Random(5)
        )
        async with asyncio.timeout(60):
            await glass.shows("Welcome", "")
            glass.seen = lambda each: read.append(each.text)
            sale = await shopper.visit()
            while not any(rows[0].startswith("Thank you") for rows in read):
                await glass.changed()
    total = shopper.book.requests[sale.id].total_gross_minor
    assert any(rows[1].endswith(f"{total / 100:.2f} EUR") for rows in read)
    assert len(read) >= len(shopper.book.requests[sale.id].lines) + 2


def contents(folder: Path) -> dict[str, bytes]:
    return {each.name: each.read_bytes() for each in folder.rglob("*") if each.is_file()}


async def test_every_trouble_is_mended(tmp_path: Path) -> None:
    """Each kind of trouble once, a sale after each, and all counts agree."""
    async with Shop(tmp_path, customer_s=0, private=True) as shop:
        shopper = Shopper(
            shop.devices, shop.till, clock=shop.clock, ids=shop.ids, chance=random.Random(2)
        )
        chaos = Chaos(shop, 1)
        for trouble in TROUBLES:
            await asyncio.gather(trouble(shop, random.Random(1)), shopper.visit())
        await chaos.heal()
        report = await count(shop, shopper.book)
        assert report.agrees, report
        assert SaleState.COMPLETED in {sale.state for sale in shopper.book.sales}


@pytest.mark.parametrize(
    ("values", "percent", "expected"), [([], 99, 0), ([4.0], 50, 4), ([1.0, 2.0, 3.0], 50, 2)]
)
def test_percentiles_of_few_values(values: list[float], percent: int, expected: float) -> None:
    assert percentile(values, percent) == expected
