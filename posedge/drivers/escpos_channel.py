"""One printer's line: the only reader and the only writer of its link.

What the printer says about itself, whoever asked, ends up in `state`; what it confirmed in `done`.
"""

from collections.abc import Awaitable, Callable

from posedge.drivers.printer_line import PrinterLine
from posedge.link.interface import Link
from posedge.model.errors import DeviceError, ProtocolError
from posedge.wire import escpos
from posedge.wire.escpos import AutoStatus, Decoder, JobDone, Message, Query, RealTimeStatus
from posedge.wire.escpos_state import PrinterState, state_of, state_of_round


class Channel:
    """Made for one connection. `changed` is told every new state, in order."""

    def __init__(
        self, link: Link, *, write_s: float, changed: Callable[[PrinterState], Awaitable[None]]
    ) -> None:
        self._line = PrinterLine(link, write_s=write_s)
        self._changed = changed
        self._decoder = Decoder()
        self._round: dict[Query, int] = {}
        self.state = PrinterState()
        self.heard = False
        self.automatic = False
        self.acknowledges = False
        self.done: bytes | None = None

    async def listen(self) -> None:
        """Read for ever; DeviceGone at the end, DeviceError `printer.garbled` for noise."""
        try:
            while True:
                self._decoder.feed(await self._line.read())
                while (message := self._next()) is not None:
                    await self._take(message)
        finally:
            self._line.end()

    async def send(self, data: bytes) -> None:
        """Write all of it, or close the link: half a command must not be followed by another."""
        await self._line.send(data)

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
        return await self._line.until(happened, within_s)

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
        self._line.announce()

    async def _become(self, state: PrinterState) -> None:
        if state != self.state or not self.heard:
            self.state, self.heard = state, True
            self._line.announce()
            await self._changed(state)
