"""Star receipt printers in Line Mode or StarPRNT, on TCP, USB or a serial line, and their drawer.

A job is done when the printer says so: its counter of executed ETB commands passes the one behind
the job. Firmware without that counter leaves one weaker proof: some seconds after the last byte it
is still on line and has paper. `print` returns which of the two it was. Paper that ends half-way
ends no job: the printer keeps what it has taken and goes on with the next roll.
"""

import asyncio
from contextlib import suppress
from typing import ClassVar, Final

import structlog

from posedge.drivers.interface import Site
from posedge.drivers.options import read_options
from posedge.drivers.printer_report import AWAY, SILENT, PrinterReport, unproven, waiting, why_not
from posedge.drivers.star_channel import StarChannel
from posedge.drivers.star_options import StarOptions
from posedge.drivers.star_rendering import render
from posedge.model.capabilities import Kind, PrintEvidence
from posedge.model.errors import DeviceError, DeviceGone, MisuseError
from posedge.model.receipt import Receipt
from posedge.model.value import Value
from posedge.tasks import Crew
from posedge.wire import star
from posedge.wire.star import Circuit
from posedge.wire.star_count import STARTS

log = structlog.get_logger()

MS: Final = 1000


class StarPrinter:
    """Driver, Printer, and the Drawer on the printer's connector."""

    name: ClassVar = "star-printer"
    kind: ClassVar = Kind.PRINTER
    options: ClassVar[type[Value]] = StarOptions

    def __init__(self, site: Site) -> None:
        self._site = site
        self._options = read_options(StarOptions, site.options)
        self._channel: StarChannel | None = None
        self._turn = asyncio.Lock()
        self._report = PrinterReport(site, contact=self._options.drawer_contact)

    async def run(self) -> None:
        link = await self._site.open()
        channel = StarChannel(
            link,
            write_s=self._options.write_ms / MS,
            start=self._start(),
            changed=self._report.changed,
        )
        self._channel = channel
        try:
            async with Crew(f"star.{self._site.device}") as crew:
                crew.start(channel.listen(), name="listen")
                crew.start(self._watch(channel), name="watch")
                await crew.broken()
        finally:
            self._channel = None
            await link.close()

    @property
    def ready(self) -> bool:
        return self._channel is not None and self._channel.state.ready

    @property
    def drawer_open(self) -> bool | None:
        return self._report.drawer_open

    async def print(self, content: Receipt | bytes, job: str) -> PrintEvidence:
        async with self._turn:
            channel = self._ready_channel()
            data = self._bytes(content)
            counts = channel.tally.counts
            try:
                if isinstance(content, bytes):
                    number = await channel.send_foreign(data, self._start())
                else:
                    number = await channel.send_counted(data)
                evidence = await self._evidence(channel, number, counts=counts)
            except DeviceError as error:
                log.warning("not printed", device=self._site.device, job=job, reason=error.message)
                raise unproven(error.message) from error
        log.info("printed", device=self._site.device, job=job, evidence=evidence, bytes=len(data))
        return evidence

    async def kick(self, drawer: int = 0) -> None:
        if drawer not in tuple(Circuit):
            raise MisuseError("drawer.unknown", "a printer has drawers 0 and 1")
        channel, options = self._ready_channel(), self._options
        pulse = star.kick(Circuit(drawer), on_ms=options.drawer_on_ms, off_ms=options.drawer_off_ms)
        await self._report.kick(lambda: channel.send(pulse), channel.until, options.opening_ms / MS)

    def _bytes(self, content: Receipt | bytes) -> bytes:
        if isinstance(content, bytes):
            return star.foreign_job(content)
        return render(content, self._options.profile)

    def _start(self) -> int:
        # From the random end: what an earlier connection left in the printer must not count.
        return STARTS[int(self._site.ids.new()[-8:], 16) % len(STARTS)]

    def _ready_channel(self) -> StarChannel:
        if self._channel is None:
            raise waiting(AWAY)
        reason = why_not(self._channel.state)
        if reason is not None:
            raise waiting(reason if self._channel.heard else "it has not answered yet")
        return self._channel

    async def _evidence(self, channel: StarChannel, number: int, *, counts: bool) -> PrintEvidence:
        """Wait until the printer has counted `number`; DeviceError says why it does not.

        `counts`: it was known to count before this job.
        """
        options = self._options

        def counted() -> bool:
            return channel.tally.reached(number)

        def stopped() -> bool:
            return counted() or not channel.state.ready

        if not counts:
            await channel.until(lambda: channel.tally.counts or stopped(), options.settle_ms / MS)
        if not (counts or channel.tally.counts) and channel.state.ready:
            return await self._weaker(channel)
        await channel.until(stopped, options.job_ms / MS)
        patience_ms = 0 if channel.state.ready else options.resume_ms
        if await channel.until(counted, patience_ms / MS):
            return PrintEvidence.ETB
        patience_ms += options.job_ms
        raise unproven(
            why_not(channel.state) or f"it did not confirm within {patience_ms / MS:g} s"
        )

    async def _weaker(self, channel: StarChannel) -> PrintEvidence:
        """Ask a printer that does not count whether it is well."""
        alive = await channel.ask(self._options.answer_ms / MS)
        reason = why_not(channel.state) or (None if alive else SILENT)
        if reason is not None:
            raise unproven(reason)
        return PrintEvidence.STATUS

    async def _watch(self, channel: StarChannel) -> None:
        """Look after the printer; that its line has ended is for the listener to say, once."""
        with suppress(DeviceGone):
            await channel.begin()
            while True:
                await self._look_after(channel)
                beat_ms = self._options.beat_ms if channel.automatic else self._options.poll_ms
                await asyncio.sleep(beat_ms / MS)

    async def _look_after(self, channel: StarChannel) -> None:
        if channel.automatic and (self._turn.locked() or not channel.state.ready):
            return  # it tells when that changes; until then a full buffer may take no question
        if not await self._answers(channel) and not self._excused(channel):
            raise DeviceError("printer.silent", SILENT)

    async def _answers(self, channel: StarChannel) -> bool:
        """Whether it is there: by its counter, since while it reports it must not be asked."""
        within_s = self._options.answer_ms / MS
        if not (channel.automatic and channel.tally.counts):
            return await channel.ask(within_s)
        number = await channel.send_counted(b"")
        return await channel.until(lambda: channel.tally.reached(number), within_s)

    def _excused(self, channel: StarChannel) -> bool:
        """Allow for silence: printing, or stopped with a full buffer, it hears no question."""
        return self._turn.locked() or (channel.heard and not channel.state.ready)
