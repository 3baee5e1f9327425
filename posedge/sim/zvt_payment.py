"""One payment, refund or reversal as a conformant terminal carries it out.

The money counts only when the register agreed to the result and to every print
(PA00P015 13.08 §2.2.8); otherwise, and when the line is lost, the terminal takes it back.
"""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from posedge.model.errors import ProtocolError
from posedge.model.payment import AttemptKind
from posedge.sim.zvt_faults import Faults, Outcome, Step
from posedge.sim.zvt_ledger import Memory
from posedge.sim.zvt_line import TerminalLine
from posedge.sim.zvt_wire import Hangup
from posedge.wire.zvt import fields as bmp
from posedge.wire.zvt.apdu import Apdu
from posedge.wire.zvt.codes import SIGNATURE, Config, ReceiptKind, Result
from posedge.wire.zvt.decode import Answer
from posedge.wire.zvt.fields import write_fields
from posedge.wire.zvt.receipts import LAST_LINE, PrintBlock, PrintLine
from posedge.wire.zvt.register import PRINT_BLOCK, Negative, Positive, Registration
from posedge.wire.zvt.status import StatusInformation
from posedge.wire.zvt.terminal import Abort, Completion, IntermediateStatus

INSERT_CARD, ASKING_HOST = 0x0A, 0x04
CENTRED = 0x40
SIGN_HERE = ("", "Unterschrift", "", "X______________________")
TEST_PAN = bytes.fromhex("6799998900000200018f")
"""Nineteen digits of a test girocard, for the terminal that forgets to mask."""


@dataclass(frozen=True, slots=True)
class Order:
    """What the register wants. `original` is the trace number of what is to be reversed.

    `asks_tip`: the customer may add `Faults.tip_minor`; `tip_minor` and `cashback_minor` are the
    register's own. `results`: how often the register may ask for the result again.
    """

    kind: AttemptKind
    amount_minor: int
    currency: int
    original: str = ""
    asks_tip: bool = False
    tip_minor: int | None = None
    cashback_minor: int | None = None
    results: int = 0
    undo: Callable[[], None] = lambda: None


