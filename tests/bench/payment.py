"""The box's own share of a card payment: everything but terminal, customer and host.

From the entry that creates an attempt to the one that approves it, on the box's clock, without the
intervals in which the simulated terminal was thinking. What crosses the wire counts as ours. In it
are some commits of the journal, and a disk's sync takes what it takes, from one minute to the next:
so the same day is run again with the files in memory, and what is left is the box's and the
machine's. The box's alone is that on one processor, which terminal, till and all else share with
it: the box has less to work with, and nothing waits for another processor to wake up.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from posedge.demo.report import percentile
from tests.bench import Row
from tests.bench.place import DISK, MEMORY, Place, fdatasync_ms, one_processor, place

CHANGED = "io.posedge.payment.changed.v1"
PAGE = 500

PAYMENTS = 300
"""So that the 99th percentile is not one bad moment of the machine."""

PAUSE_S = 0.05
"""No shop has two customers within it: what the box tells of one payment is not in the next."""

WARM = 5
"""Payments that are not counted: the first ones import and fill caches."""


@dataclass(frozen=True, slots=True)
class Share:
    """One payment: the box's milliseconds, and the commits that it waited for."""

    ms: float
    commits: int


def measure() -> list[Row]:
    disk, syncs = asyncio.run(_day(DISK))
    memory, _ = asyncio.run(_day(MEMORY))
    with one_processor():
        alone, _ = asyncio.run(_day(MEMORY))
    commits = percentile([each.commits for each in disk], 50)
    sync = " and ".join(f"p{n} {percentile(syncs, n):.2f} ms" for n in (50, 99))
    beside = f"{commits:.0f} commits in it; fdatasync in the same run {sync}"
    return [
        *_rows("payment, box's share", disk, beside),
        *_rows("payment, without syncs", memory, "the same with its files in memory"),
        *_rows("payment, beyond syncs", alone, "that on one processor; p99 below 10"),
    ]


async def _day(within: Path) -> tuple[list[Share], list[float]]:
    """Pay by card all day; return the box's shares, and what syncs cost before and after."""
    async with place(within) as shop:
        syncs = fdatasync_ms(shop.folder)
        for number in range(WARM + PAYMENTS):
            await _pay(shop, f"pay-{number}")
            await asyncio.sleep(PAUSE_S)
        syncs += fdatasync_ms(shop.folder)
        journal = await _journal(shop.as_technician)
        return _shares(journal, shop.devices.terminal.thought)[WARM:], syncs


def _rows(name: str, shares: Sequence[Share], beside: str) -> list[Row]:
    values = [each.ms for each in shares]
    return [Row(f"{name} p{n}", percentile(values, n), "ms", beside) for n in (50, 99)]


async def _pay(shop: Place, name: str) -> None:
    amount = {"minor": 1234, "currency": "EUR"}
    order = {"id": name, "sale": name, "till": "till-1", "amount": amount}
    answer = await shop.as_till.post("/v1/payments", json=order)
    assert answer.status_code == httpx.codes.CREATED, answer.text


async def _journal(client: httpx.AsyncClient) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = []
    while True:
        answer = await client.get(f"/v1/journal?after={len(entries)}&limit={PAGE}")
        page = answer.json()["entries"]
        if not page:
            return entries
        entries += page


def _shares(journal: list[dict[str, Any]], thought: Sequence[tuple[float, float]]) -> list[Share]:
    """Take each payment apart. An entry is stamped before its commit: the last is not in it."""
    found: dict[str, list[float]] = {}
    for entry in journal:
        if entry["type"] == CHANGED:
            found.setdefault(entry["subject"], []).append(int(entry["monotonic"]) / 1e9)
    return [_share(stamps, thought) for stamps in found.values()]


def _share(stamps: Sequence[float], thought: Sequence[tuple[float, float]]) -> Share:
    start, end = stamps[0], stamps[-1]
    inside = sum(max(0.0, min(b, end) - max(a, start)) for a, b in thought)
    return Share((end - start - inside) * 1000, len(stamps) - 1)
