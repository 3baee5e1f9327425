"""What a box's files lie on, and what a power cut leaves of them."""

import asyncio
import random
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from posedge.journal.database import _CLOSED, Database
from posedge.journal.store import _Files
from posedge.model.errors import StorageError
from posedge.tasks import Run
from tests.doubles.simloop import BLOCKING_S

T = TypeVar("T")


class Disk:
    """Stands for the box's worker threads: each makes its calls in order, each takes a while.

    What a call has done is on the disk; the box hears of it one step later, or never.
    """

    def __init__(self, folder: Path, chance: random.Random) -> None:
        self.folder = folder
        self._chance = chance
        self._alive = True
        self._opened: list[_Files | Database] = []

    def worker(self, _name: str) -> Run:
        free_at = 0.0

        async def run(call: Callable[[], T], /) -> T:
            nonlocal free_at
            self._check()
            loop = asyncio.get_running_loop()
            done: asyncio.Future[T] = loop.create_future()
            free_at = max(free_at, loop.time()) + self._chance.expovariate(1 / BLOCKING_S)
            loop.call_at(free_at, self._perform, call, done)
            return await asyncio.shield(done)

        return run

    def die(self) -> None:
        """Do nothing any more."""
        self._alive = False

    def cut(self) -> None:
        """Leave the files as a process that vanished leaves them: a WAL, and nothing tidied up."""
        self.die()
        left = {path: path.read_bytes() for path in self.folder.iterdir() if path.is_file()}
        for opened in self._opened:
            _let_go(opened)
        for path in self.folder.glob("*-shm"):
            path.unlink()
        for path, content in left.items():
            if not path.name.endswith("-shm"):
                _put_back(path, content)

    def _perform(self, call: Callable[[], T], done: "asyncio.Future[T]") -> None:
        try:
            self._check()
            result = call()
        except Exception as error:  # noqa: BLE001 - handed to whoever awaits it
            if not done.done():
                done.set_exception(error)
            return
        if isinstance(result, _Files | Database):
            self._opened.append(result)
        if not done.done():
            done.set_result(result)

    def _check(self) -> None:
        if not self._alive:
            raise StorageError("storage.closed", "the power is off")


def _let_go(opened: _Files | Database) -> None:
    """Close what the kernel closes when a process is gone."""
    database = opened.database if isinstance(opened, _Files) else opened
    if database._refusal is _CLOSED:
        return  # the box was ending, and had done it itself
    database._connection.close()
    if isinstance(opened, _Files):
        opened._mark.close()


def _put_back(path: Path, content: bytes) -> None:
    """Write what was there into the same inode: another one would look like a copied journal."""
    path.touch(mode=0o600)
    with path.open("r+b") as file:
        file.write(content)
        file.truncate()
