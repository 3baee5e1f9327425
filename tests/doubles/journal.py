"""A journal in memory that keeps every promise of posedge.journal.interface, power cuts included.

after = journal.cut()     # the box that comes up next has `after`; `journal` is dead for ever
journal.fail()            # the disk breaks: every write raises StorageError from now on
journal.mend()            # it was only full, and somebody freed some space
other = journal.copy()    # the same file a second time
journal.begin("a" * 16)   # it was copied or put back: it goes on in a new stream
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import NoReturn

from posedge.journal.interface import Stream
from posedge.model.entry import Draft, Entry, seal
from posedge.model.errors import MisuseError, StorageError
from posedge.model.status import JournalStatus

STREAM = "9f3c1a7be0425d18"
SOURCE = "/acme/s0042/bx7f3k2"


class MemoryJournal:
    """`fsync_s` is how long a commit takes on the loop's clock; 0 commits on its next round."""

    def __init__(self, *, stream: str = STREAM, source: str = SOURCE, fsync_s: float = 0) -> None:
        self._stream = stream
        self._source = source
        self._fsync_s = fsync_s
        self._entries: list[Entry] = []
        self._older: list[Stream] = []
        self._base = 0
        self._notes: dict[str, str] = {}
        self._broken: str | None = None
        self._dead = False

    @property
    def stream(self) -> str:
        return self._stream

    @property
    def last(self) -> int:
        return len(self._entries) - self._base

    @property
    def streams(self) -> tuple[Stream, ...]:
        return (*self._older, Stream(self._stream, self.last))

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Everything that is durable, for a test's eyes."""
        return tuple(self._entries)

    def cut(self) -> "MemoryJournal":
        """Cut the power: what is not committed is gone, and no call to this object returns."""
        self._dead = True
        return self.copy()

    def copy(self) -> "MemoryJournal":
        """Copy what is durable; both go on."""
        copy = MemoryJournal(stream=self._stream, source=self._source, fsync_s=self._fsync_s)
        copy._entries, copy._older, copy._base = [*self._entries], [*self._older], self._base
        copy._notes = dict(self._notes)
        return copy

    def begin(self, stream: str, *, source: str | None = None) -> None:
        """Begin a new stream behind everything, maybe in another box."""
        self._older.append(Stream(self._stream, self.last))
        self._base = len(self._entries)
        self._stream = stream
        self._source = source or self._source

    def fail(self, reason: str = "No space left on device") -> None:
        """Break the disk, until the next `cut` or `mend`."""
        self._broken = reason

    def mend(self) -> None:
        self._broken = None

    async def append(
        self, drafts: Sequence[Draft], *, notes: Mapping[str, str | None] | None = None
    ) -> tuple[Entry, ...]:
        if self._dead:
            await _never()
        loop = asyncio.get_running_loop()
        done: asyncio.Future[tuple[Entry, ...]] = loop.create_future()

        def commit() -> None:
            if self._dead:
                return
            try:
                stored = self._commit(drafts, notes or {})
            except Exception as error:  # noqa: BLE001 - handed to whoever awaits it
                if not done.done():
                    done.set_exception(error)
            else:
                if not done.done():
                    done.set_result(stored)

        loop.call_later(self._fsync_s, commit)
        return await done

    async def latest(self, subject: str) -> Entry | None:
        await self._alive()
        return self._newest().get(subject)

    async def history(self, subject: str) -> tuple[Entry, ...]:
        await self._alive()
        return tuple(entry for entry in self._entries if entry.subject == subject)

    async def after(
        self, sequence: int, limit: int, *, stream: str | None = None
    ) -> tuple[Entry, ...]:
        await self._alive()
        name = self._stream if stream is None else stream
        if name not in {each.id for each in self.streams}:
            raise MisuseError("stream.unknown", f"the journal has no stream {name!r}")
        entries = [entry for entry in self._entries if entry.stream == name]
        return tuple(entries[sequence : sequence + limit])

    async def recent(self, noun: str, limit: int) -> tuple[Entry, ...]:
        await self._alive()
        return tuple(reversed(self._of(noun)))[:limit]

    async def unsettled(self, noun: str) -> tuple[Entry, ...]:
        await self._alive()
        return tuple(entry for entry in self._of(noun) if entry.data.get("open") is True)

    async def note(self, name: str) -> str | None:
        await self._alive()
        return self._notes.get(name)

    async def notes(self, prefix: str) -> Mapping[str, str]:
        await self._alive()
        return {name: text for name, text in self._notes.items() if name.startswith(prefix)}

    async def put_note(self, name: str, value: str | None) -> None:
        await self.append((), notes={name: value})

    def status(self) -> JournalStatus:
        return JournalStatus(
            healthy=self._broken is None,
            reason=self._broken,
            stream=self._stream,
            entries=self.last,
            last_hash=self._tip(),
            bytes=sum(len(entry.body) for entry in self._entries),
        )

    def _commit(
        self, drafts: Sequence[Draft], notes: Mapping[str, str | None]
    ) -> tuple[Entry, ...]:
        if self._broken is not None:
            raise StorageError("storage.failed", f"the disk failed: {self._broken}")
        before = len(self._entries)
        for draft in drafts:
            self._entries.append(
                seal(
                    draft,
                    stream=self._stream,
                    source=self._source,
                    sequence=self.last + 1,
                    prevhash=self._tip(),
                )
            )
        for name, text in notes.items():
            if text is None:
                self._notes.pop(name, None)
            else:
                self._notes[name] = text
        return tuple(self._entries[before:])

    def _tip(self) -> str:
        return self._entries[-1].hash if self.last else self._stream

    def _newest(self) -> dict[str, Entry]:
        newest: dict[str, Entry] = {}
        for entry in self._entries:
            newest.pop(entry.subject, None)  # so that the order is that of the newest entries
            newest[entry.subject] = entry
        return newest

    def _of(self, noun: str) -> Sequence[Entry]:
        return _about(self._newest().values(), noun)

    async def _alive(self) -> None:
        """Take a turn of the loop, as a worker thread would; never return when power is off."""
        await asyncio.sleep(0)
        if self._dead:
            await _never()


def _about(entries: Iterable[Entry], noun: str) -> list[Entry]:
    return [entry for entry in entries if entry.subject.partition("/")[0] == noun]


async def _never() -> NoReturn:
    await asyncio.get_running_loop().create_future()
    raise AssertionError("a dead journal answered")
