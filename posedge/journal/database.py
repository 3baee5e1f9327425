"""One SQLite file, opened so that a commit that returned survives a power cut.

WAL with `synchronous=FULL`: 0 acknowledged entries lost in 15,624 crash states, where NORMAL lost
up to 6 and SQLite's default journal the last one in a quarter of the states. Checkpoints are
explicit, because SQLite swallows an I/O error of an automatic one.

All of it blocks, and belongs to one thread.
"""

import os
import sqlite3
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import structlog

from posedge.model.errors import StorageError

APPLICATION_ID = 0x504F5345  # "POSE", so that file(1) and we know our own

BUSY_S = 5.0
"""How long a foreign writer (somebody's sqlite3 shell) may hold us up before we say so."""

CHECKPOINT_COMMITS = 256
"""Commits between checkpoints under load: about 6 pages each, so about SQLite's 1,000 to 1,500."""

RIPE_COMMITS = CHECKPOINT_COMMITS * 3 // 4
"""Commits from which on any pause is taken for it, so that no commit has to wait for one."""

IDLE_COMMITS = 16
"""Commits that are worth a checkpoint when nobody waits: each rewrites the same few pages."""

WAL_LIMIT = 8 * 1024 * 1024
"""Bytes of WAL that call for a checkpoint before the commits do: large entries."""

WAL_ALARM = 64 * 1024 * 1024
"""Bytes of WAL that only a reader who holds checkpoints up can cause."""

Synchronous = Literal["FULL", "NORMAL"]

log = structlog.get_logger()

_REFUSED = {  # SQLite saw it before the commit and undid everything: the next try may succeed
    sqlite3.SQLITE_FULL: ("storage.full", "the disk is full: free some space"),
    sqlite3.SQLITE_BUSY: ("storage.busy", "another program writes to the database: end it"),
}


@dataclass(frozen=True, slots=True)
class Schema:
    """`sql` creates version `version` (kept in `user_version`) in an empty file."""

    version: int
    sql: str


class Database:
    """A connection that stops for good at the first I/O error: a failed fsync can't be retried.

    Linux marks pages clean after a failed fsync, so a later one that succeeds proves nothing.
    A full disk is another matter: SQLite sees it while it writes, before it syncs, and undoes the
    transaction. `reason` says what is wrong now; None when the last transaction was fine.
    """

    def __init__(self, path: Path, schema: Schema, *, synchronous: Synchronous = "FULL") -> None:
        self.path = path
        self.reason: str | None = None
        self._wal = path.with_name(path.name + "-wal")
        self._refusal: tuple[str, str] | None = None
        self._commits = 0
        self._wal_limit = WAL_LIMIT
        with self._guarded():
            _create(path)
            self._connection = sqlite3.connect(path, isolation_level=None, timeout=BUSY_S)
        try:
            with self._guarded():
                self._prepare(schema, synchronous)
        except BaseException:
            self._connection.close()
            raise

    def query(self, sql: str, *values: Any) -> list[Any]:
        """Return all rows."""
        with self._guarded():
            return self._connection.execute(sql, values).fetchall()

    def execute(self, sql: str, *values: Any) -> None:
        """Run one statement inside a `transaction`."""
        with self._guarded():
            self._connection.execute(sql, values)

    @contextmanager
    def transaction(self) -> Generator[None]:
        """Commit what the block did, durably; undo all of it when the block raises."""
        self.execute("BEGIN IMMEDIATE")
        try:
            yield
            self.execute("COMMIT")
        except BaseException:
            self._roll_back()
            raise
        self.reason = None
        self._commits += 1

    def check(self) -> None:
        """Raise again what ended all writing, if anything did."""
        with self._guarded():
            pass

    @property
    def bytes(self) -> int:
        """What the database takes on the disk."""
        return _size(self.path) + _size(self._wal)

    @property
    def due(self) -> bool:
        """Whether the WAL is so long that it should be copied into the file now."""
        return self._commits >= CHECKPOINT_COMMITS or _size(self._wal) > self._wal_limit

    @property
    def ripe(self) -> bool:
        """Whether a checkpoint will be due soon."""
        return self._commits >= RIPE_COMMITS

    @property
    def due_when_idle(self) -> bool:
        """Whether a checkpoint is worth it while nobody waits."""
        return self._commits >= IDLE_COMMITS

    def checkpoint(self) -> None:
        """Copy the WAL into the file as far as readers allow; StorageError when the disk fails."""
        _busy, pages, copied = self.query("PRAGMA wal_checkpoint(PASSIVE)")[0]
        self._commits = 0
        size = _size(self._wal)
        if copied == pages:  # the next commit starts the WAL anew, in the same space
            self._wal_limit = max(WAL_LIMIT, size)
            return
        self._wal_limit = size + WAL_LIMIT
        if size > WAL_ALARM:
            log.warning("checkpoint held up by a reader", path=str(self.path), wal_bytes=size)

    def close(self) -> None:
        """Leave one file without a WAL, if the disk lets us."""
        try:
            if self._refusal is None:
                self.query("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            self._refusal = _CLOSED
            self._connection.close()

    def _prepare(self, schema: Schema, synchronous: Synchronous) -> None:
        mine, version = self._pragma("application_id"), self._pragma("user_version")
        empty = not self.query("SELECT 1 FROM sqlite_master LIMIT 1")
        if not empty and mine != APPLICATION_ID:
            raise StorageError("storage.foreign", f"{self.path} is not a database of posedge")
        if version > schema.version:
            what = f"{self.path} was written by a newer posedge ({version}): install that again"
            raise StorageError("storage.newer", what)
        for setting in (
            "journal_mode=WAL",
            f"synchronous={synchronous}",
            "wal_autocheckpoint=0",
            "cell_size_check=ON",
            "trusted_schema=OFF",
        ):
            self._connection.execute(f"PRAGMA {setting}")
        if empty:
            self._connection.executescript(
                f"BEGIN IMMEDIATE; PRAGMA application_id={APPLICATION_ID}; {schema.sql};"
                f"PRAGMA user_version={schema.version}; COMMIT"
            )

    def _pragma(self, name: str) -> int:
        return int(self.query(f"PRAGMA {name}")[0][0])

    def _roll_back(self) -> None:
        with suppress(sqlite3.Error):  # there is nothing to undo when SQLite already has
            self._connection.execute("ROLLBACK")

    @contextmanager
    def _guarded(self) -> Generator[None]:
        if self._refusal is not None:
            raise StorageError(*self._refusal)
        try:
            yield
        except (sqlite3.Error, OSError, UnicodeDecodeError) as error:
            raise self._judged(error) from error

    def _judged(self, error: Exception) -> StorageError:
        primary = getattr(error, "sqlite_errorcode", 0) & 0xFF
        self.reason = f"{self.path.name}: {error}"
        if primary in _REFUSED:
            code, advice = _REFUSED[primary]
            return StorageError(code, f"{self.reason}; {advice}")
        what = f"{self.reason}; nothing is stored until posedge restarts on a sound disk"
        self._refusal = ("storage.failed", what)
        return StorageError(*self._refusal)


_CLOSED = ("storage.closed", "the database is closed")


def _create(path: Path) -> None:
    """Make an empty file that only we read, under a name that survives a power cut."""
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        sync_directory(path.parent)


def sync_directory(path: Path) -> None:
    """Make the names in a directory durable."""
    directory = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
