"""A day in the shop: the shopper scans, weighs, pays by card and cash, and brings things back."""

import asyncio
import random
from dataclasses import dataclass, field

from posedge.clock import Clock, Ids
from posedge.demo.devices import Devices
from posedge.demo.goods import GOODS, Good, line, summary
from posedge.demo.till import Seen, Till
from posedge.model.display import Item
from posedge.model.money import Money
from posedge.model.payment import AttemptKind
from posedge.model.sale import Sale, SaleRequest, SaleState, TenderRequest
from posedge.model.transaction import Line, Original

SCAN_S = 2.0
"""A scan that is not on the till's screen by then is scanned again, as a clerk does it."""

RETRIES = 30
CARD_SHARE, DECLINE_SHARE, RETURN_SHARE = 0.6, 0.12, 0.12


@dataclass(slots=True)
class Basket:
    lines: list[Line] = field(default_factory=list[Line])

    @property
    def total_minor(self) -> int:
        return sum(each.gross_minor for each in self.lines)


@dataclass(slots=True)
class Book:
    """What the shopper remembers, to be compared with what the others say."""

    sales: list[Sale] = field(default_factory=list[Sale])
    requests: dict[str, SaleRequest] = field(default_factory=dict[str, SaleRequest])
    returned: set[str] = field(default_factory=set[str])
    scan_ms: list[float] = field(default_factory=list[float])
    scanned_again: int = 0


class Shopper:
    """`shop` is where the hands are, `till` the eyes."""

    def __init__(
        self, devices: Devices, till: Till, *, clock: Clock, ids: Ids, chance: random.Random
    ) -> None:
        self._devices = devices
        self._till = till
        self._clock = clock
        self._ids = ids
        self._chance = chance
        self.book = Book()

    async def visit(self) -> Sale:
        """Buy something, or now and then bring something back."""
        original = self._returnable()
        if original and self._chance.random() < RETURN_SHARE:
            return await self._bring_back(original)
        basket = Basket()
        for number in range(1, self._chance.randint(1, 4) + 1):
            basket.lines.append(await self._take(number, self._chance.choice(GOODS)))
            await self._till.show(
                [Item(title=each.title, amount=euros(each.gross_minor)) for each in basket.lines],
                euros(basket.total_minor),
            )
        return await self._pay(basket)

    async def _take(self, number: int, good: Good) -> Line:
        await self._scan(good)
        if not good.weighed:
            return line(number, good, pieces=self._chance.choice((1, 1, 1, 2)))
        weight_g = self._chance.randrange(100, 1500)
        return line(number, good, weight_g=await self._weigh(weight_g))

    async def _scan(self, good: Good) -> None:
        """Scan until the till has it; the first one is measured."""
        loop = asyncio.get_running_loop()
        for again in range(RETRIES):
            mark, began = self._till.mark(), loop.time()
            await self._devices.scanner.scan(good.gtin)
            seen = await self._till.expect(mark, lambda each: _is_scan(each, good), SCAN_S)
            if seen:
                if not again:
                    self.book.scan_ms.append((seen.at - began) * 1000)
                return
            self.book.scanned_again += 1
        raise TimeoutError(f"the till never saw {good.gtin}; what it saw last: {self._till.newest}")

    async def _weigh(self, weight_g: int) -> int:
        """Lay it on the plate and read what the till shows once it lies still."""
        for _ in range(RETRIES):
            mark = self._till.mark()
            self._devices.scale.put(weight_g, moving_s=0.1)
            seen = await self._till.expect(mark, lambda each: _is_weight(each, weight_g), SCAN_S)
            self._devices.scale.put(0)
            if seen:
                return int(seen.data["weight_g"])
        raise TimeoutError(f"the till never saw {weight_g} g")

    async def _pay(self, basket: Basket) -> Sale:
        card = self._chance.random() < CARD_SHARE
        if card and self._chance.random() < DECLINE_SHARE:
            self._devices.terminal.decline(really=True)
        try:
            sale = await self._sell(
                self._request(basket, self._tender(basket.total_minor, card=card))
            )
        finally:
            self._devices.terminal.decline(really=False)
        if sale.state is SaleState.COMPLETED or not card:
            return sale
        return await self._sell(self._request(basket, self._tender(basket.total_minor, card=False)))

    def _tender(self, total_minor: int, *, card: bool) -> TenderRequest:
        if card:
            return TenderRequest(kind="card", amount_minor=total_minor)
        given = -(-total_minor // 500) * 500  # the next five-euro note
        return TenderRequest(kind="cash", amount_minor=total_minor, given_minor=given)

    def _request(self, basket: Basket, tender: TenderRequest) -> SaleRequest:
        lines = tuple(basket.lines)
        taxes = summary(lines)
        return SaleRequest(
            id=self._ids.new(),
            till="till-1",
            business_day=self._clock.now().rfc3339[:10],
            operator="Ada",
            currency="EUR",
            lines=lines,
            tenders=(tender,),
            tax_summary=taxes,
            total_gross_minor=basket.total_minor,
            total_tax_minor=sum(each.amount_minor for each in taxes),
        )

    async def _sell(self, request: SaleRequest, original: str | None = None) -> Sale:
        self.book.requests[request.id] = request
        sale = await self._till.sell(request, original)
        self.book.sales.append(sale)
        if self._devices.printer.condition.drawer.open:
            await self._devices.close_drawer()
        return sale

    def _returnable(self) -> Sale | None:
        """Return a sale of which nothing was brought back, newest first."""
        kept = (
            sale
            for sale in reversed(self.book.sales)
            if sale.state is SaleState.COMPLETED
            and sale.id not in self.book.returned
            and self.book.requests[sale.id].kind == "sale"
        )
        return next(kept, None)

    async def _bring_back(self, sale: Sale) -> Sale:
        """Return the first line of a sale, the money going back the way it came."""
        self.book.returned.add(sale.id)
        bought = self.book.requests[sale.id]
        first = bought.lines[0]
        back = first.model_copy(
            update={
                "kind": "return",
                "original": Original(sale_id=sale.id, line_id=first.line_id),
            }
        )
        taxes = summary((back,), -1)
        return await self._sell(
            bought.model_copy(
                update={
                    "id": self._ids.new(),
                    "kind": "refund",
                    "lines": (back,),
                    "tenders": (self._refund(sale, bought.tenders[0], back.gross_minor),),
                    "tax_summary": taxes,
                    "total_gross_minor": -back.gross_minor,
                    "total_tax_minor": sum(each.amount_minor for each in taxes),
                }
            ),
            sale.id,
        )

    def _refund(self, sale: Sale, tender: TenderRequest, amount_minor: int) -> TenderRequest:
        paid = [
            each.id for each in sale.attempts if each.kind is AttemptKind.SALE and each.moved.minor
        ]
        card = tender.kind == "card" and self._devices.refunds_cards
        return TenderRequest(
            kind="card" if card else "cash",
            amount_minor=-amount_minor,
            original_attempt=paid[0] if card else None,
        )


def euros(minor: int) -> Money:
    return Money(minor=minor, currency="EUR")


def _is_scan(seen: Seen, good: Good) -> bool:
    return seen.type == "scan" and seen.data["text"].endswith(good.gtin)


def _is_weight(seen: Seen, weight_g: int) -> bool:
    return seen.type == "weight" and seen.data["weight_g"] == weight_g
