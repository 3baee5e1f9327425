"""One sale on its way: decide by the plan, do it, decide again."""

import asyncio
from collections.abc import Awaitable

import structlog

from posedge.checkout import closing
from posedge.checkout.ledger import Case, Ledger
from posedge.checkout.merchant import MerchantCopies
from posedge.checkout.plan import (
    Await,
    Complete,
    Doing,
    End,
    Failure,
    GiveBack,
    Keep,
    Pay,
    Stuck,
    Tries,
    Void,
    attempt_id,
    card_tenders,
    give_up,
    plan,
)
from posedge.checkout.settings import CheckoutSettings, Identity
from posedge.checkout.standing import attempts_of
from posedge.clock import Clock
from posedge.model.errors import PosedgeError, StorageError
from posedge.model.money import Money
from posedge.model.payment import Attempt, AttemptKind
from posedge.model.sale import SaleRequest, SaleState, TenderRequest
from posedge.payments.desk import Desk
from posedge.payments.order import Order, give_back_id

PAUSES_S = (1, 2, 5, 10, 60, 600)
"""Between tries to give money back: quick while the customer stands there, then patient."""

log = structlog.get_logger()


class Course:
    """Runs in the crew.

    `accepted`: the request is durable, or never will be. `told`: there is something to tell the
    till now. `idle`: it only waits and may be cancelled. `failed`: the disk broke. `basket` is the
    request with how the rest of a partial approval is paid.
    """

    def __init__(
        self,
        request: SaleRequest,
        ledger: Ledger,
        desk: Desk,
        *,
        clock: Clock,
        identity: Identity,
        settings: CheckoutSettings,
        copies: MerchantCopies,
    ) -> None:
        self.request = request
        self.basket = request
        self.accepted = asyncio.Event()
        self.told = asyncio.Event()
        self.idle = False
        self.failed: StorageError | None = None
        self._ledger = ledger
        self._desk = desk
        self._clock = clock
        self._identity = identity
        self._settings = settings
        self._copies = copies
        self._let_go = False
        self._troubles = 0

    async def run(self, *, resumed: bool) -> bool:
        """Bring the sale to its end; True when it is completed. StorageError: it is not known."""
        self._let_go = resumed
        if not resumed:
            await self._ledger.accept(self.request, self._clock.now())
        self.accepted.set()
        case = await self._ledger.get(self.request.id)
        while not case.final:
            self.basket = case.basket
            tries = await tries_of(self.basket, self._desk)
            await self._copies.hand_in(attempts_of(tries), self._printer, resumed=resumed)
            step = plan(self.basket, tries, case.failure)
            if isinstance(step, Stuck):
                log.error("sale.stuck", sale=self.request.id, reason=step.failure.reason)
                return False
            await self._do(step, case, tries)
            case = await self._ledger.get(self.request.id)
        return case.state is SaleState.COMPLETED

    async def keep(self, tender: int) -> None:
        """Tell the desk that the part of `tender` is kept; its rest is in the journal."""
        attempt = attempt_id(self.request.id, tender)
        await self._desk.decide(attempt, keep=True, who=f"till {self.request.till}")

    async def fail(self, error: StorageError, pause_s: float) -> None:
        """Tell who asks that the disk fails, and wait before the next `run`."""
        self.failed = error
        await self._wait(asyncio.sleep(pause_s))
        self.failed = None

    @property
    def _printer(self) -> str | None:
        return self.request.printer or self._settings.printer

    async def _do(self, step: Doing, case: Case, tries: list[Tries]) -> None:
        match step:
            case Pay(tender=tender):
                failure = await self._pay(tender, case)
                if failure:
                    await self._do(give_up(tries, failure), case, tries)
            case Await(attempt=attempt):
                await self._wait(self._desk.settle(attempt))
            case Keep(attempt=attempt):
                await self._desk.decide(attempt, keep=True, who=f"till {self.request.till}")
            case GiveBack(tender=tender, number=number):
                await self._give_back(tender, number)
            case Void(failure=failure):
                await self._ledger.void(self.request, failure)
            case End(state=state, failure=failure):
                await self._ledger.end(self.request, state, failure)
            case Complete():
                await self._complete(case, tries)

    async def _pay(self, tender: int, case: Case) -> Failure | None:
        """Charge one card; return why that could not even begin."""
        if not self._customer_waits(case):
            return Failure("sale.interrupted", "the sale was interrupted: sell it again")
        try:
            await self._desk.pay(await self._order(tender))
        except StorageError:
            raise
        except PosedgeError as error:
            return Failure(error.code, error.message)
        return None

    def _customer_waits(self, case: Case) -> bool:
        if not self._let_go:
            return True
        since_s = self._clock.now().since(case.accepted)
        return since_s is not None and since_s <= self._settings.charge_again_s

    async def _give_back(self, tender: int, number: int) -> None:
        if number + self._troubles:
            await self._wait(self._pause(number + self._troubles))
        original = attempt_id(self.request.id, tender)
        try:
            await self._desk.reverse(give_back_id(original, number), original)
        except StorageError:
            raise
        except PosedgeError as error:
            self._troubles += 1
            log.warning("sale.not_given_back", sale=self.request.id, reason=error.message)

    async def _wait(self, what: Awaitable[object]) -> None:
        """Let the till go with how things stand now, and wait, perhaps for long."""
        self._let_go = self.idle = True
        self.told.set()
        await what
        self.told.clear()
        self.idle = False

    async def _pause(self, times: int) -> None:
        await asyncio.sleep(PAUSES_S[min(times, len(PAUSES_S)) - 1])

    async def _complete(self, case: Case, tries: list[Tries]) -> None:
        await self._ledger.complete(
            self.request,
            lambda number: closing.close(
                self.basket,
                tries,
                self._identity,
                receipt_no=number,
                accepted=case.accepted,
                now=self._clock.now(),
            ),
            printer=self._printer,
            drawer=pays_cash(self.basket),
        )

    async def _order(self, at: int) -> Order:
        tender = self.basket.tenders[at]
        original = tender.original_attempt and await self._desk.find(tender.original_attempt)
        kind, terminal = AttemptKind.SALE, tender.terminal
        if tender.amount_minor < 0:
            kind = AttemptKind.REFUND
        if original:
            terminal = terminal or original.terminal
            kind = await self._kind(tender, terminal, original)
        return Order(
            id=attempt_id(self.request.id, at),
            sale=self.request.id,
            till=self.request.till,
            kind=kind,
            terminal=terminal,
            amount=self._money(abs(tender.amount_minor)),
            tip=self._money(tender.tip_minor) if tender.tip_minor else None,
            cashback=self._money(tender.cashback_minor) if tender.cashback_minor else None,
            asks_tip=tender.asks_tip,
            partial=tender.partial,
            original=tender.original_attempt,
        )

    def _money(self, minor: int) -> Money:
        return Money(minor=minor, currency=self.request.currency)

    async def _kind(self, tender: TenderRequest, terminal: str, original: Attempt) -> AttemptKind:
        """Undo a whole payment of the same day; terminals settle with their host at its end."""
        sold = await self._ledger.find(original.sale)
        today = sold is not None and sold.request.business_day == self.request.business_day
        whole = original.moved.minor == -tender.amount_minor and original.terminal == terminal
        return AttemptKind.REVERSAL if today and whole else AttemptKind.REFUND


async def tries_of(request: SaleRequest, desk: Desk) -> list[Tries]:
    """Return what the journal knows of the card tenders of a sale."""
    found: list[Tries] = []
    for at in card_tenders(request):
        attempt = await desk.find(attempt_id(request.id, at))
        reversals: list[Attempt] = []
        while attempt and (back := await desk.find(give_back_id(attempt.id, len(reversals)))):
            reversals.append(back)
        found.append(Tries(at, attempt, tuple(reversals)))
    return found


def pays_cash(request: SaleRequest) -> bool:
    return any(tender.kind == "cash" for tender in request.tenders)
