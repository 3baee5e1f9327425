"""One print queue for the box: accepted durably, printed once, in order for each printer.

A job's id prints once, also after a restart. What may be on paper already never comes out again
without the word COPY.
"""

import asyncio
from contextlib import suppress

from posedge.clock import Clock
from posedge.model.errors import (
    ConflictError,
    DeniedError,
    DeviceBusy,
    DeviceError,
    MisuseError,
    NotFoundError,
    PosedgeError,
    StorageError,
)
from posedge.model.printing import PrintJob, PrintOrder, PrintState
from posedge.payments.announce import Announcer
from posedge.payments.order import Devices
from posedge.printing import course
from posedge.printing.book import Book, Told
from posedge.printing.interface import Prints
from posedge.printing.lane import station_of
from posedge.printing.press import Press
from posedge.printing.settings import PrintingSettings
from posedge.tasks import Crew

MAX_OPEN = 2_000
"""A busy shop's day without paper; who sends more than that is not printing."""

MAYBE = "cancelled; a part of it may be on paper"


class PrintQueue:
    """One per box. `resume` once at the start; `close` before the crew is left."""

    def __init__(
        self,
        prints: Prints,
        printers: Devices,
        announcer: Announcer,
        *,
        clock: Clock,
        crew: Crew,
        settings: PrintingSettings | None = None,
    ) -> None:
        self._settings = settings or PrintingSettings()
        self._crew = crew
        self._printers = printers
        self._book = Book(prints, announcer, clock)
        self._press = Press(self._book, printers, crew=crew, settings=self._settings)
        self._door = asyncio.Lock()

    @property
    def waiting(self) -> int:
        return len(self._book.open)

    @property
    def alarm(self) -> str | None:
        """Say that jobs from before this start were lost, and with them what was on paper."""
        return self._book.prints.alarm

    def device(self, wanted: str | None) -> str | None:
        """Return the name of the device that a name or a role means; None is the only one."""
        return self._settings.device(wanted)

    def listen(self, told: Told) -> None:
        """Call `told` with each job that has changed."""
        self._book.listen(told)

    async def resume(self) -> None:
        """Take up what the last run left; what was being printed may be on paper."""
        for job in await self._book.prints.unfinished():
            held = self._book.hold(job)
            if job.state is PrintState.PRINTING:
                await self._book.become(held, course.interrupted(job))
            if not held.job.final:
                self._press.take(held)

    async def close(self) -> None:
        """Stop; what waits is printed after the next start."""
        await self._press.close()

    async def submit(
        self, order: PrintOrder, *, owed: bool = False, is_copy: bool = False
    ) -> PrintJob:
        """Return the job once it is durable; the same order again returns the same job.

        `owed`: it is taken also while there is no such printer; else NotFoundError or MisuseError
        says that there is none, or several. `is_copy`: it may be on paper already. ConflictError
        `print.conflict`: other content under a known id. DeviceBusy `print.full`. DeniedError
        `print.raw`: bytes are not allowed here.
        """
        accepting = self._crew.start(
            self._submit(order, owed=owed, is_copy=is_copy), name=f"accept.{order.id}"
        )
        outcome = await asyncio.shield(accepting)
        if isinstance(outcome, PosedgeError):
            raise outcome
        return outcome

    async def find(self, job_id: str) -> PrintJob | None:
        """Return how a job stands; None when none of that id was printed in the last month."""
        held = self._book.open.get(job_id)
        if held is None:
            found = await self._book.prints.find(job_id)
            return found[0] if found else None
        return held.job.model_copy(update={"reason": self._press.reason(held)})

    async def get(self, job_id: str) -> PrintJob:
        """Return how a job stands; NotFoundError `print.unknown`."""
        job = await self.find(job_id)
        if job is None:
            raise NotFoundError("print.unknown", f"no print job {job_id} is known here", job=job_id)
        return job

    async def ended(self, job_id: str, within_s: float) -> PrintJob:
        """Return the job once it has ended, or as it is after `within_s`."""
        if held := self._book.open.get(job_id):
            with suppress(TimeoutError):
                async with asyncio.timeout(within_s):
                    await held.over.wait()
        return await self.get(job_id)

    async def cancel(self, job_id: str) -> PrintJob:
        """Take back a job that waits; one that has ended is returned as it is.

        NotFoundError `print.unknown`; MisuseError `print.begun` while a printer has it.
        StorageError: it is printed all the same.
        """
        async with self._door:
            held = self._book.open.get(job_id)
            if held is None:
                return await self.get(job_id)
            if held.taken:
                raise MisuseError("print.begun", "it is at the printer: it is printed to its end")
            self._press.withdraw(held)
            reason = None if held.job.at is None else MAYBE
            ended = held.job.model_copy(update={"state": PrintState.CANCELLED, "reason": reason})
            try:
                await self._book.become(held, ended)
            except StorageError:  # it is not taken back, and goes behind the others
                self._press.take(held)
                raise
            return held.job

    async def _submit(
        self, order: PrintOrder, *, owed: bool, is_copy: bool
    ) -> PrintJob | PosedgeError:
        """Finish even when who asked has gone; the error is the asker's, not the crew's."""
        async with self._door:
            try:
                known = await self._book.prints.find(order.id)
                if known is None:
                    self._check(order, owed=owed)
                    return await self._accept(order, is_copy=is_copy)
                _check_same(order, known[1])
                return await self.get(order.id)
            except PosedgeError as error:
                return error

    def _check(self, order: PrintOrder, *, owed: bool) -> None:
        """Refuse what would wait for ever, or for too long."""
        if order.raw is not None and not self._settings.raw:
            text = "raw bytes are not allowed here: send a receipt, or set raw in [printing]"
            raise DeniedError("print.raw", text)
        if self.waiting >= MAX_OPEN:
            raise DeviceBusy("print.full", f"{MAX_OPEN} jobs wait: see to the printers first")
        if not owed:
            with suppress(DeviceError):  # it is away: that may change
                station = station_of(order, self._settings)
                self._printers.find(station.capability, station.own)

    async def _accept(self, order: PrintOrder, *, is_copy: bool) -> PrintJob:
        held = await self._book.add(order, is_copy=is_copy)
        job = held.job
        self._press.take(held)
        return job


def _check_same(order: PrintOrder, digest: str) -> None:
    if order.digest != digest:
        text = f"job {order.id} exists with other content: use a new id for a new job"
        raise ConflictError("print.conflict", text, job=order.id)
