"""A till and its customers: baskets, tenders, returns, and the same id again until it is over."""

import asyncio
import random
from collections import Counter
from dataclasses import dataclass, field

from posedge.app.box import Box
from posedge.clock import Clock, Ids
from posedge.demo.goods import GOODS, line, summary
from posedge.model.errors import MisuseError, PosedgeError
from posedge.model.events import Envelope
from posedge.model.payment import AttemptKind
from posedge.model.sale import SALE_FINAL, Sale, SaleRequest, SaleState, TenderRequest
from posedge.model.transaction import Line, Original
from tests.simulation.machines import Away, BoxMachine
from tests.simulation.mood import become, draw
from tests.simulation.shop import PLACES, Shop

ANSWER_S = 30.0
REPLY_LOST = 0.05
MOOD_S = (5.0, 400.0)
"""How long a terminal stays as it is: past its T4 of three minutes, or not."""

AGAIN_S = (0.5, 10.0)
RETURNS, CARDS, TWO_CARDS, MIXED, WITHOUT_PAPER = 0.15, 0.75, 0.1, 0.15, 0.05

PATIENCE_S = 24 * 3600.0
"""A person is called after a quarter of an hour, and comes: what takes a day will never end."""

FOR_A_PERSON = {"payment.reversal_refused", "payment.irreversible"}
NOT_NOW = {"checkout.closed", "desk.closed"}


@dataclass
class Basket:
    """One customer's wish, under however many ids. `sale` is what the till was told at last."""

    tag: str
    request: SaleRequest
    sale: Sale | None = None


