"""One sale from basket to receipt, drawer and journal.

    accepted durable -> card tenders, one after the other -> completed, with the receipt number,
    in one journal transaction -> drawer -> receipt

A card that fails gives the others back. On a partial approval the till is asked: it says how the
rest is paid, or the part goes back, as it does when the till says nothing. A printer without paper
delays nothing: the receipt waits and says so. The till may go away at any point: the sale belongs
to the crew, and goes on after a power cut.
"""

import asyncio
from collections.abc import Mapping, Sequence

from posedge.bus import Bus
from posedge.checkout.admission import check
from posedge.checkout.copies import Copies
from posedge.checkout.course import Course, pays_cash, tries_of
from posedge.checkout.displays import Displays
from posedge.checkout.ledger import Ledger
from posedge.checkout.merchant import MerchantCopies
from posedge.checkout.opening import open_drawer
from posedge.checkout.paper import Paper
from posedge.checkout.plan import Stuck, plan
from posedge.checkout.returns import originals
from posedge.checkout.settings import CheckoutSettings, DisplaySettings, Identity
from posedge.checkout.standing import (
    attempts_of,
    check_for_person,
    rest_of,
    state_of,
    undecided,
)
from posedge.checkout.underway import Underway
from posedge.clock import Clock, Ids
from posedge.drawers.drawers import Drawers
from posedge.journal.interface import Journal
from posedge.model.errors import (
    ConflictError,
    MisuseError,
    PosedgeError,
)
from posedge.model.sale import ReceiptState, Sale, SaleRequest, SaleState, TenderRequest
from posedge.payments.announce import Announcer
from posedge.payments.desk import Desk
from posedge.payments.order import Devices
from posedge.payments.settings import MerchantCopy
from posedge.printing.queue import PrintQueue
from posedge.tasks import Crew, cancel


