"""A vendor's program as the driver's tests want it: planned in one line."""

from pathlib import Path

from posedge.link.worker import WorkerLink, open_worker
from posedge.sim.vendor import VendorSim
from posedge.sim.vendor_faults import Step, Trouble


class Toy(VendorSim):
    async def open(self) -> WorkerLink:
        return await open_worker(str(self.program), memory_mb=256)

    def plan(self, at: Step, does: Trouble) -> None:
        """Have it go wrong there, once."""
        self.switch(at=at, does=does, once=True)

    def switch(self, **faults: object) -> None:
        for name, value in faults.items():
            assert name in type(self.faults).__slots__
            setattr(self.faults, name, value)
        self.tell()

    @property
    def charged(self) -> dict[str, int]:
        """What its terminal really keeps, by our reference."""
        return {each.trace_no: each.amount_minor for each in self.ledger if not each.reversed}

    @classmethod
    def installed(cls, folder: Path) -> "Toy":
        return cls(folder / "vendor")
