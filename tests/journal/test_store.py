import asyncio
import os
import random
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

from posedge.journal.chain import READ
from posedge.journal.database import RIPE_COMMITS
from posedge.journal.interface import Journal, Stream
from posedge.journal.store import IDLE_S, LULL_S, SqliteJournal, open_journal
from posedge.model.entry import Entry, fault
from posedge.model.errors import MisuseError, StorageError
from posedge.tasks import Crew, cancel
from tests.doubles.drafts import draft
from tests.doubles.simloop import simulate
from tests.journal.conftest import Box
from tests.journal.test_database import broken

T = TypeVar("T")


async def filled(journal: SqliteJournal, count: int) -> tuple[Entry, ...]:
    return await journal.append([draft(n) for n in range(1, count + 1)])


async def test_a_new_journal_is_empty_and_private(box: Box, journal: SqliteJournal) -> None:
    fits: Journal = journal
    assert (fits.last, fits.stream) == (0, "91b7584a2265b1f5")
    assert box.path.stat().st_mode & 0o777 == 0o600
    assert await journal.after(0, 10) == ()
    assert await journal.latest("payment/1") is None
    status = journal.status()
    assert (status.healthy, status.entries, status.last_hash) == (True, 0, journal.stream)
    assert repr(journal) == f"<SqliteJournal {box.path} {journal.stream}/0>"


async def test_entries_are_chained_and_come_back(journal: SqliteJournal) -> None:
    first, second = await filled(journal, 2)
    (third,) = await journal.append([draft(3)])
    assert [first.sequence, second.sequence, third.sequence] == [1, 2, 3]
    prevhash = journal.stream
    for entry in (first, second, third):
        where = {"stream": journal.stream, "sequence": entry.sequence}
        assert fault(entry.body, prevhash=prevhash, **where) is None  # type: ignore[arg-type]
        prevhash = entry.hash
    assert await journal.after(0, 10) == (first, second, third)
    assert await journal.after(-5, 1) == (first,)
    assert await journal.after(1, 1) == (second,)
    assert await journal.after(3, 10) == ()
    assert journal.last == 3
    assert journal.status().last_hash == third.hash


async def test_the_chain_goes_on_after_a_restart(box: Box) -> None:
    before = await box.open()
    await before.append([draft(1)], notes={"cursor": "1"})
    await before.close()
    after = await box.open()
    assert (after.stream, after.last) == (before.stream, 1)
    assert await after.note("cursor") == "1"
    (entry,) = await after.append([draft(2)])
    assert entry.prevhash == (await after.after(0, 1))[0].hash
    await after.close()


async def test_reads_by_subject_and_noun(journal: SqliteJournal) -> None:
    waits, done = {"open": True}, {"open": False}
    await journal.append(
        [
            draft(1, subject="payment/a", data=waits),
            draft(2, subject="payment/b", data=waits),
            draft(3, subject="sale/a", type_="sale.completed", data=waits),
            draft(4, subject="payment/a", data=done),
            draft(5, subject="payment/c", data={"open": "true"}),
        ]
    )

    def ids(entries: tuple[Entry, ...]) -> list[int]:
        return [entry.sequence for entry in entries]

    assert ids(await journal.history("payment/a")) == [1, 4]
    assert ids(await journal.unsettled("payment")) == [2]
    assert ids(await journal.unsettled("sale")) == [3]
    assert ids(await journal.unsettled("pay")) == []
    assert ids(await journal.recent("payment", 10)) == [5, 4, 2]
    assert ids(await journal.recent("payment", 2)) == [5, 4]
    latest = await journal.latest("payment/a")
    assert latest is not None
    assert latest.sequence == 4
    await journal.append([draft(6, subject="payment/a", data=waits)])
    assert ids(await journal.unsettled("payment")) == [2, 6]


async def test_a_subject_without_a_slash_is_its_own_noun(journal: SqliteJournal) -> None:
    (entry,) = await journal.append([draft(1, subject="shift")])
    assert await journal.recent("shift", 1) == (entry,)


async def test_one_read_is_bounded(journal: SqliteJournal) -> None:
    await filled(journal, READ + 1)
    assert len(await journal.after(0, 10**6)) == READ
    assert len(await journal.recent("payment", 10**6)) == READ


