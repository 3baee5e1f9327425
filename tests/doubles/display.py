"""A text display that a test reads, and that can be away, slow or out of order."""

import asyncio
from collections.abc import Sequence

from posedge.model.display import Row
from posedge.model.errors import DeviceError
from posedge.wire.display_text import Glass, glass


class FakeDisplay:
    def __init__(self, rows: int = 2) -> None:
        self._rows = rows
        self.pictures: list[tuple[str, ...]] = []
        self.dimmed: list[int] = []
        self.error: DeviceError | None = None
        self.stalls = False
        self._news = asyncio.Event()

    @property
    def rows(self) -> int:
        return self._rows

    @property
    def last(self) -> tuple[str, ...]:
        """What it shows, without the blanks at the ends."""
        return tuple(row.rstrip() for row in self.pictures[-1])

    async def shows(self, *rows: str) -> None:
        """Return when it shows them."""
        while not self.pictures or self.last != rows:
            self._news.clear()
            await self._news.wait()

    async def display_text(self, rows: Sequence[Row]) -> Glass:
        if self.error:
            raise self.error
        if self.stalls:
            await asyncio.get_running_loop().create_future()
        shown = glass(rows, columns=20, height=self._rows, page="cp437")
        self.pictures.append(shown.rows)
        self._news.set()
        return shown

    async def clear(self) -> None:
        await self.display_text(())

    async def brightness(self, percent: int) -> None:
        self.dimmed.append(percent)
