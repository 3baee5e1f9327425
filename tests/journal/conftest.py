"""A journal in a file of its own, opened as often as a test likes."""

import random
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from posedge.journal.store import SqliteJournal, begin_stream, open_journal
from posedge.tasks import Worker

SOURCE = "/acme/s0042/bx7f3k2"


class Box:
    """The journal's place on the disk, and the thread that it is used from."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._workers: list[Worker] = []
        self._chance = random.Random(1)

    async def open(self) -> SqliteJournal:
        worker = Worker("journal")
        self._workers.append(worker)
        return await open_journal(self.path, source=SOURCE, chance=self._chance, run=worker.run)

    def begin_stream(self) -> str:
        return begin_stream(self.path, chance=self._chance)

    def sql(self, *statements: str) -> list[Any]:
        """Do to the file what posedge never would, and return what the last statement found."""
        with closing(sqlite3.connect(self.path, isolation_level=None)) as connection:
            return [connection.execute(statement).fetchall() for statement in statements][-1]

    def close(self) -> None:
        for worker in self._workers:
            worker.close()


@pytest.fixture
async def box(tmp_path: Path) -> AsyncIterator[Box]:
    box = Box(tmp_path / "journal.db")
    yield box
    box.close()


@pytest.fixture
async def journal(box: Box) -> AsyncIterator[SqliteJournal]:
    journal = await box.open()
    yield journal
    await journal.close()
