"""Tasks with owners, and the one way to run blocking code.

A Crew owns its tasks: leaving it ends them, by cancelling (`drain_s` 0) or after letting them
finish. A bug in one of them ends the crew, and so the process: systemd restarts into recovery.
"""

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar

T = TypeVar("T")

NUDGE_S = 1.0
"""How long a cancelled task may go on before it is cancelled again: one may swallow the first."""


class Crew:
    """Named tasks that start with `start` and end with the `async with` block.

    The first task that fails with anything but cancellation is kept: whoever waits in `broken()`
    gets its exception, and so does who leaves the block (as a note on the block's own exception,
    if it has one). Later failures go to the loop's exception handler. `drain_s` is how long
    leaving waits before cancelling: payments may finish, web servers need not.
    """

    def __init__(self, name: str, *, drain_s: float = 0) -> None:
        self._name = name
        self._drain_s = drain_s
        self._tasks: dict[asyncio.Task[Any], None] = {}  # a set that keeps its order
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
        try:
            if self._drain_s and self._tasks:
                await asyncio.wait(self._tasks, timeout=self._drain_s)
        finally:  # also when whoever leaves is told not to wait any longer
            await self._cancel()
        failure = self._failure()
        if failure is None or failure is error:
            return
        if error is None:
            raise failure
        error.add_note(f"crew {self._name} had failed: {failure!r}")

    def start(self, body: Coroutine[Any, Any, T], *, name: str) -> asyncio.Task[T]:
        """Run `body` under this crew's ownership."""
        assert self._broken is not None, "enter the crew first"
        loop = asyncio.get_running_loop()
        task = loop.create_task(body, name=f"{self._name}.{name}")
        self._tasks[task] = None
        task.add_done_callback(self._ended)
        return task

    async def broken(self) -> None:
        """Wait until a task fails, then raise its exception."""
        assert self._broken is not None, "enter the crew first"
        await asyncio.shield(self._broken)

    def __repr__(self) -> str:
        return f"<Crew {self._name}: {sorted(task.get_name() for task in self._tasks)}>"

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.pop(task, None)
        error = None if task.cancelled() else task.exception()
        if error is None:
            return
        assert self._broken is not None, "a task was started"
        if self._broken.done():
            what = f"{task.get_name()} failed after the first failure of its crew"
            task.get_loop().call_exception_handler({"message": what, "exception": error})
        else:
            self._broken.set_exception(error)
            self._broken.exception()  # retrieved: leaving the crew raises it again

    def _failure(self) -> BaseException | None:
        if self._broken is None or not self._broken.done():
            return None
        return self._broken.exception()

    async def _cancel(self) -> None:
        while self._tasks:  # a task may start another while it ends
            for task in tuple(self._tasks):
                task.cancel()
            await asyncio.wait(tuple(self._tasks), timeout=NUDGE_S)
            await asyncio.sleep(0)


class Run(Protocol):
    """Runs blocking calls, each to its end: Worker.run, or whatever stands for it."""

    async def __call__(self, call: Callable[[], T], /) -> T: ...


class Worker:
    """One thread for blocking calls, in the order they are given.

    A call runs to its end even when its caller is cancelled: half a transaction helps nobody.
    On a simulated loop `run_in_executor` is inline and the thread never starts.
    """

    def __init__(self, name: str) -> None:
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)

    async def run(self, call: Callable[[], T], /) -> T:
        """Return what `call` returns. Given to the thread at once, in the order of the calls."""
        # Without the shield a cancelled caller takes its call out of the thread's queue.
        loop = asyncio.get_running_loop()
        return await asyncio.shield(loop.run_in_executor(self._pool, call))

    def close(self) -> None:
        """Wait, blocking, for what runs and what is queued, and end the thread."""
        self._pool.shutdown(wait=True)


async def cancel(task: asyncio.Task[Any]) -> None:
    """Cancel one task and wait until it has ended; raise what it failed with, if it did.

    A caller that is cancelled while it waits is cancelled: only the task's own end is swallowed.
    """
    task.cancel()
    await asyncio.wait({task})
    if not task.cancelled():
        task.result()
