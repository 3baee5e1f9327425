"""ZVT over TCP and on a serial line, in virtual time."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import ClassVar, Self

from posedge.bus import Bus
from posedge.clock import Clock, Ids
from posedge.drivers.interface import Scheme, Site
from posedge.drivers.zvt import ZvtTerminal
from posedge.link.interface import Link
from posedge.model.capabilities import Terminal
from posedge.model.value import Json
from posedge.sim.charge import Charge
from posedge.sim.zvt import ZvtTerminalSim
from posedge.sim.zvt_faults import Faults, Outcome, Step
from posedge.sim.zvt_serial import attend
from posedge.tasks import Crew
from posedge.wire.zvt.transport import Timing
from tests.chaos.station import Cut, Way, Wire
from tests.chaos.world import Life
from tests.doubles.shelf import MemoryShelf
from tests.doubles.simloop import SimClock, SimLoop
from tests.simulation.cable import Cable
from tests.simulation.lines import SerialPort, TerminalEnd

FAULTS: Mapping[str, Callable[[Faults], None]] = {
    "none": lambda _: None,
    **{f"silent at {step}": lambda f, s=step: setattr(f, "silent_at", s) for step in Step},  # type: ignore[misc]
    "declines": lambda f: setattr(f, "outcome", Outcome.DECLINE),
    "customer stops": lambda f: setattr(f, "outcome", Outcome.ABORT),
    "answers late": lambda f: setattr(f, "late_s", 200.0),
    "says it twice": lambda f: setattr(f, "duplicates", True),
    "reverses by itself": lambda f: setattr(f, "auto_reverses", True),
    "forgets its last receipt": lambda f: setattr(f, "forgets", True),
    "is busy": lambda f: setattr(f, "busy", True),
    "charges more": lambda f: setattr(f, "amount_minor", 9999),
    "charges less": lambda f: setattr(f, "amount_minor", 700),
    "other money": lambda f: setattr(f, "currency", 756),
    "does not mask": lambda f: setattr(f, "unmasked", True),
}

OPTIONS: dict[str, Json] = {"timezone": "UTC"}


@dataclass
class ZvtStation:
    """A Station; over TCP."""

    seed: int
    scheme: ClassVar[Scheme] = "tcp"
    sim: ZvtTerminalSim = field(init=False)
    _cables: list[Cable] = field(default_factory=list[Cable])
    _cut: Cut | None = None
    _crew: Crew = field(default_factory=lambda: Crew("terminal"))

    def __post_init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.sim = ZvtTerminalSim(now=self._now, customer_s=3.0)

    @classmethod
    @asynccontextmanager
    async def open(cls, seed: int) -> AsyncGenerator[Self]:
        station = cls(seed)
        async with station._crew:
            station.install()
            yield station
            station.cut_lines()

    def install(self) -> None:
        """A TCP terminal waits for connections: nothing to do."""

    @property
    def ledger(self) -> Sequence[Charge]:
        return self.sim.ledger

    def clock(self, life: int) -> Clock:
        assert isinstance(self.loop, SimLoop)
        return SimClock(self.loop, f"boot-{life}", self.loop.time())

    def driver(self, life: Life) -> Terminal:
        async def connect() -> Link:
            if not life.alive:
                await self.loop.create_future()
            return self._connect()

        async def hush(_words: str | None) -> None: ...

        clock = self.clock(0)
        return ZvtTerminal(
            Site(
                device="zvt",
                name="Terminal",
                open=connect,
                bus=Bus(MemoryShelf()),
                clock=clock,
                ids=Ids(clock),
                options=OPTIONS,
                report=hush,
                warn=hush,
                scheme=self.scheme,
            )
        )

    def cut_lines(self) -> None:
        for cable in self._cables:
            cable.far_drop()
        self._cables.clear()

    def spoil(self, fault: str) -> None:
        FAULTS[fault](self.sim.faults)

    def cut(self, cut: Cut) -> None:
        self._cut = cut

    def mend(self) -> None:
        fresh = Faults()
        for name in Faults.__slots__:
            setattr(self.sim.faults, name, getattr(fresh, name))
        self._cut = None

    def _connect(self) -> Link:
        cable = self._cable()
        end = TerminalEnd(cable)
        self._crew.start(self.sim.talk(end, end), name="talk")
        return cable

    def _cable(self) -> Cable:
        """Lay a line that breaks where the cut is, counted over all lines so far; once."""
        left: dict[Way, int | None] = {"out": None, "in": None}
        if self._cut is not None:
            spent = sum(cable.passed[self._cut.way] for cable in self._cables)
            if spent <= self._cut.at:
                left[self._cut.way] = self._cut.at - spent
        cable = Cable("line", out_left=left["out"], in_left=left["in"])
        self._cables.append(cable)
        return cable

    def _now(self) -> datetime:
        clock = self.clock(0).now()
        return datetime.fromtimestamp(clock.utc_ns / 1e9, tz=UTC).replace(tzinfo=None)


class _Port(SerialPort):
    """A serial port whose line is laid by the station."""

    station: "ZvtSerialStation"

    def connect(self) -> Cable:
        cable = super().connect()
        laid = self.station.lay(cable)
        self._cable = laid
        return laid


@dataclass
class ZvtSerialStation(ZvtStation):
    """A Station; on a serial line."""

    scheme: ClassVar[Scheme] = "serial"

    def install(self) -> None:
        self.port = _Port("ttyS0")
        self.port.station = self
        self._crew.start(attend(self.sim, self.port, Timing()), name="terminal")

    def lay(self, _bare: Cable) -> Cable:
        return self._cable()

    def _connect(self) -> Link:
        return self.port.connect()


ZVT = Wire("zvt", ZvtStation.open, tuple(FAULTS), {"out": 160, "in": 520})
ZVT_SERIAL = Wire("zvt-serial", ZvtSerialStation.open, tuple(FAULTS), {"out": 260, "in": 640})
