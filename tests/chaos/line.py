"""Stations on a line in memory, in virtual time: whatever speaks over TCP or a serial port."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

from posedge.bus import Bus
from posedge.clock import Clock, Ids
from posedge.drivers.interface import Site
from posedge.link.interface import Link
from posedge.model.terminal import Terminal
from posedge.model.value import Json
from posedge.sim.charge import Charge
from posedge.tasks import Crew
from tests.chaos.station import Cut, Station, Way
from tests.chaos.world import Life
from tests.doubles.shelf import MemoryShelf
from tests.doubles.simloop import SimClock, SimLoop
from tests.simulation.cable import Cable
from tests.simulation.lines import SerialPort, TerminalEnd


class Sim(Protocol):
    """A simulated terminal; `faults` is a dataclass whose fresh value is a day without any."""

    faults: Any

    @property
    def ledger(self) -> Sequence[Charge]: ...


Talk = Callable[[Any, TerminalEnd], Coroutine[Any, Any, None]]
Attend = Callable[[Any, SerialPort], Coroutine[Any, Any, Any]]


@dataclass(frozen=True, slots=True)
class Speech:
    """What a station speaks. Just one of `talk` (a connection) and `attend` (a serial port)."""

    sim: Callable[[Callable[[], datetime]], Sim]
    driver: Callable[[Site[Any]], Terminal]
    faults: Mapping[str, Callable[[Any], None]]
    talk: Talk | None = None
    attend: Attend | None = None
    options: Mapping[str, Json] = field(default_factory=dict[str, Json])

    def open(self, _seed: int) -> AbstractAsyncContextManager[Station]:
        return _station(self)


@asynccontextmanager
async def _station(speech: Speech) -> AsyncGenerator[Station]:
    async with Crew("terminal") as crew:
        station = LineStation(speech, crew)
        yield station
        station.cut_lines()


class LineStation:
    """A Station."""

    def __init__(self, speech: Speech, crew: Crew) -> None:
        self._speech = speech
        self._crew = crew
        self._loop = asyncio.get_running_loop()
        self._sim = speech.sim(self._now)
        self._cables: list[Cable] = []
        self._cut: Cut | None = None
        self._port = _Port("line")
        self._port.lay = self._cable
        if speech.attend:
            crew.start(speech.attend(self._sim, self._port), name="terminal")

    @property
    def ledger(self) -> Sequence[Charge]:
        return self._sim.ledger

    def clock(self, life: int) -> Clock:
        assert isinstance(self._loop, SimLoop)
        return SimClock(self._loop, f"boot-{life}", self._loop.time())

    def driver(self, life: Life) -> Terminal:
        async def connect() -> Link:
            if not life.alive:
                await self._loop.create_future()
            return self._connect()

        async def hush(_words: str | None) -> None: ...

        clock = self.clock(0)
        return self._speech.driver(
            Site(
                device="terminal",
                name="Terminal",
                open=connect,
                bus=Bus(MemoryShelf()),
                clock=clock,
                ids=Ids(clock),
                options=self._speech.options,
                report=hush,
                warn=hush,
                scheme="serial" if self._speech.attend else "tcp",
            )
        )

    def cut_lines(self) -> None:
        for cable in self._cables:
            cable.far_drop()

    def spoil(self, fault: str) -> None:
        self._speech.faults[fault](self._sim.faults)

    def cut(self, cut: Cut) -> None:
        self._cut = cut

    def mend(self) -> None:
        fresh = type(self._sim.faults)()
        for name in type(fresh).__slots__:
            setattr(self._sim.faults, name, getattr(fresh, name))
        self._cut = None

    def _connect(self) -> Link:
        if self._speech.talk is None:
            return self._port.connect()
        cable = self._cable()
        self._crew.start(self._speech.talk(self._sim, TerminalEnd(cable)), name="talk")
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

    lay: Callable[[], Cable]

    def connect(self) -> Cable:
        super().connect()
        self._cable = self.lay()
        return self._cable
