"""A journal that was restored, copied or re-imaged: what its older streams hold arrives too.

Box, broker and headquarters on one virtual-time loop.
"""

import asyncio
import random
import shutil
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from posedge.hq.ingest import Ingest
from posedge.hq.ledger import Ledger
from posedge.hq.queries import Queries
from posedge.hq.schema import ENTRY, FAULT
from posedge.hq.schema import STREAM as STREAMS
from posedge.journal.interface import Journal
from posedge.journal.store import SqliteJournal, begin_stream, open_journal
from posedge.model.entry import Draft, Entry
from posedge.model.messages import Sync, read
from posedge.model.topics import BoxTopics
from posedge.mqtt.interface import Message
from posedge.relay.relay import Relay
from posedge.relay.settings import RelaySettings
from posedge.tasks import Crew, Worker, cancel
from tests.doubles.broker import Faults, MemoryBroker
from tests.doubles.journal import STREAM, MemoryJournal
from tests.doubles.simloop import SimClock, SimLoop, simulate

BOX = BoxTopics("acme", "s0042", "bx7f3k2")
OTHER = BoxTopics("acme", "s0042", "other")
A, B = "a" * 16, "b" * 16


class Scene:
    """One broker, one headquarters, and a box that can be ended and begun again."""

    def __init__(self, folder: Path, crew: Crew, faults: Faults | None) -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, SimLoop)
        self.folder = folder
        self.crew = crew
        self.clock = SimClock(loop)
        self.chance = random.Random(loop.chance.random())
        self.broker = MemoryBroker(random.Random(self.chance.random()), faults=faults)
        self.worker = Worker("blocking")
        self.made: list[Entry] = []
        self.box: asyncio.Task[None] | None = None

    def start_hq(self, name: str = "hq.db") -> None:
        self.ledger = Ledger(f"sqlite:///{self.folder / name}")
        ingest = Ingest(
            self.ledger,
            self.worker.run,
            self.broker,
            tenant="acme",
            client_id="hq-ingest",
            clock=self.clock,
            chance=random.Random(self.chance.random()),
        )
        self.hq = self.crew.start(ingest.run(), name="hq")

    async def stop_hq(self) -> None:
        await cancel(self.hq)
        self.ledger.close()

    def start_box(self, journal: Journal, topics: BoxTopics = BOX) -> None:
        self.relay = Relay(
            journal,
            self.broker,
            topics,
            settings=RelaySettings(host="broker"),
            clock=self.clock,
            chance=random.Random(self.chance.random()),
            version="1",
        )
        self.box = self.crew.start(self.relay.run(), name="box")

    async def stop_box(self) -> None:
        assert self.box is not None
        await cancel(self.box)

    async def sell(self, journal: Journal, count: int) -> None:
        for _ in range(count):
            number = len(self.made) + 1
            at = self.clock.now()
            draft = Draft(f"id-{number}", "sale.completed", f"sale/{number}", at, {"n": number})
            self.made += await journal.append((draft,))

    async def drained(self) -> None:
        """Wait until everything is confirmed and the cursors are saved."""
        async with asyncio.timeout(600):
            while self.relay.status().behind or not self.relay.status().online:  # noqa: ASYNC110 - virtual time
                await asyncio.sleep(0.1)
        await asyncio.sleep(3)

    def syncs(self, box: BoxTopics = BOX) -> list[Sync]:
        return [read(Sync, each.payload) for each in self._published(box.sync)]

    def sent(self, box: BoxTopics = BOX) -> list[Entry]:
        """Return the entries as they were published, again and again included."""
        return [Entry.from_body(each.payload) for each in self._published(box.event("sale"))]

    def bodies(self, stream: str, box: BoxTopics = BOX) -> list[bytes]:
        wanted = select(ENTRY).where(ENTRY.c.stream == stream, ENTRY.c.box == box.box)
        return [row.body for row in self._rows(wanted.order_by(ENTRY.c.sequence))]

    def flags(self) -> list[str | None]:
        return [row.flag for row in self._rows(select(ENTRY).order_by(ENTRY.c.sequence))]

    def faults(self) -> list[tuple[str, int]]:
        return sorted((row.kind, row.sequence) for row in self._rows(select(FAULT)))

    def check(self) -> None:
        """Everything that was made is in the ledger, once, in order, each chain whole."""
        for stream in {entry.stream for entry in self.made}:
            entries = [entry for entry in self.made if entry.stream == stream]
            assert self.bodies(stream) == [entry.body for entry in entries]
            (row,) = self._rows(select(STREAMS).where(STREAMS.c.stream == stream))
            assert (row.upto, row.stored, row.last) == (len(entries),) * 3
            assert row.head == entries[-1].hash
        assert self.faults() == []
        (box,) = Queries(self.ledger).boxes()
        assert box.behind == 0

    def _published(self, topic: str) -> list[Message]:
        return [message for _, message in self.broker.published if message.topic == topic]

    def _rows(self, query: Any) -> list[Any]:
        with self.ledger.engine.connect() as database:
            return list(database.execute(query).all())