@dataclass
class Till:
    """`forgets_ids` is the bug to be found: a new id when an answer does not come."""

    name: str
    box: BoxMachine
    shop: Shop
    clock: Clock
    chance: random.Random
    forgets_ids: bool = False
    baskets: list[Basket] = field(default_factory=list)
    heard: list[int] = field(default_factory=list)
    gaps: int = 0
    counts: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._ids = Ids(self.clock, self.chance)
        self._returned: set[str] = set()

    async def listen(self, box: Box) -> None:
        """Follow the event stream behind what was heard before."""
        async for news in box.bus.listen(self.heard[-1] if self.heard else 0):
            if isinstance(news, Envelope):
                self.heard.append(news.sequence)
            else:
                self.gaps += 1

    async def serve(self) -> None:
        """Serve one customer to the end, whatever happens meanwhile."""
        original = self._returnable()
        if original is not None and self.chance.random() < RETURNS:
            request = self._taking_back(original)
        else:
            request = self._selling()
        basket = Basket(request.customer or "", request)
        self.baskets.append(basket)
        self._set_moods(request)
        basket.sale = await self._settled(basket)
        self.counts["refused" if basket.sale is None else basket.sale.state.value] += 1
        for printer in self.shop.printers.values():
            printer.close_drawer()

    async def _settled(self, basket: Basket) -> Sale | None:
        """Ask until it is over; None when the box refused: then nothing has happened."""
        until = asyncio.get_running_loop().time() + PATIENCE_S
        while asyncio.get_running_loop().time() < until:
            try:
                sale = await self._ask(basket.request)
            except Away:
                self._ask_again(basket)
            except MisuseError as error:
                if error.code not in NOT_NOW:
                    self.counts[error.code] += 1
                    return None
            except PosedgeError as error:
                self.counts[error.code] += 1
            else:
                if sale.state in SALE_FINAL or sale.code in FOR_A_PERSON:
                    return sale
            await asyncio.sleep(self.chance.uniform(*AGAIN_S))
        self.counts["never over"] += 1
        return None

    async def _ask(self, request: SaleRequest) -> Sale:
        sale = await self.box.ask(lambda box: box.checkout.sell(request), within_s=ANSWER_S)
        if self.chance.random() < REPLY_LOST:
            self.counts["replies lost"] += 1
            raise Away
        return sale

    def _ask_again(self, basket: Basket) -> None:
        self.counts["asked again"] += 1
        if self.forgets_ids:
            basket.request = basket.request.model_copy(update={"id": self._ids.new()})

    def _set_moods(self, request: SaleRequest) -> None:
        for tender in request.tenders:
            if tender.kind == "card" and tender.terminal is not None:
                terminal = self.shop.terminals[tender.terminal]
                name, faults = draw(self.chance, abs(tender.amount_minor))
                self.counts[f"terminal {name}"] += 1
                become(terminal.faults, faults)
                asyncio.get_running_loop().call_later(
                    self.chance.uniform(*MOOD_S), become, terminal.faults, type(faults)()
                )

    def _selling(self) -> SaleRequest:
        lines = tuple(
            line(number, good, weight_g=self.chance.randrange(50, 2000) if good.weighed else None)
            for number, good in enumerate(
                self.chance.choices(GOODS, k=self.chance.randint(1, 3)), start=1
            )
        )
        total = sum(each.gross_minor for each in lines)
        return self._request("sale", lines, total, self._tenders(total))

    def _tenders(self, total: int) -> tuple[TenderRequest, ...]:
        way, terminal = self.chance.random(), self.chance.choice(PLACES)
        if way > CARDS:
            return (
                TenderRequest(kind="cash", amount_minor=total, given_minor=-(-total // 500) * 500),
            )
        first = self.chance.randint(1, total - 1)
        card = TenderRequest(kind="card", amount_minor=first, terminal=terminal)
        rest = total - first
        if way < TWO_CARDS:
            other = self.chance.choice(PLACES)
            return card, TenderRequest(kind="card", amount_minor=rest, terminal=other)
        if way < TWO_CARDS + MIXED:
            return card, TenderRequest(kind="cash", amount_minor=rest, given_minor=rest)
        return (card.model_copy(update={"amount_minor": total}),)

    def _request(
        self,
        kind: str,
        lines: tuple[Line, ...],
        total: int,
        tenders: tuple[TenderRequest, ...],
    ) -> SaleRequest:
        taxes = summary(lines, -1 if total < 0 else 1)
        return SaleRequest.model_validate(
            {
                "id": self._ids.new(),
                "till": self.name,
                "kind": kind,
                "business_day": self.clock.now().rfc3339[:10],
                "operator": "Ada",
                "customer": f"{self.name}/{len(self.baskets)}",
                "currency": "EUR",
                "lines": lines,
                "tenders": tenders,
                "tax_summary": taxes,
                "total_gross_minor": total,
                "total_tax_minor": sum(each.amount_minor for each in taxes),
                "printer": f"printer {self.chance.choice(PLACES)}",
                "print_receipt": self.chance.random() > WITHOUT_PAPER,
            }
        )

    def _returnable(self) -> Basket | None:
        """Return the newest purchase of which nothing was brought back yet."""
        kept = (
            basket
            for basket in reversed(self.baskets)
            if basket.sale is not None
            and basket.sale.state is SaleState.COMPLETED
            and basket.request.kind == "sale"
            and basket.tag not in self._returned
        )
        return next(kept, None)

    def _taking_back(self, basket: Basket) -> SaleRequest:
        """Take all of it back, the money going the way it came."""
        self._returned.add(basket.tag)
        assert basket.sale is not None, "only what was bought comes back"
        sale_id = basket.sale.id
        lines = tuple(
            each.model_copy(
                update={
                    "kind": "return",
                    "original": Original(sale_id=sale_id, line_id=each.line_id),
                }
            )
            for each in basket.request.lines
        )
        paid = {
            each.amount.minor: each.id
            for each in basket.sale.attempts
            if each.kind is AttemptKind.SALE and each.moved.minor
        }
        tenders = tuple(
            TenderRequest(
                kind=each.kind,
                amount_minor=-each.amount_minor,
                terminal=each.terminal,
                original_attempt=paid[each.amount_minor] if each.kind == "card" else None,
            )
            for each in basket.request.tenders
        )
        return self._request("refund", lines, -basket.request.total_gross_minor, tenders)
