"""One label printer's line: the only reader and the only writer of its link."""

import asyncio
from collections.abc import Awaitable, Callable

from posedge.drivers.printer_line import PrinterLine
from posedge.link.interface import Link
from posedge.model.errors import DeviceError, ProtocolError
from posedge.wire import zpl
from posedge.wire.escpos_state import PrinterState
from posedge.wire.zpl import Decoder, Errors, HostStatus, Message
from posedge.wire.zpl_state import state_of


class ZplChannel:
    """Made for one connection. `changed` is told every new state, in order."""

    def __init__(
        self, link: Link, *, write_s: float, changed: Callable[[PrinterState], Awaitable[None]]
    ) -> None:
        self._line = PrinterLine(link, write_s=write_s)
        self._changed = changed
        self._decoder = Decoder()
        self._asking = asyncio.Lock()
        self._errors: Errors | None = None
        self._status: HostStatus | None = None
        self.state = PrinterState()
        self.heard = False

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

    async def ask(self, within_s: float) -> bool:
        """Ask how it is; whether it answered within `within_s`."""
        async with self._asking:
            self._errors = None
            await self.send(zpl.ASK_ERRORS)
            return await self._line.until(lambda: self._errors is not None, within_s)

    async def ask_what_is_left(self, within_s: float) -> HostStatus | None:
        """Ask what it has still to print; None when it does not say, as when it is stopped."""
        async with self._asking:
            self._status = None
            await self.send(zpl.ASK_STATUS)
            await self._line.until(lambda: self._status is not None, within_s)
            return self._status

    def _next(self) -> Message | None:
        try:
            return self._decoder.next_message()
        except ProtocolError as error:
            text = f"{error.message}: check the cable, and that nothing else prints to it"
            raise DeviceError(error.code, text) from error

    async def _take(self, message: Message) -> None:
        match message:
            case Errors():
                self._errors = message
                await self._become(state_of(message))
            case HostStatus():
                self._status = message
        self._line.announce()

    async def _become(self, state: PrinterState) -> None:
        if state != self.state or not self.heard:
            self.state, self.heard = state, True
            await self._changed(state)
