"""The driver and the simulated terminal on a serial line in memory, in virtual time.

The times are the real ones: T2 of five seconds, T4 of three minutes. After each fault, what desk
and recovery conclude must be what the terminal really charged.
"""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from posedge.drivers.zvt import ZvtTerminal
from posedge.link.interface import Link
from posedge.model.errors import DeviceError, InDoubt, NotStarted
from posedge.model.payment import Attempt, TerminalResult
from posedge.model.terminal import FindingKind
from posedge.model.value import Json
from posedge.sim.zvt import ZvtTerminalSim
from posedge.sim.zvt_faults import Outcome
from posedge.sim.zvt_serial import attend
from posedge.tasks import Crew, cancel
from posedge.wire.zvt.transport import Timing
from tests.doubles.simloop import simulate
from tests.doubles.zvt import NOON, Notebook, at, attempt

WAITED_S = 200
TRIES, PAUSE_S = 20, 10
REAL: dict[str, Json] = {
    "t3_ms": 5_000,
    "t4_ms": 180_000,
    "answer_ms": 30_000,
    "busy_poll_ms": 2_000,
    "busy_limit_ms": 60_000,
}

Spoiler = Callable[[str, int, bytes], list[bytes]]
"""What becomes of the n-th thing that one side ("T" or "E") says in a payment."""


def clean(_side: str, _number: int, data: bytes) -> list[bytes]:
    return [data]


@dataclass
class Line:
    """Both ends of a cable: a Link for the register, a SerialCable for the terminal.

    `spoil` is asked for each frame, ACK and NAK from the first one behind a money command on;
    `said` are the numbers of both sides and `spoken` their bytes. A closed end hears nothing.
    """

    spoil: Spoiler = clean
    path: str = "memory"
    plugged: bool = True
    said: dict[str, int] = field(default_factory=lambda: {"T": 0, "E": 0})
    spoken: dict[str, int] = field(default_factory=lambda: {"T": 0, "E": 0})
    counting: bool = False
    lanes: dict[str, "asyncio.Queue[bytes]"] = field(
        default_factory=lambda: {"T": asyncio.Queue(), "E": asyncio.Queue()}
    )
    open: bool = False

    async def connect(self) -> Link:
        self.open = True
        self.lanes["T"] = asyncio.Queue()  # a port that was closed has heard nothing
        return RegisterEnd(self)

    def carry(self, side: str, data: bytes) -> None:
        self.counting |= data[:4] == b"\x10\x02\x06\x01"
        parts = [data]
        if self.counting:
            parts = self.spoil(side, self.said[side], data)
            self.said[side] += 1
            self.spoken[side] += len(data)
        for part in parts:
            if part and (side == "E" or self.open):
                self.lanes[side].put_nowait(part)

    async def plugged_in(self) -> None:
        return

    def plug(self) -> None:
        self.plugged = True

    def unplug(self) -> None:
        self.plugged = False

    async def read(self) -> bytes:
        return await self.lanes["E"].get()

    def write(self, data: bytes) -> None:
        self.carry("T", data)


class RegisterEnd:
    """Implements posedge.link.interface.Link."""

    def __init__(self, line: Line) -> None:
        self._line = line

    @property
    def waiting(self) -> bool:
        return not self._line.lanes["T"].empty()

    async def read(self, limit: int = 4096) -> bytes:
        return await self._line.lanes["T"].get()

    async def write(self, data: bytes, *, deadline_s: float) -> None:
        self._line.carry("E", data)

    async def close(self) -> None:
        self._line.open = False


@dataclass
class Day:
    """One payment with everything around it, as it was concluded."""

    state: str
    result: TerminalResult | None
    book: Notebook
    charged: list[int]
    line: Line
    took_s: float


async def concluded(driver: ZvtTerminal, book: Notebook) -> tuple[str, TerminalResult | None]:
    """Do what desk and recovery do, who ask again when the terminal cannot answer."""
    wanted = attempt(1010, preimage=await driver.preimage())
    try:
        await driver.execute(wanted, book)
    except NotStarted:
        return "not_started", None
    except InDoubt:
        book.doubted = True
    else:
        return ("approved" if book.results[-1].approved else "declined"), book.results[-1]
    return await recovered(driver, wanted, book)


async def recovered(
    driver: ZvtTerminal, wanted: Attempt, book: Notebook
) -> tuple[str, TerminalResult | None]:
    stored = book.results[-1] if book.results else None
    if stored is not None and not stored.approved:
        return "declined", stored
    for _ in range(TRIES):
        await asyncio.sleep(PAUSE_S)
        try:
            asked = wanted.model_copy(update={"result": stored})
            finding = await driver.find(asked, waited_s=WAITED_S)
        except DeviceError:
            continue
        if finding.kind is not FindingKind.UNKNOWN:
            return finding.kind.value, finding.result
    return "unknown", None


async def a_day(spoil: Spoiler, outcome: Outcome) -> Day:
    line, book = Line(spoil), Notebook()
    sim = ZvtTerminalSim(now=lambda: NOON, customer_s=2)
    sim.faults.outcome = outcome
    driver = at(line.connect, None, None, "serial", **REAL)
    async with Crew("day") as crew:
        crew.start(attend(sim, line, Timing()), name="terminal")
        begun_s = asyncio.get_running_loop().time()
        state, result = await concluded(driver, book)
        took_s = asyncio.get_running_loop().time() - begun_s
        line.counting = False
        await asyncio.sleep(60)
        assert await driver.status() == "ready"
    charged = [charge.amount_minor for charge in sim.ledger if not charge.reversed]
    return Day(state, result, book, charged, line, took_s)