def play(
    folder: Path,
    scene: Callable[[Scene], Awaitable[None]],
    *,
    seed: int = 0,
    faults: Faults | None = None,
) -> None:
    async def run() -> None:
        async with Crew("scene") as crew:
            made = Scene(folder, crew, faults)
            await scene(made)
            await made.stop_box()
            await made.stop_hq()
            made.worker.close()

    simulate(run(), seed=seed)


def test_older_streams_go_first_each_behind_a_sync_of_its_own(tmp_path: Path) -> None:
    async def scene(s: Scene) -> None:
        journal = MemoryJournal()
        await s.sell(journal, 3)
        journal.begin(A)
        journal.begin(B)
        await s.sell(journal, 2)
        s.start_box(journal)
        await asyncio.sleep(5)
        status = s.relay.status()
        assert (status.acked, status.behind) == (0, 5)
        assert status.oldest_unsent == s.made[0].time
        s.start_hq()
        await s.drained()
        s.check()
        status = s.relay.status()
        assert (status.acked, status.oldest_unsent, status.reason) == (2, None, None)
        told = {each.stream: (each.first, each.last) for each in s.syncs()}
        assert (told[STREAM], told[B]) == ((1, 3), (1, 2))
        assert s.syncs()[0].stream == STREAM
        assert [entry.stream for entry in s.sent()] == [STREAM] * 3 + [B] * 2
        assert await journal.notes("relay.acked:") == {
            f"relay.acked:{STREAM}": "3",
            f"relay.acked:{B}": "2",
        }

    play(tmp_path, scene)


def test_the_cursor_of_an_older_stream_survives_a_power_cut(tmp_path: Path) -> None:
    async def scene(s: Scene) -> None:
        journal = MemoryJournal()
        s.start_hq()
        await s.sell(journal, 2)
        s.start_box(journal)
        await s.drained()
        await s.stop_box()
        await s.sell(journal, 2)
        journal.begin(A)
        s.start_box(journal)
        await s.drained()
        journal = journal.cut()
        await s.stop_box()
        s.start_box(journal)
        await s.sell(journal, 1)
        await s.drained()
        s.check()
        sent = [(entry.stream, entry.sequence) for entry in s.sent()]
        assert sorted(sent[:4]) == [(STREAM, number) for number in (1, 2, 3, 4)]
        assert sent[4:] == [(A, 1)]

    play(tmp_path, scene)


def test_of_a_journal_that_was_put_back_headquarters_has_more(tmp_path: Path) -> None:
    async def scene(s: Scene) -> None:
        journal = MemoryJournal()
        s.start_hq()
        s.start_box(journal)
        await s.sell(journal, 3)
        backup = journal.copy()
        await s.sell(journal, 2)
        await s.drained()
        await s.stop_box()
        backup.begin(A)
        await s.sell(backup, 2)
        assert await backup.note(f"relay.acked:{STREAM}") is None
        s.start_box(backup)
        await s.drained()
        s.check()
        assert s.relay.status().reason is None
        assert len(s.sent()) == len(s.made)
        assert await backup.note(f"relay.acked:{STREAM}") == "3"

    play(tmp_path, scene)


def test_what_a_cloned_file_brings_of_another_box_is_quarantined(tmp_path: Path) -> None:
    async def scene(s: Scene) -> None:
        journal = MemoryJournal()
        s.start_hq()
        await s.sell(journal, 2)
        s.start_box(journal)
        await s.drained()
        await s.sell(journal, 2)
        await s.stop_box()
        journal.begin(A, source=OTHER.source)
        s.start_box(journal, OTHER)
        await s.sell(journal, 1)
        await s.drained()
        bodies = [entry.body for entry in s.made]
        assert s.bodies(STREAM, OTHER) == bodies[:4]
        assert s.bodies(STREAM) == bodies[:2]
        assert s.bodies(A, OTHER) == bodies[4:]
        assert s.faults() == [("source", number) for number in (1, 2, 3, 4)]
        alarm = s.relay.status().reason or ""
        assert alarm.startswith(f"headquarters rejected entry {STREAM}/")
        assert alarm.endswith(": source")
        await s.stop_box()
        s.start_box(journal, OTHER)
        await s.drained()
        assert s.relay.status().reason == alarm

    play(tmp_path, scene)


def test_a_clone_sends_nothing_that_the_other_box_had_sent(tmp_path: Path) -> None:
    async def scene(s: Scene) -> None:
        journal = MemoryJournal()
        s.start_hq()
        await s.sell(journal, 2)
        s.start_box(journal)
        await s.drained()
        await s.stop_box()
        journal.begin(A, source=OTHER.source)
        s.start_box(journal, OTHER)
        await s.drained()
        assert [each.stream for each in s.syncs(OTHER)] == [A]
        assert s.sent(OTHER) == []

    play(tmp_path, scene)


