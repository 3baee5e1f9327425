"""The print jobs of the box: a posedge.printing.interface.Prints in an SQLite file.

An open job is held with its content; one that ended as id, digest and how it ended, for so long
that nobody asks for it again.
"""

from contextlib import suppress
from functools import partial
from pathlib import Path

import structlog

from posedge.clock import Clock
from posedge.journal.aside import open_or_set_aside
from posedge.journal.database import Database, Schema
from posedge.journal.group import Group
from posedge.model.errors import StorageError
from posedge.model.printing import PrintJob, PrintOrder
from posedge.model.stamp import NS_PER_S
from posedge.tasks import Run

KEEP_DAYS = 30
"""A till that was away comes back within days; its receipts are not asked for after a month."""

KEEP_ENDED = 100_000
"""Jobs that ended, whatever their age: 3,000 a day for a month, in about 50 MB."""

DROP_EVERY = 256
"""Jobs between two looks at what is too old."""

SCHEMA = Schema(
    version=1,
    sql="""
CREATE TABLE job (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  digest TEXT NOT NULL,
  body BLOB NOT NULL,
  content BLOB,
  ended_utc_ns INTEGER
) STRICT;
CREATE INDEX job_open ON job (number) WHERE content IS NOT NULL
""",
)

log = structlog.get_logger()


async def open_prints(path: Path, *, clock: Clock, run: Run) -> "SqlitePrints":
    """Open or create the file; StorageError when the disk fails.

    A file that cannot be read is set aside and another one begun; `alarm` says so.
    """

    def attempt(alarm: str | None) -> SqlitePrints:
        database = Database(path, SCHEMA)
        try:
            prints = SqlitePrints(database, alarm, clock=clock, run=run)
            prints.load()
        except BaseException:
            with suppress(StorageError):
                database.close()
            raise
        return prints

    return await run(partial(open_or_set_aside, "print queue", path, attempt))


class SqlitePrints:
    """Age is judged by stamps of a trusted clock only; without one a job goes by count."""

    def __init__(self, database: Database, alarm: str | None, *, clock: Clock, run: Run) -> None:
        self._alarm = alarm
        self._database = database
        self._clock = clock
        self._run = run
        self._group = Group(run, database, committed=lambda: None)
        self._added = 0

    @property
    def alarm(self) -> str | None:
        return self._alarm

    async def add(self, order: PrintOrder, job: PrintJob) -> None:
        await self._group.write(lambda: self._add(order, job))

    async def find(self, job_id: str) -> tuple[PrintJob, str] | None:
        query = "SELECT body, digest FROM job WHERE id = ?"
        for body, digest in await self._run(partial(self._database.query, query, job_id)):
            return PrintJob.model_validate_json(body), digest
        return None

    async def order(self, job_id: str) -> PrintOrder:
        query = "SELECT content FROM job WHERE id = ?"
        rows = await self._run(partial(self._database.query, query, job_id))
        return PrintOrder.model_validate_json(rows[0][0])

    async def save(self, job: PrintJob) -> None:
        await self._group.write(lambda: self._save(job))

    async def unfinished(self) -> tuple[PrintJob, ...]:
        query = "SELECT body FROM job WHERE content IS NOT NULL ORDER BY number"
        rows = await self._run(partial(self._database.query, query))
        return tuple(PrintJob.model_validate_json(body) for (body,) in rows)

    async def close(self) -> None:
        await self._run(self._database.close)

    def load(self) -> None:
        """Find damage now rather than with a job in hand, and drop what has grown old."""
        said = self._database.query("PRAGMA quick_check(1)")[0][0]
        if said != "ok":
            raise StorageError("storage.damaged", f"{self._database.path}: {said}")
        with self._database.transaction():
            self._drop()

    def _add(self, order: PrintOrder, job: PrintJob) -> None:
        insert = "INSERT INTO job (id, digest, body, content) VALUES (?, ?, ?, ?)"
        body, content = job.model_dump_json().encode(), order.model_dump_json().encode()
        self._database.execute(insert, job.id, order.digest, body, content)
        self._added += 1
        if self._added >= DROP_EVERY:
            self._drop()

    def _save(self, job: PrintJob) -> None:
        body = job.model_dump_json().encode()
        if not job.final:
            self._database.execute("UPDATE job SET body = ? WHERE id = ?", body, job.id)
            return
        now = self._clock.now()
        self._database.execute(
            "UPDATE job SET body = ?, content = NULL, ended_utc_ns = ? WHERE id = ?",
            body,
            now.utc_ns if now.trusted else None,
            job.id,
        )

    def _drop(self) -> None:
        """Drop jobs that ended: beyond the count, and older than the age."""
        self._added = 0
        self._database.execute(
            "DELETE FROM job WHERE number IN (SELECT number FROM job"
            " WHERE content IS NULL ORDER BY number DESC LIMIT -1 OFFSET ?)",
            KEEP_ENDED,
        )
        now = self._clock.now()
        if now.trusted:
            horizon_ns = now.utc_ns - KEEP_DAYS * 86_400 * NS_PER_S
            self._database.execute("DELETE FROM job WHERE ended_utc_ns < ?", horizon_ns)
