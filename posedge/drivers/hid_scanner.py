"""HID POS scanners: codes in reports of their own, no keyboard and no line to set."""

import asyncio
from contextlib import suppress
from typing import Annotated, ClassVar

from pydantic import Field

from posedge.drivers.interface import Site
from posedge.drivers.options import read_options
from posedge.drivers.reading import publish
from posedge.drivers.reports import described
from posedge.link.interface import ReportLink
from posedge.model.capabilities import Kind
from posedge.model.errors import DeviceError
from posedge.model.value import Value
from posedge.wire.hid.descriptor import Descriptor
from posedge.wire.hid.pos_scanner import ENABLE, HONEYWELL, PosScans, layout
from posedge.wire.lines import Charset
from posedge.wire.scan import Dropped, Scan

MS_PER_S = 1000
ORDER_S = 1.0
"""A feature report takes a millisecond; the kernel itself gives up after five seconds."""


class HidScannerOptions(Value):
    """`silence_ms` gives a code up whose next report does not come.

    A scanner sends its reports a few milliseconds apart, by radio up to 50 ms; and two codes are
    never scanned within half a second.
    """

    charset: Charset = "utf-8"
    silence_ms: Annotated[int, Field(ge=10, le=5000)] = 500


class HidScanner:
    """One scanner that speaks HID POS."""

    name: ClassVar[str] = "hid-scanner"
    kind: ClassVar[Kind] = Kind.SCANNER
    options: ClassVar[type[Value]] = HidScannerOptions

    def __init__(self, site: Site[ReportLink]) -> None:
        self._site = site
        self._options = read_options(HidScannerOptions, site.options)

    async def run(self) -> None:
        link = await self._site.open()
        try:
            device = described(link)
            scans = PosScans(layout(device), charset=self._options.charset)
            if link.nature.vendor in HONEYWELL:
                with suppress(DeviceError):  # a model that needs it not refuses it
                    await link.set_feature(ENABLE, deadline_s=ORDER_S)
            await self._site.report(None)  # a scanner says nothing until it scans
            while True:
                await self._receive(link, device, scans)
        finally:
            await link.close()

    async def _receive(self, link: ReportLink, device: Descriptor, scans: PosScans) -> None:
        """Take what comes, or the silence in the middle of a code."""
        scan: Scan | Dropped | None
        try:
            async with asyncio.timeout(self._silence_s if scans.pending else None):
                scan = scans.report(*device.divide(await link.read()))
        except TimeoutError:  # also when it was us who paused: then the rest is here
            scan = None if link.waiting else scans.silence()
        except DeviceError as error:
            if error.code != "device.overrun":
                raise
            scan = scans.void()
        if scan is not None:
            await publish(self._site, scan)

    @property
    def _silence_s(self) -> float:
        return self._options.silence_ms / MS_PER_S
