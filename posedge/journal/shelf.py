"""The event log: what the bus keeps for listeners that were away. A posedge.bus.Shelf.

Bounded by count and by age. Sequence numbers are never used twice, also when everything has been
dropped: AUTOINCREMENT keeps the last one in the file.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from posedge.clock import Clock
from posedge.journal.database import Database, Schema
from posedge.journal.group import Group
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


async def open_shelf(path: Path, *, clock: Clock, run: Run, keep: Keep = KEEP) -> "SqliteShelf":
    """Open or create the event log; StorageError as for the journal."""
    database = await run(lambda: Database(path, SCHEMA))
    shelf = SqliteShelf(database, clock=clock, run=run, keep=keep)
    await run(shelf.load)
    return shelf


class SqliteShelf:
    """Events in an SQLite file; several that are put at once share a commit.

    Age is judged by stamps of a trusted clock only. An event of a box that did not know the time
    yet goes with the younger ones around it, or by count.
    """

    def __init__(self, database: Database, *, clock: Clock, run: Run, keep: Keep) -> None:
        self._database = database
        self._clock = clock
        self._run = run
        self._keep = keep
        self._group = Group(run, database, committed=self._committed)
        self._held = (1, 0)
        self._dropped_at = 0

    @property
    def held(self) -> tuple[int, int]:
        return self._held

    async def put(self, event: Event) -> Envelope:
        return await self._group.write(lambda: self._put(event))

    async def after(self, sequence: int, limit: int) -> Sequence[Envelope]:
        query = "SELECT sequence, body FROM event WHERE sequence > ? ORDER BY sequence LIMIT ?"
        rows = await self._run(lambda: self._database.query(query, sequence, limit))
        return tuple(Envelope(sequence=n, event=EVENT.validate_json(body)) for n, body in rows)

    async def close(self) -> None:
        await self._run(self._database.close)

    def load(self) -> None:
        """Learn what is held, and drop what has grown old meanwhile."""
        with self._database.transaction():
            self._drop()
        self._committed()

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
