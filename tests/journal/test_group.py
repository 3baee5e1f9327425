import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from posedge.journal.database import CHECKPOINT_COMMITS, Database, Schema
from posedge.journal.group import GROUP, Group
from posedge.model.errors import MisuseError, StorageError
from tests.doubles.simloop import simulate
from tests.journal.test_database import broken, count

T = TypeVar("T")

SCHEMA = Schema(version=1, sql="CREATE TABLE t (n INTEGER PRIMARY KEY) STRICT")


class Inline:
    """Runs calls on the loop itself, a turn later, and counts commits."""

    def __init__(self, path: Path) -> None:
        self.database = Database(path, SCHEMA)
        self.commits = 0
        self.group = Group(self.run, self.database, committed=self._committed)

    async def run(self, call: Callable[[], T], /) -> T:
        await asyncio.sleep(0)
        return call()

    def insert(self) -> int:
        self.database.execute("INSERT INTO t VALUES (NULL)")
        return int(self.database.query("SELECT max(n) FROM t")[0][0])

    def _committed(self) -> None:
        self.commits += 1


@pytest.fixture
def inline(tmp_path: Path) -> Iterator[Inline]:
    inline = Inline(tmp_path / "a.db")
    yield inline
    inline.database.close()


def refuse() -> int:
    raise MisuseError("entry.invalid", "not this one")


def stumble() -> int:
    raise ZeroDivisionError


async def outcomes(inline: Inline, *works: Callable[[], int]) -> list[int | BaseException]:
    writes = (inline.group.write(work) for work in works)
    return await asyncio.gather(*writes, return_exceptions=True)


async def test_what_waits_shares_one_commit(inline: Inline) -> None:
    assert await outcomes(inline, *[inline.insert] * 20) == list(range(1, 21))
    assert inline.commits == 1
    assert await inline.group.write(inline.insert) == 21
    assert inline.commits == 2


async def test_a_flood_is_cut_into_groups(inline: Inline) -> None:
    results = await outcomes(inline, *[inline.insert] * (2 * GROUP + 1))
    assert results == list(range(1, 2 * GROUP + 2))
    assert inline.commits == 3


def test_calls_may_come_to_their_turn_in_any_order(inline: Inline) -> None:
    async def main() -> list[int | BaseException]:
        loop = asyncio.get_running_loop()

        async def run(call: Callable[[], T], /) -> T:
            return await loop.run_in_executor(None, call)

        inline.group._run = run
        return await outcomes(inline, *[inline.insert] * (GROUP + 20))

    results = simulate(main(), seed=3)
    assert set(results) == set(range(1, GROUP + 21))


async def test_a_refusal_is_its_own(inline: Inline) -> None:
    first, bad, last = await outcomes(inline, inline.insert, refuse, inline.insert)
    assert (first, last) == (1, 2)
    assert isinstance(bad, MisuseError)


async def test_a_broken_disk_fails_all_of_the_group(inline: Inline) -> None:
    broken(inline.database, "COMMIT")
    results = await outcomes(inline, inline.insert, refuse, inline.insert)
    assert [type(result) for result in results] == [StorageError] * 3
    assert {result.code for result in results if isinstance(result, StorageError)} == {
        "storage.failed"
    }
    assert inline.commits == 0


async def test_a_bug_fails_all_of_the_group(inline: Inline) -> None:
    first, bug, last = await outcomes(inline, inline.insert, stumble, inline.insert)
    assert isinstance(first, ZeroDivisionError)  # its call did the commit
    for other in (bug, last):
        assert isinstance(other, StorageError)
        assert other.code == "storage.undone"
    assert count(inline.database) == 0
    assert await inline.group.write(inline.insert) == 1


async def test_a_checkpoint_comes_before_the_commit_that_it_is_due_at(inline: Inline) -> None:
    for _ in range(CHECKPOINT_COMMITS):
        await inline.group.write(inline.insert)
    assert inline.database.due
    broken(inline.database, "PRAGMA wal_checkpoint")
    with pytest.raises(StorageError):
        await inline.group.write(inline.insert)
    assert inline.commits == CHECKPOINT_COMMITS