async def test_notes_change_and_are_removed(journal: SqliteJournal) -> None:
    await journal.put_note("relay.cursor", "1")
    await journal.put_note("relay.cursor", "2")
    await journal.append([draft(1)], notes={"relay.session": "7", "relay.gone": None, "web.x": ""})
    assert await journal.notes("relay.") == {"relay.cursor": "2", "relay.session": "7"}
    assert await journal.note("web.x") == ""
    await journal.put_note("relay.cursor", None)
    assert await journal.note("relay.cursor") is None
    assert await journal.note("relay") is None


async def test_entries_can_not_be_changed_by_sql(box: Box, journal: SqliteJournal) -> None:
    await filled(journal, 3)
    for statement in (
        "UPDATE entry SET body = x'00'",
        "DELETE FROM entry WHERE position = 3",
        "INSERT OR REPLACE INTO entry VALUES (2, 'a', 0, x'00')",
        "INSERT INTO entry VALUES (5, 'a', 0, x'00')",
        "UPDATE stream SET last = 2",
        "UPDATE stream SET id = 'x'",
        "DELETE FROM stream",
    ):
        with pytest.raises(sqlite3.IntegrityError):
            box.sql(statement)


async def test_a_draft_that_can_not_be_sealed_fails_alone(journal: SqliteJournal) -> None:
    good, bad, late = await asyncio.gather(
        journal.append([draft(1)]),
        journal.append([draft(2), draft(3, type_="bad")]),
        journal.append([draft(4)]),
        return_exceptions=True,
    )
    assert isinstance(bad, MisuseError)
    assert (good, late) == ((entries := await journal.after(0, 9))[:1], entries[1:])
    assert [entry.data["number"] for entry in entries] == [1, 4]


async def test_concurrent_writers_share_commits_in_the_order_of_their_calls(
    journal: SqliteJournal,
) -> None:
    async with Crew("writers") as crew:
        tasks = [crew.start(journal.append([draft(n)]), name=f"{n}") for n in range(1, 301)]
        entries = [(await task)[0] for task in tasks]
    assert [entry.sequence for entry in entries] == list(range(1, 301))
    assert [entry.data["number"] for entry in entries] == list(range(1, 301))
    assert journal._files.database._commits < 100


async def test_an_append_goes_through_although_its_caller_is_cancelled(
    journal: SqliteJournal,
) -> None:
    async with Crew("writers") as crew:
        tasks = [crew.start(journal.append([draft(n)]), name=f"{n}") for n in (1, 2, 3)]
        await asyncio.sleep(0)
        for task in tasks:
            await cancel(task)
    assert [entry.data["number"] for entry in await journal.after(0, 9)] == [1, 2, 3]


async def test_only_one_process_writes(box: Box, journal: SqliteJournal) -> None:
    with pytest.raises(StorageError, match="end it first") as caught:
        await box.open()
    assert caught.value.code == "storage.busy"


async def test_closing_merges_the_wal_and_ends_everything(box: Box) -> None:
    journal = await box.open()
    await filled(journal, 3)
    await journal.close()
    await journal.close()
    assert sorted(path.name for path in box.path.parent.iterdir()) == [
        "journal.db",
        "journal.db.mark",
    ]
    for call in (journal.append([draft(4)]), journal.after(0, 1)):
        with pytest.raises(StorageError) as caught:
            await call
        assert caught.value.code == "storage.closed"


async def test_a_missing_directory_is_named(tmp_path: Path) -> None:
    box = Box(tmp_path / "nowhere" / "journal.db")
    with pytest.raises(StorageError, match="the directory must exist") as caught:
        await box.open()
    box.close()
    assert caught.value.code == "storage.unreachable"


async def test_a_copy_begins_a_new_stream_and_keeps_the_old_entries(box: Box) -> None:
    journal = await box.open()
    await journal.append([draft(1, data={"open": True}), draft(2)])
    await journal.close()
    shutil.copy(box.path, box.path.with_name("copy.db"))
    box.path.with_name("copy.db").replace(box.path)
    copied = await box.open()
    assert copied.stream != journal.stream
    assert copied.last == 0
    (entry,) = await copied.append([draft(3)])
    assert (entry.sequence, entry.prevhash) == (1, copied.stream)
    assert await copied.after(0, 10) == (entry,)
    assert [old.stream for old in await copied.unsettled("payment")] == [journal.stream]
    await copied.close()
    again = await box.open()
    assert (again.stream, again.last) == (copied.stream, 1)
    await again.close()


