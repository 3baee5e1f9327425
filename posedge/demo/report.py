"""Counting after the shopping: what till, terminal, journal and headquarters say must agree."""

import asyncio
import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from posedge.demo.shop import Shop
from posedge.demo.shopper import Book
from posedge.demo.till import Till
from posedge.model.errors import DeviceError
from posedge.model.payment import FINAL, MOVES_NOTHING, Attempt, AttemptKind, State
from posedge.model.sale import SaleState
from posedge.sim.charge import Charge
from posedge.web.access import Scope

CALM_S = 120
"""Until every doubt is settled and the backlog is drained: some times the terminal's T4."""

PAGE = 500
COMPLETED = frozenset({"io.posedge.sale.completed.v1", "io.posedge.refund.completed.v1"})


@dataclass(frozen=True, slots=True)
class Report:
    """`lost` and `duplicated` sum up every way in which that could happen."""

    sales: int
    completed: int
    approved: int
    declined: int
    not_completed: int
    in_doubt: int
    journal: int
    relayed: int
    ledger: int
    lost: int
    duplicated: int
    charged_minor: int
    journal_minor: int
    receipts: int
    receipts_waiting: int
    faults: int
    scanned_again: int
    scan_to_stream_ms_p50: float
    scan_to_stream_ms_p99: float
    payment_share_ms_p50: float
    payment_share_ms_p99: float

    @property
    def agrees(self) -> bool:
        return (
            self.lost == self.duplicated == self.in_doubt == self.faults == 0
            and self.journal == self.relayed == self.ledger
            and self.charged_minor == self.journal_minor
            and self.receipts_waiting == 0
        )


Entries = list[dict[str, Any]]


async def calm(till: Till) -> dict[str, Any]:
    """Wait until nothing is under way any more; return the box's status."""
    loop = asyncio.get_running_loop()
    until = loop.time() + CALM_S
    while True:
        try:
            status: dict[str, Any] = await till.get("/v1/status")
        except DeviceError:
            status = {}
        if (status and _quiet(status)) or loop.time() > until:
            return status
        await asyncio.sleep(0.1)


async def _at_rest(shop: Shop, technician: Till) -> tuple[dict[str, Any], Entries, Entries]:
    """Return status, journal and ledger of one moment: a drawer that is shut late is an entry."""
    loop = asyncio.get_running_loop()
    until = loop.time() + CALM_S
    while True:
        status, journal = await calm(shop.till), await _all(technician)
        ledger = await shop.hq_entries()
        if len(journal) == status["relay"]["acked"] == len(ledger) or loop.time() > until:
            return status, journal, ledger


async def count(shop: Shop, book: Book) -> Report:
    """Ask everybody and compare."""
    technician = Till(shop.page, await shop.pair(Scope.TECHNICIAN, "auditor"))
    try:
        status, journal, ledger = await _at_rest(shop, technician)
    finally:
        await technician.close()
    attempts = _attempts(journal)
    states = Counter(each.state for each in attempts)
    done = {sale.id for sale in book.sales if sale.state is SaleState.COMPLETED}
    kept = Counter(
        each["data"]["transaction"]["id"] for each in ledger if each["type"] in COMPLETED
    )
    here = {each["hash"] for each in journal}
    there = Counter(each["hash"] for each in ledger)
    shares = _shares(journal, shop.devices.terminal.thought)
    terminal = shop.devices.terminal.ledger
    return Report(
        sales=len(book.sales),
        completed=len(done),
        approved=states[State.APPROVED] + states[State.PARTIAL_KEPT],
        declined=states[State.DECLINED] + states[State.CANCELLED],
        not_completed=states[State.NOT_COMPLETED],
        in_doubt=sum(each.state not in FINAL for each in attempts),
        journal=len(journal),
        relayed=status["relay"]["acked"],
        ledger=len(ledger),
        lost=len(done - kept.keys()) + len(here - there.keys()) + shop.till.gaps,
        duplicated=sum(n - 1 for n in kept.values())
        + sum(n - 1 for n in there.values())
        + len(kept.keys() - done),
        charged_minor=_charged(terminal),
        journal_minor=sum(_sign(each.kind) * each.moved.minor for each in attempts),
        receipts=len(shop.devices.printer.receipts),
        receipts_waiting=status["prints_waiting"],
        faults=(await shop.hq_counts())["faults"],
        scanned_again=book.scanned_again,
        scan_to_stream_ms_p50=percentile(book.scan_ms, 50),
        scan_to_stream_ms_p99=percentile(book.scan_ms, 99),
        payment_share_ms_p50=percentile(shares, 50),
        payment_share_ms_p99=percentile(shares, 99),
    )


def percentile(values: Sequence[float], percent: int) -> float:
    """Return the percentile, rounded to hundredths; 0 of nothing."""
    if len(values) < 2:  # noqa: PLR2004 - what statistics asks for
        return round(sum(values), 2)
    return round(statistics.quantiles(values, n=100, method="inclusive")[percent - 1], 2)


def _quiet(status: dict[str, Any]) -> bool:
    desk = status["desk"]
    return not (
        desk["in_doubt"]
        or desk["needs_operator"]
        or status["relay"]["behind"]
        or status["prints_waiting"]
    )


async def _all(till: Till) -> Entries:
    entries: Entries = []
    while True:
        page = await till.get(f"/v1/journal?after={len(entries)}&limit={PAGE}")
        entries += page["entries"]
        if not page["entries"]:
            return entries


def _attempts(journal: list[dict[str, Any]]) -> list[Attempt]:
    """Return each attempt as its last entry tells it."""
    newest = {each["subject"]: each for each in journal if _is_payment(each)}
    return [_attempt(each) for each in newest.values()]


def _is_payment(entry: dict[str, Any]) -> bool:
    return bool(entry["type"] == "io.posedge.payment.changed.v1")


def _attempt(entry: dict[str, Any]) -> Attempt:
    fields = {key: each for key, each in entry["data"].items() if key != "open"}
    return Attempt.model_validate(fields)


def _sign(kind: AttemptKind) -> int:
    return 1 if kind in {AttemptKind.SALE, AttemptKind.CAPTURE} else -1


def _charged(ledger: Sequence[Charge]) -> int:
    """Sum up what the terminal really moved: a reversal is marked on the sale that it undid."""
    silent = {AttemptKind.REVERSAL, *MOVES_NOTHING}
    moved = (each for each in ledger if not each.reversed and each.kind not in silent)
    return sum(_sign(each.kind) * each.amount_minor for each in moved)


def _shares(journal: list[dict[str, Any]], thought: Sequence[tuple[float, float]]) -> list[float]:
    """Milliseconds of each approved payment in which the terminal was not thinking.

    From the entry that creates an attempt to the one that approves it, all on one clock.
    """
    began: dict[str, float] = {}
    shares: list[float] = []
    for entry in filter(_is_payment, journal):
        at = int(entry["monotonic"]) / 1e9
        start = began.setdefault(entry["subject"], at)
        if entry["data"]["state"] == State.APPROVED:
            inside = sum(max(0.0, min(b, at) - max(a, start)) for a, b in thought)
            shares.append((at - start - inside) * 1000)
    return shares
