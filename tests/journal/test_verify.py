"""Damage of every kind to real files, each named."""

import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from posedge.journal.inspection import MAX_FAULTS
from posedge.journal.store import SqliteJournal
from posedge.journal.verify import Report, export, tail, verify
from posedge.model.entry import Entry
from posedge.model.errors import MisuseError, StorageError
from posedge.model.value import Json
from tests.doubles.drafts import draft
from tests.journal.conftest import Box

STREAM = "91b7584a2265b1f5"
TABLES = ("stream", "entry", "subject", "note")
UNLOCK = ("DROP TRIGGER entry_update", "DROP TRIGGER entry_delete", "DROP TRIGGER stream_update")


@pytest.fixture
async def closed(box: Box) -> Box:
    """A journal of 12 entries on 10 subjects and a note, in one file."""
    journal = await box.open()
    for number in range(1, 13):
        subject = f"payment/{number % 10}"
        data: dict[str, Json] = {"lines": [f"{number:02}" * 25 * number], "open": number == 7}
        await journal.append([draft(number, subject=subject, data=data)])
    await journal.put_note("relay.cursor", "9")
    await journal.close()
    return box


def damaged(box: Box, *statements: str) -> tuple[str, ...]:
    """Return the faults that follow from SQL behind the triggers' back."""
    triggers = box.sql("SELECT sql FROM sqlite_master WHERE type = 'trigger'")
    names = box.sql("SELECT name FROM sqlite_master WHERE type = 'trigger'")
    box.sql(*(f"DROP TRIGGER {name}" for (name,) in names), *statements)
    box.sql(*(sql for (sql,) in triggers))
    return verify(box.path).faults


def test_a_whole_journal_has_no_fault(closed: Box) -> None:
    before = closed.path.read_bytes()
    report = verify(closed.path)
    assert (report.faults, report.entries) == ((), 12)
    assert str(report) == f"12 entries, whole; ends: {STREAM}/12 {report.heads[0].hash}"
    assert closed.path.read_bytes() == before
    assert {path.name for path in closed.path.parent.iterdir()} == {
        "journal.db",
        "journal.db.mark",
    }


async def test_it_is_read_while_the_box_runs(box: Box, journal: SqliteJournal) -> None:
    assert verify(box.path).faults == ()
    await journal.append([draft(1), draft(2)])
    assert verify(box.path).faults == ()
    assert [Entry.from_body(line.encode()).sequence for line in tail(box.path, 5)] == [1, 2]
    (third,) = await journal.append([draft(3)])
    assert third.sequence == 3


async def test_several_streams_are_one_file(closed: Box) -> None:
    for _ in range(2):  # the first of them stays empty
        closed.begin_stream()
    again = await closed.open()
    await again.append([draft(20)])
    await again.close()
    report = verify(closed.path)
    assert (report.faults, report.entries) == ((), 13)
    assert [head.last for head in report.heads] == [12, 0, 1]
    assert len(list(export(closed.path))) == 13
    assert damaged(closed, "UPDATE stream SET base = 11 WHERE number = 3")[0].startswith(
        "streams begin behind positions [0, 12, 11]"
    )