async def test_a_journal_that_was_put_back_in_place_begins_a_new_stream(box: Box) -> None:
    journal = await box.open()
    await filled(journal, 2)
    await journal.close()
    old = box.path.read_bytes()
    journal = await box.open()
    await filled(journal, 2)
    await journal.close()
    box.path.write_bytes(old)
    after = await box.open()
    assert after.stream != journal.stream
    await after.close()
    box.path.write_bytes(old)  # the mark is of a stream that this copy does not know
    once_more = await box.open()
    assert once_more.stream not in {journal.stream, after.stream}
    await once_more.close()


async def test_a_mark_that_is_lost_or_old_or_spoilt_changes_nothing(box: Box) -> None:
    mark = box.path.with_name("journal.db.mark")
    journal = await box.open()
    old = mark.read_bytes()
    await filled(journal, 2)
    await journal.close()
    for content in (old, b"", b"\0" * 103):
        mark.write_bytes(content)
        again = await box.open()
        assert again.stream == journal.stream
        await again.close()
    mark.unlink()
    again = await box.open()
    assert again.stream == journal.stream
    await again.close()


async def test_a_container_has_no_machine_id(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    first = await box.open()
    await first.close()
    monkeypatch.setattr("posedge.journal.mark.MACHINE_ID", Path("/nonexistent"))
    second = await box.open()
    assert second.stream != first.stream
    await second.close()


async def test_a_new_stream_can_be_asked_for(box: Box) -> None:
    first = await box.open()
    await filled(first, 1)
    with pytest.raises(StorageError, match="end it first"):
        box.begin_stream()
    await first.close()
    stream = box.begin_stream()
    second = await box.open()
    assert (second.stream, second.last) == (stream, 0)
    assert stream != first.stream
    await second.close()


async def forged(box: Box, statement: str) -> StorageError:
    """Return how a journal of three entries refuses to open after `statement`."""
    journal = await box.open()
    await filled(journal, 3)
    await journal.close()
    box.sql("DROP TRIGGER entry_update", "DROP TRIGGER entry_delete", statement)
    with pytest.raises(StorageError) as caught:
        await box.open()
    return caught.value


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        (
            "UPDATE entry SET body = CAST(replace(body, '\"number\":3', '\"number\":4') AS BLOB)",
            "entry 3: its",
        ),
        ("DELETE FROM entry WHERE position = 3", "should end with entry 3"),
        ("DELETE FROM entry WHERE position = 2", "entry 2: is"),
        ("UPDATE stream SET hash = 'x'", "should end with entry 3"),
        ("UPDATE entry SET body = x'00' WHERE position = 1", "entry 1: unreadable"),
    ],
)
async def test_a_damaged_end_is_refused_until_a_new_stream_begins(
    box: Box, statement: str, what: str
) -> None:
    error = await forged(box, statement)
    assert error.code == "storage.corrupt"
    assert what in error.message
    assert "posedge journal new-stream" in error.message
    box.begin_stream()
    behind = await box.open()
    assert [entry.sequence for entry in await behind.append([draft(9)])] == [1]
    await behind.close()


async def test_every_stream_can_be_read(box: Box) -> None:
    journal = await box.open()
    old = await journal.append([draft(n) for n in (1, 2, 3)])
    await journal.close()
    empty = box.begin_stream()
    box.begin_stream()
    journal = await box.open()
    (new,) = await journal.append([draft(4)])
    assert journal.streams == (Stream(old[0].stream, 3), Stream(empty, 0), Stream(new.stream, 1))
    assert await journal.after(1, 1, stream=old[0].stream) == old[1:2]
    assert await journal.after(1, 10, stream=old[0].stream) == old[1:]
    assert await journal.after(0, 10, stream=empty) == ()
    assert await journal.after(0, 10) == await journal.after(0, 10, stream=new.stream) == (new,)
    assert await journal.after(0, -1) == ()
    with pytest.raises(MisuseError) as caught:
        await journal.after(0, 10, stream="0" * 16)
    assert caught.value.code == "stream.unknown"
    await journal.close()


async def test_what_is_left_of_a_damaged_stream_can_be_read(box: Box) -> None:
    journal = await box.open()
    old = await journal.append([draft(n) for n in range(1, 7)])
    await journal.close()
    box.sql(
        "DROP TRIGGER entry_update",
        "DROP TRIGGER entry_delete",
        "UPDATE entry SET body = x'00' WHERE position = 2",
        """UPDATE entry SET body = CAST(replace(body, '"sequence":"3"', '"sequence":"9"') AS BLOB)
           WHERE position = 3""",
        "DELETE FROM entry WHERE position IN (4, 6)",
    )
    box.begin_stream()
    journal = await box.open()
    (new,) = await journal.append([draft(9)])
    found = await journal.after(0, 10, stream=old[0].stream)
    assert [entry.sequence for entry in found] == [1, 2, 3, 4, 5]
    assert {entry.stream for entry in found} == {old[0].stream}
    assert [bool(entry.hash) for entry in found] == [True, False, False, False, True]
    assert (found[0], found[4]) == (old[0], old[4])
    assert (found[1].body, found[3].body) == (b"\0", b"")
    assert len(found[2].body) == len(old[2].body)
    assert (found[1].id, found[1].noun) == ("", "journal")
    assert await journal.after(0, 10) == (new,)
    await journal.close()