def pay(spoil: Spoiler, outcome: Outcome = Outcome.APPROVE, seed: int = 0) -> Day:
    day = simulate(a_day(spoil, outcome), seed=seed)
    approved = day.state == "approved"
    assert day.charged == ([1010] if approved else []), day
    assert len(day.book.results) <= 1, day
    if approved:
        assert day.result is not None, day
        assert str(day.result.amount) == "10.10 EUR", day
    return day


@pytest.fixture(scope="module")
def quiet() -> Day:
    """A payment in which nothing happens: what is to be spoilt is counted in it."""
    day = pay(clean)
    assert (day.state, day.book.doubted) == ("approved", False)
    assert day.took_s < 3
    return day


def once(side: str, number: int, fault: Callable[[bytes], list[bytes]]) -> Spoiler:
    def spoil(who: str, count: int, data: bytes) -> list[bytes]:
        return fault(data) if (who, count) == (side, number) else [data]

    return spoil


def lost(_data: bytes) -> list[bytes]:
    return []


def doubled(data: bytes) -> list[bytes]:
    return [data, data]


def corrupted(data: bytes) -> list[bytes]:
    return [data[:-1] + bytes([data[-1] ^ 0x40])]


def halved(data: bytes) -> list[bytes]:
    return [data[: len(data) // 2]]


@pytest.mark.parametrize("fault", [lost, doubled, corrupted, halved])
@pytest.mark.parametrize("side", ["T", "E"])
def test_each_thing_said_is_spoilt_once(
    quiet: Day, side: str, fault: Callable[[bytes], list[bytes]]
) -> None:
    """The line mends it: no doubt, and neither result nor receipt twice."""
    assert quiet.line.said[side] == 14  # seven frames, seven acknowledgements
    for number in range(quiet.line.said[side]):
        day = pay(once(side, number, fault))
        assert (day.state, day.book.doubted, len(day.book.prints)) == ("approved", False, 2), number


class Cable:
    """Pulled before the n-th byte that one side says, both ways, and put back much later."""

    def __init__(self, side: str, byte: int, away_s: float) -> None:
        self._side = side
        self._left = byte
        self._away_s = away_s
        self._back_s: float | None = None

    def __call__(self, side: str, _number: int, data: bytes) -> list[bytes]:
        now_s = asyncio.get_running_loop().time()
        if self._back_s is not None:
            return [data] if now_s >= self._back_s else []
        if side != self._side or self._left >= len(data):
            self._left -= len(data) if side == self._side else 0
            return [data]
        self._back_s = now_s + self._away_s
        return [data[: self._left]]


@pytest.mark.slow
@pytest.mark.parametrize("side", ["T", "E"])
def test_the_cable_is_pulled_at_every_byte(quiet: Day, side: str) -> None:
    days = [pay(Cable(side, byte, 30)) for byte in range(quiet.line.spoken[side])]
    assert {day.state for day in days} == {"approved", "not_completed"}
    assert max(len(day.book.prints) for day in days) == 2


def test_a_cable_that_is_back_soon_harms_nothing(quiet: Day) -> None:
    for byte in range(0, quiet.line.spoken["T"], 7):
        day = pay(Cable("T", byte, 2))
        assert (day.state, day.book.doubted) == ("approved", False), byte


@pytest.mark.slow
@pytest.mark.parametrize("outcome", Outcome)
def test_no_bad_line_makes_a_wrong_conclusion(outcome: Outcome) -> None:
    """So bad that a receipt may come twice; but never money, nor a result."""
    seen = set()
    for seed in range(60):
        chance = random.Random(seed)

        def spoil(
            _side: str, _number: int, data: bytes, chance: random.Random = chance
        ) -> list[bytes]:
            fault = chance.choice((lost, doubled, corrupted, halved))
            return fault(data) if chance.random() < 0.25 else [data]

        seen.add(pay(spoil, outcome, seed).state)
    assert len(seen) > 1


async def a_crash(side: str, number: int, away_s: float) -> Day:
    """The register dies as the n-th thing is said, and a new one recovers `away_s` later."""
    dead = asyncio.Event()

    def spoil(who: str, count: int, data: bytes) -> list[bytes]:
        if (who, count) == (side, number):
            dead.set()
        return [data]

    line, book = Line(spoil), Notebook()
    sim = ZvtTerminalSim(now=lambda: NOON, customer_s=2)
    async with Crew("day") as crew:
        crew.start(attend(sim, line, Timing()), name="terminal")
        driver = at(line.connect, None, None, "serial", **REAL)
        wanted = attempt(1010, preimage=await driver.preimage())
        paying = crew.start(driver.execute(wanted, book), name="payment")
        await dead.wait()
        await cancel(paying)
        await asyncio.sleep(away_s)
        driver = at(line.connect, None, None, "serial", **REAL)
        state, result = await recovered(driver, wanted, book)
        await asyncio.sleep(60)
        assert await driver.status() == "ready"
    charged = [charge.amount_minor for charge in sim.ledger if not charge.reversed]
    return Day(state, result, book, charged, line, away_s)


@pytest.mark.slow
@pytest.mark.parametrize("away_s", [0, 1, 4, 6, 12, 300])
def test_the_register_dies_at_each_thing_said(quiet: Day, away_s: float) -> None:
    seen = set()
    for side in ("T", "E"):
        for number in range(quiet.line.said[side]):
            day = simulate(a_crash(side, number, away_s), seed=number)
            seen.add(day.state)
            expected = [1010] if day.state == "approved" else []
            assert day.charged == expected, (side, number, day.state)
            assert len(day.book.results) <= 1
    assert seen == {"approved", "not_completed"}
