"""What the page and the API ask the ledger. Reading only, and everything has a limit."""

import json
from datetime import date
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Connection, Row, distinct, func, select

from posedge.hq import openings
from posedge.hq.ledger import Ledger, translated
from posedge.hq.openings import OpeningView
from posedge.hq.schema import BOX, ENTRY, FAULT, MATTER, STREAM
from posedge.model.money import Money
from posedge.model.topics import BoxTopics
from posedge.model.transaction import Transaction
from posedge.model.value import Value

TRANSACTIONS = ("sale.completed", "refund.completed")
MAX_ROWS = 200


class BoxView(Value):
    """One box. `behind` is what it has and we have not; `gaps` are open ones."""

    box: str
    store: str
    status: str
    reason: str | None
    version: str | None
    since: str | None
    seen: str
    upto: int
    last: int
    behind: int
    gaps: int
    broken: int
    other_faults: int


class LineView(Value):
    title: str
    quantity: str
    unit: str
    gross: Money


class TenderView(Value):
    kind: str
    amount: Money
    detail: str


class TransactionView(Value):
    """A settled sale; `unreadable` says why its lines cannot be shown."""

    box: str
    sequence: int
    subject: str
    time: str
    flag: str | None
    kind: str | None = None
    till: str | None = None
    receipt_no: int | None = None
    total: Money | None = None
    lines: tuple[LineView, ...] = ()
    tenders: tuple[TenderView, ...] = ()
    unreadable: str | None = None


class FaultView(Value):
    kind: str
    box: str
    stream: str
    sequence: int
    text: str
    at: str
    cleared: str | None


class MatterView(Value):
    """Something that waits for a person at a box: `subject` is `case/…` or `payment/…`."""

    box: str
    subject: str
    kind: str
    terminal: str
    text: str
    at: str


class Counts(Value):
    """`duplicates` arrived again and were not stored again; `faults` are those not cleared.

    `openings` of cash drawers, for sales, for reasons and by key alike.
    """

    entries: int
    sales: int
    openings: int
    duplicates: int
    faults: int


