"""Who may speak with a terminal now."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from posedge.model.errors import DeviceBusy


class Turns:
    """One conversation with a terminal at a time, be it a payment or a question."""

    def __init__(self) -> None:
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._held: set[str] = set()

    def of(self, terminal: str) -> asyncio.Lock:
        return self._locks[terminal]

    def is_held(self, terminal: str) -> bool:
        """Whether `terminal` takes no payment, since its day is being ended."""
        return terminal in self._held

    @asynccontextmanager
    async def hold(self, terminal: str) -> AsyncGenerator[None, None]:
        """Take `terminal` for what is no payment: from the first moment, not only in its turn.

        DeviceBusy `terminal.locked` when it is taken so already.
        """
        if terminal in self._held:
            raise DeviceBusy("terminal.locked", f"the day of {terminal} is being ended: wait")
        self._held.add(terminal)
        try:
            async with self.of(terminal):
                yield
        finally:
            self._held.discard(terminal)
