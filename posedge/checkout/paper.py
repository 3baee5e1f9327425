"""The receipts of sales on their way through the print queue.

    receipt.waiting (together with the sale) -> receipt.printed | receipt.failed

The journal says which receipts are owed; the queue prints each once, and marks as a copy what may
be on paper already.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final, Literal

import structlog

from posedge.clock import Clock, Ids
from posedge.journal.interface import Journal
from posedge.model.entry import Draft
from posedge.model.errors import PosedgeError, StorageError
from posedge.model.events import ReceiptChanged
from posedge.model.printing import PrintJob, PrintOrder, PrintState
from posedge.model.receipt import Receipt
from posedge.model.sale import ReceiptState
from posedge.payments.announce import Announcer
from posedge.printing.queue import PrintQueue
from posedge.tasks import Crew

PREFIX: Final = "receipt-"
OWNER: Final = "checkout"

log = structlog.get_logger()

Compose = Callable[[str], Awaitable[tuple[str, Receipt]]]
"""What the receipt of a sale is called, and the receipt."""


class Paper:
    """Hands receipts to the queue and writes down how they ended."""

    def __init__(
        self,
        journal: Journal,
        queue: PrintQueue,
        announcer: Announcer,
        compose: Compose,
        *,
        clock: Clock,
        ids: Ids,
        crew: Crew,
    ) -> None:
        self._journal = journal
        self._queue = queue
        self._announcer = announcer
        self._compose = compose
        self._clock = clock
        self._ids = ids
        self._crew = crew
        queue.listen(self._heard)

    async def resume(self) -> None:
        """Take up the receipts that the last run owed."""
        for entry in await self._journal.unsettled("receipt"):
            sale = entry.subject.partition("/")[2]
            job = await self._queue.find(PREFIX + sale)
            if job is None:
                lost = self._queue.alarm is not None
                await self.hand_in(sale, entry.data["printer"], is_copy=lost)
            elif job.final:
                await self._settle(job)

    async def hand_in(self, sale: str, printer: str | None, *, is_copy: bool = False) -> None:
        """Have a receipt printed whose `receipt.waiting` is in the journal.

        What the queue does not take now is owed, and handed in again at the next start.
        """
        title, receipt = await self._compose(sale)
        order = PrintOrder(
            id=PREFIX + sale, owner=OWNER, title=title, printer=printer, receipt=receipt
        )
        try:
            await self._queue.submit(order, owed=True, is_copy=is_copy)
        except PosedgeError as error:
            log.error("receipt.refused", sale=sale, code=error.code, reason=error.message)  # noqa: TRY400 - told

    async def printed(self, sale: str, within_s: float) -> None:
        """Wait until a receipt is out, or for so long."""
        if await self._queue.find(PREFIX + sale) is not None:
            await self._queue.ended(PREFIX + sale, within_s)

    async def state(self, sale: str) -> tuple[ReceiptState, str | None]:
        """Return how the receipt of a sale stands, and why it is not printed."""
        entry = await self._journal.latest(f"receipt/{sale}")
        if entry is None:
            return ReceiptState.NONE, None
        if entry.type == "receipt.printed":
            return ReceiptState.PRINTED, None
        if entry.type == "receipt.failed":
            return ReceiptState.FAILED, entry.data["reason"]
        job = await self._queue.find(PREFIX + sale)
        return (
            (ReceiptState(_STATES[job.state]), job.reason) if job else (ReceiptState.WAITING, None)
        )

    def _heard(self, job: PrintJob) -> None:
        """Pass on what the queue tells of a receipt."""
        if not job.id.startswith(PREFIX):
            return
        if job.state is not PrintState.PRINTING:
            self._announcer.say(
                ReceiptChanged(
                    at=self._clock.now(),
                    sale=job.id.removeprefix(PREFIX),
                    state=_STATES[job.state],
                    reason=job.reason,
                )
            )
        if job.final:
            self._crew.start(self._settle(job), name=f"settle.{job.id}")

    async def _settle(self, job: PrintJob) -> None:
        """Write down how a receipt ended; a disk that fails now is told at the next start."""
        kind = f"receipt.{_STATES[job.state]}"
        data = {
            "open": False,
            "printer": job.at or job.printer,
            "copy": job.is_copy,
            "evidence": job.evidence,
            "reason": job.reason,
        }
        subject = f"receipt/{job.id.removeprefix(PREFIX)}"
        try:
            draft = Draft(self._ids.new(), kind, subject, self._clock.now(), data)
            await self._journal.append((draft,))
        except StorageError as error:
            log.critical("receipt.unrecorded", job=job.id, reason=error.message)


_STATES: Final[Mapping[PrintState, Literal["waiting", "printed", "failed"]]] = {
    PrintState.QUEUED: "waiting",
    PrintState.PRINTING: "waiting",
    PrintState.DONE: "printed",
    PrintState.FAILED: "failed",
    PrintState.UNKNOWN: "failed",
    PrintState.CANCELLED: "failed",
}
