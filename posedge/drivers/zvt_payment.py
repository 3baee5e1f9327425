"""One money command on a ZVT terminal, from its first byte to its proven end.

The rules (PA00P015 13.08 §2.2.8): what the terminal reports is stored by the witness first and
agreed to afterwards; what cannot be stored, read or matched is refused, so that the terminal takes
it back. 06 0F alone proves nothing; behind an agreed result it proves that we were heard.
"""

from contextlib import suppress

import structlog

from posedge.drivers.zvt_evidence import outcome
from posedge.drivers.zvt_session import REFUSAL, Session, answer_to
from posedge.model.errors import DeviceError, InDoubt, NotStarted, PosedgeError
from posedge.model.payment import Attempt, TerminalResult
from posedge.model.terminal import Witness
from posedge.wire.zvt.codes import ReceiptKind, Result, words
from posedge.wire.zvt.decode import FromTerminal
from posedge.wire.zvt.money import MoneyCommand
from posedge.wire.zvt.receipts import PrintBlock, PrintLine
from posedge.wire.zvt.register import ABORT, Errand, Negative, Positive
from posedge.wire.zvt.status import StatusInformation
from posedge.wire.zvt.terminal import Abort, Completion, IntermediateStatus

log = structlog.get_logger()

S_PER_MINUTE = 60


