"""The jobs that have not ended: what the disk knows of them, and who is told."""

from collections.abc import Callable

from posedge.clock import Clock
from posedge.model.events import PrintChanged
from posedge.model.printing import PrintJob, PrintOrder
from posedge.payments.announce import Announcer
from posedge.printing.interface import Prints
from posedge.printing.lane import Open

Told = Callable[[PrintJob], None]


class Book:
    """Every change of a job goes through here: first to the disk, then to the listeners."""

    def __init__(self, prints: Prints, announcer: Announcer, clock: Clock) -> None:
        self.prints = prints
        self.open: dict[str, Open] = {}
        self._announcer = announcer
        self._clock = clock
        self._listeners: list[Told] = []

    def listen(self, told: Told) -> None:
        self._listeners.append(told)

    async def add(self, order: PrintOrder, *, is_copy: bool) -> Open:
        job = PrintJob(
            id=order.id,
            printer=order.printer,
            content=order.content,
            copies=order.copies,
            is_copy=is_copy,
            accepted=self._clock.now().rfc3339,
        )
        await self.prints.add(order, job)
        return self.hold(job)

    def hold(self, job: PrintJob) -> Open:
        held = self.open[job.id] = Open(job)
        return held

    async def become(self, held: Open, job: PrintJob) -> None:
        """Store how the job stands now, then tell."""
        if job.final:
            job = job.model_copy(update={"ended": self._clock.now().rfc3339})
        await self.prints.save(job)
        held.job = job
        if job.final:
            del self.open[job.id]
            held.over.set()
        self._tell(job)

    def wait(self, held: Open, reason: str) -> None:
        """Tell for what a job waits; the disk need not know."""
        if held.job.reason != reason:
            held.job = held.job.model_copy(update={"reason": reason})
            self._tell(held.job)

    def _tell(self, job: PrintJob) -> None:
        self._announcer.say(
            PrintChanged(
                at=self._clock.now(),
                job=job.id,
                printer=job.at or job.printer,
                state=job.state,
                evidence=job.evidence,
                reason=job.reason,
            )
        )
        for told in tuple(self._listeners):
            told(job)
