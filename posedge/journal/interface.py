"""What the journal guarantees to the floors above."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from posedge.model.entry import Draft, Entry
from posedge.model.status import JournalStatus


@dataclass(frozen=True, slots=True)
class Stream:
    """A chain with numbers of its own, 1 to `last`."""

    id: str
    last: int


class Journal(Protocol):
    """The box's append-only, hash-chained log. What it returned survives a power cut.

    `data["open"]` true in an entry means that its subject waits for something; `unsettled` finds
    those after a restart. After any I/O error every write raises StorageError (`storage.failed`)
    until the process is restarted: fsync failures cannot be retried.
    """

    @property
    def stream(self) -> str:
        """16 hex digits made with the database; a restored or cloned one gets a new stream."""
        ...

    @property
    def last(self) -> int:
        """The sequence number of the newest durable entry; 0 when empty."""
        ...

    @property
    def streams(self) -> tuple[Stream, ...]:
        """Every stream in the file, oldest first; the current one is last."""
        ...

    async def append(
        self, drafts: Sequence[Draft], *, notes: Mapping[str, str | None] | None = None
    ) -> tuple[Entry, ...]:
        """Seal and store all drafts and notes in one transaction; durable on return.

        What arrives during one fsync shares the next. Goes through even if the caller is cancelled.
        """
        ...

    async def latest(self, subject: str) -> Entry | None:
        """Return the newest entry of `subject`, e.g. `payment/…`."""
        ...

    async def history(self, subject: str) -> tuple[Entry, ...]:
        """Return every entry of `subject`, oldest first."""
        ...

    async def after(
        self, sequence: int, limit: int, *, stream: str | None = None
    ) -> tuple[Entry, ...]:
        """Return up to `limit` entries of a stream (the current one) behind `sequence`, in order.

        Where an older stream is damaged, an entry without `hash` takes the place: its `body` is
        what is left there, maybe nothing. MisuseError `stream.unknown`.
        """
        ...

    async def recent(self, noun: str, limit: int) -> tuple[Entry, ...]:
        """Return the newest entry of each of the last `limit` subjects of `noun`, newest first."""
        ...

    async def unsettled(self, noun: str) -> tuple[Entry, ...]:
        """Return the newest entry of each subject of `noun` where it says `open`, oldest first."""
        ...

    async def note(self, name: str) -> str | None:
        """Return a note: a cursor, a counter, a token's hash. Notes change, entries never."""
        ...

    async def notes(self, prefix: str) -> Mapping[str, str]:
        """Return every note whose name starts with `prefix`."""
        ...

    async def put_note(self, name: str, value: str | None) -> None:
        """Store or (None) remove a note; durable on return."""
        ...

    def status(self) -> JournalStatus: ...
