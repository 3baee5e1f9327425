"""A vendor's program that crashes, hangs and lies, in processes and in real time."""

import asyncio
import tempfile
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from posedge.bus import Bus
from posedge.clock import Clock, Ids, SystemClock
from posedge.drivers.interface import Site
from posedge.drivers.vendor import VendorTerminal
from posedge.link.worker import WorkerLink, open_worker
from posedge.model.errors import DeviceError
from posedge.model.terminal import Terminal
from posedge.model.value import Json
from posedge.payments.settings import PaymentSettings
from posedge.sim.charge import Charge
from posedge.sim.vendor import VendorSim
from posedge.sim.vendor_faults import Faults, Outcome, Step, Trouble
from posedge.tasks import Crew
from tests.chaos.station import Cut, Station, Way, Wire
from tests.chaos.world import Life
from tests.doubles.shelf import MemoryShelf

OUTLIVES = "outlives the box"
"""Else it dies with the box, as a service's whole control group does."""

RESTART_S = 0.1


def trouble(does: Trouble, at: Step, *, once: bool = False) -> Callable[[Faults], None]:
    def spoil(faults: Faults) -> None:
        faults.does, faults.at, faults.once, faults.late_ms = does, at, once, 4_000

    return spoil


ENDINGS = (Trouble.SEGFAULT, Trouble.HANG)
WORDS = (Trouble.GARBLE, Trouble.BABBLE, Trouble.MUMBLE, Trouble.FAIL, Trouble.REFUSE, Trouble.LATE)
SPOKEN = (Step.PAY, Step.CARD, Step.CHARGED, Step.COMMIT, Step.COMMITTED, Step.FIND)

FAULTS: Mapping[str, Callable[[Faults], None]] = {
    "none": lambda _: None,
    OUTLIVES: lambda f: setattr(f, "customer_s", 0.5),
    **{f"{does} at {step}": trouble(does, step) for does in ENDINGS for step in Step},
    **{
        f"{does} once at {step}": trouble(does, step, once=True)
        for does in WORDS
        for step in SPOKEN
    },
    "declines": lambda f: setattr(f, "outcome", Outcome.DECLINE),
    "customer stops": lambda f: setattr(f, "outcome", Outcome.ABORT),
    "no card ever comes": lambda f: setattr(f, "outcome", Outcome.IGNORE),
    "charges more": lambda f: setattr(f, "amount_minor", 9999),
    "charges less": lambda f: setattr(f, "amount_minor", 700),
    "other money": lambda f: setattr(f, "currency", "CHF"),
    "another payment's result": lambda f: setattr(f, "foreign", True),
    "does not say how much": lambda f: setattr(f, "amountless", True),
    "answers another call": lambda f: setattr(f, "another_call", True),
    "says it twice": lambda f: setattr(f, "duplicates", True),
    "does not mask": lambda f: setattr(f, "unmasked", True),
    "cannot tell": lambda f: setattr(f, "forgets", True),
    "is busy": lambda f: setattr(f, "busy", True),
}

OPTIONS: dict[str, Json] = {
    "start_ms": 3_000,
    "beat_ms": 300,
    "read_ms": 1_500,
    "answer_ms": 2_500,
}


@asynccontextmanager
async def opened(_seed: int) -> AsyncGenerator[Station]:
    with tempfile.TemporaryDirectory() as folder:
        async with Crew("programs") as crew:
            station = VendorStation(VendorSim(Path(folder), customer_s=0.05), crew)
            try:
                yield station
            finally:
                await station.kill_all()


@dataclass
class Pipes:
    """What has passed all programs so far, and where the next one breaks."""

    cut: Cut | None = None
    passed: dict[Way, int] = field(default_factory=lambda: {"out": 0, "in": 0})

    def left(self, way: Way, data: bytes) -> bytes | None:
        """Count `data`; return what gets through when it breaks in it, else None."""
        before = self.passed[way]
        self.passed[way] += len(data)
        if self.cut is None or self.cut.way != way or not before <= self.cut.at < self.passed[way]:
            return None
        return data[: self.cut.at - before]


class Pipe:
    """A Link to a program, until the box is dead: then nothing comes through, nor back."""

    def __init__(self, program: WorkerLink, life: Life, pipes: Pipes) -> None:
        self._program = program
        self._life = life
        self._pipes = pipes

    @property
    def waiting(self) -> bool:
        return self._program.waiting

    async def read(self, limit: int = 4096) -> bytes:
        data = await self._program.read(limit)
        await self._alive()
        left = self._pipes.left("in", data)
        if left is None:
            return data
        await self._program.close()
        return left or await self._program.read(limit)

    async def write(self, data: bytes, *, deadline_s: float) -> None:
        await self._alive()
        left = self._pipes.left("out", data)
        await self._program.write(data if left is None else left, deadline_s=deadline_s)
        if left is not None:
            await self._program.close()

    async def close(self) -> None:
        if self._life.alive:
            await self._program.close()

    async def _alive(self) -> None:
        if not self._life.alive:
            await asyncio.get_running_loop().create_future()


class VendorStation:
    """A Station."""

    def __init__(self, sim: VendorSim, crew: Crew) -> None:
        self._sim = sim
        self._crew = crew
        self._clock = SystemClock()
        self._pipes = Pipes()
        self._programs: list[WorkerLink] = []
        self._outlives = False

    @property
    def ledger(self) -> Sequence[Charge]:
        return self._sim.ledger

    def clock(self, life: int) -> Clock:
        del life
        return self._clock

    def driver(self, life: Life) -> Terminal:
        life.online.clear()

        async def start() -> Pipe:
            program = await open_worker(str(self._sim.program), memory_mb=256)
            self._programs.append(program)
            return Pipe(program, life, self._pipes)

        async def reported(_words: str | None) -> None:
            life.online.set()

        async def hush(_words: str | None) -> None: ...

        site: Site[Any] = Site(
            device="vendor",
            name="Terminal",
            open=start,
            bus=Bus(MemoryShelf()),
            clock=self._clock,
            ids=Ids(self._clock),
            options=OPTIONS,
            report=reported,
            warn=hush,
            scheme="worker",
        )
        driver = VendorTerminal(site)
        self._crew.start(_supervised(driver, life), name="driver")
        return driver

    def cut_lines(self) -> None:
        for program in self._programs:
            if self._outlives:
                program._input.close()
            else:
                program._kill()

    def spoil(self, fault: str) -> None:
        self._outlives = fault == OUTLIVES
        FAULTS[fault](self._sim.faults)
        self._sim.tell()

    def cut(self, cut: Cut) -> None:
        self._pipes.cut = cut

    def mend(self) -> None:
        self._sim.mend()
        self._pipes.cut = None

    async def kill_all(self) -> None:
        for program in self._programs:
            await program.close()


async def _supervised(driver: VendorTerminal, life: Life) -> None:
    """Start the program again as often as it ends, as the supervisor of devices does."""
    while life.alive:
        with suppress(DeviceError):
            await driver.run()
        life.online.set()
        await asyncio.sleep(RESTART_S)


VENDOR = Wire(
    "vendor",
    opened,
    tuple(FAULTS),
    {"out": 600, "in": 900},
    virtual=False,
    patience_s=25.0,
    settings=PaymentSettings(deadline_s=60, slow_s=10),
)
