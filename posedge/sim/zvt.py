"""A payment terminal to try a register against: ZVT, the terminal's side, by itself over TCP.

It keeps the rules of PA00P015 13.08 towards any register, has switchable `Faults`, and a ledger of
what it really charged. Nothing is kept when it ends.
"""

from collections import deque
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from posedge.model.errors import ProtocolError
from posedge.sim.charge import Charge
from posedge.sim.tcp import Reader, TcpSim, Writer
from posedge.sim.zvt_faults import Faults, Step
from posedge.sim.zvt_ledger import Memory
from posedge.sim.zvt_line import BUSY, TerminalLine
from posedge.sim.zvt_orders import order_for
from posedge.sim.zvt_payment import Order, Payment, printed, told
from posedge.sim.zvt_wire import Hangup, StreamWire, Wire
from posedge.wire.zvt.codes import Result, Service, TerminalState
from posedge.wire.zvt.money import (
    ALL_OPEN,
    Authorisation,
    BookTotal,
    MoneyCommand,
    PartialReversal,
    PreAuthorisation,
    PreAuthReversal,
    Refund,
    Reversal,
)
from posedge.wire.zvt.register import (
    DIAGNOSIS,
    END_OF_DAY,
    INITIALISATION,
    LOG_OFF,
    RESET,
    Errand,
    Negative,
    Positive,
    Registration,
    RepeatReceipt,
    StatusEnquiry,
)
from posedge.wire.zvt.terminal import Abort, Completion, StatusReport

PORT = 20007
"""Where registers look for a terminal, unless configured otherwise."""

EURO = 978
THOUGHTS = 10_000
"""Turns remembered: those of some 1,000 payments."""

REPLY_S = 5.0
"""T3: what the register has to answer within."""

AGAIN_S = 2.0
"""Behind 84 9C the result is said again."""


