"""Idempotency-Key for writes that have no id of their own: the drawer, a card reader.

The same key with the same content within a day gets the answer of the first; with other content
it is a conflict. Held in memory: a restart forgets, and a drawer that opens twice is journalled
twice. What moves money or paper has its own id, kept on the disk.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from posedge.clock import Clock
from posedge.model.errors import ConflictError
from posedge.model.stamp import NS_PER_S
from posedge.model.value import Value

KEPT_S = 24 * 3600
MAX_KEYS = 1000
"""More than a day's openings; beyond it the oldest is forgotten early."""

V = TypeVar("V", bound=Value)


@dataclass(frozen=True, slots=True)
class _Doing(Generic[V]):
    digest: str
    until_ns: int
    answer: asyncio.Future[V]


class Once(Generic[V]):
    """Answers by key. A failure is not kept: the same key may try again."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._doing: dict[str, _Doing[V]] = {}

    async def do(self, key: str | None, content: Value, act: Callable[[], Awaitable[V]]) -> V:
        """Return what `act` returns, or what it returned when `key` was first seen."""
        if key is None:
            return await act()
        self._forget()
        digest = hashlib.sha256(content.model_dump_json().encode()).hexdigest()
        while (first := self._doing.get(key)) is not None:
            if first.digest != digest:
                raise ConflictError("idempotency.conflict", "this key was used for other content")
            await asyncio.wait([first.answer])
            if not first.answer.cancelled():
                return first.answer.result()
        return await self._act(key, digest, act)

    async def _act(self, key: str, digest: str, act: Callable[[], Awaitable[V]]) -> V:
        answer: asyncio.Future[V] = asyncio.get_running_loop().create_future()
        until_ns = self._clock.now().monotonic_ns + KEPT_S * NS_PER_S
        self._doing[key] = _Doing(digest, until_ns, answer)
        try:
            answer.set_result(await act())
        finally:
            if not answer.done():
                self._doing.pop(key, None)
                answer.cancel()  # who waits for the same key takes its own turn
        return answer.result()

    def _forget(self) -> None:
        now_ns = self._clock.now().monotonic_ns
        for key, doing in tuple(self._doing.items()):
            if doing.until_ns <= now_ns or len(self._doing) > MAX_KEYS:
                del self._doing[key]
