"""Scanners on RS-232 or a USB serial port: lines of text."""

import asyncio
from typing import Annotated, ClassVar

from pydantic import Field

from posedge.drivers.interface import Site
from posedge.drivers.options import read_options
from posedge.drivers.reading import publish
from posedge.link.interface import Link
from posedge.model.capabilities import Kind
from posedge.model.value import Value
from posedge.wire.lines import Charset, LineDecoder, Terminator
from posedge.wire.typed import LOST

MS_PER_S = 1000


class SerialScannerOptions(Value):
    """`silence_ms` ends a code that has no terminator, and voids the rest of one that broke off.

    100 ms is the time of 96 characters at 9600 baud: no scanner pauses so long within a code.
    """

    terminator: Terminator = Terminator.ANY
    charset: Charset = "utf-8"
    silence_ms: Annotated[int, Field(ge=10, le=5000)] = 100


class SerialScanner:
    """One scanner that sends lines."""

    name: ClassVar[str] = "serial-scanner"
    kind: ClassVar[Kind] = Kind.SCANNER
    options: ClassVar[type[Value]] = SerialScannerOptions

    def __init__(self, site: Site) -> None:
        self._site = site
        self._options = read_options(SerialScannerOptions, site.options)

    async def run(self) -> None:
        options = self._options
        decoder = LineDecoder(options.terminator, charset=options.charset)
        link = await self._site.open()
        try:
            await self._join(link, decoder, options.silence_ms / MS_PER_S)
            await self._site.report(None)  # a scanner says nothing until it scans
            while True:
                await self._receive(link, decoder, options.silence_ms / MS_PER_S)
        finally:
            await link.close()

    async def _join(self, link: Link, decoder: LineDecoder, silence_s: float) -> None:
        """Void what comes at once: the tail of a code that began before the line was open."""
        try:
            async with asyncio.timeout(silence_s):
                decoder.feed(await link.read())
        except TimeoutError:
            return
        decoder.void()
        await publish(self._site, LOST)
        await self._drain(decoder)

    async def _receive(self, link: Link, decoder: LineDecoder, silence_s: float) -> None:
        """Take what comes, or the silence behind it."""
        try:
            async with asyncio.timeout(silence_s if decoder.pending else None):
                decoder.feed(await link.read())
        except TimeoutError:
            if (scan := decoder.silence()) is not None:
                await publish(self._site, scan)
        await self._drain(decoder)

    async def _drain(self, decoder: LineDecoder) -> None:
        while (scan := decoder.next_scan()) is not None:
            await publish(self._site, scan)
