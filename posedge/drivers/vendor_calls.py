"""Calls to a vendor's program: one at a time, each with a deadline."""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import count

import structlog

from posedge.drivers.vendor_options import VendorOptions
from posedge.link.interface import Link
from posedge.model.errors import DeviceError, PosedgeError, ProtocolError
from posedge.model.value import Json
from posedge.wire.worker import VERSION, Decoder, Hello, Said, line

MAX_MESSAGES = 2_000
"""Of one call: a payment that prints 200 lines and shows its progress has about 300."""

log = structlog.get_logger()

Hear = Callable[[Said], Awaitable[None]]


class Calls:
    """Owns the link. What goes wrong here ends the program: `broken` is set, the link closed."""

    def __init__(self, link: Link, options: VendorOptions) -> None:
        self.broken = asyncio.Event()
        self._link = link
        self._options = options
        self._decoder = Decoder()
        self._numbers = count(1)

    async def hello(self) -> Hello:
        """Wait for the program's first words; DeviceError when they do not come or do not fit."""
        try:
            async with asyncio.timeout(self._options.start_ms / 1000):
                said = await self._next()
        except TimeoutError:
            raise _silent("it does not say what it is", self._options.start_ms) from None
        if said.hello is None or said.hello.protocol != VERSION:
            text = f"the program does not speak version {VERSION} of docs/vendor-worker.md"
            raise DeviceError("worker.foreign", text)
        return said.hello

    async def ask(
        self, do: str, *, timeout_ms: int, hear: Hear | None = None, **fields: Json
    ) -> Said:
        """Call, let `hear` have what comes before the end, and return the end.

        `timeout_ms` is until each word. DeviceError `worker.failed` or `terminal.refused` when the
        program says so. Any other DeviceError: the program is gone, killed or killed just now.
        """
        number = next(self._numbers)
        try:
            await self._link.write(
                line(number, do, **fields), deadline_s=self._options.write_ms / 1000
            )
            said = await self._end_of(number, do, timeout_ms, hear)
        except PosedgeError:
            await self.close()
            raise
        if said.error is not None:
            code = "terminal.refused" if said.error.code == "refused" else "worker.failed"
            raise DeviceError(code, f"{do}: {said.error.text or said.error.code}")
        return said

    async def tell(self, do: str, **fields: Json) -> None:
        """Say something that has no answer."""
        await self._link.write(line(0, do, **fields), deadline_s=self._options.write_ms / 1000)

    async def close(self) -> None:
        self.broken.set()
        await self._link.close()

    async def _end_of(self, number: int, do: str, timeout_ms: int, hear: Hear | None) -> Said:
        for _ in range(MAX_MESSAGES):
            try:
                async with asyncio.timeout(timeout_ms / 1000):
                    said = await self._next()
            except TimeoutError:
                raise _silent(f"it does not answer {do}", timeout_ms) from None
            if said.call != number:
                continue  # of a call that was given up
            if any((said.ok is not None, said.error, said.result, said.found)):
                return said
            if hear is not None:
                await hear(said)
        raise DeviceError("terminal.chattering", "the program does not stop talking")

    async def _next(self) -> Said:
        try:
            while (said := self._decoder.pull()) is None:
                self._decoder.feed(await self._link.read())
        except ProtocolError as error:
            raise DeviceError("terminal.unreadable", error.message) from error
        return said


def _silent(text: str, timeout_ms: int) -> DeviceError:
    return DeviceError("terminal.silent", f"{text} within {timeout_ms} ms")
