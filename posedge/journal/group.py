"""Group commit: what arrives during one fsync shares the next."""

from collections import deque
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from posedge.journal.database import Database
from posedge.model.errors import MisuseError, PosedgeError, StorageError
from posedge.tasks import Run

T = TypeVar("T")

GROUP = 256
"""Writes in one transaction, so that the first of them waits for milliseconds, not for a flood."""


class Group:
    """Writes, each all or nothing, that share transactions in the order in which they came.

    Every write is given to the worker's thread at once. The first that it comes to commits all
    that wait, and the others find themselves done. So no task owns the queue, and a write goes
    through even if whoever waits for it is cancelled.
    """

    def __init__(self, run: Run, database: Database, *, committed: Callable[[], None]) -> None:
        """Call `committed` on the worker's thread after each commit, before anybody is told."""
        self._run = run
        self._database = database
        self._committed = committed
        self._waiting: deque[_Write[Any]] = deque()

    async def write(self, work: Callable[[], T]) -> T:
        """Return what `work` returned, once it is durable.

        `work` runs inside a transaction that it shares. What it raises (MisuseError) it must
        raise before it changes anything; then it alone has failed.
        """
        write = _Write(work)
        self._waiting.append(write)
        await self._run(lambda: self._commit_until(write))
        return write.outcome()

    def _commit_until(self, mine: "_Write[Any]") -> None:
        while not mine.done:
            group = [self._waiting.popleft() for _ in range(min(GROUP, len(self._waiting)))]
            self._commit(group)

    def _commit(self, group: "list[_Write[Any]]") -> None:
        failure: StorageError | None = StorageError("storage.undone", "undone by a bug in posedge")
        try:
            if self._database.due:
                self._database.checkpoint()
            with self._database.transaction():
                for write in group:
                    write.perform()
            self._committed()
            failure = None
        except StorageError as error:
            failure = error
        finally:
            for write in group:
                write.settle(failure)


class _Write(Generic[T]):
    def __init__(self, work: Callable[[], T]) -> None:
        self.done = False
        self._work = work
        self._results: list[T] = []
        self._error: PosedgeError | None = None

    def perform(self) -> None:
        try:
            self._results.append(self._work())
        except MisuseError as error:
            self._error = error

    def settle(self, failure: StorageError | None) -> None:
        if failure is not None:
            self._error = StorageError(failure.code, failure.message)
        self.done = True

    def outcome(self) -> T:
        if self._error is not None:
            raise self._error
        return self._results[0]