async def test_damage_is_named_when_it_is_read(box: Box, journal: SqliteJournal) -> None:
    await filled(journal, 2)
    await journal.put_note("relay.cursor", "17")
    box.sql("UPDATE note SET value = '18' WHERE name = 'relay.cursor'")
    with pytest.raises(StorageError, match=r"note relay\.cursor is damaged"):
        await journal.note("relay.cursor")
    box.sql("DROP TRIGGER entry_update", "UPDATE entry SET body = x'00' WHERE position = 1")
    for read in (journal.after(0, 10), journal.history("payment/1")):
        with pytest.raises(StorageError, match="the journal is damaged") as caught:
            await read
        assert caught.value.code == "storage.corrupt"


async def test_only_the_tail_is_checked_at_the_start(box: Box) -> None:
    journal = await box.open()
    await filled(journal, 150)
    await journal.close()
    box.sql("DROP TRIGGER entry_update", "UPDATE entry SET body = x'00' WHERE position = 50")
    journal = await box.open()
    assert journal.last == 150
    await journal.close()


async def simulated(path: Path) -> SqliteJournal:
    """Open a journal on a simulated loop."""
    loop = asyncio.get_running_loop()

    async def run(call: Callable[[], T], /) -> T:
        return await loop.run_in_executor(None, call)

    return await open_journal(path, source="/a/b/c", chance=random.Random(1), run=run)


def test_quiet_times_are_used_for_checkpoints(tmp_path: Path) -> None:
    mark = tmp_path / "journal.db.mark"

    async def main() -> None:
        journal = await simulated(tmp_path / "journal.db")
        before = mark.read_bytes()
        async with Crew("box") as crew:
            crew.start(journal.tend(), name="journal")
            await journal.append([draft(0)])
            await asyncio.sleep(3 * IDLE_S)
            assert mark.read_bytes() == before  # one commit is not worth it
            for number in range(30):
                await journal.append([draft(number)])
                await asyncio.sleep(IDLE_S / 2)
            assert mark.read_bytes() == before  # somebody was waiting all the time
            await asyncio.sleep(2 * IDLE_S)
            assert f" {journal.last:020} ".encode() in mark.read_bytes()
            assert not journal._files.database.due_when_idle
        await journal.close()

    simulate(main())


def test_many_commits_are_merged_in_the_first_pause(tmp_path: Path) -> None:
    """And not in front of the next commit, which somebody waits for."""

    async def main() -> None:
        mark = tmp_path / "journal.db.mark"
        journal = await simulated(tmp_path / "journal.db")
        before = mark.read_bytes()
        async with Crew("box") as crew:
            crew.start(journal.tend(), name="journal")
            for number in range(RIPE_COMMITS + 20):
                await journal.append([draft(number)])
                await asyncio.sleep(LULL_S / 4)
            assert mark.read_bytes() == before
            await asyncio.sleep(3 * LULL_S)
            assert f" {journal.last:020} ".encode() in mark.read_bytes()
            assert not journal._files.database.due_when_idle
        await journal.close()

    simulate(main())


def test_a_failed_disk_ends_the_crew_that_tends_the_journal(tmp_path: Path) -> None:
    async def main() -> None:
        journal = await simulated(tmp_path / "journal.db")
        try:
            async with Crew("box") as crew:
                crew.start(journal.tend(), name="journal")
                broken(journal._files.database, "COMMIT")
                with pytest.raises(StorageError):
                    await journal.append([draft(1)])
                assert not journal.status().healthy
                await crew.broken()
        finally:
            await journal.close()

    with pytest.raises(StorageError, match="until posedge restarts"):
        simulate(main())


async def test_an_inode_is_part_of_the_home(box: Box, journal: SqliteJournal) -> None:
    home = await journal.note("journal.home")
    assert home is not None
    assert home.endswith(f" {os.stat(box.path).st_ino}")  # noqa: PTH116 - the fact itself
