"""Reading a journal's file from outside, also while the box runs: verify, tail, export.

Nothing is ever written. Every byte that means something is covered: SQLite's own structure by
its integrity check, entries by their hashes, the end of each chain by the `stream` table, by the
mark beside the file and by what headquarters confirmed (`expect`), notes by their checksums, and
tables, indexes and triggers by comparison with what a new journal has.
"""

import re
import sqlite3
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from posedge.journal.chain import Head
from posedge.journal.inspection import MAX_FAULTS, Inspection
from posedge.journal.mark import Mark, mark_path, parse
from posedge.model.errors import MisuseError, StorageError


@dataclass(frozen=True, slots=True)
class Report:
    """What was found: `faults` is empty when the journal is whole."""

    entries: int
    heads: tuple[Head, ...]
    faults: tuple[str, ...]

    def __str__(self) -> str:
        ends = ", ".join(f"{head.stream}/{head.last} {head.hash}" for head in self.heads)
        verdict = "whole" if not self.faults else f"{len(self.faults)} faults"
        return f"{self.entries} entries, {verdict}; ends: {ends or 'none'}"


def verify(path: Path, expect: str | None = None) -> Report:
    """Read all of the journal and say what is wrong with it, entry by entry.

    `expect` is `SEQUENCE:HASH` of an entry that must be there, e.g. headquarters' last
    confirmation. MisuseError `expect.invalid` when it is not of that form.
    """
    wanted = _expected(expect)
    mark = _mark(path)  # before the snapshot: it is never ahead of what was committed
    with _reading(path) as connection:
        inspection = Inspection(connection, mark)
        faults = tuple(islice(inspection.faults(wanted), MAX_FAULTS))
        return Report(inspection.entries, inspection.heads, faults)


def tail(path: Path, count: int) -> Iterator[str]:
    """Yield the last `count` entries as lines of canonical JSON, oldest first."""
    query = "SELECT body FROM entry WHERE position > ? + (SELECT max(position) FROM entry)"
    return _lines(path, f"{query} ORDER BY position", -max(0, count))


def export(path: Path) -> Iterator[str]:
    """Yield every entry as a line of canonical JSON, oldest first, streams one after another."""
    return _lines(path, "SELECT body FROM entry WHERE position > ? ORDER BY position", 0)


def _lines(path: Path, query: str, value: int) -> Iterator[str]:
    with _reading(path) as connection:
        try:
            for (body,) in connection.execute(query, (value,)):
                yield bytes(body).decode()
        except (sqlite3.DatabaseError, ValueError) as error:
            what = f"{path} is damaged: {error}; see `posedge journal verify`"
            raise StorageError("storage.corrupt", what) from error


@contextmanager
def _reading(path: Path) -> Generator[sqlite3.Connection]:
    """Open one snapshot of the file, for reading only."""
    if not path.is_file():
        raise StorageError("storage.unreachable", f"there is no journal at {path}")
    # Beside a running box a reader joins in its WAL. Without one a reader would create it.
    running = path.with_name(path.name + "-wal").exists()
    uri = f"{path.absolute().as_uri()}?mode=ro{'' if running else '&immutable=1'}"
    with closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as connection:
        connection.text_factory = _text
        with suppress(
            sqlite3.DatabaseError, UnicodeDecodeError
        ):  # damaged: whoever reads on says so
            connection.execute("BEGIN")
        yield connection


def _text(raw: bytes) -> str:
    return raw.decode(errors="replace")


def _mark(path: Path) -> Mark | None:
    with suppress(FileNotFoundError):
        return parse(mark_path(path).read_bytes())
    return None


def _expected(expect: str | None) -> tuple[int, str] | None:
    if expect is None:
        return None
    found = re.fullmatch(r"([0-9]{1,18}):([0-9a-f]{64})", expect)
    if found is None:
        what = f"{expect!r} is not SEQUENCE:HASH, e.g. 4711:{'9f' * 32}"
        raise MisuseError("expect.invalid", what)
    return int(found[1]), found[2]
