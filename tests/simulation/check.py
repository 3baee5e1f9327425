"""What must be true once everything has healed; each finding is a sentence."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Row, select

from posedge.hq.ledger import Ledger
from posedge.hq.schema import ENTRY, FAULT
from posedge.journal.verify import export, verify
from posedge.model.entry import Entry
from posedge.model.payment import Attempt, AttemptKind
from posedge.model.sale import SaleState
from posedge.sim.charge import Charge
from posedge.sim.printer import PrinterSim
from tests.simulation.till import Basket, Till

COMPLETED = ("sale.completed", "refund.completed")
OPEN = ("payment", "sale", "refund", "receipt")


@dataclass(frozen=True)
class Evidence:
    """What box, headquarters, tills, terminals and printers hold when the story is over."""

    journal: Path
    ledger: Ledger
    tills: Sequence[Till]
    charges: dict[str, list[Charge]]
    printers: Sequence[PrinterSim]

    def entries(self) -> list[Entry]:
        return [Entry.from_body(line.encode()) for line in export(self.journal)]

    def rows(self) -> "Sequence[Row[Any]]":
        with self.ledger.engine.connect() as database:
            return database.execute(select(ENTRY).order_by(ENTRY.c.sequence)).all()


def findings(evidence: Evidence) -> list[str]:
    """Return everything that is wrong; nothing when all promises were kept."""
    entries, rows = evidence.entries(), evidence.rows()
    found = [*_chain(evidence, rows), *_same(entries, rows), *_settled(evidence, entries)]
    found += [*_seen(evidence, rows), *_refused(evidence, entries), *_once(entries)]
    found += _numbers(entries)
    attempts = attempts_of(entries)
    for terminal, charges in evidence.charges.items():
        found += money(terminal, [a for a in attempts if a.terminal == terminal], charges)
    found += [*_paid(entries, attempts), *_printed(evidence, entries), *_heard(evidence)]
    return found


def attempts_of(entries: Sequence[Entry]) -> list[Attempt]:
    """Return each payment as its last entry tells it."""
    last = {entry.subject: entry.data for entry in entries if entry.noun == "payment"}
    return [
        Attempt.model_validate({name: value for name, value in data.items() if name != "open"})
        for data in last.values()
    ]


def money(terminal: str, attempts: Sequence[Attempt], charges: Sequence[Charge]) -> Iterator[str]:
    """Hold what the terminal charged against what the journal says moved, attempt by attempt."""
    left = list(charges)
    undone = {each.original for each in attempts if _is_reversal(each) and each.moved.minor}
    for attempt in attempts:
        if not attempt.moved.minor:
            continue
        charge = charge_of(attempt, left)
        if charge is None:
            yield f"{terminal}: {attempt.id} moved {attempt.moved}, the terminal has no such charge"
            continue
        left.remove(charge)
        if charge.reversed is not (attempt.id in undone):
            yield f"{terminal}: {attempt.id} and its charge disagree: reversed {charge.reversed}"
    for charge in left:
        if not charge.reversed:
            yield f"{terminal}: charged {charge}, of which the journal knows nothing"


def charge_of(attempt: Attempt, charges: Sequence[Charge]) -> Charge | None:
    """Find the charge that a moved attempt speaks of; a person's word has no receipt number."""
    number = attempt.result.receipt_no if attempt.result else ""
    same = (
        charge
        for charge in charges
        if (charge.kind, charge.amount_minor) == (attempt.kind, attempt.moved.minor)
        and number in {"", charge.receipt_no}
    )
    return next(same, None)


def _is_reversal(attempt: Attempt) -> bool:
    return attempt.kind is AttemptKind.REVERSAL


def _chain(evidence: Evidence, rows: "Sequence[Row[Any]]") -> Iterator[str]:
    last = rows[-1]
    report = verify(evidence.journal, expect=f"{last.sequence}:{last.hash}")
    yield from (f"journal: {fault}" for fault in report.faults)
    with evidence.ledger.engine.connect() as database:
        for fault in database.execute(select(FAULT)).all():
            if fault.kind != "gap" or fault.cleared is None:
                yield f"headquarters: {fault.kind} {fault.sequence}: {fault.text}"


def _same(entries: Sequence[Entry], rows: "Sequence[Row[Any]]") -> Iterator[str]:
    ours, theirs = [each.body for each in entries], [row.body for row in rows]
    if len({entry.stream for entry in entries}) > 1:
        yield "the journal began a new stream"
    if len(ours) != len(theirs):
        yield f"the journal has {len(ours)} entries, the ledger {len(theirs)}"
    for mine, row in zip(entries, rows, strict=False):
        if mine.body != row.body or row.flag is not None:
            yield f"entry {mine.sequence} is not what the ledger has at {row.sequence}"