class ZvtTerminalSim(TcpSim):
    """`async with` starts and stops it; `port` is the one it got when it was given 0.

    `now` is the terminal's own clock, in local time. `customer_s` is how long the customer takes
    to present the card. `receipt` is the number of the last receipt before this one's life: a
    terminal of 0 was never used.
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
        again_s: float = AGAIN_S,
        receipt: int = 230,
        terminal_id: str = "52523535",
    ) -> None:
        super().__init__(host, port)
        self.faults = faults or Faults()
        self.thought: deque[tuple[float, float]] = deque(maxlen=THOUGHTS)
        self._customer_s = customer_s
        self._reply_s = reply_s
        self._again_s = again_s
        self._memory = Memory(now, terminal_id, EURO, receipt)
        self._registration: Registration | None = None
        self._paying = False
        self._listed = 0

    @property
    def ledger(self) -> list[Charge]:
        """What was really charged, oldest first, including what was taken back."""
        return list(self._memory.charges)

    def __repr__(self) -> str:
        return f"<ZvtTerminalSim {self._host}:{self.port}, {len(self.ledger)} charges>"

    async def _attended(self, reader: Reader, writer: Writer) -> None:
        await self.converse(StreamWire(reader, writer, self.faults))

    async def converse(self, wire: Wire) -> None:
        """Serve one register until it goes, or says what cannot be read."""
        line = TerminalLine(wire, self.faults, self.thought)
        with suppress(Hangup, ProtocolError):
            while True:
                await self._serve(line)

    async def _serve(self, line: TerminalLine) -> None:
        command = await line.hear()
        match command:
            case Positive() | Negative() | None:
                return  # the answer to our completion, or one too many
            case Registration():
                await self._register(line, command)
            case StatusEnquiry():
                await self._report(line)
            case RepeatReceipt():
                await self._repeat(line, command)
            case PartialReversal() if command.receipt_no == ALL_OPEN:
                await self._list_open(line)
            case (
                Authorisation()
                | Refund()
                | Reversal()
                | PreAuthorisation()
                | PartialReversal()
                | BookTotal()
                | PreAuthReversal()
            ):
                await self._move_money(line, command)
            case Errand():
                await self._run_errand(line, command)
            case _:
                await line.say(Negative(Result.NOT_POSSIBLE).to_apdu())

    async def _register(self, line: TerminalLine, command: Registration) -> None:
        await line.silence(Step.REGISTRATION)
        if self.faults.currency_refused or command.currency not in {None, EURO}:
            await line.say(Negative(Result.WRONG_CURRENCY).to_apdu())
            return
        self._registration = command
        await line.say(Positive().to_apdu())
        named = None if command.currency is None else EURO
        tid = self._memory.terminal_id
        end = Completion(status=self.faults.needs, terminal_id=tid, currency=named)
        await line.say(end.to_apdu())

    async def _report(self, line: TerminalLine) -> None:
        await line.silence(Step.ENQUIRY)
        await line.say(Positive().to_apdu())
        busy = self.faults.busy or self._paying
        state = TerminalState.BUSY if busy else TerminalState.READY
        await line.say(StatusReport(state).to_apdu())

    async def _repeat(self, line: TerminalLine, command: RepeatReceipt) -> None:
        await line.silence(Step.REPEAT)
        await line.say(Positive().to_apdu())
        last = None if self.faults.forgets else self._memory.last
        if last is None:
            await line.say(Abort(Result.NOT_POSSIBLE).to_apdu())
            return
        service = Service(command.service or 0)
        if Service.SEND_STATUS_INFORMATION in service:
            frame = told(last, self._registration).to_apdu()
            await line.asks(frame, timeout_s=self._reply_s)
        if Service.DO_NOT_PRINT not in service:
            for page in printed(last, self._registration):
                await line.asks(page, timeout_s=self._reply_s)
        await line.say(Completion().to_apdu())

    async def _list_open(self, line: TerminalLine) -> None:
        """Tell the open reservations one after the other, as the register asks again (§2.10.1)."""
        await line.say(Positive().to_apdu())
        left = self._memory.reserved[self._listed :]
        self._listed = self._listed + 1 if left else 0
        number = left[0] if left else ALL_OPEN
        await line.say(Abort(Result.NO_OPEN_PRE_AUTHORISATION, number).to_apdu())

    async def _move_money(self, line: TerminalLine, command: MoneyCommand) -> None:
        await line.silence(Step.COMMAND)
        order = self._order(command)
        if self.faults.busy or self._paying:
            order = BUSY
        if isinstance(order, Negative):
            await line.say(order.to_apdu())
            return
        self._paying = True
        line.payment()
        try:
            await Payment(
                order, line, self._memory, self.faults, self._registration,
                self._customer_s, self._reply_s, self._again_s,
            ).run()  # fmt: skip
        finally:
            line.settled()
            self._paying = False

    def _order(self, command: MoneyCommand) -> Order | Negative:
        if self.faults.currency_refused or (command.currency or EURO) != EURO:
            return Negative(Result.WRONG_CURRENCY)
        return order_for(command, self._memory)

    async def _run_errand(self, line: TerminalLine, command: Errand) -> None:
        if self._paying or command.command not in ERRANDS:
            await line.say(Negative(Result.NOT_POSSIBLE).to_apdu())
            return
        await line.say(Positive().to_apdu())
        if command.command == LOG_OFF:
            self._registration = None
            return
        if command.command == RESET:
            self._registration = None
        if command.command == END_OF_DAY:
            await line.silence(Step.DAY)
            await line.asks(self._memory.end_day().to_apdu(), timeout_s=self._reply_s)
        self.faults.needs &= ~GIVES.get(command.command, 0)
        await line.say(Completion(result=0).to_apdu())


GIVES = {INITIALISATION: 0x01, DIAGNOSIS: 0x02}
ERRANDS = frozenset({LOG_OFF, RESET, END_OF_DAY, DIAGNOSIS, INITIALISATION})
"""Commands that this terminal has little to do for. 06 B0 outside a payment ends nothing."""
