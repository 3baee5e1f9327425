"""Label printers that speak ZPL, on TCP, USB or a serial line.

A batch is done when the printer, asked after the last byte, has no format in its buffer and no
label left to print, twice in a row. One that stops for paper goes on by itself with the next roll.
"""

import asyncio
from contextlib import suppress
from typing import ClassVar, Final

import structlog

from posedge.drivers.interface import Site
from posedge.drivers.options import read_options
from posedge.drivers.printer_report import AWAY, SILENT, PrinterReport, unproven, waiting, why_not
from posedge.drivers.zpl_channel import ZplChannel
from posedge.drivers.zpl_options import ZplOptions
from posedge.drivers.zpl_rendering import render
from posedge.model.capabilities import Kind, PrintEvidence
from posedge.model.errors import DeviceError, DeviceGone
from posedge.model.label import Labels
from posedge.model.value import Value
from posedge.tasks import Crew
from posedge.wire import zpl

log = structlog.get_logger()

MS: Final = 1000
ENOUGH: Final = 2
"""So many answers in a row that nothing is left: the first may have overtaken the format."""


class ZplPrinter:
    """Driver and LabelPrinter."""

    name: ClassVar = "zpl-printer"
    kind: ClassVar = Kind.PRINTER
    options: ClassVar[type[Value]] = ZplOptions

    def __init__(self, site: Site) -> None:
        self._site = site
        self._options = read_options(ZplOptions, site.options)
        self._channel: ZplChannel | None = None
        self._turn = asyncio.Lock()
        self._report = PrinterReport(site, contact="none")

    async def run(self) -> None:
        link = await self._site.open()
        channel = ZplChannel(
            link, write_s=self._options.write_ms / MS, changed=self._report.changed
        )
        self._channel = channel
        try:
            async with Crew(f"zpl.{self._site.device}") as crew:
                crew.start(channel.listen(), name="listen")
                crew.start(self._watch(channel), name="watch")
                await crew.broken()
        finally:
            self._channel = None
            await link.close()

    @property
    def ready(self) -> bool:
        return self._channel is not None and self._channel.state.ready

    async def print_labels(self, labels: Labels, job: str) -> PrintEvidence:
        data = render(labels.label, self._options.paper, labels.quantity)
        async with self._turn:
            channel = self._ready_channel()
            try:
                await channel.send(data)
                await self._all_out(channel)
            except DeviceError as error:
                log.warning("not printed", device=self._site.device, job=job, reason=error.message)
                raise unproven(error.message) from error
        log.info(
            "printed", device=self._site.device, job=job, labels=labels.quantity, bytes=len(data)
        )
        return PrintEvidence.BUFFER

    def _ready_channel(self) -> ZplChannel:
        if self._channel is None:
            raise waiting(AWAY)
        reason = why_not(self._channel.state)
        if reason is not None:
            raise waiting(reason if self._channel.heard else "it has not answered yet")
        return self._channel

    async def _all_out(self, channel: ZplChannel) -> None:
        """Return when nothing is left to print; DeviceError says why there still is something."""
        options, loop = self._options, asyncio.get_running_loop()
        idle, left = 0, -1
        deadline_s = loop.time() + options.job_ms / MS
        while idle < ENOUGH:
            await self._answered(channel)
            status = await channel.ask_what_is_left(options.answer_ms / MS) if self.ready else None
            idle = idle + 1 if status is not None and status.idle else 0
            if status is not None and status.remaining != left:
                left = status.remaining
                deadline_s = loop.time() + options.job_ms / MS
            elif not self.ready and left >= 0:
                left = -1
                deadline_s = loop.time() + options.resume_ms / MS
            if loop.time() > deadline_s:
                raise unproven(why_not(channel.state) or "it does not go on: see its display")
            await asyncio.sleep(options.poll_ms / MS)

    async def _answered(self, channel: ZplChannel) -> None:
        if not await channel.ask(self._options.answer_ms / MS):
            raise DeviceError("printer.silent", SILENT)

    async def _watch(self, channel: ZplChannel) -> None:
        """Look after the printer; that its line has ended is for the listener to say, once."""
        with suppress(DeviceGone):
            await channel.send(zpl.CANCEL_ALL)  # what a cut line left half-sent would swallow ours
            while True:
                if not self._turn.locked():
                    await self._answered(channel)
                await asyncio.sleep(self._options.beat_ms / MS)
