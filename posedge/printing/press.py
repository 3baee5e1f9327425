"""What prints: one lane of jobs for each printer that is asked for, and a task while it has any."""

import asyncio
from collections.abc import Iterable

import structlog

from posedge.model.capabilities import Printer
from posedge.model.errors import ConfigError, DeviceError, MisuseError, StorageError
from posedge.model.printing import PrintJob, PrintOrder, PrintState
from posedge.payments.order import Devices
from posedge.printing import course
from posedge.printing.book import Book
from posedge.printing.lane import Lane, Open
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
        self._lanes: dict[str | None, Lane] = {}
        self._tasks: dict[str | None, asyncio.Task[None]] = {}

    def take(self, held: Open) -> None:
        """Put a job at the end of its lane."""
        own = self._settings.device(held.job.printer)
        lane = self._lanes.setdefault(own, Lane(own))
        lane.jobs.append(held)
        if own not in self._tasks:
            self._tasks[own] = self._crew.start(self._serve(lane), name=f"print.{own}")

    def withdraw(self, held: Open) -> None:
        self._lane(held).jobs.remove(held)

    def reason(self, held: Open) -> str | None:
        """Return what an open job waits for."""
        if not held.taken:
            return held.job.reason or self._lane(held).reason
        found = self._reach((held.job.at,), held.job.reason)
        return found if isinstance(found, str) else held.job.reason

    async def close(self) -> None:
        for task in tuple(self._tasks.values()):
            await cancel(task)

    def _lane(self, held: Open) -> Lane:
        return self._lanes[self._settings.device(held.job.printer)]

    async def _serve(self, lane: Lane) -> None:
        try:
            while lane.jobs:
                pause_s = await self._step(lane)
                await asyncio.sleep(pause_s)
        finally:
            del self._tasks[lane.own]

    async def _step(self, lane: Lane) -> float:
        """Print the next job; return after how long to go on."""
        try:
            printed = await self._print_next(lane)
        except StorageError as error:
            log.critical("print.unrecorded", printer=lane.own, reason=error.message)
            return STORAGE_S
        return 0 if printed else RETRY_S

    async def _print_next(self, lane: Lane) -> bool:
        """Print the first job that can be printed; whether one ended."""
        held = lane.jobs[0]
        found = self._reach(_places(held.job, lane.own), held.job.reason)
        if not isinstance(found, str):
            lane.well()
            return await self._print(lane, held, *found, diverted=held.job.diverted)
        ailing_s = lane.ail(found, asyncio.get_running_loop().time())
        self._book.wait(held, found)
        other, stand_in = lane.next_elsewhere(), self._settings.stand_in(lane.own)
        if other is None or stand_in is None or ailing_s < self._settings.fallback_after_s:
            return False
        instead = self._reach((stand_in,), None)
        if isinstance(instead, str):
            return False
        return await self._print(lane, other, *instead, diverted=True)

    def _reach(self, names: Iterable[str | None], known: str | None) -> tuple[str, Printer] | str:
        """Return the first printer that is ready, or why there is none; `known` is what it said."""
        reasons: list[str] = []
        for name in names:
            try:
                found, printer = self._printers.find(Printer, name)  # type: ignore[type-abstract]
            except (DeviceError, MisuseError) as error:
                reasons.append(error.message)
                continue
            if printer.ready:
                return found, printer
            reasons.append(known or f"{found} is not ready")
        return reasons[0]

    async def _print(
        self, lane: Lane, held: Open, name: str, printer: Printer, *, diverted: bool
    ) -> bool:
        """Print what is left of a job; whether it ended."""
        held.taken = True
        try:
            before = await self._beginning(held)
            if not before.final:
                order = await self._book.prints.order(before.id)
                await self._book.become(held, course.begin(before, name, diverted=diverted))
                while held.job.state is PrintState.PRINTING:
                    after = await self._put_out(held.job, before, order, printer)
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
        self, job: PrintJob, before: PrintJob, order: PrintOrder, printer: Printer
    ) -> PrintJob:
        """Print one copy and return what became of the job."""
        try:
            async with asyncio.timeout(JOB_S):
                evidence = await printer.print(course.content(order, job), job.id)
        except TimeoutError:
            return course.interrupted(job, f"the printer did not answer within {JOB_S} s")
        except (DeviceError, MisuseError, ConfigError) as error:
            return course.refused(before, job, error)
        return course.came_out(job, evidence)


def _places(job: PrintJob, own: str | None) -> tuple[str | None, ...]:
    """Return where a job may be printed: once it has begun, first where it did."""
    if job.at is None:
        return (own,)
    return (job.at, own) if job.diverted else (job.at,)
