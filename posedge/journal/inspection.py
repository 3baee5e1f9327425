"""One walk through a journal's file that says what is wrong with it, entry by entry."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from typing import Any

from posedge.journal.chain import Head
from posedge.journal.database import APPLICATION_ID
from posedge.journal.mark import Mark
from posedge.journal.schema import SCHEMA, checksum
from posedge.model.entry import Entry, fault
from posedge.model.errors import ProtocolError

MAX_FAULTS = 100
"""Sentences in a report; a journal with more is not read sentence by sentence."""

_ENDLESS = 2**63 - 1

_HEADS = """
SELECT number, ifnull(CAST(id AS TEXT), ''), ifnull(CAST(base AS INTEGER), 0),
  ifnull(CAST(last AS INTEGER), 0), hash
FROM stream ORDER BY number
"""  # the casts: a damaged row may hold anything

_ENTRIES = """
SELECT position, subject, open, ifnull(CAST(body AS BLOB), x'') FROM entry
WHERE position > ? AND position <= ? ORDER BY position
"""

_SUBJECTS = """
WITH
  noted AS (SELECT name, noun, position, open FROM subject),
  found AS (
    SELECT subject, substr(subject, 1, instr(subject || '/', '/') - 1), max(position), open
    FROM entry GROUP BY subject
  )
SELECT DISTINCT name FROM (
  SELECT * FROM (SELECT * FROM noted EXCEPT SELECT * FROM found)
  UNION ALL
  SELECT * FROM (SELECT * FROM found EXCEPT SELECT * FROM noted)
) LIMIT ?
"""


class Inspection:
    """Walks once, in the snapshot that `connection` holds; `entries` counts what it saw."""

    def __init__(self, connection: sqlite3.Connection, mark: Mark | None) -> None:
        self.entries = 0
        self.heads: tuple[Head, ...] = ()
        self._connection = connection
        self._mark = mark

    def faults(self, expect: tuple[int, str] | None) -> Iterator[str]:
        yield from self._guarded("the file", self._structure())
        yield from self._guarded("its tables", self._tables())
        yield from self._guarded("the streams", self._streams())
        yield from self._guarded("the subjects", self._subjects())
        yield from self._guarded("the notes", self._notes())
        yield from self._guarded("the ends", self._remembered(expect))

    def _guarded(self, what: str, faults: Iterator[str]) -> Iterator[str]:
        try:
            yield from faults
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
            yield f"SQLite can't read {what}: {error}"

    def _structure(self) -> Iterator[str]:
        mine, version = self._one("PRAGMA application_id"), self._one("PRAGMA user_version")
        if (mine, version) != (APPLICATION_ID, SCHEMA.version):
            yield f"this is not a journal of this version: {mine:#x}, version {version}"
        for (line,) in self._rows(f"PRAGMA integrity_check({MAX_FAULTS})"):
            if line != "ok":
                yield f"SQLite: {line}"

    def _tables(self) -> Iterator[str]:
        query = "SELECT type, name, tbl_name, sql FROM sqlite_master"
        with closing(sqlite3.connect(":memory:")) as fresh:
            fresh.executescript(SCHEMA.sql)
            differ = set(fresh.execute(query)) ^ set(self._rows(query))
        for kind, name in sorted({(row[0], row[1]) for row in differ}):
            yield f"{kind} {name} is missing, changed or foreign"

    def _streams(self) -> Iterator[str]:
        self.heads = tuple(Head(*row) for row in self._rows(_HEADS))
        bases = [head.base for head in self.heads]
        ends = [0, *(head.base + head.last for head in self.heads)]
        if bases != ends[:-1]:
            yield f"streams begin behind positions {bases}, not where the one before ends"
        for head, until in zip(self.heads, [*bases[1:], _ENDLESS], strict=False):
            yield from self._chain(head, until)

    def _chain(self, head: Head, until: int) -> Iterator[str]:
        hash_: str | None = head.stream  # None behind a fault: there the chain is taken up anew
        due = 1
        for position, *columns in self._rows(_ENTRIES, head.base, until):
            self.entries += 1
            sequence = position - head.base
            if sequence != due:
                yield f"{_range(head, due, sequence - 1)} missing"
                hash_ = None
            wrong, hash_ = _judged(head, sequence, hash_, columns)
            if wrong is not None:
                yield f"entry {head.stream}/{sequence}: {wrong}"
            due = sequence + 1
        if due <= head.last:
            yield f"{_range(head, due, head.last)} missing: the end is cut off"
        elif due > head.last + 1 or hash_ not in (None, head.hash):
            yield f"stream {head.stream} should end with entry {head.last}, hash {head.hash}"

    def _subjects(self) -> Iterator[str]:
        for (name,) in self._rows(_SUBJECTS, MAX_FAULTS):
            yield f"subject {name}: what is noted of its newest entry is wrong"

    def _notes(self) -> Iterator[str]:
        for name, value, sum_ in self._rows("SELECT name, value, checksum FROM note"):
            if checksum(name, value) != sum_:
                yield f"note {name}: its value does not match its checksum"

    def _remembered(self, expect: tuple[int, str] | None) -> Iterator[str]:
        mark = self._mark
        if mark and mark.hash not in self._hashes(mark.sequence):
            what = f"{mark.stream}/{mark.sequence} {mark.hash}"
            yield f"the mark beside the journal remembers {what}, which is not there"
        if expect and expect[1] not in self._hashes(expect[0]):
            yield f"entry {expect[0]} with hash {expect[1]} was expected, and is not there"

    def _hashes(self, sequence: int) -> Iterator[str]:
        """Yield the hash of entry `sequence` of each stream (of 0: the stream id)."""
        for head in self.heads:
            if sequence == 0:
                yield head.stream
            for (body,) in self._rows(
                "SELECT body FROM entry WHERE position = ?", head.base + sequence
            ):
                with suppress(ProtocolError):
                    yield Entry.from_body(body).hash

    def _one(self, query: str) -> int:
        return int(self._connection.execute(query).fetchone()[0])

    def _rows(self, query: str, *values: int) -> sqlite3.Cursor:
        return self._connection.execute(query, values)


def _judged(
    head: Head, sequence: int, prevhash: str | None, columns: list[Any]
) -> tuple[str | None, str | None]:
    """Return what is wrong with one entry, or its hash."""
    subject, waits, body = columns
    wrong = fault(body, stream=head.stream, sequence=sequence, prevhash=prevhash)
    if wrong is not None:
        return wrong, None
    entry = Entry.from_body(body)
    if (subject, waits) != (entry.subject, entry.data.get("open") is True):
        return "its columns do not match its content", None
    return None, entry.hash


def _range(head: Head, first: int, last: int) -> str:
    if first == last:
        return f"entry {head.stream}/{first} is"
    return f"entries {head.stream}/{first} to {last} are"
