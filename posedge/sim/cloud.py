"""A simulated payment provider: its HTTP API on loopback, its readers, its webhooks.

A `Bank` is what one provider keeps and how it answers; this carries it over the line, with every
`CloudFaults`.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

from posedge.sim.charge import Charge
from posedge.sim.cloud_faults import CloudFaults, Way
from posedge.sim.http import Answer, Request, post, read_request
from posedge.sim.tcp import TcpSim

HOOK_S = 5.0
"""What a webhook's receiver has to answer within."""

THOUGHTS = 10_000


@dataclass(frozen=True, slots=True)
class Hook:
    """One webhook as it is to be sent; `forged` are its headers with a wrong signature."""

    body: bytes
    headers: Mapping[str, str]
    forged: Mapping[str, str]


Later = Callable[[float, Callable[[], None]], None]
"""Do something after so many seconds: what a customer does at a reader."""


class Bank(Protocol):
    """What one provider keeps, and how it answers."""

    def open(self, later: Later, tell: Callable[[Hook], None]) -> None:
        """Begin the day, before the first request: `tell` sends a webhook."""
        ...

    @property
    def ledger(self) -> Sequence[Charge]: ...

    def route(self, request: Request) -> str:
        """Return the name of what is asked, for faults; empty for what does not exist."""
        ...

    def answer(self, request: Request) -> Answer: ...

    def fail(self, request: Request) -> Answer:
        """Do what is asked, and answer by 500."""
        ...

    def refuse(self, way: Way) -> Answer:
        """Answer by 503 or 429."""
        ...


class CloudSim(TcpSim):
    """`async with` starts and stops it; `url` is where its API is, `hook_url` where it reports.

    `presented` counts the customers who came to a reader, `asked` are the routes that were asked.
    """

    def __init__(
        self, bank: Bank, faults: CloudFaults, *, host: str = "127.0.0.1", port: int = 0
    ) -> None:
        super().__init__(host, port)
        self.faults = faults
        self.hook_url: str | None = None
        self.thought: deque[tuple[float, float]] = deque(maxlen=THOUGHTS)
        self.asked: deque[str] = deque(maxlen=THOUGHTS)
        self.presented = 0
        self.hook_answers: list[int] = []
        self._bank = bank
        self._timers: set[asyncio.TimerHandle] = set()
        self._hooks: asyncio.Queue[Hook] = asyncio.Queue()
        self._group = asyncio.TaskGroup()

    @property
    def ledger(self) -> Sequence[Charge]:
        return self._bank.ledger

    @property
    def url(self) -> str:
        return f"http://{self._host}:{self.port}"

    async def __aenter__(self) -> Self:
        self._bank.open(self._later, self._hooks.put_nowait)
        await super().__aenter__()
        await self._group.__aenter__()
        self._postman = self._group.create_task(self._deliver())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._postman.cancel()
        for timer in self._timers:
            timer.cancel()
        await super().__aexit__(kind, error, trace)
        await self._group.__aexit__(None, None, None)

    def __repr__(self) -> str:
        return f"<CloudSim {self.url}, {len(self.ledger)} charges>"

    async def _attended(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while (request := await read_request(reader)) is not None:
            if not await self._serve(request, reader, writer):
                break

    async def _serve(
        self, request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        """Answer one request; return whether the line still stands."""
        began = asyncio.get_running_loop().time()
        route = self._bank.route(request)
        self.asked.append(route)
        if self.faults.late_s:
            await asyncio.sleep(self.faults.late_s)
        way = self.faults.meets(route)
        if way is Way.LOST:
            return False
        answer = self._answered(request, way)
        if way in {Way.SILENT, Way.MUTE}:
            await reader.read()  # until the client gives up
            return False
        if way is Way.UNTOLD:
            return False
        data = answer.to_bytes()
        writer.write(data[: len(data) // 2] if way is Way.TORN else data)
        await writer.drain()
        self.thought.append((began, asyncio.get_running_loop().time()))
        return way is not Way.TORN

    def _answered(self, request: Request, way: Way | None) -> Answer:
        if way is Way.FAILED:
            return self._bank.fail(request)
        if way is not None and not way.works:
            return self._bank.refuse(way)
        return self._bank.answer(request)

    def _later(self, delay_s: float, deed: Callable[[], None]) -> None:
        def do() -> None:
            self._timers.discard(timer)
            self.presented += 1
            deed()

        timer = asyncio.get_running_loop().call_later(delay_s, do)
        self._timers.add(timer)

    async def _deliver(self) -> None:
        """Send webhooks as their faults have it."""
        while True:
            hooks = [await self._hooks.get()]
            faults = self.faults.hooks
            if faults.late_s:
                await asyncio.sleep(faults.late_s)
            if faults.reversed:
                hooks.insert(0, await self._hooks.get())
            for hook in hooks * (2 if faults.twice else 1):
                await self._send(hook)

    async def _send(self, hook: Hook) -> None:
        faults = self.faults.hooks
        if self.hook_url is None or faults.lost:
            return
        headers = hook.forged if faults.forged else hook.headers
        with suppress(OSError, TimeoutError):  # providers try again for hours; we poll meanwhile
            status = await post(self.hook_url, hook.body, headers, timeout_s=HOOK_S)
            self.hook_answers.append(status)