class Checkout:
    """One per box. `resume` behind the desk's `start`; `close` before the crew is left."""

    def __init__(
        self,
        journal: Journal,
        desk: Desk,
        devices: Devices,
        queue: PrintQueue,
        bus: Bus,
        *,
        drawers: Drawers,
        clock: Clock,
        ids: Ids,
        crew: Crew,
        identity: Identity,
        settings: CheckoutSettings | None = None,
        display: DisplaySettings | None = None,
        merchant_copy: MerchantCopy = "signature",
    ) -> None:
        self._desk = desk
        self._drawers = drawers
        self._clock = clock
        self._crew = crew
        self._identity = identity
        self._settings = settings or CheckoutSettings()
        self.displays = Displays(devices, bus, display or DisplaySettings())
        self._showing: list[asyncio.Task[None]] = []
        announcer = Announcer(bus, crew)
        self._ledger = Ledger(journal, announcer, clock, ids)
        self._merchant = MerchantCopies(queue, merchant_copy)
        self.copies = Copies(self._ledger, desk, self._settings)
        self._paper = Paper(
            journal, queue, announcer, self.copies.compose, clock=clock, ids=ids, crew=crew
        )
        self._door = asyncio.Lock()
        self._open = False
        self._underway = Underway(self._course, self._hand_out, self.displays, crew)

    async def resume(self) -> None:
        """Bring what the last run left open to its end, then open for business."""
        for work in (self.displays.serve, self.displays.follow):
            self._showing.append(self._crew.start(work(), name=f"displays.{work.__name__}"))
        for case in await self._ledger.unsettled():
            self._underway.start(case.request, resumed=True)
        await self._paper.resume()
        self._open = True

    async def close(self) -> None:
        """Take no more sales; stop what only waits, it goes on after the next start."""
        self._open = False
        for task in self._showing:
            await cancel(task)
        await self._underway.close()

    async def sell(self, request: SaleRequest) -> Sale:
        """Sell; return when it is over, in doubt, or a person must help.

        The same request again returns the same sale. ConflictError `sale.conflict`: other content
        under a known id. MisuseError `refund.…`, `sale.too_large`, NotFoundError `sale.unknown`:
        nothing has happened. StorageError: what happened could not be stored.
        """
        async with self._door:
            course = self._underway.find(request.id)
            case = None if course else await self._ledger.find(request.id)
            if course is None and case is None:
                if not self._open:
                    raise MisuseError("checkout.closed", "the box is not open: ask in a moment")
                await check(request, self._ledger)
                course = self._underway.start(request, resumed=False)
                await course.accepted.wait()
        known = course or case
        if known is not None and known.request != request:
            raise ConflictError(
                "sale.conflict",
                f"sale {request.id} exists with other content: use a new id for a new sale",
                sale=request.id,
            )
        return await self._news(course, request.id)

    async def refund(self, sale_id: str, request: SaleRequest) -> Sale:
        """Give goods of `sale_id` back: a sale of kind refund with an id of its own; see `sell`."""
        if request.kind != "refund":
            raise MisuseError("refund.kind", f"kind is {request.kind}: a refund has kind refund")
        others = originals(request) - {sale_id}
        if others:
            raise MisuseError("refund.other_sale", f"a line gives goods of {min(others)} back")
        return await self.sell(request)

    async def extend(self, sale_id: str, tenders: Sequence[TenderRequest]) -> Sale:
        """Keep the part that a card paid, and take `tenders` for the rest; see `sell`.

        The same again changes nothing. NotFoundError `sale.unknown`, MisuseError
        `sale.not_partial` when nothing waits for it, `sale.rest` when it is not the rest.
        """
        course = self._underway.find(sale_id)
        async with self._door:
            case = await self._ledger.get(sale_id)
            extension = rest_of(case, await tries_of(case.basket, self._desk), tenders)
            if extension:
                await self._ledger.extend(case, extension)
        if extension and course:
            course.told.clear()
            await course.keep(extension.tender)
        return await self._news(course, sale_id)

    async def refuse(self, sale_id: str) -> Sale:
        """Let the part that a card paid go back: the sale is voided.

        NotFoundError `sale.unknown`, MisuseError `sale.not_partial`.
        """
        case = await self._ledger.get(sale_id)
        short = undecided(case, await tries_of(case.basket, self._desk))
        await self._desk.decide(short.id, keep=False, who=f"till {case.request.till}")
        return await self.get(sale_id)

    async def resolve(self, sale_id: str, *, who: str, why: str, evidence: str) -> Sale:
        """Void a sale by a person's word that they gave back what the box cannot; kept for ever.

        Goods that it took back stay taken back. NotFoundError `sale.unknown`, MisuseError
        `sale.not_for_operator` unless it is VOIDING and none of its payments is open.
        """
        word = {"who": who, "why": why, "evidence": evidence}
        resolving = self._crew.start(self._resolve(sale_id, word), name=f"resolve.{sale_id}")
        error = await asyncio.shield(resolving)
        if error is not None:
            raise error
        return await self.get(sale_id)

    async def get(self, sale_id: str) -> Sale:
        """Return the sale; NotFoundError `sale.unknown`."""
        case = await self._ledger.get(sale_id)
        tries = await tries_of(case.basket, self._desk)
        receipt, why = ReceiptState.NONE, None
        if case.transaction:
            receipt, why = await self._paper.state(sale_id)
        step = plan(case.basket, tries, case.failure)
        failure = step.failure if not case.final and isinstance(step, Stuck) else case.failure
        return Sale(
            id=sale_id,
            state=state_of(case, tries),
            attempts=tuple(attempts_of(tries)),
            transaction=case.transaction,
            receipt=receipt,
            receipt_reason=why,
            code=failure.code if failure else None,
            reason=failure.reason if failure else None,
        )

    def _course(self, request: SaleRequest) -> Course:
        return Course(
            request,
            self._ledger,
            self._desk,
            clock=self._clock,
            identity=self._identity,
            settings=self._settings,
            copies=self._merchant,
        )

    async def _news(self, course: Course | None, sale_id: str) -> Sale:
        """Return the sale once there is something to tell of it; StorageError: nobody knows."""
        while True:
            if course:
                await course.told.wait()
                if course.failed:
                    raise course.failed
            sale = await self.get(sale_id)
            moving = sale.state is SaleState.PAYING and all(each.settled for each in sale.attempts)
            if not (moving and sale_id in self._underway):
                return sale  # else its course has not heard yet of the payment's end

    async def _resolve(self, sale_id: str, word: Mapping[str, str]) -> PosedgeError | None:
        """Finish even when who asked has gone; the error is the asker's, not the crew's."""
        async with self._door:
            course = self._underway.find(sale_id)
            await self._underway.halt(sale_id)  # it waits for its next try to give the money back
            try:
                case = await self._ledger.get(sale_id)
                if sale_id in self._underway:
                    text = f"the box is giving money of sale {sale_id} back: ask again in a moment"
                    raise MisuseError("sale.busy", text)
                check_for_person(case, await tries_of(case.basket, self._desk))
                await self._ledger.settle(case, word)
            except PosedgeError as error:
                if course and sale_id not in self._underway:
                    self._underway.start(course.request, resumed=True)
                return error
        return None

    async def _hand_out(self, request: SaleRequest) -> None:
        """Open the drawer and print; wait for the paper only so long."""
        printer = request.printer or self._settings.printer
        if pays_cash(request):
            await open_drawer(self._drawers, request, self._settings)
        if request.print_receipt:
            await self._paper.hand_in(request.id, printer)
            await self._paper.printed(request.id, self._settings.receipt_wait_s)
