"""One money request on an ECR17 terminal, from its first byte to its receipts.

A result is stored before it is confirmed. The terminal takes nothing back for want of a
confirmation: it says the result again, twice, and keeps it for `G`.
"""

from contextlib import suppress

import structlog

from posedge.drivers.ecr17_evidence import Mark, outcome
from posedge.drivers.ecr17_options import Ecr17Options
from posedge.drivers.ecr17_session import Session
from posedge.model.errors import DeviceError, InDoubt, NotStarted, PosedgeError
from posedge.model.money import Money
from posedge.model.payment import Attempt, AttemptKind
from posedge.model.terminal import Witness
from posedge.wire.ecr17.frames import Progress
from posedge.wire.ecr17.requests import Code, Request
from posedge.wire.ecr17.results import PaymentResult
from posedge.wire.ecr17.tickets import Ticket, is_ticket

MAX_MINOR = 10**8 - 1
"""An amount has eight digits."""

CURRENCY = "EUR"
"""An amount is always in cents (Payment, position 24)."""

STAN_DIGITS, RESERVATION_DIGITS = 6, 9

COPY_S = 1.0
"""Behind one copy of a receipt the other begins, or the terminal hangs up, or it is over."""

log = structlog.get_logger()


class Execution:
    """Runs once. `unmasked`: the terminal sent a whole card number."""

    def __init__(self, attempt: Attempt, witness: Witness, options: Ecr17Options) -> None:
        self.unmasked = False
        self._attempt = attempt
        self._witness = witness
        self._options = options
        self._unwanted = False
        self._sent = False

    async def run(self, session: Session, request: Request) -> None:
        """Return when the result is stored and confirmed; NotStarted when it was refused."""
        if self._unwanted:
            raise NotStarted("terminal.cancelled", "it was cancelled before it was sent")
        self._sent = True
        try:
            await session.ask(request)
        except DeviceError as error:
            if error.code == "terminal.refused":
                raise NotStarted(error.code, error.message) from error
            raise _in_doubt(error.code, error.message) from error
        stored = False
        try:
            await self._witness.accepted()
            result = await self._result(session)
            await self._store(result)
            stored = True
            await session.confirm()
        except InDoubt:
            raise
        except PosedgeError as error:
            code = "terminal.unacknowledged" if stored else error.code
            raise _in_doubt(code, error.message) from error

    async def print(self, session: Session) -> None:
        """Take the receipts that come here. The payment has ended: their loss changes nothing."""
        wait_s = self._options.receipt_ms / 1000
        try:
            while True:
                await self._receipt(session, wait_s)
                wait_s = min(wait_s, COPY_S)
        except PosedgeError as error:
            log.info("terminal.receipts_ended", reason=error.message)

    def cancel(self) -> None:
        """Be cancelled before it is sent; DeviceError when that is too late."""
        if self._sent:
            text = "it takes no cancellation from here: press the red key on the terminal"
            raise DeviceError("terminal.unable", text)
        self._unwanted = True

    async def _result(self, session: Session) -> PaymentResult:
        before = Mark.parse(self._attempt.preimage)
        while True:
            heard = await session.hear(self._options.answer_ms / 1000)
            if isinstance(heard, Progress):
                with suppress(PosedgeError):  # it proves nothing, so its loss harms nothing
                    await self._witness.progress("", heard.text)
                continue
            said = PaymentResult.from_bytes(heard)
            self.unmasked |= said.pan_unmasked
            if before is None or said.stan != before.stan:
                return said
            await session.confirm()  # the one before, said again

    async def _store(self, said: PaymentResult) -> None:
        before = Mark.parse(self._attempt.preimage)
        newer = before is None or before.precedes(said.stan)
        result = outcome(said, self._attempt) if newer and self._is_here(said) else None
        if result is None:
            raise _in_doubt("terminal.uncorrelated", "the result is of another payment")
        try:
            await self._witness.result(result)
        except PosedgeError as error:
            raise _in_doubt("terminal.unstored", error.message) from error

    def _is_here(self, said: PaymentResult) -> bool:
        wanted = self._options.terminal_id
        return wanted in {said.terminal_id, "0" * len(wanted)}

    async def _receipt(self, session: Session, wait_s: float) -> None:
        ticket = Ticket()
        while True:
            heard = await session.hear(wait_s)
            if isinstance(heard, Progress):
                continue
            if is_ticket(heard) and ticket.add(heard):
                break
            await session.confirm()
        await self._witness.printed(
            customer=not ticket.merchant, lines=ticket.lines, signature=ticket.signature
        )
        await session.confirm()


def request_for(attempt: Attempt, options: Ecr17Options) -> Request:
    """Say the attempt in ECR17; NotStarted when that is not possible."""
    amount = attempt.amount
    if amount.currency != CURRENCY or amount.minor > MAX_MINOR:
        most = Money(minor=MAX_MINOR, currency=CURRENCY)
        raise NotStarted("terminal.amount", f"this terminal takes up to {most}, not {amount}")
    number = attempt.original_receipt_no or ""
    here = (options.terminal_id, options.register_id)
    match attempt.kind:
        case AttemptKind.SALE:
            code = Code.EXTENDED_PAYMENT if options.extended else Code.PAYMENT
            return Request(code, *here, amount.minor)
        case AttemptKind.PREAUTH:
            return Request(Code.PRE_AUTHORISATION, *here, amount.minor)
        case AttemptKind.REVERSAL if _is_number(number, STAN_DIGITS):
            return Request(Code.REVERSAL, *here, stan=number)
        case AttemptKind.CAPTURE if _is_number(number, RESERVATION_DIGITS):
            return Request(Code.CLOSURE, *here, amount.minor, reservation=number)
        case AttemptKind.REVERSAL | AttemptKind.CAPTURE:
            text = f"a {attempt.kind.value} needs the number of the original payment"
            raise NotStarted("terminal.receiptless", text)
        case AttemptKind.REFUND | AttemptKind.RELEASE:
            text = f"ECR17 has no {attempt.kind.value}: do it by the terminal's own menu"
            raise NotStarted("terminal.unable", text)


def _is_number(text: str, digits: int) -> bool:
    """Whether it is a number of so many digits; of zeros alone it would mean any payment."""
    return len(text) == digits and text.isdecimal() and int(text) > 0


def _in_doubt(code: str, why: str) -> InDoubt:
    return InDoubt(code, f"{why}; ask the terminal before anything else")
