"""What is written to and read from the journal's tables. Blocks; for one thread."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from posedge.journal.database import Database
from posedge.journal.interface import Stream
from posedge.journal.schema import checksum
from posedge.model.entry import Draft, Entry, fault, seal
from posedge.model.errors import MisuseError, ProtocolError, StorageError

TAIL = 100
"""Entries that are verified at each start: what a power cut or a dying disk touched last."""

HOME = "journal.home"
"""The note that says where the file lives: see mark.home_of."""

READ = 1000
"""Entries that one read returns at most: reads share the writer's thread, and hold it up."""


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a stream. `base` is the position in front of its first entry."""

    number: int
    stream: str
    base: int
    last: int
    hash: str


class Chain:
    """Reads and writes of the journal; writes inside a transaction of `database`."""

    def __init__(self, database: Database, *, source: str) -> None:
        self._database = database
        self._source = source

    def heads(self) -> list[Head]:
        """Return every stream, oldest first; the last one is written to."""
        query = "SELECT number, id, base, last, hash FROM stream ORDER BY number"
        return [Head(*row) for row in self._database.query(query)]

    def head(self) -> Head:
        query = "SELECT number, id, base, last, hash FROM stream ORDER BY number DESC LIMIT 1"
        return Head(*self._database.query(query)[0])

    def streams(self) -> tuple[Stream, ...]:
        """Return every stream as far as it can be read, oldest first."""
        return tuple(Stream(name, last) for name, _, last in self._spans())

    def begin(self, stream: str, home: str) -> None:
        """Begin a stream behind everything that is there, in the file that lives at `home`."""
        base = self._database.query("SELECT ifnull(max(position), 0) FROM entry")[0][0]
        self._database.execute("INSERT INTO stream VALUES (NULL, ?, ?, 0, ?)", stream, base, stream)
        self._note(HOME, home)

    def append(self, drafts: Sequence[Draft], notes: Mapping[str, str | None]) -> tuple[Entry, ...]:
        """Seal and insert; MisuseError, before anything is changed, when a draft can't be."""
        head = self.head()
        entries = self._seal(head, drafts)
        for entry in entries:
            values = (entry.subject, entry.data.get("open") is True, entry.body)
            insert = "INSERT INTO entry VALUES (?, ?, ?, ?)"
            self._database.execute(insert, head.base + entry.sequence, *values)
        if entries:
            update = "UPDATE stream SET last = ?, hash = ? WHERE number = ?"
            self._database.execute(update, entries[-1].sequence, entries[-1].hash, head.number)
        for name, value in notes.items():
            self._note(name, value)
        return entries

    def latest(self, subject: str) -> tuple[Entry, ...]:
        return self._entries(
            "SELECT body FROM entry JOIN subject USING (position) WHERE name = ?", subject
        )

    def history(self, subject: str) -> tuple[Entry, ...]:
        return self._entries("SELECT body FROM entry WHERE subject = ? ORDER BY position", subject)

    def after(self, sequence: int, limit: int, stream: str | None) -> tuple[Entry, ...]:
        """Stop at damage in the current stream; hand out what is left of an older one."""
        spans = {name: (base, last) for name, base, last in self._spans()}
        current = next(reversed(spans))
        name = current if stream is None else stream
        if name not in spans:
            raise MisuseError("stream.unknown", f"the journal has no stream {name!r}")
        entries = self._run_of(name, *spans[name], first=max(0, sequence), limit=min(limit, READ))
        lost = next((entry.sequence for entry in entries if not entry.hash), None)
        if lost is not None and name == current:
            raise _corrupt(f"entry {lost} is not what was written there")
        return entries

    def recent(self, noun: str, limit: int) -> tuple[Entry, ...]:
        return self._entries(
            "SELECT body FROM subject JOIN entry USING (position)"
            " WHERE noun = ? ORDER BY position DESC LIMIT ?",
            noun,
            min(limit, READ),
        )

    def unsettled(self, noun: str) -> tuple[Entry, ...]:
        return self._entries(
            "SELECT body FROM subject JOIN entry USING (position)"
            " WHERE noun = ? AND subject.open ORDER BY position",
            noun,
        )

    def note(self, name: str) -> str | None:
        return self.notes(name, name + "\0").get(name)

    def notes(self, low: str, high: str) -> dict[str, str]:
        """Return the notes whose names are from `low` to before `high`."""
        query = "SELECT name, value, checksum FROM note WHERE name >= ? AND name < ? ORDER BY name"
        rows = self._database.query(query, low, high)
        for name, value, sum_ in rows:
            if sum_ != checksum(name, value):
                what = f"note {name} is damaged: see `posedge journal verify`"
                raise StorageError("storage.corrupt", what)
        return {name: value for name, value, _ in rows}

    def hash_at(self, stream: str, sequence: int) -> str | None:
        """Return the hash of an entry (of 0: the stream id); None when there is no such entry."""
        base = {head.stream: head.base for head in self.heads()}.get(stream)
        if base is None:
            return None
        if sequence == 0:
            return stream
        found = self._entries("SELECT body FROM entry WHERE position = ?", base + sequence)
        return next((entry.hash for entry in found if entry.stream == stream), None)

    def check_tail(self) -> None:
        """StorageError `storage.corrupt` when the last TAIL entries are not as they were sealed."""
        head = self.head()
        first = max(1, head.last - TAIL + 1)
        rows = self._database.query(
            "SELECT body FROM entry WHERE position >= ? ORDER BY position",
            head.base + first,
        )
        prevhash = head.stream if first == 1 else None
        for sequence, (body,) in enumerate(rows, first):
            wrong = fault(body, stream=head.stream, sequence=sequence, prevhash=prevhash)
            if wrong is not None:
                raise _corrupt(f"entry {sequence}: {wrong}")
            prevhash = Entry.from_body(body).hash
        if first + len(rows) - 1 != head.last or prevhash not in (head.hash, None):
            raise _corrupt(f"it should end with entry {head.last}")

    def _spans(self) -> list[tuple[str, int, int]]:
        """Return id, base and last of every stream, oldest first.

        An older one ends where the next begins, whatever its own row says: that may be damaged.
        """
        return self._database.query(
            "SELECT id, base, ifnull(lead(base) OVER (ORDER BY number) - base, last)"
            " FROM stream ORDER BY number"
        )

    def _run_of(
        self, stream: str, base: int, last: int, *, first: int, limit: int
    ) -> tuple[Entry, ...]:
        until = min(last, first + max(0, limit))
        query = "SELECT position, body FROM entry WHERE position > ? AND position <= ?"
        bodies: dict[int, bytes] = dict(self._database.query(query, base + first, base + until))
        numbers = range(first + 1, until + 1)
        return tuple(_at(stream, number, bodies.get(base + number, b"")) for number in numbers)

    def _seal(self, head: Head, drafts: Sequence[Draft]) -> tuple[Entry, ...]:
        entries: list[Entry] = []
        prevhash = head.hash
        for sequence, draft in enumerate(drafts, head.last + 1):
            entry = seal(
                draft,
                stream=head.stream,
                source=self._source,
                sequence=sequence,
                prevhash=prevhash,
            )
            entries.append(entry)
            prevhash = entry.hash
        return tuple(entries)

    def _note(self, name: str, value: str | None) -> None:
        if value is None:
            self._database.execute("DELETE FROM note WHERE name = ?", name)
            return
        upsert = (
            "INSERT INTO note VALUES (?, ?, ?) ON CONFLICT (name)"
            " DO UPDATE SET value = excluded.value, checksum = excluded.checksum"
        )
        self._database.execute(upsert, name, value, checksum(name, value))

    def _entries(self, query: str, *values: str | int) -> tuple[Entry, ...]:
        rows = self._database.query(query, *values)
        try:
            return tuple(Entry.from_body(body) for (body,) in rows)
        except ProtocolError as error:
            raise _corrupt(error.message) from error


def _at(stream: str, sequence: int, body: bytes) -> Entry:
    """Read the entry that belongs here; without `hash` when it is another one, or none."""
    with suppress(ProtocolError):
        entry = Entry.from_body(body)
        if (entry.stream, entry.sequence) == (stream, sequence):
            return entry
    return Entry(
        stream=stream,
        sequence=sequence,
        id="",
        type="journal.damaged",
        subject="",
        time="",
        prevhash="",
        hash="",
        data={},
        body=body,
    )


def _corrupt(what: str) -> StorageError:
    return StorageError(
        "storage.corrupt",
        f"the journal is damaged, {what}: keep a copy, run `posedge journal verify`, and begin"
        " a new stream behind the damage with `posedge journal new-stream`",
    )
