"""ESC/POS receipt printers on TCP, USB or a serial line, and what hangs behind them.

That is a cash drawer, and perhaps a customer display: its bytes go out between two jobs.

A job is done when the printer says so: it answers a process id (GS ( H) once everything before it
is on paper. Printers without it leave one weaker proof: some seconds after the last byte they are
still on line and have paper. `print` returns which of the two it was.
"""

import asyncio
from contextlib import suppress
from functools import partial
from typing import ClassVar, Final

import structlog

from posedge.drivers.escpos_channel import Channel
from posedge.drivers.escpos_options import EscposOptions
from posedge.drivers.interface import Site
from posedge.drivers.options import read_options
from posedge.drivers.passage import Passage
from posedge.drivers.printer_report import (
    AWAY,
    SILENT,
    PrinterReport,
    unproven,
    waiting,
    why_not,
)
from posedge.drivers.rendering import render
from posedge.link.interface import Link
from posedge.model.capabilities import Kind, PrintEvidence
from posedge.model.errors import DeviceError, DeviceGone, MisuseError
from posedge.model.receipt import Receipt
from posedge.model.value import Value
from posedge.tasks import Crew, Worker
from posedge.wire import escpos
from posedge.wire.escpos import Connector, Query

log = structlog.get_logger()

MS: Final = 1000

_UNANSWERED: Final = "process-id-unanswered"
"""What is remembered: how many jobs in a row came out without the answer that was asked for."""

GIVE_UP: Final = 3
"""One answer may be lost; a printer that never gives one is a clone, and its jobs ask no more.

It is still asked once when it connects: another printer may stand in its place, or a better one.
"""


_CHAINED: Final = "display-behind"
"""What is remembered: a display has hung on this line, and may have it after a cut."""

READY_S: Final = 60
"""How often somebody who waits for paper is looked after; the news comes at once."""


