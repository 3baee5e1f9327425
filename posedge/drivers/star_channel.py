"""One Star printer's line: the only reader and the only writer of its link.

What the printer says about itself, whoever asked, ends up in `state`; how far it is in `tally`.
"""

from collections.abc import Awaitable, Callable

from posedge.drivers.printer_line import PrinterLine
from posedge.link.interface import Link
from posedge.model.errors import DeviceError, ProtocolError
from posedge.wire import star
from posedge.wire.escpos_state import PrinterState
from posedge.wire.star import AutoStatus, Decoder
from posedge.wire.star_count import Tally
from posedge.wire.star_state import state_of


class StarChannel:
    """Made for one connection. `changed` is told every new state, in order.

    `automatic`: it has sent a status that nobody asked for.
    """

    def __init__(
        self,
        link: Link,
        *,
        write_s: float,
        start: int,
        changed: Callable[[PrinterState], Awaitable[None]],
    ) -> None:
        self._line = PrinterLine(link, write_s=write_s)
        self._changed = changed
        self._decoder = Decoder()
        self._asked = False
        self.tally = Tally(start)
        self.state = PrinterState()
        self.heard = False
        self.automatic = False

    async def listen(self) -> None:
        """Read for ever; DeviceGone at the end, DeviceError for noise and for a restart."""
        try:
            while True:
                self._decoder.feed(await self._line.read())
                while (status := self._next()) is not None:
                    await self._take(status)
        finally:
            self._line.end()

    async def begin(self) -> None:
        """Mend what was left half-sent, switch reports on and set the counter."""
        await self.send(star.RESYNCHRONISE + star.BEGIN_JOB + self.tally.begin)

    async def send(self, data: bytes) -> None:
        """Write all of it, or close the link: half a command must not be followed by another."""
        await self._line.send(data)

    async def send_counted(self, data: bytes) -> int:
        """Write `data` and an ETB; return its number in the tally."""
        number = self.tally.next()
        await self.send(data + star.COUNT)
        return number

    async def send_foreign(self, data: bytes, start: int) -> int:
        """Write somebody else's job, which may count too: the tally begins anew behind it."""
        self.tally = Tally(start)
        await self.send(data + self.tally.begin)
        return self.tally.sent

    async def ask(self, within_s: float) -> bool:
        """Ask in real time; whether a status came within `within_s`."""
        if not self._asked:
            self._asked = True
            await self.send(star.ASK)
        return await self.until(lambda: not self._asked, within_s)

    async def until(self, happened: Callable[[], bool], within_s: float) -> bool:
        """Wait until the printer said what makes `happened` true; False when it did not in time."""
        return await self._line.until(happened, within_s)

    def _next(self) -> AutoStatus | None:
        try:
            return self._decoder.next_status()
        except ProtocolError as error:
            text = f"{error.message}: check the cable, and that nothing else prints to it"
            raise DeviceError(error.code, text) from error

    async def _take(self, status: AutoStatus) -> None:
        if not self.tally.heard(status):
            raise DeviceError("printer.restarted", "it was switched off and on")
        self.automatic = self.automatic or not self._asked
        self._asked = False
        state = state_of(status)
        if state != self.state or not self.heard:
            self.state, self.heard = state, True
            self._line.announce()
            await self._changed(state)
        self._line.announce()