def test_a_headquarters_that_was_restored_gets_older_streams_again(tmp_path: Path) -> None:
    async def scene(s: Scene) -> None:
        journal = MemoryJournal()
        s.start_hq()
        await s.sell(journal, 3)
        s.start_box(journal)
        await s.drained()
        await s.stop_box()
        for stream in (A, B):
            journal.begin(stream)
        s.start_box(journal)
        await s.sell(journal, 2)
        await s.drained()
        assert len(s.sent()) == 5
        await s.stop_hq()
        s.start_hq("restored.db")
        await asyncio.sleep(60)
        await s.drained()
        s.check()
        assert [entry.stream for entry in s.sent()][5:] == [STREAM] * 3 + [B] * 2
        asked = len(s.syncs())
        s.broker.cut(BOX.box)
        await asyncio.sleep(60)
        assert [each.stream for each in s.syncs()[asked:]] == [B]

    play(tmp_path, scene)


def test_a_quiet_box_asks_once_per_connection(tmp_path: Path) -> None:
    async def scene(s: Scene) -> None:
        journal = MemoryJournal()
        s.start_hq()
        await s.sell(journal, 1)
        s.start_box(journal)
        await s.drained()
        await s.stop_box()
        journal.begin(A)
        asked = len(s.syncs())
        s.start_box(journal)
        await asyncio.sleep(600)
        assert [each.stream for each in s.syncs()[asked:]] == [A, STREAM, A]
        assert len(s.sent()) == 1

    play(tmp_path, scene)


@pytest.mark.parametrize("seed", range(3))
def test_streams_arrive_whole_over_a_line_that_lies(tmp_path: Path, seed: int) -> None:
    async def scene(s: Scene) -> None:
        journal = MemoryJournal()
        s.start_hq()
        s.start_box(journal)
        for number in range(6):
            await s.sell(journal, s.chance.randint(1, 40))
            await asyncio.sleep(s.chance.uniform(0, 10))
            journal = journal.cut()
            s.broker.cut(BOX.box)
            await s.stop_box()
            journal.begin(f"{number:016x}")
            s.start_box(journal)
        await s.sell(journal, 5)
        await s.drained()
        s.check()

    lies = Faults(lost=0.05, twice=0.05, late=0.05, puback_lost=0.01)
    play(tmp_path, scene, seed=seed, faults=lies)


def test_a_copied_file_brings_both_streams(tmp_path: Path) -> None:
    first, second = tmp_path / "first.db", tmp_path / "second.db"

    async def scene(s: Scene) -> None:
        journal = await _opened(s, first)
        await s.sell(journal, 250)
        await journal.close()
        shutil.copy(first, second)
        journal = await _opened(s, second)
        assert journal.stream != s.made[0].stream
        await s.sell(journal, 3)
        s.start_hq()
        s.start_box(journal)
        await s.drained()
        s.check()
        streams = [entry.stream for entry in s.sent()]
        assert streams == sorted(streams, key=[s.made[0].stream, journal.stream].index)
        await s.stop_box()
        await journal.close()

    play(tmp_path, scene)


def test_damage_in_an_older_stream_holds_nothing_up(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"

    async def scene(s: Scene) -> None:
        journal = await _opened(s, path)
        await s.sell(journal, 5)
        await journal.close()
        with closing(sqlite3.connect(path)) as file, file:
            file.execute("DROP TRIGGER entry_update")
            file.execute("DROP TRIGGER entry_delete")
            file.execute("UPDATE entry SET body = x'00' WHERE position = 2")
            swap = """CAST(replace(body, '"sequence":"3"', '"sequence":"5"') AS BLOB)"""
            file.execute(f"UPDATE entry SET body = {swap} WHERE position = 3")
            file.execute("DELETE FROM entry WHERE position = 4")
        begin_stream(path, chance=s.chance)
        journal = await _opened(s, path)
        await s.sell(journal, 1)
        s.start_hq()
        s.start_box(journal)
        await s.drained()
        old = s.bodies(s.made[0].stream)
        assert (old[0], old[1], old[3], old[4]) == (s.made[0].body, b"\0", b"", s.made[4].body)
        assert b'"n":3' in old[2]
        assert s.bodies(journal.stream) == [s.made[5].body]
        assert s.faults() == [("unreadable", number) for number in (2, 3, 4)]
        alarm = s.relay.status().reason or ""
        assert alarm.startswith(f"headquarters rejected entry {s.made[0].stream}/")
        assert alarm.endswith(": unreadable")
        await s.stop_box()
        await journal.close()

    play(tmp_path, scene)


async def _opened(s: Scene, path: Path) -> SqliteJournal:
    return await open_journal(path, source=BOX.source, chance=s.chance, run=s.worker.run)
