"""What prints: one lane of jobs for each printer that is asked for, and a task while it has any."""

import asyncio
from collections.abc import Iterable

import structlog

from posedge.model.capabilities import Printer, PrintEvidence
from posedge.model.errors import ConfigError, DeviceError, MisuseError, StorageError
from posedge.model.label import LabelPrinter, Labels
from posedge.model.printing import PrintJob, PrintOrder, PrintState
from posedge.model.receipt import Receipt
from posedge.payments.order import Devices
from posedge.printing import course
from posedge.printing.book import Book
from posedge.printing.lane import AnyPrinter, Lane, Open, Station, station_of
from posedge.printing.settings import PrintingSettings
from posedge.tasks import Crew, cancel

RETRY_S = 2
"""How soon after paper was put in the next job may come."""

JOB_S = 600
"""Drivers have deadlines of their own, and wait for paper in mid-job: this one has forgotten."""

STORAGE_S = 10
"""Between tries to write while the disk is full; what has failed for good ends the process."""

log = structlog.get_logger()


class Press:
    """Prints each lane in order. A job that has begun stays with the printer it began on."""

    def __init__(
        self, book: Book, printers: Devices, *, crew: Crew, settings: PrintingSettings
    ) -> None:
        self._book = book
        self._printers = printers
        self._crew = crew
        self._settings = settings
        self._lanes: dict[Station, Lane] = {}
        self._tasks: dict[Station, asyncio.Task[None]] = {}

    def take(self, held: Open) -> None:
        """Put a job at the end of its lane."""
        station = station_of(held.job, self._settings)
        lane = self._lanes.setdefault(station, Lane(station))
        lane.jobs.append(held)
        if station not in self._tasks:
            task = self._crew.start(self._serve(lane), name=f"print.{station.own}")
            self._tasks[station] = task

    def withdraw(self, held: Open) -> None:
        self._lane(held).jobs.remove(held)

    def reason(self, held: Open) -> str | None:
        """Return what an open job waits for."""
        if not held.taken:
            return held.job.reason or self._lane(held).reason
        found = self._reach(self._lane(held).station, (held.job.at,), held.job.reason)
        return found if isinstance(found, str) else held.job.reason

    async def close(self) -> None:
        for task in tuple(self._tasks.values()):
            await cancel(task)

    def _lane(self, held: Open) -> Lane:
        return self._lanes[station_of(held.job, self._settings)]

    async def _serve(self, lane: Lane) -> None:
        try:
            while lane.jobs:
                pause_s = await self._step(lane)
                await asyncio.sleep(pause_s)
        finally:
            del self._tasks[lane.station]

    async def _step(self, lane: Lane) -> float:
        """Print the next job; return after how long to go on."""
        try:
            printed = await self._print_next(lane)
        except StorageError as error:
            log.critical("print.unrecorded", printer=lane.station.own, reason=error.message)
            return STORAGE_S
        return 0 if printed else RETRY_S

    async def _print_next(self, lane: Lane) -> bool:
        """Print the first job that can be printed; whether one ended."""
        held, station = lane.jobs[0], lane.station
        found = self._reach(station, _places(held.job, station.own), held.job.reason)
        if not isinstance(found, str):
            lane.well()
            return await self._print(lane, held, *found, diverted=held.job.diverted)
        ailing_s = lane.ail(found, asyncio.get_running_loop().time())
        self._book.wait(held, found)
        other, stand_in = lane.next_elsewhere(), self._settings.stand_in(station.own)
        if other is None or stand_in is None or ailing_s < self._settings.fallback_after_s:
            return False
        instead = self._reach(station, (stand_in,), None)
        if isinstance(instead, str):
            return False
        return await self._print(lane, other, *instead, diverted=True)

    def _reach(
        self, station: Station, names: Iterable[str | None], known: str | None
    ) -> tuple[str, AnyPrinter] | str:
        """Return the first printer that is ready, or why there is none; `known` is what it said."""
        reasons: list[str] = []
        for name in names:
            try:
                found, printer = self._printers.find(station.capability, name)
            except (DeviceError, MisuseError) as error:
                reasons.append(error.message)
                continue
            if printer.ready:
                return found, printer
            reasons.append(known or f"{found} is not ready")
        return reasons[0]

    async def _print(
        self,
        lane: Lane,
        held: Open,
        name: str,
        printer: AnyPrinter,
        *,
        diverted: bool,
    ) -> bool:
        """Print what is left of a job; whether it ended."""
        held.taken = True
        try:
            before = await self._beginning(held)
            if not before.final:
                order = await self._book.prints.order(before.id)
                await self._book.become(held, course.begin(before, name, diverted=diverted))
                while held.job.state is PrintState.PRINTING:
                    after = await self._put_out(held, before, order, printer)
                    await self._book.become(held, after)
        finally:
            held.taken = False
        if held.job.final:
            lane.jobs.remove(held)
        return held.job.final

    async def _beginning(self, held: Open) -> PrintJob:
        """Return the job as it may begin; what the disk could not note has been interrupted."""
        if held.job.state is PrintState.PRINTING:
            await self._book.become(held, course.interrupted(held.job))
        return held.job

    async def _put_out(
        self, held: Open, before: PrintJob, order: PrintOrder, printer: AnyPrinter
    ) -> PrintJob:
        """Print one copy and return what became of the job."""
        job = held.job
        try:
            async with asyncio.timeout(JOB_S):
                evidence = await _out(course.content(order, job), printer, job.id)
        except TimeoutError:
            return course.interrupted(job, f"the printer did not answer within {JOB_S} s")
        except (DeviceError, MisuseError, ConfigError) as error:
            held.stays = job.diverted and isinstance(error, MisuseError)
            return course.refused(before, job, error)
        return course.came_out(job, evidence)


async def _out(content: Receipt | bytes | Labels, printer: AnyPrinter, job: str) -> PrintEvidence:
    if isinstance(content, Labels):
        assert isinstance(printer, LabelPrinter), "its station knows no other"
        return await printer.print_labels(content, job)
    assert isinstance(printer, Printer), "its station knows no other"
    return await printer.print(content, job)


def _places(job: PrintJob, own: str | None) -> tuple[str | None, ...]:
    """Return where a job may be printed: once it has begun, first where it did."""
    if job.at is None:
        return (own,)
    return (job.at, own) if job.diverted else (job.at,)
