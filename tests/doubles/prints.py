"""The print queue's disk in memory: what it returned from is kept, power cuts included."""

import asyncio

from posedge.model.errors import StorageError
from posedge.model.printing import PrintJob, PrintOrder


class MemoryPrints:
    """A posedge.printing.interface.Prints. `broken`: every call raises StorageError."""

    def __init__(self) -> None:
        self.jobs: dict[str, tuple[PrintJob, PrintOrder]] = {}
        self.alarm: str | None = None
        self.broken = False

    def cut(self) -> "MemoryPrints":
        """Cut the power: the box that comes up next has what is returned."""
        after = MemoryPrints()
        after.jobs = dict(self.jobs)
        return after

    async def add(self, order: PrintOrder, job: PrintJob) -> None:
        await self._commit()
        self.jobs[job.id] = (job, order)
        await asyncio.sleep(0)

    async def find(self, job_id: str) -> tuple[PrintJob, str] | None:
        await asyncio.sleep(0)
        found = self.jobs.get(job_id)
        return (found[0], found[1].digest) if found else None

    async def order(self, job_id: str) -> PrintOrder:
        await asyncio.sleep(0)
        return self.jobs[job_id][1]

    async def save(self, job: PrintJob) -> None:
        await self._commit()
        self.jobs[job.id] = (job, self.jobs[job.id][1])
        await asyncio.sleep(0)

    async def unfinished(self) -> tuple[PrintJob, ...]:
        return tuple(job for job, _ in self.jobs.values() if not job.final)

    async def _commit(self) -> None:
        await asyncio.sleep(0)
        if self.broken:
            raise StorageError("storage.failed", "the disk broke")
