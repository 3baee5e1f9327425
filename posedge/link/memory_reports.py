"""A HID device in memory: for drivers' tests and the simulated box."""

import asyncio
from collections import deque

from posedge.link.interface import Nature
from posedge.link.translate import gone, overrun, stalled

QUEUE_REPORTS = 64
"""As many as the kernel keeps: whoever sends more before anybody reads loses them."""


class MemoryReports:
    """A ReportLink, and with `send`, `taken` and `cut` the device behind it.

    `features` is what the device answers when it is asked, by number; what is sent to it comes
    into the same table. `deaf`: it takes no order any more, and lets time pass.
    """

    def __init__(self, nature: Nature, *, device: str = "memory") -> None:
        self.device = device
        self.nature = nature
        self.features: dict[int, bytes] = {}
        self.deaf = False
        self._sent: deque[bytes | None] = deque()
        self._taken: deque[bytes] = deque()
        self._over = False
        self._news = asyncio.Condition()

    @property
    def waiting(self) -> int:
        return len(self._sent)

    async def read(self) -> bytes:
        async with self._news:
            await self._news.wait_for(lambda: self._sent or self._over)
        if not self._sent:
            raise gone(self.device)
        report = self._sent.popleft()
        if report is None:
            raise overrun(self.device)
        return report

    async def write(self, report: bytes, *, deadline_s: float) -> None:
        await self._attend(deadline_s)
        async with self._news:
            self._taken.append(report)
            self._news.notify_all()

    async def set_feature(self, report: bytes, *, deadline_s: float) -> None:
        await self._attend(deadline_s)
        self.features[report[0]] = report

    async def get_feature(self, number: int, size: int, *, deadline_s: float) -> bytes:
        await self._attend(deadline_s)
        return self.features.get(number, bytes([number]))[:size]

    async def close(self) -> None:
        self._sent.clear()
        await self.cut()

    async def send(self, report: bytes) -> None:
        """Let the device send an input report."""
        async with self._news:
            full = len(self._sent) >= QUEUE_REPORTS
            if not (full and self._sent[-1] is None):
                self._sent.append(None if full else report)
            self._news.notify_all()

    async def taken(self) -> bytes:
        """Return the next output report that the device was sent, as soon as there is one."""
        async with self._news:
            await self._news.wait_for(lambda: self._taken)
        return self._taken.popleft()

    async def cut(self) -> None:
        """Unplug it: what it had sent can still be read."""
        async with self._news:
            self._over = True
            self._news.notify_all()

    def __repr__(self) -> str:
        return f"<MemoryReports {self.device}: {'closed' if self._over else 'open'}>"

    async def _attend(self, deadline_s: float) -> None:
        if self._over:
            raise gone(self.device)
        if self.deaf:
            await asyncio.sleep(deadline_s)
            raise stalled(self.device, deadline_s)
