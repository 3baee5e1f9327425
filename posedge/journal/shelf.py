"""The event log: what the bus keeps for listeners that were away. A posedge.bus.Shelf.

Bounded by count and by age. Sequence numbers are never used twice, also when everything has been
dropped: AUTOINCREMENT keeps the last one in the file, and a ceiling beside the file is above it.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import structlog
from pydantic import ValidationError

from posedge.clock import Clock
from posedge.journal.aside import open_or_set_aside
from posedge.journal.ceiling import Ceiling
from posedge.journal.database import Database, Schema
from posedge.journal.group import Group
from posedge.model.errors import StorageError
from posedge.model.events import EVENT, Envelope, Event
from posedge.model.stamp import NS_PER_S
from posedge.tasks import Run

DROP_EVERY = 256
"""Events between two looks at what is too old: dropping one by one would double the writes."""

SCHEMA = Schema(
    version=1,
    sql="""
CREATE TABLE event (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT,
  utc_ns INTEGER,
  body BLOB NOT NULL
) STRICT
""",
)


@dataclass(frozen=True, slots=True)
class Keep:
    """How much is held: at least `events` of them (and up to DROP_EVERY more), for `days`."""

    events: int = 10_000
    days: int = 7


KEEP = Keep()


log = structlog.get_logger()


async def open_shelf(path: Path, *, clock: Clock, run: Run, keep: Keep = KEEP) -> "SqliteShelf":
    """Open or create the event log; StorageError when the disk fails.

    A log that cannot be read is set aside and another one begun; `alarm` says so.
    """

    def attempt(alarm: str | None) -> SqliteShelf:
        database = Database(path, SCHEMA)
        try:
            shelf = SqliteShelf(database, clock=clock, run=run, keep=keep)
            shelf.load()
        except BaseException:
            with suppress(StorageError):
                database.close()
            raise
        shelf.alarm = alarm or shelf.alarm
        return shelf

    return await run(partial(open_or_set_aside, "event log", path, attempt))


class SqliteShelf:
    """Events in an SQLite file; several that are put at once share a commit.

    Age is judged by stamps of a trusted clock only. An event of a box that did not know the time
    yet goes with the younger ones around it, or by count. `alarm` says that events were lost.
    """

    alarm: str | None = None

    def __init__(self, database: Database, *, clock: Clock, run: Run, keep: Keep) -> None:
        self._database = database
        self._clock = clock
        self._run = run
        self._keep = keep
        self._ceiling = Ceiling(database.path)
        self._group = Group(run, database, committed=self._committed)
        self._held = (1, 0)
        self._dropped_at = 0

    @property
    def held(self) -> tuple[int, int]:
        return self._held

    async def put(self, event: Event) -> Envelope:
        return await self._group.write(lambda: self._put(event))

    async def after(self, sequence: int, limit: int) -> Sequence[Envelope]:
        """Return what can be read; what cannot, of another version or damaged, is not held."""
        query = "SELECT sequence, body FROM event WHERE sequence > ? ORDER BY sequence LIMIT ?"
        while True:
            rows = await self._run(partial(self._database.query, query, sequence, limit))
            found = tuple(_first_run(rows))
            if len(found) < len(rows):
                log.warning("events unreadable", count=len(rows) - len(found), behind=sequence)
            if found or not rows:
                return found
            sequence = rows[-1][0]

    async def close(self) -> None:
        await self._run(self._database.close)

    def load(self) -> None:
        """Look through the file, learn what is held, and drop what has grown old meanwhile."""
        self._check()
        with self._database.transaction():
            if not self._last() and self._ceiling.number:
                self._begin_behind(self._ceiling.number)
            self._drop()
        self._committed()

    def _check(self) -> None:
        """Find damage now rather than with an event in hand; StorageError `storage.damaged`."""
        said = self._database.query("PRAGMA quick_check(1)")[0][0]
        if said != "ok":
            raise StorageError("storage.damaged", f"{self._database.path}: {said}")

    def _begin_behind(self, number: int) -> None:
        self.alarm = "The event log was lost"
        log.error("event log begins anew", behind=number)
        self._database.execute("INSERT INTO sqlite_sequence VALUES ('event', ?)", number)

    def _put(self, event: Event) -> Envelope:
        utc_ns = event.at.utc_ns if event.at.trusted else None
        insert = "INSERT INTO event (utc_ns, body) VALUES (?, ?)"
        self._database.execute(insert, utc_ns, EVENT.dump_json(event))
        sequence = self._last()
        if sequence >= self._dropped_at + DROP_EVERY:
            self._drop()
        return Envelope(sequence=sequence, event=event)

    def _drop(self) -> None:
        """Drop from the front: what is beyond the count, and what is older than the age."""
        last = self._last()
        oldest = last - self._keep.events
        now = self._clock.now()
        if now.trusted:
            horizon_ns = now.utc_ns - self._keep.days * 86_400 * NS_PER_S
            query = "SELECT ifnull(max(sequence), 0) FROM event WHERE utc_ns < ?"
            oldest = max(oldest, self._database.query(query, horizon_ns)[0][0])
        self._database.execute("DELETE FROM event WHERE sequence <= ?", oldest)
        self._dropped_at = last

    def _last(self) -> int:
        rows = self._database.query("SELECT seq FROM sqlite_sequence WHERE name = 'event'")
        return int(rows[0][0]) if rows else 0

    def _committed(self) -> None:
        last = self._last()
        first = self._database.query("SELECT min(sequence) FROM event")[0][0]
        self._held = (first or last + 1, last)
        self._ceiling.follow(last)


def _first_run(rows: Sequence[tuple[int, bytes]]) -> Iterator[Envelope]:
    """Yield from the first that can be read to the next that cannot: so the bus sees the gap."""
    found = False
    for sequence, body in rows:
        try:
            yield Envelope(sequence=sequence, event=EVENT.validate_json(body))
            found = True
        except ValidationError:
            if found:
                return
