"""Payment terminals that speak Caisse-AP over IP (Concert V3), as in France.

One request, one answer, one connection. There is no key, no status and no question about the past:
what is not answered can only be found out by a person, in the terminal's own journal.
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import ClassVar

from posedge.drivers.caisse_ap_options import CaisseApOptions
from posedge.drivers.interface import Site
from posedge.drivers.options import read_options
from posedge.link.interface import Link
from posedge.model.capabilities import Kind
from posedge.model.errors import DeviceError, DeviceGone, InDoubt, NotStarted, PosedgeError
from posedge.model.money import NUMERIC, Money
from posedge.model.payment import Attempt, AttemptKind, TerminalResult
from posedge.model.rehearsal import Rehearsal
from posedge.model.terminal import Ability, Finding, FindingKind, Witness
from posedge.model.value import Value
from posedge.wire.caisse_ap import (
    AMOUNT_DIGITS,
    CONTACTLESS,
    SCHEMES,
    Action,
    ActionStatus,
    Answer,
    Decoder,
    Request,
    StatusDetail,
)

ACTIONS = {AttemptKind.SALE: Action.DEBIT, AttemptKind.REFUND: Action.CREDIT}
ENDED = frozenset({ActionStatus.DONE, ActionStatus.NOT_DONE})

UNMASKED = "sends whole card numbers: have its operator switch masking on"

WORDS: Mapping[str, str] = {
    StatusDetail.CALL: "the bank is to be called",
    StatusDetail.REFUSED: "refused",
    StatusDetail.FORBIDDEN: "forbidden",
    StatusDetail.GIVEN_UP: "abandoned",
    StatusDetail.NOT_ENDED: "not ended",
    StatusDetail.TIMEOUT: "no card in time",
    StatusDetail.FIELD_MISSING: "a field of the request is missing or wrong",
    StatusDetail.SELECTION: "wrong selection at the terminal",
    StatusDetail.ABANDONED: "abandoned at the terminal",
    StatusDetail.ACTION_UNKNOWN: "the terminal does not know this operation",
    StatusDetail.CURRENCY_UNKNOWN: "the terminal does not take this currency",
}
ABANDONED = frozenset({StatusDetail.GIVEN_UP, StatusDetail.ABANDONED})


class CaisseApTerminal:
    """A Driver and a Terminal."""

    name: ClassVar[str] = "caisse-ap"
    kind: ClassVar[Kind] = Kind.TERMINAL
    options: ClassVar[type[Value]] = CaisseApOptions

    able: ClassVar[frozenset[Ability]] = frozenset({Ability.REFUND})

    def __init__(self, site: Site) -> None:
        self._site = site
        self._options = read_options(CaisseApOptions, site.options)
        self._turn = asyncio.Lock()
        self._unwanted = False
        self._sent = False

    @property
    def rehearsal(self) -> Rehearsal:
        return Rehearsal(test_mode=self._options.test_mode, currency="EUR", tells=False)

    async def run(self) -> None:
        while True:
            await self.status()
            await self._site.report(None)
            await asyncio.sleep(self._options.status_ms / 1000)

    async def status(self) -> str:
        """Return `reachable`: the protocol has no word for more."""
        async with self._turn, self._connection():
            return "reachable"

    async def preimage(self) -> str | None:
        return None

    async def execute(self, attempt: Attempt, witness: Witness) -> None:
        """Ask once and wait for the one answer, which is final: nothing acknowledges it."""
        request = request_for(attempt, self._options)
        self._unwanted = self._sent = False
        try:
            async with self._turn, self._connection() as link:
                answer = await self._ask(link, request)
        except (NotStarted, InDoubt):
            raise
        except DeviceError as error:
            raise NotStarted(error.code, error.message) from error
        if answer.pan_unmasked:
            await self._site.warn(UNMASKED)
        await self._conclude(attempt, request, answer, witness)

    async def find(self, attempt: Attempt, *, waited_s: int) -> Finding:
        if attempt.result is not None and attempt.result.approved:
            text = "the terminal had answered that it was done"
            return Finding(kind=FindingKind.APPROVED, text=text, result=attempt.result)
        if waited_s < self._options.answer_ms / 1000:
            return Finding(kind=FindingKind.UNKNOWN, text="the terminal may still be at it")
        text = f"this terminal cannot be asked: look for {attempt.amount} in its journal"
        return Finding(kind=FindingKind.UNTOLD, text=text)

    async def cancel(self) -> None:
        if self._sent:
            text = "it takes no cancellation from here: press the red key on the terminal"
            raise DeviceError("terminal.unable", text)
        self._unwanted = True

    def __repr__(self) -> str:
        return (
            f"<CaisseApTerminal {self._site.device}: {'busy' if self._turn.locked() else 'idle'}>"
        )

    @asynccontextmanager
    async def _connection(self) -> AsyncGenerator[Link, None]:
        link = await self._site.open()
        try:
            yield link
        finally:
            await link.close()

    async def _ask(self, link: Link, request: Request) -> Answer:
        if self._unwanted:
            raise NotStarted("terminal.cancelled", "it was cancelled before it was sent")
        self._sent = True
        try:
            await link.write(request.to_bytes(), deadline_s=self._options.write_ms / 1000)
            async with asyncio.timeout(self._options.answer_ms / 1000):
                return await self._answer(link)
        except TimeoutError:
            raise _in_doubt("terminal.silent", "no answer in time") from None
        except PosedgeError as error:
            raise _in_doubt(error.code, error.message) from error
        finally:
            self._sent = False

    async def _answer(self, link: Link) -> Answer:
        """Read one answer: a pause, the end of the connection or a second one ends it."""
        decoder = Decoder()
        while True:
            whole = decoder.pull()
            rest = whole or decoder.rest()
            answer = Answer.of(rest) if rest else None
            if answer is not None and (whole or not await self._more(link, decoder)):
                return answer
            if answer is None:
                decoder.feed(await link.read())

    async def _more(self, link: Link, decoder: Decoder) -> bool:
        """Wait a moment for what may still belong to it."""
        try:
            async with asyncio.timeout(self._options.rest_ms / 1000):
                decoder.feed(await link.read())
        except (TimeoutError, DeviceGone):
            return False
        return True

    async def _conclude(
        self, attempt: Attempt, request: Request, answer: Answer, witness: Witness
    ) -> None:
        if answer.status not in ENDED:
            raise _in_doubt("terminal.unproven", f"it answers {answer.status} and no outcome")
        done = answer.status == ActionStatus.DONE
        if answer.contradicts(request) or (done and not answer.answers(request)):
            raise _in_doubt("terminal.uncorrelated", "the answer is of another payment")
        try:
            await witness.result(result_of(answer, attempt))
        except PosedgeError as error:
            raise _in_doubt("terminal.unstored", error.message) from error


def request_for(attempt: Attempt, options: CaisseApOptions) -> Request:
    """Say the attempt in Caisse-AP; NotStarted when that is not possible."""
    action = ACTIONS.get(attempt.kind)
    if action is None:
        raise NotStarted("terminal.unable", f"Caisse-AP has no {attempt.kind.value}")
    number = NUMERIC.get(attempt.amount.currency)
    if number is None or len(str(attempt.amount.minor)) > AMOUNT_DIGITS[1]:
        raise NotStarted("terminal.amount", f"this terminal cannot be asked for {attempt.amount}")
    return Request(options.till, attempt.amount.minor, action, number, options.protocol_id)


def result_of(answer: Answer, attempt: Attempt) -> TerminalResult:
    """Read an answer that is about the attempt as its result."""
    approved = answer.status == ActionStatus.DONE
    mode = answer.payment_mode
    amount = Money(minor=attempt.amount.minor, currency=attempt.amount.currency)
    return TerminalResult(
        approved=approved,
        amount=amount if approved else None,
        code=answer.status + answer.detail,
        text="" if approved else _words(answer),
        terminal_id=answer.contract,
        auth_code=answer.authorisation,
        scheme=SCHEMES.get(mode, mode),
        pan_last4=answer.pan_last4,
        entry=("contactless" if mode in CONTACTLESS else "chip") if mode in SCHEMES else "",
        cancelled=answer.detail in ABANDONED and not approved,
    )


def _words(answer: Answer) -> str:
    words = WORDS.get(answer.detail, "not done")
    return f"{words}: {answer.said}" if answer.said else words


def _in_doubt(code: str, why: str) -> InDoubt:
    return InDoubt(code, f"{why}; look into the terminal's journal before anything else")