def _settled(evidence: Evidence, entries: Sequence[Entry]) -> Iterator[str]:
    """Nothing waits any more, but for sales whose money only a person can give back."""
    stuck = {basket.request.id for basket in baskets(evidence) if _is_stuck(basket)}
    last = {entry.subject: entry for entry in entries}
    for subject, entry in last.items():
        noun, _, name = subject.partition("/")
        if noun in OPEN and entry.data.get("open") and name not in stuck:
            yield f"{subject} is still open: {entry.type} {entry.data.get('state', '')}"


def _is_stuck(basket: Basket) -> bool:
    return basket.sale is not None and basket.sale.state is SaleState.VOIDING


def baskets(evidence: Evidence) -> list[Basket]:
    return [basket for till in evidence.tills for basket in till.baskets]


def _seen(evidence: Evidence, rows: "Sequence[Row[Any]]") -> Iterator[str]:
    """Every sale that a till saw completed is in the ledger exactly once, as it was told."""
    held: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        if row.type in COMPLETED:
            held[row.subject.partition("/")[2]].append(
                Entry.from_body(row.body).data["transaction"]
            )
    for basket in baskets(evidence):
        sale = basket.sale
        if sale is not None and sale.transaction is not None:
            if held[sale.id] != [sale.transaction.model_dump(mode="json")]:
                yield f"{basket.tag}: sale {sale.id} is {len(held[sale.id])} times in the ledger"
        elif sale is not None and held[sale.id]:
            yield f"{basket.tag}: the till was told {sale.state}, the ledger has it completed"


def _refused(evidence: Evidence, entries: Sequence[Entry]) -> Iterator[str]:
    """What the box refused has not happened."""
    known = {entry.subject.partition("/")[2] for entry in entries}
    for basket in baskets(evidence):
        if basket.sale is None and basket.request.id in known:
            yield f"{basket.tag}: the till was refused, or never told, but the journal has it"


def _once(entries: Sequence[Entry]) -> Iterator[str]:
    """No customer's wish was carried out twice, under whatever ids."""
    wishes = Counter(
        entry.data["transaction"]["customer"] for entry in entries if entry.type in COMPLETED
    )
    yield from (f"{tag} was sold {times} times" for tag, times in wishes.items() if times > 1)


def _numbers(entries: Sequence[Entry]) -> Iterator[str]:
    numbers: dict[str, list[int]] = defaultdict(list)
    for entry in entries:
        if entry.type in COMPLETED:
            transaction = entry.data["transaction"]
            numbers[transaction["till"]].append(transaction["receipt_no"])
    for till, given in numbers.items():
        if given != list(range(1, len(given) + 1)):
            yield f"{till}: receipt numbers have a gap or go back: {given}"


def _paid(entries: Sequence[Entry], attempts: Sequence[Attempt]) -> Iterator[str]:
    """A completed sale has its card money; one that ended otherwise has kept none."""
    kept: Counter[str] = Counter()
    for attempt in attempts:
        sign = 1 if attempt.kind is AttemptKind.SALE else -1
        kept[attempt.sale] += sign * attempt.moved.minor
    last = {entry.subject: entry for entry in entries if entry.noun in {"sale", "refund"}}
    for subject, entry in last.items():
        if entry.data["open"]:
            continue
        tenders = entry.data["transaction"]["tenders"] if entry.type in COMPLETED else ()
        due = sum(each["amount_minor"] for each in tenders if each["kind"] == "card")
        if kept[subject.partition("/")[2]] != due:
            yield f"{subject} ended as {entry.type} with card money that is not {due}"


def _printed(evidence: Evidence, entries: Sequence[Entry]) -> Iterator[str]:
    """Every receipt came out, and only one of each without the word COPY."""
    papers = [paper for printer in evidence.printers for paper in printer.receipts]
    wanted = {
        entry.subject.partition("/")[2] for entry in entries if entry.type == "receipt.waiting"
    }
    for printer in evidence.printers:
        if printer.violation is not None:
            yield f"a printer got what is no ESC/POS: {printer.violation}"
    for sale in sorted(wanted):
        copies = [
            any("COPY" in line for line in paper.lines) for paper in papers if sale in paper.symbols
        ]
        if not copies:
            yield f"receipt of {sale} never came out"
        if copies.count(False) > 1:
            yield f"receipt of {sale} came out {copies.count(False)} times as the original"


def _heard(evidence: Evidence) -> Iterator[str]:
    for till in evidence.tills:
        pairs = zip(till.heard, till.heard[1:], strict=False)
        if till.gaps or any(after != before + 1 for before, after in pairs):
            yield f"{till.name}: the event stream has gaps or goes back"
