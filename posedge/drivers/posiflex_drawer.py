"""Posiflex cash drawers on USB: asked all the time whether they are open, told to open."""

import asyncio
from contextlib import suppress
from typing import Annotated, ClassVar

from pydantic import Field

from posedge.drivers.interface import Site
from posedge.drivers.options import read_options
from posedge.link.interface import ReportLink
from posedge.model.capabilities import Kind
from posedge.model.errors import DeviceError, MisuseError
from posedge.model.events import DrawerChanged
from posedge.model.value import Value
from posedge.wire.hid.posiflex import Order, command, drawer_number, is_open

MS_PER_S = 1000
ORDER_S = 1.0
"""A report takes a millisecond; the kernel itself gives up after five seconds."""

STRANGE = "this is no Posiflex drawer 0d3a:0200 to 0207: nothing is sent to it"
SILENT = "the drawer does not answer: unplug it and plug it in again"
OFFLINE = "the drawer is not connected now"
STUCK = "the drawer did not open: see that it is unlocked and not jammed"


class PosiflexOptions(Value):
    """`unanswered` questions in a row close the link, to open it anew."""

    interval_ms: Annotated[int, Field(ge=50, le=2000)] = 200
    reply_ms: Annotated[int, Field(ge=50, le=2000)] = 300
    opening_ms: Annotated[int, Field(ge=100, le=10_000)] = 2000
    unanswered: Annotated[int, Field(ge=1, le=100)] = 5


class PosiflexDrawer:
    """One drawer. A Drawer as well as a Driver."""

    name: ClassVar[str] = "posiflex-drawer"
    kind: ClassVar[Kind] = Kind.DRAWER
    options: ClassVar[type[Value]] = PosiflexOptions

    def __init__(self, site: Site[ReportLink]) -> None:
        self._site = site
        self._options = read_options(PosiflexOptions, site.options)
        self._link: ReportLink | None = None
        self._number = 0
        self._turn = asyncio.Lock()
        self._open: bool | None = None
        self._reported: str | None = "starting"

    async def run(self) -> None:
        link = await self._site.open()
        try:
            number = drawer_number(link.nature.vendor, link.nature.product)
            if number is None:
                raise DeviceError("device.unsupported", STRANGE, device=self._site.device)
            self._link, self._number = link, number
            await self._watch()
        finally:
            self._link, self._open = None, None
            await link.close()

    @property
    def drawer_open(self) -> bool | None:
        return self._open

    async def kick(self, drawer: int = 0) -> None:
        if drawer:
            raise MisuseError("drawer.unknown", "a drawer on USB is drawer 0, the only one")
        async with self._turn:
            await self._send(Order.OPEN)
        loop = asyncio.get_running_loop()
        patience_s = loop.time() + self._options.opening_ms / MS_PER_S
        while not await self._ask():
            if loop.time() >= patience_s:
                raise DeviceError("drawer.stuck", STUCK)
            await asyncio.sleep(self._options.interval_ms / MS_PER_S)

    def __repr__(self) -> str:
        return f"<PosiflexDrawer {self._site.name}: open={self._open}>"

    async def _watch(self) -> None:
        unanswered = 0
        while True:
            answer = await self._ask()
            unanswered = unanswered + 1 if answer is None else 0
            if answer is not None:
                await self._report(None)
            elif unanswered >= self._options.unanswered:
                raise DeviceError("drawer.silent", SILENT)
            await asyncio.sleep(self._options.interval_ms / MS_PER_S)

    async def _ask(self) -> bool | None:
        """Ask whether it is open and show it; None when no answer came in time."""
        async with self._turn:
            link = await self._send(Order.STATUS)
            answer: bool | None = None
            with suppress(TimeoutError):
                async with asyncio.timeout(self._options.reply_ms / MS_PER_S):
                    while answer is None:
                        answer = is_open(await link.read(), self._number)
            if answer is not None:
                await self._show(is_open=answer)
            return answer

    async def _send(self, order: Order) -> ReportLink:
        """Forget what came too late for the question before, and send: two orders, no others."""
        link = self._link
        if link is None:
            raise DeviceError("drawer.offline", OFFLINE)
        while link.waiting:
            await link.read()
        await link.write(command(self._number, order), deadline_s=ORDER_S)
        return link

    async def _show(self, *, is_open: bool) -> None:
        if is_open != self._open:
            self._open = is_open
            at = self._site.clock.now()
            await self._site.bus.publish(
                DrawerChanged(at=at, device=self._site.device, open=is_open)
            )

    async def _report(self, reason: str | None) -> None:
        if reason != self._reported:
            self._reported = reason
            await self._site.report(reason)
