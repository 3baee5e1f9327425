"""Each opening of a cash drawer: who, with which sale or why, for how long, by key. Reading only.

Put together from the entries drawer.opened, .failed, .left_open and .closed: what a box tells of
one opening bears the same facts.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Connection, Row, select

from posedge.hq.schema import ENTRY
from posedge.model.drawer import OpenedBy, Opening
from posedge.model.value import Value

OPENED, FAILED, LEFT_OPEN, CLOSED = (
    f"drawer.{what}" for what in ("opened", "failed", "left_open", "closed")
)
AFTER = (FAILED, LEFT_OPEN, CLOSED)
FACTS = tuple(Opening.model_fields)

MAX_OPENINGS = 1000
"""One a minute, from six in the morning until ten at night."""

DAY = timedelta(days=1)
"""What is told later than this of a day's openings is not looked for."""


class OpeningView(Value):
    """One opening. `opening` None: what the entry says of it cannot be read.

    `drawer` None: which it was is not told. `failed`: why it stayed shut. `open_s` None: that it
    was closed is not told, as of every drawer without a contact.
    """

    box: str
    sequence: int
    at: str
    flag: str | None
    drawer: str | None
    opening: Opening | None
    left_open: bool = False
    failed: str | None = None
    open_s: int | None = None


class OpeningDay(Value):
    """The openings of one box on one day (UTC), the last first."""

    box: str
    day: str
    openings: tuple[OpeningView, ...]

    @property
    def by_key(self) -> int:
        """How many opened without the box."""
        return sum(
            each.opening is not None and each.opening.by is OpenedBy.KEY for each in self.openings
        )


@dataclass(frozen=True, slots=True)
class _Told:
    """An entry, as far as it matters here; `cause` is the same for all that belongs together."""

    row: Row[Any]
    data: dict[str, Any]

    @property
    def place(self) -> tuple[str, str, int]:
        return (self.row.box, self.row.stream, self.row.sequence)

    @property
    def opening(self) -> Opening | None:
        try:
            return Opening.model_validate({name: self.data.get(name) for name in FACTS})
        except ValidationError:
            return None

    @property
    def drawer(self) -> str | None:
        return self.text("drawer")

    @property
    def cause(self) -> tuple[str, str, str | None, Opening | None]:
        """A sale is known by its id: which drawer it opens is not known when it is noted."""
        opening = self.opening
        drawer = None if opening is not None and opening.sale is not None else self.drawer
        return (self.row.box, self.row.stream, drawer, opening)

    def text(self, name: str) -> str | None:
        found = self.data.get(name)
        return found if isinstance(found, str) else None


def read(
    database: Connection, *, box: str | None, day: date | None, limit: int
) -> tuple[OpeningView, ...]:
    """Return up to `limit` openings, the last first: of one box or all, of one day (UTC) or all."""
    wanted = select(ENTRY) if box is None else select(ENTRY).where(ENTRY.c.box == box)
    opened = wanted.where(ENTRY.c.type == OPENED)
    after = wanted.where(ENTRY.c.type.in_(AFTER))
    if day is not None:
        opened = opened.where(ENTRY.c.time >= f"{day}", ENTRY.c.time < f"{day + DAY}")
        after = after.where(ENTRY.c.time < f"{day + 2 * DAY}")
    size = min(limit, MAX_OPENINGS)
    rows = database.execute(opened.order_by(ENTRY.c.time.desc()).limit(size)).all()
    if not rows:
        return ()
    after = after.where(ENTRY.c.time >= rows[-1].time).order_by(ENTRY.c.time)
    ends = database.execute(after.limit(size * len(AFTER))).all()
    return account([*rows, *ends])


def account(rows: Iterable[Row[Any]]) -> tuple[OpeningView, ...]:
    """Put the entries of openings together, in whatever order they come; the last first."""
    told = sorted((_Told(row, json.loads(row.body)["data"]) for row in rows), key=lambda e: e.place)
    found: dict[tuple[str, str, int], OpeningView] = {}
    latest: dict[object, tuple[str, str, int]] = {}
    for each in told:
        if each.row.type == OPENED:
            latest[each.cause] = each.place
            found[each.place] = _opened(each)
        elif place := latest.get(each.cause):
            found[place] = found[place].model_copy(update=_news(each))
    return tuple(sorted(found.values(), key=lambda view: (view.at, view.sequence), reverse=True))


def by_day(openings: Sequence[OpeningView]) -> tuple[OpeningDay, ...]:
    """Put the openings of each box and day together, in the order in which they come."""
    days: dict[tuple[str, str], list[OpeningView]] = {}
    for each in openings:
        days.setdefault((each.box, each.at[: len("2026-11-23")]), []).append(each)
    return tuple(
        OpeningDay(box=box, day=day, openings=tuple(found)) for (box, day), found in days.items()
    )


def _opened(told: _Told) -> OpeningView:
    row = told.row
    return OpeningView(
        box=row.box,
        sequence=row.sequence,
        at=row.time,
        flag=row.flag,
        drawer=told.drawer,
        opening=told.opening,
    )


def _news(told: _Told) -> dict[str, Any]:
    """Return what an entry behind the opening adds to it."""
    known: dict[str, Any] = {"drawer": told.drawer} if told.drawer else {}
    if told.row.type == FAILED:
        return {**known, "failed": told.text("why") or "why is not told"}
    if told.row.type == LEFT_OPEN:
        return {**known, "left_open": True}
    open_s = told.data.get("open_s")
    return {**known, "open_s": open_s if type(open_s) is int else None}
