"""The jobs that wait for one printer, oldest first, and which of them is next."""

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import TypeAlias

from posedge.model.capabilities import Printer
from posedge.model.label import LabelPrinter
from posedge.model.printing import PrintContent, PrintJob, PrintOrder
from posedge.printing.settings import PrintingSettings

AnyPrinter: TypeAlias = Printer | LabelPrinter


@dataclass(slots=True, eq=False)
class Open:
    """A job that has not ended. `taken`: it is in the printer's hands, and no longer in ours.

    `stays`: the printer that stands in cannot print it.
    """

    job: PrintJob
    taken: bool = False
    stays: bool = False
    over: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(frozen=True, slots=True)
class Station:
    """Where jobs come out. `own` is the printer's name, None where only one can print such jobs.

    No receipt gets to a label printer, nor waits behind labels.
    """

    own: str | None
    labels: bool

    @property
    def capability(self) -> type[AnyPrinter]:
        return LabelPrinter if self.labels else Printer


@dataclass(slots=True)
class Lane:
    """`reason` is why its printer takes nothing, and `since_s` from when on, in loop time."""

    station: Station
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
        return next((each for each in self.jobs if each.job.at is None and _fits(each)), None)


def station_of(asked: PrintOrder | PrintJob, settings: PrintingSettings) -> Station:
    labels = asked.content is PrintContent.LABELS
    return Station(settings.device(asked.printer), labels=labels)


def _fits(held: Open) -> bool:
    """Whether another printer may print it; bytes are in one printer's language."""
    return held.job.content is not PrintContent.RAW and not held.stays
