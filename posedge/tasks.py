"""Tasks with owners, and the one way to run blocking code.

A Crew owns its tasks: leaving it ends them, by cancelling (`drain_s` 0) or after letting them
finish. A bug in one of them ends the crew, and so the process: systemd restarts into recovery.
"""

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from types import TracebackType
from typing import Any, Self, TypeVar

T = TypeVar("T")


class Crew:
    """Named tasks that start with `start` and end with the `async with` block.

    The first task that fails with anything but cancellation is kept in `failed`, and whoever
    waits in `broken()` gets its exception. `drain_s` is how long leaving waits before cancelling:
    payments may finish, web servers need not.
    """

    def __init__(self, name: str, *, drain_s: float = 0) -> None:
        self._name = name
        self._drain_s = drain_s
        self._tasks: set[asyncio.Task[Any]] = set()
        self._broken: asyncio.Future[None] | None = None

    async def __aenter__(self) -> Self:
        self._broken = asyncio.get_running_loop().create_future()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._end()
        if self._broken is not None and self._broken.done() and error is None:
            self._broken.result()

    def start(self, body: Coroutine[Any, Any, T], *, name: str) -> asyncio.Task[T]:
        """Run `body` under this crew's ownership."""
        loop = asyncio.get_running_loop()
        task = loop.create_task(body, name=f"{self._name}.{name}")
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    async def broken(self) -> None:
        """Wait until a task fails, then raise its exception."""
        assert self._broken is not None, "enter the crew first"
        await asyncio.shield(self._broken)

    def __repr__(self) -> str:
        return f"<Crew {self._name}: {sorted(task.get_name() for task in self._tasks)}>"

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if error is not None and self._broken is not None and not self._broken.done():
            self._broken.set_exception(error)
            self._broken.exception()  # retrieved: leaving the crew raises it again

    async def _end(self) -> None:
        if self._drain_s and self._tasks:
            await asyncio.wait(self._tasks, timeout=self._drain_s)
        while self._tasks:  # a task may start another while it ends
            for task in tuple(self._tasks):
                task.cancel()
            await asyncio.wait(tuple(self._tasks))
            await asyncio.sleep(0)


class Worker:
    """One thread for blocking calls, in the order they are given.

    A call runs to its end even when its caller is cancelled: half a transaction helps nobody.
    On a simulated loop `run_in_executor` is inline and the thread never starts.
    """

    def __init__(self, name: str) -> None:
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)

    async def run(self, call: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, call)

    def close(self) -> None:
        """Wait for what runs and end the thread."""
        self._pool.shutdown(wait=True)


async def cancel(task: asyncio.Task[Any]) -> None:
    """Cancel one task and wait until it has ended."""
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
