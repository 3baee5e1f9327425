"""What the queue asks of the disk."""

from typing import Protocol

from posedge.model.printing import PrintJob, PrintOrder


class Prints(Protocol):
    """Where jobs are kept. What it returned survives a power cut; StorageError when it cannot.

    A job that ended is held for days, so that its id prints nothing again; its content is not.
    """

    @property
    def alarm(self) -> str | None:
        """Say that jobs from before this start were lost."""
        ...

    async def add(self, order: PrintOrder, job: PrintJob) -> None:
        """Store a new job; it goes through even if the caller is cancelled."""
        ...

    async def find(self, job_id: str) -> tuple[PrintJob, str] | None:
        """Return the job as it was saved last and its order's digest."""
        ...

    async def order(self, job_id: str) -> PrintOrder:
        """Return what an open job is to print."""
        ...

    async def save(self, job: PrintJob) -> None:
        """Store how a job stands; one that ended loses its content."""
        ...

    async def unfinished(self) -> tuple[PrintJob, ...]:
        """Return the jobs that have not ended, in the order in which they came."""
        ...
