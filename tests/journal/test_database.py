import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import structlog

from posedge.journal import database as module
from posedge.journal.database import CHECKPOINT_COMMITS, IDLE_COMMITS, Database, Schema
from posedge.model.errors import StorageError

SCHEMA = Schema(version=3, sql="CREATE TABLE t (n INTEGER PRIMARY KEY, x BLOB) STRICT")
PAGE = b"x" * 4000


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "a.db", SCHEMA)
    yield database
    database.close()


def put(database: Database, x: bytes = b"") -> None:
    with database.transaction():
        database.execute("INSERT INTO t (x) VALUES (?)", x)


def count(database: Database) -> int:
    return int(database.query("SELECT count(*) FROM t")[0][0])


def stumble(database: Database) -> None:
    with database.transaction():
        database.execute("INSERT INTO t (x) VALUES (?)", b"")
        raise ZeroDivisionError


def everything(database: Database) -> None:
    put(database)
    count(database)
    database.checkpoint()


def fill(database: Database) -> None:
    for _ in range(10):
        put(database, PAGE)


def reason(database: Database) -> str | None:
    """Read anew, where mypy would remember."""
    return database.reason


def is_due(database: Database) -> bool:
    return database.due


def is_due_when_idle(database: Database) -> bool:
    return database.due_when_idle


class BrokenDisk:
    """A connection in front of a real one that fails statements which start with `word`."""

    def __init__(self, real: sqlite3.Connection, word: str, code: int) -> None:
        self._real = real
        self._word = word
        self._code = code

    def execute(self, sql: str, values: Any = ()) -> sqlite3.Cursor:
        if sql.startswith(self._word):
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorcode = self._code
            raise error
        return self._real.execute(sql, values)

    def close(self) -> None:
        self._real.close()


def broken(database: Database, word: str, code: int = sqlite3.SQLITE_IOERR_FSYNC) -> None:
    disk: Any = BrokenDisk(database._connection, word, code)
    database._connection = disk


def test_the_settings_that_decide_the_promise(database: Database) -> None:
    wanted = {
        "journal_mode": "wal",
        "synchronous": 2,
        "wal_autocheckpoint": 0,
        "application_id": 0x504F5345,
        "user_version": 3,
        "cell_size_check": 1,
        "trusted_schema": 0,
    }
    assert {name: database.query(f"PRAGMA {name}")[0][0] for name in wanted} == wanted


def test_a_block_that_raises_leaves_nothing(database: Database) -> None:
    put(database)
    with pytest.raises(ZeroDivisionError):
        stumble(database)
    assert count(database) == 1


def test_a_file_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE theirs (x)")
    before = path.read_bytes()
    with pytest.raises(StorageError, match="is not a database of posedge") as caught:
        Database(path, SCHEMA)
    assert caught.value.code == "storage.foreign"
    assert path.read_bytes() == before


def test_a_file_of_a_newer_posedge_is_left_alone(tmp_path: Path) -> None:
    Database(tmp_path / "a.db", Schema(version=4, sql=SCHEMA.sql)).close()
    with pytest.raises(StorageError, match="newer posedge") as caught:
        Database(tmp_path / "a.db", SCHEMA)
    assert caught.value.code == "storage.newer"


def test_what_is_no_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    path.write_bytes(b"not a database " * 1000)
    with pytest.raises(StorageError, match="file is not a database"):
        Database(path, SCHEMA)


def test_a_missing_directory_is_named(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="No such file"):
        Database(tmp_path / "nowhere" / "a.db", SCHEMA)


@pytest.mark.parametrize("word", ["BEGIN", "INSERT", "COMMIT", "SELECT", "PRAGMA wal_checkpoint"])
def test_the_first_io_error_is_the_last_write(database: Database, word: str) -> None:
    put(database)
    broken(database, word)
    with pytest.raises(StorageError) as caught:
        everything(database)
    assert caught.value.code == "storage.failed"
    assert reason(database) == "a.db: disk I/O error"
    for call in (put, count, Database.checkpoint):
        with pytest.raises(StorageError, match="until posedge restarts") as caught:
            call(database)
        assert caught.value.code == "storage.failed"


def test_a_full_disk_refuses_and_recovers(database: Database) -> None:
    pages = database.query("PRAGMA page_count")[0][0]
    database.query(f"PRAGMA max_page_count={pages + 4}")
    with pytest.raises(StorageError, match="free some space") as caught:
        fill(database)
    assert caught.value.code == "storage.full"
    assert reason(database) == "a.db: database or disk is full"
    held = count(database)
    assert 0 < held < 10
    database.query("PRAGMA max_page_count=1000000")
    put(database, PAGE)
    assert (count(database), reason(database)) == (held + 1, None)


def test_another_writer_is_named_and_waited_out(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    database.query("PRAGMA busy_timeout=10")
    with closing(sqlite3.connect(database.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageError, match="another program") as caught:
            put(database)
        assert caught.value.code == "storage.busy"
    put(database)
    assert count(database) == 1


def test_the_wal_is_merged_by_commits(database: Database) -> None:
    for _ in range(IDLE_COMMITS):
        assert not is_due_when_idle(database)
        put(database)
    assert is_due_when_idle(database)
    for _ in range(CHECKPOINT_COMMITS - IDLE_COMMITS):
        assert not is_due(database)
        put(database)
    assert is_due(database)
    before = database.path.stat().st_size
    database.checkpoint()
    assert database.path.stat().st_size > before
    assert not is_due(database)
    assert not is_due_when_idle(database)


def test_the_wal_is_merged_by_size(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WAL_LIMIT", 64 * 1024)
    database._wal_limit = 64 * 1024
    while not database.due:
        put(database, PAGE)
    assert 64 * 1024 < database.bytes < 256 * 1024
    database.checkpoint()
    assert not is_due(database)


def test_a_reader_that_holds_up_checkpoints_is_named(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "WAL_LIMIT", 64 * 1024)
    monkeypatch.setattr(module, "WAL_ALARM", 128 * 1024)
    put(database)
    with (
        closing(sqlite3.connect(database.path, isolation_level=None)) as reader,
        structlog.testing.capture_logs() as logs,
    ):
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM t").fetchall()
        put(database, PAGE)
        database.checkpoint()
        assert logs == []
        assert not is_due(database)
        while database.bytes < 200 * 1024:
            put(database, PAGE)
        assert is_due(database)
        database.checkpoint()
    assert [entry["event"] for entry in logs] == ["checkpoint held up by a reader"]


def test_closing_says_when_the_disk_fails(tmp_path: Path) -> None:
    database = Database(tmp_path / "a.db", SCHEMA)
    put(database)
    broken(database, "PRAGMA wal_checkpoint")
    with pytest.raises(StorageError):
        database.close()
    with pytest.raises(StorageError, match="closed"):
        put(database)


def test_closing_after_a_failure_tries_nothing_more(tmp_path: Path) -> None:
    database = Database(tmp_path / "a.db", SCHEMA)
    broken(database, "INSERT")
    with pytest.raises(StorageError):
        put(database)
    database.close()
    with pytest.raises(StorageError, match="closed"):
        put(database)
