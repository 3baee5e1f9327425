"""The jobs that wait for one printer, oldest first, and which of them is next."""

import asyncio
from collections import deque
from dataclasses import dataclass, field

from posedge.model.printing import PrintJob


@dataclass(slots=True, eq=False)
class Open:
    """A job that has not ended. `taken`: it is in the printer's hands, and no longer in ours."""

    job: PrintJob
    taken: bool = False
    over: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(slots=True)
class Lane:
    """`own` is the printer's name, None where there is only one.

    `reason` is why it takes nothing, and `since_s` from when on, in loop time.
    """

    own: str | None
    jobs: deque[Open] = field(default_factory=deque[Open])
    reason: str | None = None
    since_s: float | None = None

    def ail(self, reason: str, now_s: float) -> float:
        """Note why the printer takes nothing; return for how long it has not."""
        self.reason = reason
        if self.since_s is None:
            self.since_s = now_s
        return now_s - self.since_s

    def well(self) -> None:
        self.reason = self.since_s = None

    def next_elsewhere(self) -> Open | None:
        """Return the first job that another printer may take: no byte of it was ever sent."""
        return next((each for each in self.jobs if each.job.at is None and not each.job.raw), None)
