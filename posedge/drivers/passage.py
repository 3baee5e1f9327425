"""The way to what hangs behind a printer on its own line: a customer display."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol, runtime_checkable

from posedge.link.interface import Link
from posedge.link.translate import gone


@runtime_checkable
class Passes(Protocol):
    """A printer that hands on, between two of its jobs, what is not for itself."""

    def passage(self) -> Link:
        """Return a link to what hangs behind it, in place of the one before.

        It ends with the printer's own line. DeviceError when that is down.
        """
        ...


class Passage:
    """A Link that only writes: nothing behind a printer answers through it.

    `write` waits for its turn, as long as the job before it takes; `deadline_s` is for lines that
    wait for nobody.
    """

    def __init__(self, printer: str, send: Callable[[bytes], Awaitable[None]]) -> None:
        self._printer = printer
        self._send = send
        self._ended = asyncio.Event()

    @property
    def waiting(self) -> bool:
        return False

    async def read(self, limit: int = 4096) -> bytes:  # noqa: ARG002 - see the class
        await self._ended.wait()
        raise gone(self._printer)

    async def write(self, data: bytes, *, deadline_s: float) -> None:  # noqa: ARG002 - see the class
        if self._ended.is_set():
            raise gone(self._printer)
        await self._send(data)

    async def close(self) -> None:
        self.end()

    def end(self) -> None:
        self._ended.set()

    def __repr__(self) -> str:
        return f"<Passage through {self._printer}>"
