"""An event log that cannot be read is set aside: no reason for a box not to sell.

Other than the journal, it holds nothing that anybody promised to keep.
"""

import sqlite3
from pathlib import Path

from posedge.model.errors import StorageError

UNREADABLE = frozenset({"storage.damaged", "storage.foreign", "storage.newer"})
DAMAGE = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR})
"""What SQLite says of a file that is not what it was; ERROR: a table is missing."""


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
