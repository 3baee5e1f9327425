"""The journal on the disk: one worker thread, one connection, group commit.

Reads go through the same thread as writes. They are bounded and take microseconds, they see what
was written before them, and a second connection would only add a reader that checkpoints wait for.
"""

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from typing import TypeVar

import structlog

from posedge.journal.chain import HOME, Chain, Head
from posedge.journal.database import Database, Synchronous
from posedge.journal.group import Group
from posedge.journal.interface import Stream
from posedge.journal.mark import Mark, MarkFile, home_of
from posedge.journal.schema import SCHEMA
from posedge.model.entry import Draft, Entry
from posedge.model.status import JournalStatus
from posedge.tasks import Run

T = TypeVar("T")

IDLE_S = 5.0
"""Without a commit for so long nobody waits: a good moment for a checkpoint."""

LULL_S = 0.03
"""The entries of one payment follow each other faster, but for the time of the customer."""

NEW = "it is new"

BEYOND = "\U0010ffff"  # sorts behind every character

log = structlog.get_logger()


async def open_journal(
    path: Path,
    *,
    source: str,
    chance: random.Random,
    run: Run,
    synchronous: Synchronous = "FULL",
) -> "SqliteJournal":
    """Open or create the journal; `run` calls its blocking parts, all in one thread.

    `source` is `/tenant/store/box`. Raises StorageError: `storage.busy` when another process has
    it, `storage.corrupt` when its end is damaged, `storage.newer`, `storage.foreign`,
    `storage.unreachable`. A journal that was moved, copied or put back goes on in a new stream,
    and keeps the entries of the old one. `synchronous` is a parameter for the test that shows what
    NORMAL loses.
    """
    files = await run(lambda: _Files(path, source, chance, synchronous, begin=False))
    return SqliteJournal(files, run)


def begin_stream(path: Path, *, chance: random.Random) -> str:
    """Begin a new stream in a journal that no box has open, also behind damage; return its id."""
    files = _Files(path, "", chance, "FULL", begin=True)
    try:
        return files.head.stream
    finally:
        files.close()


class SqliteJournal:
    """posedge.journal.interface.Journal in an SQLite file."""

    def __init__(self, files: "_Files", run: Run) -> None:
        self._files = files
        self._run = run
        self._group = Group(run, files.database, committed=files.committed)
        self._listeners: list[Callable[[], None]] = []
        self._ripe = asyncio.Event()

    @property
    def stream(self) -> str:
        return self._files.head.stream

    @property
    def last(self) -> int:
        return self._files.head.last

    @property
    def streams(self) -> tuple[Stream, ...]:
        return (*self._files.older, Stream(self.stream, self.last))

    async def append(
        self, drafts: Sequence[Draft], *, notes: Mapping[str, str | None] | None = None
    ) -> tuple[Entry, ...]:
        entries = await self._group.write(lambda: self._chain.append(drafts, notes or {}))
        for grown in tuple(self._listeners):
            grown()
        if self._files.database.ripe:
            self._ripe.set()
        return entries

    def listen(self, grown: Callable[[], None]) -> Callable[[], None]:
        """Call `grown` after an append; return what ends that. A hint: who waits also looks."""
        self._listeners.append(grown)
        return lambda: self._listeners.remove(grown)

    async def latest(self, subject: str) -> Entry | None:
        return next(iter(await self._run(lambda: self._chain.latest(subject))), None)

    async def history(self, subject: str) -> tuple[Entry, ...]:
        return await self._run(lambda: self._chain.history(subject))

    async def after(
        self, sequence: int, limit: int, *, stream: str | None = None
    ) -> tuple[Entry, ...]:
        return await self._run(lambda: self._chain.after(sequence, limit, stream))

    async def recent(self, noun: str, limit: int) -> tuple[Entry, ...]:
        return await self._run(lambda: self._chain.recent(noun, limit))

    async def unsettled(self, noun: str) -> tuple[Entry, ...]:
        return await self._run(lambda: self._chain.unsettled(noun))

    async def note(self, name: str) -> str | None:
        return await self._run(lambda: self._chain.note(name))

    async def notes(self, prefix: str) -> Mapping[str, str]:
        return await self._run(lambda: self._chain.notes(prefix, prefix + BEYOND))

    async def put_note(self, name: str, value: str | None) -> None:
        await self.append((), notes={name: value})

    def status(self) -> JournalStatus:
        head, database = self._files.head, self._files.database
        return JournalStatus(
            healthy=database.reason is None,
            reason=database.reason,
            stream=head.stream,
            entries=head.last,
            last_hash=head.hash,
            bytes=database.bytes,
        )

    async def tend(self) -> None:
        """Checkpoint whenever the shop is quiet, for ever; StorageError when the disk has failed.

        To be run in a crew that ends the process: only a restart can trust the disk again.
        """
        while True:
            before = self.last
            await self._pause()
            await self._run(partial(self._files.tend, quiet=self.last == before))

    async def close(self) -> None:
        """Merge the WAL and let go of the files; every later call raises `storage.closed`."""
        await self._run(self._files.close)

    def __repr__(self) -> str:
        return f"<SqliteJournal {self._files.database.path} {self.stream}/{self.last}>"

    async def _pause(self) -> None:
        """Let a moment go by when a checkpoint is due soon; else wait for that, or a long time."""
        if self._files.database.ripe:
            await asyncio.sleep(LULL_S)
            return
        self._ripe.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(IDLE_S):
                await self._ripe.wait()

    @property
    def _chain(self) -> Chain:
        return self._files.chain


class _Files:
    """The database and its mark, as the worker's thread sees them. `head` is the durable end."""

    def __init__(
        self,
        path: Path,
        source: str,
        chance: random.Random,
        synchronous: Synchronous,
        *,
        begin: bool,
    ) -> None:
        with ExitStack() as opened:
            self._mark = MarkFile(path)
            opened.callback(self._mark.close)
            self.database = Database(path, SCHEMA, synchronous=synchronous)
            opened.callback(self.database.close)
            self.chain = Chain(self.database, source=source)
            self.head = self._start(chance, begin=begin)
            self.older = self.chain.streams()[:-1]
            self._remember()
            opened.callback(self._remember)
            self._opened = opened.pop_all()

    def committed(self) -> None:
        self.head = self.chain.head()

    def tend(self, *, quiet: bool) -> None:
        self.database.check()
        if quiet and self.database.due_when_idle:
            self.database.checkpoint()
            self._remember()

    def close(self) -> None:
        self._opened.close()

    def _start(self, chance: random.Random, *, begin: bool) -> Head:
        home = home_of(self.database.path)
        why = "asked for" if begin else self._moved(home)
        if why is not None:
            stream = f"{chance.getrandbits(64):016x}"
            with self.database.transaction():
                self.chain.begin(stream, home)
            say = log.info if why is NEW else log.warning
            say("the journal begins a new stream", stream=stream, reason=why)
        return self.chain.head()

    def _moved(self, home: str) -> str | None:
        """Say why the journal can't go on in its stream; None when it can."""
        heads = self.chain.heads()
        if not heads:
            return NEW
        self.chain.check_tail()
        if self.chain.note(HOME) != home:
            return "it was copied here, or this is another machine"
        mark = self._mark.read()
        if mark is not None and self.chain.hash_at(mark.stream, mark.sequence) != mark.hash:
            return f"it was put back: it lacks {mark.stream}/{mark.sequence}, which it once had"
        return None

    def _remember(self) -> None:
        self._mark.write(Mark(self.head.stream, self.head.last, self.head.hash))