@dataclass(frozen=True, slots=True)
class Payment:
    order: Order
    line: TerminalLine
    memory: Memory
    faults: Faults
    registration: Registration | None
    customer_s: float
    reply_s: float
    again_s: float

    async def run(self) -> None:
        await self.line.say(Positive().to_apdu())
        await self._show(INSERT_CARD, "Karte vorhalten")
        outcome = await self._card()
        if outcome is Outcome.ABORT:
            await self._refuse(Result.ABORTED, "Abbruch durch Kunde")
            return
        await self._show(ASKING_HOST, "Bitte warten")
        await self.line.silence(Step.RESULT)
        await self._host()
        if outcome is Outcome.DECLINE:
            await self._refuse(self.faults.decline_code, "Ablehnung")
            return
        await self._approve()

    async def _approve(self) -> None:
        added = self.faults.tip_minor if self.order.asks_tip else None
        status = replace(
            self.memory.approve(
                (self.faults.amount_minor or self.order.amount_minor) + (added or 0),
                self.faults.currency or self.order.currency,
                self.order.original,
            ),
            tip_minor=added or self.order.tip_minor,
            cashback_minor=self.order.cashback_minor,
            cvm=SIGNATURE if self.faults.signature else None,
        )
        try:
            agreed = await self._agreed(status)
        except (Hangup, ProtocolError):
            self.memory.take_back(self.order.kind, status)
            raise
        if agreed is None or self.faults.auto_reverses:
            self.memory.take_back(self.order.kind, status)
            await self.line.say(Abort(Result.ABORTED).to_apdu())
            return
        self.order.undo()
        self.memory.keep(self.order.kind, agreed)
        await self.line.silence(Step.COMPLETION)
        await self.line.say(Completion().to_apdu())

    async def _agreed(self, status: StatusInformation) -> StatusInformation | None:
        """Return what the register agreed to, which may be less; None when it did not."""
        for _ in range(2 if self.faults.duplicates else 1):
            delivered = await self._delivered(status)
            if delivered is None:
                return None
            status = delivered
        for page in printed(status, self.registration):
            await self.line.silence(Step.RECEIPT)
            if not await self._asks(page):
                return None
        return status

    async def _delivered(self, status: StatusInformation) -> StatusInformation | None:
        """Say the result, again while goods are handed out, as often as the register allowed."""
        answer = await self._ask(self._frame(status))
        for _ in range(self.order.results):
            if not (isinstance(answer, Negative) and answer.code == Result.WAIT):
                break
            await asyncio.sleep(self.again_s)
            answer = await self._ask(self._frame(status))
        if not isinstance(answer, Negative):
            return None if answer is None else status
        minor, whole = answer.amount_minor, status.amount_minor or 0
        if answer.code != Result.LESS_DELIVERED or minor is None or not 0 < minor <= whole:
            return None
        return replace(status, amount_minor=minor)

    async def _refuse(self, code: int, text: str) -> None:
        await self._asks(self.memory.refuse(code, text).to_apdu())
        await self.line.silence(Step.COMPLETION)
        await self.line.say(Abort(code).to_apdu())

    async def _show(self, status: int, text: str) -> None:
        config = self.registration.config if self.registration else Config(0)
        shown = text if reads_tags(self.registration) else ""
        if Config.WANTS_STATUS in config:
            await self._asks(IntermediateStatus(status, text=shown).to_apdu())

    async def _card(self) -> Outcome:
        """Wait for the customer, who has the time of `customer_s`; the register may end it."""
        await self.line.silence(Step.CARD)
        while not self.line.stopped:
            message = await self.line.hear(self.customer_s)
            if message is None:
                self.line.stoppable = False
                return self.faults.outcome
            await self.line.refuse(message)
        return Outcome.ABORT

    async def _host(self) -> None:
        """Wait for the host; from here on the register cannot end it any more."""
        deadline = asyncio.get_running_loop().time() + self.faults.late_s
        while (left_s := deadline - asyncio.get_running_loop().time()) > 0:
            message = await self.line.hear(left_s)
            if message is not None:
                await self.line.refuse(message)

    async def _asks(self, frame: Apdu) -> bool:
        return isinstance(await self._ask(frame), Positive)

    async def _ask(self, frame: Apdu) -> Answer | None:
        return await self.line.asks(frame, timeout_s=self.reply_s)

    def _frame(self, status: StatusInformation) -> Apdu:
        status = told(status, self.registration)
        if not self.faults.unmasked:
            return status.to_apdu()
        masked = replace(status, pan_last4="").to_apdu()
        return replace(masked, data=masked.data + write_fields([(bmp.PAN, TEST_PAN)]))


def reads_tags(registration: Registration | None) -> bool:
    """Whether the register has sent a TLV container itself; else it is sent none (§2.1)."""
    return registration is not None and registration.accepts is not None


def told(status: StatusInformation, registration: Registration | None) -> StatusInformation:
    """Return what this register can read of it."""
    if reads_tags(registration):
        return status
    return replace(status, aid="", entry=None, cvm=None, tip_minor=None, cashback_minor=None)


def printed(status: StatusInformation, registration: Registration | None) -> Iterator[Apdu]:
    """Yield the receipts that this register wants to print, as it wants them."""
    wanted = Config.PRINTS_BY_COMMAND | Config.PRINTS_PAYMENT_RECEIPTS
    if registration is None or wanted not in registration.config:
        return
    for kind, title in ((ReceiptKind.MERCHANT, "HÄNDLER"), (ReceiptKind.CUSTOMER, "KUNDEN")):
        text = _receipt(f"** {title}BELEG **", status)
        if kind is ReceiptKind.MERCHANT and status.cvm == SIGNATURE:
            text += SIGN_HERE
        if PRINT_BLOCK in (registration.accepts or ()):
            yield PrintBlock(text, kind).to_apdu()
        else:
            tag = kind if reads_tags(registration) else None
            yield from (PrintLine(line, CENTRED, receipt=tag).to_apdu() for line in text)
            yield PrintLine(attribute=LAST_LINE, receipt=tag).to_apdu()


def _receipt(title: str, status: StatusInformation) -> tuple[str, ...]:
    amount = status.amount_minor or 0
    return (
        title,
        f"Terminal-ID {status.terminal_id}",
        f"Beleg-Nr. {status.receipt_no}  Trace {status.trace_no}",
        f"{status.card_name} ############{status.pan_last4}",
        f"BETRAG EUR {amount // 100},{amount % 100:02}",
        "Zahlung erfolgt",
    )
