"""What waits for a person at the boxes: open cases, and payments that need an operator.

Kept beside the entries in the same transaction, so that the page need not read them all. An entry
that comes late, behind a newer one on the same subject, opens nothing.
"""

from collections.abc import Iterable

from pydantic import ValidationError
from sqlalchemy import Connection, delete, func, select

from posedge.hq.inbound import Arrival
from posedge.hq.schema import ENTRY, MATTER, Record, add
from posedge.model.entry import Entry
from posedge.model.money import Money

NOUNS = frozenset({"case", "payment"})
NEEDS_OPERATOR = "needs_operator"
TEXT = 1000


def note(database: Connection, box: str, arrivals: Iterable[Arrival], received: str) -> None:
    """Take in what is stored already; what is flagged says nothing."""
    for arrival in arrivals:
        entry = arrival.entry
        if entry is None or arrival.flag is not None or entry.noun not in NOUNS:
            continue
        if not _waits(entry):
            database.execute(
                delete(MATTER).where(MATTER.c.box == box, MATTER.c.subject == entry.subject)
            )
        elif not _superseded(database, box, entry):
            add(database, MATTER, _row(box, entry, received))


def _waits(entry: Entry) -> bool:
    if entry.noun == "case":
        return entry.data.get("open") is True
    return entry.data.get("state") == NEEDS_OPERATOR


def _superseded(database: Connection, box: str, entry: Entry) -> bool:
    newer = select(func.count()).where(
        ENTRY.c.box == box,
        ENTRY.c.stream == entry.stream,
        ENTRY.c.sequence > entry.sequence,
        ENTRY.c.subject == entry.subject,
    )
    return bool(database.scalar(newer))


def _row(box: str, entry: Entry, received: str) -> Record:
    data = entry.data
    kind = data.get("kind") if entry.noun == "case" else NEEDS_OPERATOR
    return {
        "box": box,
        "subject": entry.subject,
        "kind": str(kind)[:32],
        "terminal": str(data.get("terminal", ""))[:64],
        "text": _text(entry)[:TEXT],
        "at": entry.time,
        "received": received,
    }


def _text(entry: Entry) -> str:
    if entry.noun == "case":
        return str(entry.data.get("text", ""))
    try:
        money = str(Money.model_validate(entry.data.get("amount")))
    except ValidationError:
        money = "the money"
    return f"nobody knows whether {money} moved: look at the terminal or ask the acquirer"