class EscposPrinter:
    """Driver, Printer, the Drawer on the printer's connector, and the way to a display."""

    name: ClassVar = "escpos"
    kind: ClassVar = Kind.PRINTER
    options: ClassVar[type[Value]] = EscposOptions

    def __init__(self, site: Site) -> None:
        self._site = site
        self._options = read_options(EscposOptions, site.options)
        self._channel: Channel | None = None
        self._worker = Worker("escpos")
        self._turn = asyncio.Lock()
        self._passage: Passage | None = None
        self._report = PrinterReport(site, contact=self._options.drawer_contact)

    async def run(self) -> None:
        link = await self._site.open()
        channel = Channel(link, write_s=self._options.write_ms / MS, changed=self._report.changed)
        self._channel = channel
        try:
            async with Crew(f"escpos.{self._site.device}") as crew:
                crew.start(channel.listen(), name="listen")
                crew.start(self._watch(channel), name="watch")
                await crew.broken()
        finally:
            self._channel = None
            self._end_passage()
            self._worker.close()
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
            mark = self._mark() if self._asks(channel) else None
            data = await self._bytes(content, mark)
            try:
                await channel.send(data)
                evidence = await self._evidence(channel, mark)
                await self._learn(evidence, asked=mark is not None)
            except DeviceError as error:
                log.warning("not printed", device=self._site.device, job=job, reason=error.message)
                raise unproven(error.message) from error
        log.info("printed", device=self._site.device, job=job, evidence=evidence, bytes=len(data))
        return evidence

    async def kick(self, drawer: int = 0) -> None:
        if drawer not in tuple(Connector):
            raise MisuseError("drawer.unknown", "a printer has drawers 0 (pin 2) and 1 (pin 5)")
        channel, options = self._ready_channel(), self._options
        pulse = escpos.kick(
            Connector(drawer), on_ms=options.drawer_on_ms, off_ms=options.drawer_off_ms
        )
        await self._report.kick(lambda: channel.send(pulse), channel.until, options.opening_ms / MS)

    def passage(self) -> Link:
        if self._channel is None:
            raise waiting(AWAY)
        self._end_passage()
        self._passage = Passage(self._site.name, partial(self._pass_on, self._channel))
        return self._passage

    def _end_passage(self) -> None:
        if self._passage is not None:
            self._passage.end()

    async def _pass_on(self, channel: Channel, data: bytes) -> None:
        """Send what is not for the printer, once it is between two jobs and takes bytes."""
        if self._site.memory.recall(_CHAINED) is None:
            await self._site.memory.learn(_CHAINED, "yes")
        while True:
            while not await channel.until(lambda: channel.state.ready, READY_S):
                continue
            async with self._turn:
                if channel.state.ready:
                    await channel.send(data)
                    return

    @property
    def _unanswered(self) -> int:
        return int(self._site.memory.recall(_UNANSWERED) or 0)

    def _asks(self, channel: Channel) -> bool:
        """Whether the printer is asked to confirm a job."""
        answers = channel.acknowledges or self._unanswered < GIVE_UP
        return self._options.process_id and answers

    async def _learn(self, evidence: PrintEvidence, *, asked: bool) -> None:
        if asked:
            answered = evidence is PrintEvidence.PROCESS_ID
            await self._site.memory.learn(
                _UNANSWERED, "0" if answered else f"{self._unanswered + 1}"
            )

    async def _bytes(self, content: Receipt | bytes, mark: bytes | None) -> bytes:
        if isinstance(content, bytes):
            return escpos.foreign_job(content, mark)
        profile = self._options.profile
        return await self._worker.run(lambda: render(content, profile, mark))

    def _ready_channel(self) -> Channel:
        if self._channel is None:
            raise waiting(AWAY)
        reason = why_not(self._channel.state)
        if reason is not None:
            raise waiting(reason if self._channel.heard else "it has not answered yet")
        return self._channel

    def _mark(self) -> bytes:
        # From the random end: an answer to a job that an earlier connection left must not count.
        return escpos.job_id(int(self._site.ids.new()[-8:], 16))

    async def _evidence(self, channel: Channel, mark: bytes | None) -> PrintEvidence:
        """Wait until the printer says that `mark` is out; DeviceError says why it does not."""

        def confirmed() -> bool:
            return mark is not None and channel.done == mark

        def ended() -> bool:
            return confirmed() or not channel.state.ready

        options = self._options
        await channel.until(lambda: ended() or channel.acknowledges, options.settle_ms / MS)
        if channel.acknowledges:
            await channel.until(ended, options.job_ms / MS)
            if not channel.state.ready:  # it goes on with the next roll
                await channel.until(confirmed, options.resume_ms / MS)
        if confirmed():
            return PrintEvidence.PROCESS_ID
        if channel.acknowledges and channel.state.ready:
            raise unproven(f"it did not confirm within {options.job_ms / MS:g} s")
        alive = channel.state.ready and await channel.query(*Query, within_s=options.answer_ms / MS)
        reason = why_not(channel.state) or (None if alive else SILENT)
        if reason is not None:
            raise unproven(reason)
        return PrintEvidence.STATUS

    async def _watch(self, channel: Channel) -> None:
        """Look after the printer; that its line has ended is for the listener to say, once."""
        with suppress(DeviceGone):
            await self._attend(channel)

    async def _attend(self, channel: Channel) -> None:
        """Mend what was left half-sent, switch reports on, and notice a printer that is silent."""
        options = self._options
        probe = escpos.when_done(self._mark()) if options.process_id else b""
        ours = escpos.SELECT_PRINTER if self._site.memory.recall(_CHAINED) else b""
        await channel.send(escpos.RESYNCHRONISE + ours + escpos.BEGIN_JOB + probe)
        while True:
            await self._look_after(channel)
            await asyncio.sleep((options.beat_ms if channel.automatic else options.poll_ms) / MS)

    async def _look_after(self, channel: Channel) -> None:
        if channel.automatic and not channel.state.ready:
            return  # it tells when that changes; until then a full buffer may take no question
        kinds = (Query.PRINTER,) if channel.automatic else tuple(Query)
        answered = await channel.query(*kinds, within_s=self._options.answer_ms / MS)
        if not answered and not self._excused(channel):
            raise DeviceError("printer.silent", SILENT)

    def _excused(self, channel: Channel) -> bool:
        """Allow for silence: printing, or stopped with a full buffer, it hears no question."""
        return self._turn.locked() or (channel.heard and not channel.state.ready)
