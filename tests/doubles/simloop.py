"""A deterministic asyncio loop: virtual time, seeded task order, blocking calls inline, power cuts.

    simulate(main(), seed=7)                      # a test that sleeps for days ends at once
    simulate(main(), seed=7, cut_at=123)          # raises PowerCut in front of step 123

`pytest_asyncio_loop_factories` in a folder's conftest can return `{"sim": SimLoop}` as well.
"""

import asyncio
import random
import selectors
from collections import deque
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar, TypeVarTuple

from posedge.model.stamp import NS_PER_S, Stamp

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

BLOCKING_S = 0.003  # what one fsync takes on an SSD, on average
EPOCH_NS = 1_795_500_000 * NS_PER_S  # a day of November 2026


class PowerCut(BaseException):
    """The power went; nothing of the process exists any more. Not for any `except` to see."""


class _NoSelector(selectors.BaseSelector):
    """Waits by moving the clock; with nothing scheduled nothing can ever happen again."""

    def __init__(self, loop: "SimLoop") -> None:
        self._loop = loop

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        raise RuntimeError("a simulated loop has no files: give it an in-memory link")

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        raise KeyError(fileobj)

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return {}

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise RuntimeError("simulation deadlock: nothing is scheduled")
        self._loop.now += max(0.0, timeout)
        return []


class SimLoop(asyncio.SelectorEventLoop):
    """`cut_at` is the step (round of ready callbacks) in front of which the power goes.

    The world's time goes on after a power cut: the next loop starts at the last one's `now`.
    """

    def __init__(self, seed: int = 0, *, cut_at: int | None = None, now: float = 1000.0) -> None:
        self.now = now
        self.chance = random.Random(seed)
        self.steps = 0
        self.cut_at = cut_at
        super().__init__(_NoSelector(self))

    def time(self) -> float:
        return self.now

    def run_in_executor(
        self, executor: object, func: Callable[[*Ts], T], *args: *Ts
    ) -> asyncio.Future[T]:
        """Run it here, a little later; also when the caller was cancelled meanwhile."""
        future: asyncio.Future[T] = self.create_future()

        def call() -> None:
            try:
                result = func(*args)
            except Exception as error:  # noqa: BLE001 - handed to whoever awaits it
                if not future.done():
                    future.set_exception(error)
            else:
                if not future.done():
                    future.set_result(result)

        self.call_later(self.chance.expovariate(1 / BLOCKING_S), call)
        return future

    def _run_once(self) -> None:
        self.steps += 1
        if self.cut_at is not None and self.steps >= self.cut_at:
            self.cut_at = None
            raise PowerCut
        ready: deque[asyncio.Handle] = self._ready  # type: ignore[has-type]
        if len(ready) > 1:
            order = list(ready)
            self.chance.shuffle(order)
            self._ready = deque(order)
        super()._run_once()  # type: ignore[misc]

    def _make_self_pipe(self) -> None:
        """No thread ever wakes this loop."""

    def _close_self_pipe(self) -> None:
        """See _make_self_pipe."""

    def _write_to_self(self) -> None:
        """See _make_self_pipe."""


@dataclass
class SimClock:
    """The loop's time as the box's clock; `booted_s` is the loop time of the last boot."""

    loop: SimLoop
    boot_id: str = "boot-1"
    booted_s: float = 0.0
    trusted: bool = True
    epoch_ns: int = field(default=EPOCH_NS)

    def now(self) -> Stamp:
        since_start_ns = round(self.loop.time() * NS_PER_S)
        return Stamp(
            utc_ns=self.epoch_ns + since_start_ns,
            monotonic_ns=since_start_ns - round(self.booted_s * NS_PER_S),
            boot_id=self.boot_id,
            trusted=self.trusted,
        )


def simulate(main: Coroutine[Any, Any, T], *, seed: int = 0, cut_at: int | None = None) -> T:
    """Run `main` on a loop of its own. After a power cut every task is buried, then it raises.

    Burying cancels: code that ends then must find its journal and devices dead (`cut()`), since
    on a real box it would not run at all.
    """
    loop = SimLoop(seed, cut_at=cut_at)
    try:
        return loop.run_until_complete(main)
    finally:
        bury(loop)


def bury(loop: SimLoop) -> None:
    """Cancel what is left on `loop` and close it."""
    loop.cut_at = None
    loop.call_soon(loop.stop)
    loop.run_forever()  # a stop that was due when the power went must not end what follows
    while tasks := asyncio.all_tasks(loop):
        for task in tasks:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.close()