@pytest.mark.parametrize(
    ("statement", "faults"),
    [
        (
            "UPDATE entry SET body = CAST(replace(body, '\"open\":true', '\"open\":null') AS BLOB)",
            [f"entry {STREAM}/7: its content does not match its hash"],
        ),
        (
            """UPDATE entry SET body = CAST(replace(body, '"hash":"', '"hash":"0') AS BLOB)
            WHERE position = 5""",
            [f"entry {STREAM}/5: its content does not match its hash"],
        ),
        (
            "UPDATE entry SET body = x'7b7d' WHERE position = 3",
            [f"entry {STREAM}/3: unreadable: not a journal entry: KeyError"],
        ),
        (
            "UPDATE entry SET open = 0 WHERE position = 7",
            [
                f"entry {STREAM}/7: its columns do not match its content",
                "subject payment/7: what is noted of its newest entry is wrong",
            ],
        ),
        (
            "UPDATE entry SET subject = 'payment/x' WHERE position = 1",
            [
                f"entry {STREAM}/1: its columns do not match its content",
                "subject payment/x: what is noted of its newest entry is wrong",
            ],
        ),
        ("DELETE FROM entry WHERE position = 2", [f"entry {STREAM}/2 is missing"]),
        (
            "DELETE FROM entry WHERE position IN (4, 5)",
            [
                f"entries {STREAM}/4 to 5 are missing",
                "subject payment/4: what is noted of its newest entry is wrong",
                "subject payment/5: what is noted of its newest entry is wrong",
            ],
        ),
        ("UPDATE stream SET hash = 'x'", [f"stream {STREAM} should end with entry 12, hash x"]),
        (
            "UPDATE subject SET position = 2 WHERE name = 'payment/2'",
            ["subject payment/2: what is noted of its newest entry is wrong"],
        ),
        (
            "UPDATE note SET value = '10' WHERE name = 'relay.cursor'",
            ["note relay.cursor: its value does not match its checksum"],
        ),
        ("DROP INDEX subject_open", ["index subject_open is missing, changed or foreign"]),
        ("CREATE TABLE more (x)", ["table more is missing, changed or foreign"]),
        (
            "PRAGMA user_version = 9",
            ["this is not a journal of this version: 0x504f5345, version 9"],
        ),
    ],
    ids=lambda value: value[:60] if isinstance(value, str) else "",
)
def test_what_was_changed_is_named(closed: Box, statement: str, faults: list[str]) -> None:
    assert list(damaged(closed, statement)) == faults


def test_a_dropped_trigger_is_named(closed: Box) -> None:
    closed.sql(*UNLOCK)
    assert verify(closed.path).faults == (
        "trigger entry_delete is missing, changed or foreign",
        "trigger entry_update is missing, changed or foreign",
        "trigger stream_update is missing, changed or foreign",
    )


def test_swapped_entries_are_both_named(closed: Box) -> None:
    faults = damaged(
        closed,
        "CREATE TEMP TABLE two AS SELECT * FROM entry WHERE position IN (3, 5)",
        """UPDATE entry SET (body, subject) = (
          SELECT body, subject FROM two WHERE two.position = 8 - entry.position
        ) WHERE position IN (3, 5)""",
    )
    assert f"entry {STREAM}/3: is {STREAM}/5, expected {STREAM}/3" in faults
    assert f"entry {STREAM}/5: is {STREAM}/3, expected {STREAM}/5" in faults


def test_a_cut_off_end_is_named_by_the_record_in_the_file(closed: Box) -> None:
    faults = damaged(closed, "DELETE FROM entry WHERE position > 10")
    assert f"entries {STREAM}/11 to 12 are missing: the end is cut off" in faults


def test_a_cut_off_end_is_named_by_the_mark_and_by_what_headquarters_has(closed: Box) -> None:
    last = verify(closed.path).heads[0]
    tenth = Entry.from_body(next(tail(closed.path, 3)).encode())
    cut = (
        "DELETE FROM entry WHERE position > 10",
        f"UPDATE stream SET last = 10, hash = '{tenth.hash}'",
        "DELETE FROM subject WHERE position > 10",
        """INSERT INTO subject SELECT subject, 'payment', position, open
        FROM entry WHERE position IN (1, 2)""",
    )
    assert damaged(closed, *cut) == (
        f"the mark beside the journal remembers {STREAM}/12 {last.hash}, which is not there",
    )
    closed.path.with_name("journal.db.mark").unlink()
    assert verify(closed.path).faults == ()
    assert verify(closed.path, f"12:{last.hash}").faults == (
        f"entry 12 with hash {last.hash} was expected, and is not there",
    )
    assert verify(closed.path, f"10:{tenth.hash}").faults == ()


def test_entries_behind_the_recorded_end_are_named(closed: Box) -> None:
    eleventh = Entry.from_body(next(tail(closed.path, 2)).encode())
    faults = damaged(closed, f"UPDATE stream SET last = 11, hash = '{eleventh.hash}'")
    assert faults == (f"stream {STREAM} should end with entry 11, hash {eleventh.hash}",)


def test_what_is_expected_is_spelt_right(closed: Box) -> None:
    with pytest.raises(MisuseError, match="is not SEQUENCE:HASH"):
        verify(closed.path, "12")


