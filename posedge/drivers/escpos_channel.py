"""One printer's line: the only reader and the only writer of its link.

What the printer says about itself, whoever asked, ends up in `state`; what it confirmed in `done`.
"""

import asyncio
from collections.abc import Awaitable, Callable

from posedge.link.interface import Link
from posedge.model.errors import DeviceError, DeviceGone, ProtocolError
from posedge.wire import escpos
from posedge.wire.escpos import AutoStatus, Decoder, JobDone, Message, Query, RealTimeStatus
from posedge.wire.escpos_state import PrinterState, state_of, state_of_round

SLOWEST_BYTES_PER_S = 800
"""A serial printer at 9600 baud takes 960: a long receipt gets the time that its line needs."""


class Channel:
    """Made for one connection. `changed` is told every new state, in order."""

    def __init__(
        self, link: Link, *, write_s: float, changed: Callable[[PrinterState], Awaitable[None]]
    ) -> None:
        self._link = link
        self._write_s = write_s
        self._changed = changed
        self._decoder = Decoder()
        self._sending = asyncio.Lock()
        self._round: dict[Query, int] = {}
        self._news = asyncio.Event()
        self._over = False
        self.state = PrinterState()
        self.heard = False
        self.automatic = False
        self.acknowledges = False
        self.done: bytes | None = None

    async def listen(self) -> None:
        """Read for ever; DeviceGone at the end, DeviceError `printer.garbled` for noise."""
        try:
            while True:
                self._decoder.feed(await self._link.read())
                while (message := self._next()) is not None:
                    await self._take(message)
        finally:
            self._over = True
            self._announce()

    async def send(self, data: bytes) -> None:
        """Write all of it, or close the link: half a command must not be followed by another."""
        async with self._sending:
            whole = False
            try:
                deadline_s = self._write_s + len(data) / SLOWEST_BYTES_PER_S
                await self._link.write(data, deadline_s=deadline_s)
                whole = True
            finally:
                if not whole:
                    await self._link.close()

    async def query(self, *kinds: Query, within_s: float) -> bool:
        """Ask in real time; whether every answer that is owed came within `within_s`.

        While answers are owed nothing more is asked: a printer whose buffer is full hears nothing.
        """
        if not self._decoder.owed:
            self._round.clear()
            self._decoder.asked(*kinds)
            await self.send(b"".join(escpos.query(kind) for kind in kinds))
        return await self.until(lambda: not self._decoder.owed, within_s)

    async def until(self, happened: Callable[[], bool], within_s: float) -> bool:
        """Wait until the printer said what makes `happened` true; False when it did not in time."""
        try:
            async with asyncio.timeout(within_s):
                while not happened():
                    if self._over:
                        raise DeviceGone("device.gone", "the printer's line has ended")
                    await self._news.wait()
        except TimeoutError:
            return False
        return True

    def _next(self) -> Message | None:
        try:
            return self._decoder.next_message()
        except ProtocolError as error:
            text = f"{error.message}: check the cable, and that nothing else prints to it"
            raise DeviceError(error.code, text) from error

    async def _take(self, message: Message) -> None:
        match message:
            case RealTimeStatus(query=kind, byte=byte):
                self._round[kind] = byte
                if not self.automatic and len(self._round) == len(Query):
                    await self._become(state_of_round(*(self._round[each] for each in Query)))
            case AutoStatus():
                self.automatic = True
                await self._become(state_of(message))
            case JobDone(job=job):
                self.acknowledges = True
                self.done = job
        self._announce()

    async def _become(self, state: PrinterState) -> None:
        if state != self.state or not self.heard:
            self.state, self.heard = state, True
            self._announce()
            await self._changed(state)

    def _announce(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()