class Execution:
    """Runs once. `unmasked`: the terminal sent a whole card number."""

    def __init__(self, attempt: Attempt, witness: Witness) -> None:
        self.unmasked = False
        self._announced_s = 0
        self._attempt = attempt
        self._witness = witness
        self._session: Session | None = None
        self._accepted = False
        self._owes_answer = False
        self._cancelled = False
        self._told_to_stop = False
        self._info: StatusInformation | None = None
        self._stored: TerminalResult | None = None
        self._doubt: PosedgeError | None = None

    async def run(self, session: Session, command: MoneyCommand) -> None:
        """Return when the result is stored and the terminal has said its last word behind it.

        NotStarted when it refused at once or was cancelled before; else InDoubt.
        """
        if self._cancelled:
            raise NotStarted("terminal.cancelled", "it was cancelled before it was sent")
        self._session = session
        try:
            await session.command(command)
            while not await self._step(session):
                await self._stop(session)
        except (NotStarted, InDoubt):
            raise
        except DeviceError as error:
            raise self._in_doubt(self._doubt or error) from error
        finally:
            self._session = None

    async def cancel(self) -> None:
        """Ask the terminal to stop, at once or as soon as it has taken the command."""
        self._cancelled = True
        if self._session is not None and not self._owes_answer:
            await self._stop(self._session)

    async def _stop(self, session: Session) -> None:
        """Send 06 B0 if that is wanted and can still help; never between a word and its answer."""
        possible = self._accepted and self._info is None
        if self._cancelled and possible and not self._told_to_stop:
            self._told_to_stop = True
            await session.send(Errand(ABORT))

    async def _step(self, session: Session) -> bool:
        message = await self._hear(session)
        self._owes_answer = True
        ended = await self._handle(message, session)
        self._owes_answer = False
        return ended

    async def _hear(self, session: Session) -> FromTerminal:
        waits = self._accepted and self._doubt is None
        try:
            return await session.hear(self._t4_s(session) if waits else session.t3_s)
        except DeviceError as error:
            if error.code == "terminal.silent":
                with suppress(DeviceError):
                    await session.send(Errand(ABORT))
            raise

    async def _handle(self, message: FromTerminal, session: Session) -> bool:
        """Answer one message; return whether the command has ended well."""
        if isinstance(message, Negative) and not self._accepted:
            text = f"the terminal refuses: {words(message.code)}"
            raise NotStarted("terminal.refused", text, result=message.code)
        if not self._accepted:
            await self._accept(session)
        match message:
            case Positive() | Negative():
                return False  # the answer to our abort, or one too many
            case Completion() | Abort():
                await self._end(message, session)
                return True
            case StatusInformation():
                answer = await self._result(message)
            case PrintLine() | PrintBlock():
                answer = await self._print(message)
            case IntermediateStatus():
                answer = await self._progress(message, session)
            case _:
                answer = answer_to(message)
        await session.send(answer)
        return False

    async def _accept(self, session: Session) -> None:
        self._accepted = True
        try:
            await self._witness.accepted()
        except PosedgeError as error:
            with suppress(DeviceError):
                await session.send(Errand(ABORT))
            raise self._in_doubt(error) from error

    async def _progress(self, message: IntermediateStatus, session: Session) -> Positive:
        announced_s = (message.timeout_min or 0) * S_PER_MINUTE
        if announced_s > self._t4_s(session):
            self._announced_s = announced_s
            with suppress(PosedgeError):
                await self._witness.patience(announced_s)
        with suppress(PosedgeError):  # it proves nothing, so its loss harms nothing
            await self._witness.progress(f"{message.status:02X}", message.text)
        return Positive()

    async def _result(self, info: StatusInformation) -> Positive | Negative:
        if self._doubt is not None:
            return REFUSAL
        if self._info is not None:
            return self._again(info)
        self._info = info
        if info.pan_unmasked:
            self.unmasked = True
            log.warning("terminal.unmasked", terminal=self._attempt.terminal)
        if info.doubtful:
            return self._refuse("terminal.unreadable", "the result cannot be read")
        result = outcome(info, self._attempt)
        if result is None:
            return self._refuse("terminal.uncorrelated", "the result is of another payment")
        return await self._store(result)

    async def _store(self, result: TerminalResult) -> Positive | Negative:
        try:
            await self._witness.result(result)
        except PosedgeError as error:
            return self._refuse("terminal.unstored", f"the result is not stored: {error.message}")
        self._stored = result
        return Positive()

    def _again(self, info: StatusInformation) -> Positive | Negative:
        """Answer a second result: the same one, in more words or fewer, changes nothing."""
        self.unmasked |= info.pan_unmasked
        if self._info is not None and info.agrees(self._info):
            return Positive()
        return self._refuse("terminal.contradicted", "a second result differs from the first")

    async def _print(self, message: PrintLine | PrintBlock) -> Positive | Negative:
        if self._doubt is not None:
            return REFUSAL
        customer = message.receipt == ReceiptKind.CUSTOMER
        try:
            await self._witness.printed(customer=customer, lines=message.lines)
        except PosedgeError as error:
            return self._refuse("terminal.unstored", f"a receipt is not stored: {error.message}")
        return Positive()

    async def _end(self, message: Completion | Abort, session: Session) -> None:
        if self._doubt is None and self._stored is None and isinstance(message, Abort):
            await self._store(_given_up(message.code))
        with suppress(DeviceError):  # it has said its last word; whether it hears us is its matter
            await session.send(Positive())
        if self._doubt is not None:
            raise self._in_doubt(self._doubt)
        if self._stored is None:
            text = "the terminal ended without a result"
            raise self._in_doubt(DeviceError("terminal.unproven", text))
        if isinstance(message, Abort) and self._stored.approved:
            text = f"the terminal gave up behind its approval: {words(message.code)}"
            raise self._in_doubt(DeviceError("terminal.reversed", text))

    def _refuse(self, code: str, text: str) -> Negative:
        self._doubt = DeviceError(code, text)
        return REFUSAL

    def _in_doubt(self, why: PosedgeError) -> InDoubt:
        code = why.code if self._stored is None else "terminal.unacknowledged"
        return InDoubt(code, f"{why.message}; ask the terminal before anything else")

    def _t4_s(self, session: Session) -> float:
        return max(session.options.t4_ms / 1000, self._announced_s)


def _given_up(code: int) -> TerminalResult:
    """Read an abort that came without a result: the terminal says that nothing was paid."""
    return TerminalResult(
        approved=False, code=f"{code:02X}", text=words(code), cancelled=code == Result.ABORTED
    )