def test_a_report_has_an_end(closed: Box) -> None:
    many = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {MAX_FAULTS})"
    faults = damaged(closed, f"{many} INSERT INTO note SELECT 'n' || i, '', 0 FROM n")
    assert len(faults) == MAX_FAULTS


async def test_a_stream_without_entries_is_whole(box: Box) -> None:
    journal = await box.open()
    await journal.close()
    assert verify(box.path).faults == ()
    box.path.with_name("journal.db.mark").write_text(f"{'0' * 16} {0:020} {'0' * 16:64}\n")
    assert verify(box.path).faults == (
        f"the mark beside the journal remembers {'0' * 16}/0 {'0' * 16}, which is not there",
    )


def test_a_file_that_is_none_is_said_to_be_none(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="there is no journal"):
        verify(tmp_path / "nothing.db")
    path = tmp_path / "noise.db"
    path.write_bytes(b"noise" * 1000)
    assert all("file is not a database" in fault for fault in verify(path).faults)
    with pytest.raises(StorageError, match="is damaged"):
        list(export(path))


def test_tail_and_export_are_lines_in_order(closed: Box) -> None:
    def sequences(lines: list[str]) -> list[int]:
        return [Entry.from_body(line.encode()).sequence for line in lines]

    assert sequences(list(export(closed.path))) == list(range(1, 13))
    assert sequences(list(tail(closed.path, 2))) == [11, 12]
    assert sequences(list(tail(closed.path, 99))) == list(range(1, 13))
    assert list(tail(closed.path, 0)) == list(tail(closed.path, -1)) == []


def content(path: Path) -> object:
    """All that a reader can learn from a file; None when SQLite refuses it."""
    queries = [f"SELECT * FROM {table}" for table in TABLES]
    queries += ["SELECT type, name, tbl_name, sql FROM sqlite_master"]
    queries += [f"PRAGMA {name}" for name in ("application_id", "user_version", "encoding")]
    with closing(sqlite3.connect(f"{path.as_uri()}?immutable=1", uri=True)) as connection:
        try:
            return [connection.execute(query).fetchall() for query in queries]
        except sqlite3.DatabaseError:
            return None


@pytest.mark.parametrize("seed", range(4))
def test_a_flipped_bit_anywhere_is_named_or_means_nothing(closed: Box, seed: int) -> None:
    """Any page, any byte: either verify speaks, or everything reads exactly as before."""
    chance = random.Random(seed)
    whole = closed.path.read_bytes()
    original = content(closed.path)
    copy = closed.path.with_name("copy.db")
    named = 0
    for _ in range(250):
        spoilt = bytearray(whole)
        spoilt[chance.randrange(len(whole))] ^= 1 << chance.randrange(8)
        copy.write_bytes(spoilt)
        if verify(copy).faults:
            named += 1
        else:
            assert content(copy) == original
    assert named > 50


def test_a_flipped_bit_in_an_entry_names_the_entry(closed: Box) -> None:
    chance = random.Random(1)
    whole = closed.path.read_bytes()
    for line in export(closed.path):
        entry = Entry.from_body(line.encode())
        place = whole.find(entry.body[:300])  # the part that is not on an overflow page
        assert place > 0
        for _ in range(5):
            spoilt = bytearray(whole)
            spoilt[place + chance.randrange(300)] ^= 1 << chance.randrange(8)
            closed.path.write_bytes(spoilt)
            named = [fault for fault in verify(closed.path).faults if fault.startswith("entry")]
            assert [fault.partition(":")[0] for fault in named] == [
                f"entry {STREAM}/{entry.sequence}"
            ]


def test_a_torn_page_is_named(closed: Box) -> None:
    whole = closed.path.read_bytes()
    for start in range(0, len(whole), 4096):
        closed.path.write_bytes(whole[:start] + bytes(4096) + whole[start + 4096 :])
        assert verify(closed.path).faults
    closed.path.write_bytes(whole[:-4096])
    assert verify(closed.path).faults


def test_a_report_reads_as_a_sentence() -> None:
    assert str(Report(0, (), ("one",))) == "0 entries, 1 faults; ends: none"