class Queries:
    """Blocking: call it in a Worker."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def boxes(self) -> tuple[BoxView, ...]:
        with translated(), self._ledger.engine.connect() as database:
            rows = database.execute(select(BOX).order_by(BOX.c.store, BOX.c.box)).all()
            return tuple(_box(database, row) for row in rows)

    def place(self, box: str) -> BoxTopics | None:
        """Return where a box says that it stands; None for one that never spoke."""
        with translated(), self._ledger.engine.connect() as database:
            row = database.execute(select(BOX).where(BOX.c.box == box)).one_or_none()
        return None if row is None else BoxTopics(row.tenant, row.store, row.box)

    def transactions(self, limit: int = 20) -> tuple[TransactionView, ...]:
        wanted = (
            select(ENTRY)
            .where(ENTRY.c.type.in_(TRANSACTIONS))
            .order_by(ENTRY.c.received.desc(), ENTRY.c.sequence.desc())
            .limit(min(limit, MAX_ROWS))
        )
        with translated(), self._ledger.engine.connect() as database:
            return tuple(_transaction(row) for row in database.execute(wanted))

    def entries(self, box: str, after: int, limit: int) -> tuple[bytes, ...]:
        """Return the bodies of up to `limit` entries of `box`, the first `after` left out.

        Stream by stream and in sequence, each exactly as the box hashed it.
        """
        wanted = (
            select(ENTRY.c.body)
            .where(ENTRY.c.box == box)
            .order_by(ENTRY.c.stream, ENTRY.c.sequence)
            .offset(after)
            .limit(min(limit, MAX_ROWS))
        )
        with translated(), self._ledger.engine.connect() as database:
            return tuple(bytes(row.body) for row in database.execute(wanted))

    def faults(self, limit: int = 20) -> tuple[FaultView, ...]:
        wanted = select(FAULT).order_by(FAULT.c.number.desc()).limit(min(limit, MAX_ROWS))
        names = FaultView.model_fields
        with translated(), self._ledger.engine.connect() as database:
            return tuple(
                FaultView(**{name: row[name] for name in names})
                for row in database.execute(wanted).mappings()
            )

    def matters(self, limit: int = 50) -> tuple[MatterView, ...]:
        """Return what waits for a person, what waits longest first."""
        wanted = select(MATTER).order_by(MATTER.c.received).limit(min(limit, MAX_ROWS))
        names = MatterView.model_fields
        with translated(), self._ledger.engine.connect() as database:
            return tuple(
                MatterView(**{name: row[name] for name in names})
                for row in database.execute(wanted).mappings()
            )

    def openings(
        self, box: str | None = None, day: date | None = None, limit: int = 20
    ) -> tuple[OpeningView, ...]:
        """Return openings of cash drawers, the last first; see posedge.hq.openings."""
        with translated(), self._ledger.engine.connect() as database:
            return openings.read(database, box=box, day=day, limit=limit)

    def counts(self) -> Counts:
        with translated(), self._ledger.engine.connect() as database:
            stored, duplicates = database.execute(
                select(func.sum(STREAM.c.stored), func.sum(STREAM.c.duplicates))
            ).one()
            sales = database.scalar(
                select(func.count(distinct(ENTRY.c.subject))).where(ENTRY.c.type.in_(TRANSACTIONS))
            )
            opened = database.scalar(
                select(func.count()).select_from(ENTRY).where(ENTRY.c.type == openings.OPENED)
            )
            faults = database.scalar(
                select(func.count()).select_from(FAULT).where(FAULT.c.cleared.is_(None))
            )
        return Counts(
            entries=int(stored or 0),
            sales=sales or 0,
            openings=opened or 0,
            duplicates=int(duplicates or 0),
            faults=faults or 0,
        )


def _box(database: Connection, row: Row[Any]) -> BoxView:
    streams = database.execute(
        select(STREAM.c.upto, STREAM.c.last, STREAM.c.stream).where(STREAM.c.box == row.box)
    ).all()
    current = next((each for each in streams if each.stream == row.stream), None)
    open_faults = database.execute(
        select(FAULT.c.kind, func.count().label("faults"))
        .where(FAULT.c.box == row.box, FAULT.c.cleared.is_(None))
        .group_by(FAULT.c.kind)
    )
    counts: dict[str, int] = {row.kind: row.faults for row in open_faults}
    gaps, broken = counts.pop("gap", 0), counts.pop("chain", 0)
    return BoxView(
        box=row.box,
        store=row.store,
        status=row.status,
        reason=row.reason,
        version=row.version,
        since=row.since,
        seen=row.seen,
        upto=current.upto if current else 0,
        last=current.last if current else 0,
        behind=sum(max(0, each.last - each.upto) for each in streams),
        gaps=gaps,
        broken=broken,
        other_faults=sum(counts.values()),
    )


def _transaction(row: Row[Any]) -> TransactionView:
    view = TransactionView(
        box=row.box, sequence=row.sequence, subject=row.subject, time=row.time, flag=row.flag
    )
    try:
        data: dict[str, Any] = json.loads(row.body)["data"]
        sale = Transaction.model_validate(data.get("transaction", data))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        return view.model_copy(update={"unreadable": f"not a transaction: {first['msg']}"})
    return view.model_copy(update=_shown(sale))


def _shown(sale: Transaction) -> dict[str, Any]:
    def money(minor: int) -> Money:
        return Money(minor=minor, currency=sale.currency)

    return {
        "time": sale.completed_at,
        "kind": sale.kind,
        "till": sale.till,
        "receipt_no": sale.receipt_no,
        "total": money(sale.total_gross_minor),
        "lines": tuple(
            LineView(
                title=line.title,
                quantity=f"{line.quantity.normalize():f}",
                unit=line.unit,
                gross=money(line.sign * line.gross_minor),
            )
            for line in sale.lines
        ),
        "tenders": tuple(
            TenderView(
                kind=tender.kind,
                amount=money(tender.amount_minor),
                detail=" ".join(filter(None, (tender.scheme, tender.last4 and f"…{tender.last4}"))),
            )
            for tender in sale.tenders
        ),
    }
