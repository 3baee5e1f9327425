"""A log beside the journal that cannot be read is set aside: no reason for a box not to sell.

What moved money is in the journal, which is never set aside.
"""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import structlog

from posedge.model.errors import StorageError

T = TypeVar("T")

UNREADABLE = frozenset({"storage.damaged", "storage.foreign", "storage.newer"})
DAMAGE = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR})
"""What SQLite says of a file that is not what it was; ERROR: a table is missing."""

log = structlog.get_logger()


def open_or_set_aside(what: str, path: Path, attempt: Callable[[str | None], T]) -> T:
    """Return what `attempt` opens, if need be a new one; it is given the alarm that says so."""
    try:
        return attempt(None)
    except StorageError as error:
        if not unreadable(error):
            raise
        kept = set_aside(path)
        log.error("set aside", what=what, why=error.message, kept=str(kept))  # noqa: TRY400 - told
        return attempt(f"The {what} could not be read and was set aside as {kept.name}")


def unreadable(error: StorageError) -> bool:
    """Whether the file itself is at fault: not the disk, its owner or another program."""
    primary = getattr(error.__cause__, "sqlite_errorcode", 0) & 0xFF
    return error.code in UNREADABLE or primary in DAMAGE


def set_aside(path: Path) -> Path:
    """Rename the database; the one set aside before it goes, so that the disk does not fill."""
    kept = path.with_name(path.name + ".damaged")
    for suffix in ("", "-wal"):
        old, new = Path(f"{path}{suffix}"), Path(f"{kept}{suffix}")
        new.unlink(missing_ok=True)
        if old.exists():
            old.replace(new)
    Path(f"{path}-shm").unlink(missing_ok=True)
    return kept
