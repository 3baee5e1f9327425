"""Pre-image and payment are one sequence on one connection, unless something speaks against it."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from posedge.drivers import zvt_lines
from posedge.drivers.zvt import ZvtTerminal
from posedge.link.interface import Link
from posedge.link.tcp import open_tcp
from posedge.model.errors import DeviceGone, NotStarted
from posedge.sim.zvt import ZvtTerminalSim
from posedge.tasks import Crew, cancel
from tests.doubles.zvt import NOON, Notebook, at, attempt

REGISTER, REPEAT, PAY, STATUS, NO = "0600", "0620", "0601", "0501", "846c"
YES = "8000"

READ = [REGISTER, REPEAT]
WHOLE = [*READ, PAY]
AGAIN = [REGISTER, PAY]

RESULT = bytes.fromhex("040f022700")


class Noted:
    """A Link that notes what the register says, and can say more than the terminal did."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self.said: list[str] = []
        self.more = b""
        self.open = True

    @property
    def waiting(self) -> bool:
        return bool(self.more) or self._link.waiting

    async def read(self, limit: int = 4096) -> bytes:
        more, self.more = self.more, b""
        return more or await self._link.read(limit)

    async def write(self, data: bytes, *, deadline_s: float) -> None:
        if data.hex()[:4] != YES:
            self.said.append(data.hex()[:4])
        await self._link.write(data, deadline_s=deadline_s)

    async def close(self) -> None:
        self.open = False
        await self._link.close()


class Exchange:
    """Connects a driver with the simulated terminal; keeps each connection."""

    def __init__(self, sim: ZvtTerminalSim) -> None:
        self.sim = sim
        self.lines: list[Noted] = []
        self.driver: ZvtTerminal = at(self.connect, timezone="UTC")

    async def connect(self) -> Link:
        self.lines.append(Noted(await open_tcp("127.0.0.1", self.sim.port, timeout_s=1)))
        return self.lines[-1]

    @property
    def said(self) -> list[list[str]]:
        return [line.said for line in self.lines]

    async def pay(self) -> None:
        book = Notebook()
        await self.driver.execute(attempt(), book)
        assert book.results[0].approved

    async def hang_up(self) -> None:
        """Have the terminal end all its connections, and hear of it."""
        await self.sim.__aexit__(None, None, None)
        await self.sim.__aenter__()
        with pytest.raises(DeviceGone):
            async with asyncio.timeout(1):
                await self.lines[-1].read()


@pytest.fixture
async def exchange() -> AsyncIterator[Exchange]:
    async with ZvtTerminalSim(now=lambda: NOON) as sim:
        yield Exchange(sim)


async def test_a_payment_goes_on_behind_its_preimage(exchange: Exchange) -> None:
    await exchange.driver.preimage()
    assert exchange.lines[0].open
    await exchange.pay()
    assert exchange.said == [WHOLE]
    assert not exchange.lines[0].open


async def test_the_next_payment_begins_anew(exchange: Exchange) -> None:
    for _ in range(2):
        await exchange.driver.preimage()
        await exchange.pay()
    assert exchange.said == [WHOLE, WHOLE]


async def test_a_terminal_that_hung_up_is_called_again(exchange: Exchange) -> None:
    """Some do behind each answer. Nothing is in doubt: no command was sent."""
    await exchange.driver.preimage()
    await exchange.hang_up()
    await exchange.pay()
    assert exchange.said == [READ, AGAIN]


async def test_what_nobody_asked_for_is_turned_away(exchange: Exchange) -> None:
    """A result that comes late is refused: nobody can store it here."""
    await exchange.driver.preimage()
    exchange.lines[0].more = RESULT
    await exchange.pay()
    assert exchange.said == [[*READ, NO], AGAIN]


@pytest.mark.parametrize("noise", [b"\x04\x0f\xff\xff\xff", b"\x80\x00\x00"])
async def test_a_line_with_a_leftover_is_not_used(exchange: Exchange, noise: bytes) -> None:
    await exchange.driver.preimage()
    exchange.lines[0].more = noise
    await exchange.pay()
    assert exchange.said[1:] == [AGAIN]


async def test_an_old_line_is_not_used(exchange: Exchange, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zvt_lines, "KEEP_S", 0)
    await exchange.driver.preimage()
    await asyncio.sleep(0.01)
    await exchange.pay()
    assert exchange.said == [READ, AGAIN]
    assert not any(line.open for line in exchange.lines)


async def test_whoever_comes_between_ends_it(exchange: Exchange) -> None:
    """A terminal serves one register at a time."""
    await exchange.driver.preimage()
    assert await exchange.driver.status() == "ready"
    assert not any(line.open for line in exchange.lines)
    await exchange.pay()
    assert exchange.said == [READ, [STATUS], AGAIN]


async def test_a_preimage_that_fails_keeps_nothing(exchange: Exchange) -> None:
    exchange.sim.faults.currency_refused = True
    with pytest.raises(NotStarted):
        await exchange.driver.preimage()
    assert not exchange.lines[0].open


async def test_the_driver_s_end_closes_what_was_kept(exchange: Exchange) -> None:
    async with Crew("test") as crew:
        running = crew.start(exchange.driver.run(), name="driver")
        await asyncio.sleep(0)  # it registers first
        await exchange.driver.preimage()
        assert exchange.lines[1].open
        await cancel(running)
    assert not exchange.lines[1].open
