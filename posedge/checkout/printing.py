"""Receipts that wait for paper: oldest first, each as a whole, and never silently twice.

    receipt.waiting -> receipt.printing (durable before a byte leaves) -> receipt.printed
                    <- receipt.waiting, with the printer's reason

A receipt that was being printed when the power went may be on paper: it is printed again, marked
as a copy.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Literal

import structlog

from posedge.clock import Clock, Ids
from posedge.journal.interface import Journal
from posedge.model.capabilities import Printer
from posedge.model.entry import Draft
from posedge.model.errors import DeviceError, PosedgeError, StorageError
from posedge.model.events import ReceiptChanged
from posedge.model.receipt import Receipt
from posedge.payments.announce import Announcer
from posedge.payments.order import Devices
from posedge.tasks import Crew, cancel

RETRY_S = 2
"""How soon after paper was put in the next receipt may come."""

JOB_S = 60
"""Longer than the longest receipt on the slowest printer; it has hung."""

log = structlog.get_logger()

Compose = Callable[[str, bool], Awaitable[Receipt]]
"""The receipt of a sale; True when it may be on paper already."""


@dataclass(slots=True)
class Job:
    sale: str
    printer: str | None
    copy: bool = False
    reason: str | None = None
    printed: asyncio.Event = field(default_factory=asyncio.Event)


class Printing:
    """One queue and, while there is something in it, one task per printer."""

    def __init__(
        self,
        journal: Journal,
        printers: Devices,
        announcer: Announcer,
        compose: Compose,
        *,
        clock: Clock,
        ids: Ids,
        crew: Crew,
    ) -> None:
        self._journal = journal
        self._printers = printers
        self._announcer = announcer
        self._compose = compose
        self._clock = clock
        self._ids = ids
        self._crew = crew
        self._queues: dict[str | None, deque[Job]] = {}
        self._tasks: dict[str | None, asyncio.Task[None]] = {}

    @property
    def waiting(self) -> int:
        return sum(len(queue) for queue in self._queues.values())

    async def resume(self) -> None:
        """Take up the receipts that the last run left."""
        for entry in await self._journal.unsettled("receipt"):
            data = entry.data
            copy = data["copy"] or entry.type == "receipt.printing"
            sale = entry.subject.partition("/")[2]
            self.add(Job(sale, data["printer"], copy, data["reason"]))

    def add(self, job: Job) -> None:
        """Queue a receipt whose `receipt.waiting` is in the journal."""
        self._queues.setdefault(job.printer, deque()).append(job)
        if job.printer not in self._tasks:
            task = self._crew.start(self._serve(job.printer), name=f"print.{job.printer}")
            self._tasks[job.printer] = task

    async def close(self) -> None:
        """Stop; what waits is printed after the next start."""
        for task in tuple(self._tasks.values()):
            await cancel(task)

    async def _serve(self, printer: str | None) -> None:
        queue = self._queues[printer]
        try:
            while queue:
                if await self._print(queue[0]):
                    queue.popleft().printed.set()
                else:
                    await asyncio.sleep(RETRY_S)
        except StorageError as error:
            log.critical("receipt.unrecorded", printer=printer, reason=error.message)
        finally:
            del self._tasks[printer]

    async def _print(self, job: Job) -> bool:
        try:
            _, printer = self._printers.find(Printer, job.printer)  # type: ignore[type-abstract]
        except PosedgeError as error:
            return await self._wait(job, error.message)
        if not printer.ready:
            return await self._wait(job, job.reason or "the printer is not ready")
        receipt = await self._compose(job.sale, job.copy)
        await self._note(job, "receipt.printing")
        reason = await self._put_out(printer, receipt, job)
        if reason is not None:
            return await self._wait(job, reason)
        job.reason = None
        await self._note(job, "receipt.printed")
        self._announce(job, "printed")
        return True

    async def _put_out(self, printer: Printer, receipt: Receipt, job: Job) -> str | None:
        """Print; return why not. After `printer.waiting` nothing of it was sent."""
        try:
            async with asyncio.timeout(JOB_S):
                await printer.print(receipt, job.sale)
        except TimeoutError:
            job.copy = True
            return f"the printer did not answer within {JOB_S} s"
        except PosedgeError as error:
            job.copy = job.copy or error.code != "printer.waiting"
            if not isinstance(error, DeviceError):
                self._queues[job.printer].rotate(-1)  # it cannot be printed: let the others pass
            return error.message
        return None

    async def _wait(self, job: Job, reason: str) -> Literal[False]:
        """Note the reason, once; a printer that stays out of paper fills no journal."""
        entry = await self._journal.latest(f"receipt/{job.sale}")
        job.reason = reason
        if entry is None or entry.type == "receipt.printing" or entry.data["reason"] != reason:
            await self._note(job, "receipt.waiting")
            self._announce(job, "waiting")
        return False

    async def _note(self, job: Job, kind: str) -> None:
        data = {
            "open": kind != "receipt.printed",
            "printer": job.printer,
            "copy": job.copy,
            "reason": job.reason,
        }
        now = self._clock.now()
        draft = Draft(self._ids.new(), kind, f"receipt/{job.sale}", now, data)
        await self._journal.append((draft,))

    def _announce(self, job: Job, state: Literal["waiting", "printed"]) -> None:
        self._announcer.say(
            ReceiptChanged(at=self._clock.now(), sale=job.sale, state=state, reason=job.reason)
        )
