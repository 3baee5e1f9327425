"""A receipt printer that runs out of paper, breaks down in mid-job and counts what came out."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from posedge.model.capabilities import PrintEvidence
from posedge.model.errors import DeviceError, DeviceGone
from posedge.model.receipt import Receipt


@dataclass
class FakePrinter:
    """Satisfies capabilities.Printer and Drawer. `paper` is what a customer could tear off."""

    paper: list[tuple[str, Receipt]] = field(default_factory=list)
    kicks: list[int] = field(default_factory=list)
    has_paper: bool = True
    jammed: bool = False  # breaks down when the job is on paper, before it says so
    takes_s: float = 0.3
    on_print: Callable[[str], None] = lambda _job: None

    drawer_open: bool | None = None

    async def print(self, content: Receipt | bytes, job: str) -> PrintEvidence:
        self.on_print(job)
        await asyncio.sleep(self.takes_s)
        if not self.has_paper:
            raise DeviceError("printer.waiting", "out of paper")
        assert isinstance(content, Receipt), "the shop prints documents"
        self.paper.append((job, content))
        await asyncio.sleep(0.01)
        if self.jammed:
            raise DeviceGone("device.gone", "unplugged in mid-job")
        return PrintEvidence.PROCESS_ID

    async def kick(self, drawer: int = 0) -> None:
        await asyncio.sleep(0.001)
        if self.jammed:
            raise DeviceGone("device.gone", "unplugged")
        self.kicks.append(drawer)

    @property
    def ready(self) -> bool:
        return self.has_paper and not self.jammed
