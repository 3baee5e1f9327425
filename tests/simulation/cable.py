"""A line in memory: the box holds its near end as a Link, the shop is called at the far end."""

import asyncio

from posedge.link.translate import gone, stalled


class Cable:
    """Implements posedge.link.interface.Link. `far_*` are the other end's; none of them waits.

    `out_left`, `in_left`: bytes that still pass, from and to the box, before the line breaks.
    `passed` counts those that did.
    """

    def __init__(
        self, device: str, *, out_left: int | None = None, in_left: int | None = None
    ) -> None:
        self.device = device
        self._left = {"out": out_left, "in": in_left}
        self._lanes = {"out": bytearray(), "in": bytearray()}
        self._news = {"out": asyncio.Event(), "in": asyncio.Event()}
        self.passed = {"out": 0, "in": 0}
        self._flowing = asyncio.Event()
        self._flowing.set()
        self.broken = False

    # The box's end

    @property
    def waiting(self) -> bool:
        return bool(self._lanes["in"])

    async def read(self, limit: int = 4096) -> bytes:
        data = await self._take("in", limit)
        if not data:
            raise gone(self.device)
        return data

    async def write(self, data: bytes, *, deadline_s: float) -> None:
        try:
            async with asyncio.timeout(deadline_s):
                await self._flowing.wait()
        except TimeoutError:
            raise stalled(self.device, deadline_s) from None
        if self.broken:
            raise gone(self.device)
        self._put("out", data)

    async def close(self) -> None:
        self.far_drop()

    # The shop's end

    async def far_read(self, limit: int = 4096) -> bytes:
        """Return what the box wrote; nothing when the line is broken."""
        return await self._take("out", limit)

    def far_write(self, data: bytes) -> None:
        if not self.broken:
            self._put("in", data)

    def far_stop(self) -> None:
        self._flowing.clear()

    def far_go(self) -> None:
        self._flowing.set()

    def far_drop(self) -> None:
        """Break the line, both ways at once."""
        self.broken = True
        self._flowing.set()
        for news in self._news.values():
            news.set()

    async def _take(self, way: str, limit: int) -> bytes:
        lane, news = self._lanes[way], self._news[way]
        while not lane and not self.broken:
            news.clear()
            await news.wait()
        data = bytes(lane[:limit])
        del lane[:limit]
        return data

    def _put(self, way: str, data: bytes) -> None:
        left = self._left[way]
        self._lanes[way] += data[:left]
        self.passed[way] += len(data[:left])
        self._news[way].set()
        if left is not None:
            self._left[way] = max(0, left - len(data))
            if left <= len(data):
                self.far_drop()
