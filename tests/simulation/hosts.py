"""Machines on one virtual-time loop, and their power.

A host is whatever one power supply feeds. What its tasks schedule carries the host in its
context; when the power goes, all of it is dropped in front of its next step and never runs again:
no `finally`, no farewell, as on a real box.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Generator
from contextvars import Context, ContextVar, copy_context
from dataclasses import dataclass, field
from typing import Any, TypeVar, TypeVarTuple
from weakref import WeakSet

from posedge.model.errors import DeviceError
from tests.doubles.simloop import SimLoop, bury

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


@dataclass(eq=False)
class Host:
    """`lost` is done when the power goes; `steps` counts what was scheduled until then."""

    name: str
    lost: "asyncio.Future[None]"
    powered: bool = True
    steps: int = 0
    tasks: "WeakSet[asyncio.Task[Any]]" = field(default_factory=WeakSet)
    due: tuple[int, Callable[[], None]] | None = None


HOST: ContextVar[Host | None] = ContextVar("host", default=None)


class HostLoop(SimLoop):
    """A SimLoop with hosts. `unhandled` are the exceptions that nobody took: bugs, all of them."""

    def __init__(self, seed: int) -> None:
        self.unhandled: list[str] = []
        self._dropped: list[Host] = []
        self._dead: list[asyncio.Task[Any]] = []
        self._unheard: list[asyncio.Handle] = []
        super().__init__(seed)
        self.set_task_factory(_make)
        self.set_exception_handler(self._judge)

    def host(self, name: str) -> Host:
        return Host(name, self.create_future())

    def _judge(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Note a bug. That several tasks of a crew saw the same line end is none."""
        error = context.get("exception")
        if not isinstance(error, DeviceError):
            what = error or context.get("task")
            self.unhandled.append(f"{context['message']}: {what!r}")

    def start_on(self, host: Host, body: Coroutine[Any, Any, T], *, name: str) -> asyncio.Task[T]:
        """Run `body`, and whatever it starts, on `host`."""
        context = copy_context()
        context.run(HOST.set, host)
        return self.create_task(body, name=name, context=context)

    def cut_within(self, host: Host, steps: int, cut: Callable[[], None]) -> None:
        """Call `cut` once `host` has made `steps` more steps, wherever it is then."""
        host.due = (host.steps + steps, cut)

    def drop(self, host: Host) -> None:
        """Take the power away: nothing of `host` runs any more."""
        host.powered, host.due = False, None
        self._dropped.append(host)
        self._dead.extend(host.tasks)  # held, or the collector would close their coroutines
        queue: deque[Any] = self._ready
        for handle in queue:
            if _host(handle) is host:
                self._unheard.append(
                    asyncio.Handle(handle._callback, handle._args, self, handle._context)
                )
                handle.cancel()
        timers: list[asyncio.TimerHandle] = self._scheduled  # type: ignore[attr-defined]
        for timer in tuple(timers):
            if _host(timer) is host:
                timer.cancel()
        host.lost.set_result(None)

    def call_soon(
        self, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.Handle:
        host = HOST.get() if context is None else context.get(HOST)
        if host is not None:
            if not host.powered:
                self._unheard.append(asyncio.Handle(callback, args, self, context))
                return self._unheard[-1]
            host.steps += 1
            if host.due is not None and host.steps >= host.due[0]:
                (_, cut), host.due = host.due, None
                super().call_soon(cut, context=Context())
        return super().call_soon(callback, *args, context=context)

    def call_at(
        self,
        when: float,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        timer = super().call_at(when, callback, *args, context=context)
        host = HOST.get() if context is None else context.get(HOST)
        if host is not None and not host.powered:
            timer.cancel()
        return timer

    def end(self) -> None:
        """Cancel and bury everything, the dead too, whose disks and lines stay dead."""
        self.set_exception_handler(lambda _loop, _context: None)
        for host in self._dropped:
            host.powered = True
        self._ready.extend(self._unheard)
        bury(self)
        self._dead.clear()


def _make(
    loop: asyncio.AbstractEventLoop,
    body: Coroutine[Any, Any, T] | Generator[Any, None, T],
    context: Context | None = None,
) -> "asyncio.Future[T]":
    task: asyncio.Task[T] = asyncio.Task(body, loop=loop, context=context)
    host = HOST.get() if context is None else context.get(HOST)
    if host is not None:
        host.tasks.add(task)
    return task


def _host(handle: asyncio.Handle) -> Host | None:
    context: Context = handle._context  # type: ignore[attr-defined]
    return context.get(HOST)
