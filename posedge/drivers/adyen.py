"""Payment terminals that speak Adyen's Terminal API, on the shop's network or through the cloud.

A request is answered when it is over, some minutes later; what is lost until then is asked for by
its key (TransactionStatus). Nothing is ever sent a second time.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import structlog

import posedge
from posedge.drivers.adyen_day import end_of_day
from posedge.drivers.adyen_evidence import (
    NEVER_BEGAN,
    UNCLEAR,
    category,
    command,
    result_of,
    service_id,
    weigh,
)
from posedge.drivers.adyen_options import AdyenOptions
from posedge.drivers.adyen_way import Talk, Way
from posedge.drivers.interface import Site
from posedge.drivers.options import read_options
from posedge.model.capabilities import Kind
from posedge.model.errors import DeviceError, InDoubt, NotStarted, PosedgeError, ProtocolError
from posedge.model.payment import Attempt
from posedge.model.reconciliation import EndOfDay
from posedge.model.rehearsal import Rehearsal
from posedge.model.stamp import Stamp
from posedge.model.terminal import Ability, Finding, FindingKind, Witness
from posedge.model.value import Value
from posedge.wire.nexo.answers import Outcome, Result
from posedge.wire.nexo.envelope import Answer, Notice, Received
from posedge.wire.nexo.header import Category, Header, Key
from posedge.wire.nexo.notation import fields, text
from posedge.wire.nexo.receipts import Slip
from posedge.wire.nexo.requests import (
    Abort,
    Diagnosis,
    Login,
    Reference,
    Request,
    TransactionStatus,
)

log = structlog.get_logger()

READY = "ready"

UNMASKED = "sends whole card numbers: have its operator switch masking on"
"""They are masked here, and a payment is worth more than a setting: an alarm, no refusal."""


@dataclass(slots=True)
class _Running:
    """The command that is being carried out; `sent`: perhaps the terminal knows of it."""

    reference: Reference
    sent: bool = False
    cancelled: bool = False

    def send(self) -> None:
        """Be sent from now on; NotStarted when it was cancelled before."""
        if self.cancelled:
            raise NotStarted("terminal.cancelled", "it was cancelled before it was sent")
        self.sent = True


TEST_HOST = "-test.adyen.com"
DECLINED_MINOR = 10_124
"""Amount …124: refusal (adyen-examples/adyen-mock-terminal-api, README)."""


class AdyenTerminal:
    """A Driver, a Terminal and Reconciling. There is no pre-image: each request has a key."""

    name: ClassVar[str] = "adyen"
    kind: ClassVar[Kind] = Kind.TERMINAL
    options: ClassVar[type[Value]] = AdyenOptions

    able: ClassVar[frozenset[Ability]] = frozenset(Ability) - {Ability.PREAUTH, Ability.RELEASE}

    def __init__(self, site: Site) -> None:
        self._site = site
        self._options = read_options(AdyenOptions, site.options)
        self._way = Way(site, self._options)
        self._running: _Running | None = None

    @property
    def rehearsal(self) -> Rehearsal:
        """Amounts that end in 124 are declined by Adyen's mock terminal and its test host."""
        return Rehearsal(
            test_mode=self._options.test_mode or TEST_HOST in self._site.address,
            currency=self._options.currency,
            decline_minor=DECLINED_MINOR,
        )

    async def run(self) -> None:
        while True:
            if self._running is None:
                state = await self.status()
                await self._site.report(None if state == READY else state)
            await asyncio.sleep(self._options.status_ms / 1000)

    async def status(self) -> str:
        try:
            received = await self._way.ask(self._header(Category.DIAGNOSIS), Diagnosis())
        except ProtocolError as error:
            raise DeviceError(error.code, error.message) from error
        match received:
            case Answer(body=body, response=response):
                state = text(fields(body, "POIStatus"), "GlobalStatus")
                said = state if response.result is not Result.FAILURE else response.condition
                return READY if said == "OK" else (said or "unknown").lower()
            case Notice(text=why):
                raise DeviceError("terminal.rejected", f"it cannot be asked: {why}")
            case None:
                raise DeviceError("terminal.empty", "it answered with nothing")

    async def preimage(self) -> str | None:
        try:
            state = await self.status()
        except DeviceError as error:
            raise NotStarted(error.code, error.message) from error
        if state != READY:
            raise NotStarted("terminal.not_ready", f"the terminal is {state}: try again")
        return None

    async def execute(self, attempt: Attempt, witness: Witness) -> None:
        asked = command(attempt)
        header = Header(category(attempt), self._key(attempt))
        self._running = _Running(Reference(header.category, header.key))
        try:
            await self._carry_out(header, asked, attempt, witness)
        finally:
            self._running = None

    async def find(self, attempt: Attempt, *, waited_s: int) -> Finding:
        key = Key.parse(attempt.reference or "") or self._key(attempt)
        if key.poiid != self._options.poiid:
            elsewhere = f"it was begun on {key.poiid}, and this is {self._options.poiid}"
            return Finding(kind=FindingKind.UNKNOWN, text=elsewhere)
        question = TransactionStatus(Reference(category(attempt), key))
        received = await self._way.ask(self._header(Category.TRANSACTION_STATUS), question)
        return weigh(attempt, key, received, waited_s=waited_s, settle_s=self._options.settle_s)

    async def end_of_day(
        self,
        since: Stamp | None,  # noqa: ARG002 - it knows itself
        known: Sequence[Attempt] = (),  # noqa: ARG002
    ) -> EndOfDay:
        await self.preimage()
        login = Login(self._site.clock.now().rfc3339, posedge.__version__)
        return await end_of_day(
            self._way, self._header, login, within_s=self._options.payment_ms / 1000
        )

    async def cancel(self) -> None:
        running = self._running
        if running is None:
            return
        running.cancelled = True
        if running.sent:
            try:
                await self._way.ask(self._header(Category.ABORT), Abort(running.reference))
            except ProtocolError as error:  # it has it: what it says back proves nothing
                log.warning("terminal.abort_unclear", device=self._site.device, reason=error.code)

    def __repr__(self) -> str:
        doing = "in a payment" if self._running else "idle"
        return f"<AdyenTerminal {self._site.device}: {doing}>"

    async def _carry_out(
        self, header: Header, asked: Request, attempt: Attempt, witness: Witness
    ) -> None:
        assert self._running is not None, "execute has set it"
        try:
            async with self._way.connection() as talk:
                await witness.reference(str(header.key))
                self._running.send()
                received = await self._ask(talk, header, asked)
        except (NotStarted, InDoubt):
            raise
        except PosedgeError as error:  # from connecting or storing the key: nothing has left
            raise NotStarted(error.code, error.message) from error
        await self._conclude(self._answer(received), attempt, witness)

    async def _ask(self, talk: Talk, header: Header, asked: Request) -> Received:
        """Send the command; whatever is lost from here on is in doubt."""
        try:
            return await talk.ask(header, asked, timeout_s=self._options.payment_ms / 1000)
        except NotStarted:
            raise
        except PosedgeError as error:
            raise _in_doubt(error.code, error.message) from error

    def _answer(self, received: Received) -> Answer:
        """Return an answer that ends the attempt; NotStarted or InDoubt for anything else."""
        match received:
            case None:
                raise _in_doubt("terminal.empty", "the terminal answered with nothing")
            case Notice(text=why):
                raise _in_doubt("terminal.rejected", f"the request was rejected: {why}")
            case Answer(response=response) if response.result is not Result.FAILURE:
                return received
            case Answer(response=response) if response.condition in NEVER_BEGAN:
                raise NotStarted("terminal.refused", f"the terminal refuses: {response.words}")
            case Answer(response=response, plain=plain):
                if plain or response.condition in UNCLEAR:
                    raise _in_doubt("terminal.unclear", f"it gave up: {response.words}")
                return received

    async def _conclude(self, answer: Answer, attempt: Attempt, witness: Witness) -> None:
        """Store receipts and result; there is nothing to acknowledge, the answer is final."""
        try:
            outcome = Outcome.from_fields(answer.body)
            result = result_of(outcome, attempt, self._options.poiid)
            if result is None:
                raise _in_doubt("terminal.uncorrelated", "the result is of another payment")
            await self._print(outcome.slips, witness)
            await witness.result(result)
        except InDoubt:
            raise
        except PosedgeError as error:
            raise _in_doubt(error.code, error.message) from error
        if outcome.pan_unmasked:
            log.warning("terminal.unmasked", terminal=attempt.terminal)
            await self._site.warn(UNMASKED)

    async def _print(self, slips: tuple[Slip, ...], witness: Witness) -> None:
        """Store the receipts before the result. One that cannot be is no reason to doubt."""
        try:
            for slip in slips:
                await witness.printed(customer=slip.customer, lines=slip.lines)
        except ProtocolError as error:
            log.warning("terminal.receipt_lost", device=self._site.device, reason=error.code)

    def _key(self, attempt: Attempt) -> Key:
        return Key(self._options.sale_id, service_id(attempt.id), self._options.poiid)

    def _header(self, kind: Category) -> Header:
        """Return a header for a message that moves nothing: any new key will do."""
        drawn = service_id(self._site.ids.new())
        return Header(kind, Key(self._options.sale_id, drawn, self._options.poiid))


def _in_doubt(code: str, words: str) -> InDoubt:
    return InDoubt(code, f"{words}; ask the terminal before anything else")
