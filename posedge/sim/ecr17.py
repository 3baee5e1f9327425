"""A payment terminal to try a till against: ECR17, the terminal's side, over TCP or a serial line.

It keeps the portal's rules towards any till: fixed lengths, its own terminal number or zeros, one
way of checking. It hangs up behind each procedure, and what it has begun it ends, till or no till.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import NoReturn

from posedge.model.errors import ProtocolError
from posedge.sim.charge import Charge
from posedge.sim.ecr17_faults import Faults, Outcome, Step
from posedge.sim.ecr17_ledger import Ledger
from posedge.sim.ecr17_line import SerialWire, TcpWire, TerminalLine, Wire
from posedge.sim.pty import SerialCable
from posedge.sim.tcp import Reader, TcpSim, Writer
from posedge.sim.zvt_wire import Hangup
from posedge.wire.ecr17.closing import Closing
from posedge.wire.ecr17.frames import Lrc
from posedge.wire.ecr17.requests import ANY_TERMINAL, MONEY, Code, Request
from posedge.wire.ecr17.results import OK, PaymentResult
from posedge.wire.ecr17.tickets import tickets

PORT = 10000
"""Newer terminals want one above 1024 (Integration options)."""

TEST_PAN = "5413330089011234"
THOUGHTS = 10_000
REPLY_S = 1.0
EXTRA = frozenset({Code.EXTENDED_PAYMENT, Code.PRE_AUTHORISATION, Code.CLOSURE, Code.PRINT_HERE})


class Ecr17Sim(TcpSim):
    """`async with` starts and stops it; `port` is the one it got when it was given 0.

    `now` is its host's clock, in local time. `stan` is the last transaction before this one's life:
    a terminal of 0 was never used.
    """

    def __init__(
        self,
        faults: Faults | None = None,
        *,
        now: Callable[[], datetime],
        host: str = "127.0.0.1",
        port: int = 0,
        customer_s: float = 0.0,
        reply_s: float = REPLY_S,
        lrc: Lrc = Lrc.STD,
        terminal_id: str = "12345678",
        stan: int = 230,
    ) -> None:
        super().__init__(host, port)
        self.faults = faults or Faults()
        self.thought: deque[tuple[float, float]] = deque(maxlen=THOUGHTS)
        self._customer_s = customer_s
        self._reply_s = reply_s
        self._lrc = lrc
        self._terminal_id = terminal_id
        self._ledger = Ledger(
            lambda: now() + timedelta(minutes=self.faults.skew_min), terminal_id, stan
        )
        self._now = now
        self._prints_there = False
        self._paying = asyncio.Lock()

    @property
    def ledger(self) -> list[Charge]:
        """What was really charged, oldest first, including what was taken back."""
        return list(self._ledger.charges)

    def __repr__(self) -> str:
        return f"<Ecr17Sim {self._host}:{self.port}, {len(self.ledger)} charges>"

    async def attend(self, cable: SerialCable) -> NoReturn:
        """Be this terminal at the end of a cable for ever; unplugged, it waits."""
        while True:
            await cable.plugged_in()
            await self._converse(SerialWire(cable), hangs_up=False)

    async def _attended(self, reader: Reader, writer: Writer) -> None:
        await self._converse(TcpWire(reader, writer), hangs_up=True)

    async def _converse(self, wire: Wire, *, hangs_up: bool) -> None:
        line = TerminalLine(wire, self.faults, self._lrc, self._reply_s)
        with suppress(Hangup, ProtocolError):
            ended = False
            while not (ended and hangs_up):
                ended = await self._serve(await line.hear(), line)

    async def _serve(self, payload: bytes, line: TerminalLine) -> bool:
        """Carry out one request; return whether a procedure has ended."""
        request = self._understood(payload)
        if request is None:
            await line.refuse()
            return False
        if request.code in MONEY:
            return await self._move_money(request, line)
        if request.code is Code.CLOSE_SESSION:
            return await self._close(line)
        steps = {Code.STATUS: Step.STATUS, Code.LAST_RESULT: Step.LAST}
        step = steps.get(request.code)
        if step is not None and self.faults.silent_at is step:
            await line.hush()
        if not await line.take():
            return False
        if request.code is Code.PRINT_HERE:
            self._prints_there = request.here
            return False
        await line.say(self._told(request))
        return True

    def _understood(self, payload: bytes) -> Request | None:
        try:
            request = Request.from_bytes(payload)
        except ProtocolError:
            return None
        here = request.terminal_id in {self._terminal_id, ANY_TERMINAL}
        nothing = request.code is Code.LAST_RESULT and (
            self.faults.forgets or self._ledger.last is None
        )
        strange = self.faults.plain and request.code in EXTRA
        return request if here and not (nothing or strange or self.faults.busy) else None

    async def _close(self, line: TerminalLine) -> bool:
        if not await line.take():
            return False
        await line.show("CHIUSURA IN CORSO")
        if self.faults.keeps_session:
            told = Closing(self._terminal_id, "01", text="HOST NON RAGGIUNTO", action="091")
        else:
            total = self._ledger.close()
            told = Closing(self._terminal_id, OK, total, total + self.faults.host_off_minor)
        if self.faults.silent_at is Step.CLOSING:
            await line.hush()
        await line.say(told.to_bytes())
        return True

    def _told(self, request: Request) -> bytes:
        if request.code is Code.STATUS:
            return f"{self._terminal_id}0s{'0' * 10}{self._now():%d%m%y%H%M}2SIM00001".encode()
        assert self._ledger.last is not None, "else the request is refused"
        return self._ledger.last.to_bytes()

    async def _move_money(self, request: Request, line: TerminalLine) -> bool:
        if self.faults.silent_at is Step.REQUEST:
            await line.hush()
        line.payment()
        prints, self._prints_there = self._prints_there, False
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            with suppress(Hangup):  # the customer has his card in it already
                if not await line.take():
                    self._prints_there = prints
                    return False
                await line.show("INSERIRE CARTA")
            async with self._paying:
                said = await self._pay(request, line)
            self.thought.append((began, loop.time()))
            await self._report(said, line, prints=prints)
        finally:
            line.settled()
        return True

    async def _pay(self, request: Request, line: TerminalLine) -> PaymentResult:
        await asyncio.sleep(self._customer_s)
        if self.faults.silent_at is Step.CARD:
            await line.hush()
        minor = self.faults.amount_minor or request.amount_minor
        if not minor and request.code is not Code.REVERSAL:
            return self._ledger.refuse(request.code, minor, "IMPORTO ERRATO")
        if self.faults.outcome is Outcome.DECLINE:
            return self._ledger.refuse(request.code, minor, "CARTA RIFIUTATA")
        said = self._ledger.charge(request, minor)
        if self.faults.stranger is not None:
            other = Request(Code.EXTENDED_PAYMENT, amount_minor=self.faults.stranger)
            self._ledger.charge(other, self.faults.stranger)
        await asyncio.sleep(self.faults.late_ms / 1000)
        return said

    async def _report(self, said: PaymentResult, line: TerminalLine, *, prints: bool) -> None:
        if self.faults.silent_at is Step.RESULT:
            await line.hush()
        payload = said.to_bytes(TEST_PAN if self.faults.unmasked else "")
        payload = (self.faults.terminal_id or self._terminal_id).encode() + payload[8:]
        for _ in range(2 if self.faults.duplicates else 1):
            await line.say(payload)
        if not prints or said.result != OK:
            return
        if self.faults.silent_at is Step.RECEIPT:
            await line.hush()
        for copy in ("COPIA ESERCENTE", "COPIA CLIENTE"):
            for each in tickets(self._terminal_id, _receipt(copy, said)):
                await line.say(each)


def _receipt(title: str, said: PaymentResult) -> tuple[str, ...]:
    return (
        title,
        f"TML {said.terminal_id}",
        f"STAN {said.stan}  AUT {said.auth_code}",
        f"************{said.pan_last4}",
        "TRANSAZIONE ESEGUITA",
    )
