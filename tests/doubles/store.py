"""A shop's checkout between a journal, terminals and printers that all survive the box."""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal

from posedge.bus import Bus
from posedge.checkout.checkout import Checkout
from posedge.checkout.settings import CheckoutSettings, Identity
from posedge.clock import Ids
from posedge.drawers.drawers import Drawers
from posedge.model.sale import SaleRequest, TenderRequest
from posedge.model.transaction import Line, Original, Tax
from posedge.payments.announce import Announcer
from posedge.payments.desk import Desk
from posedge.printing.queue import PrintQueue
from posedge.printing.settings import PrintingSettings
from posedge.tasks import Crew
from tests.doubles.counter import Counter
from tests.doubles.printer import FakePrinter
from tests.doubles.prints import MemoryPrints

IDENTITY = Identity(tenant="acme", store="s0042")


@dataclass
class Store(Counter):
    printer: FakePrinter = field(default_factory=FakePrinter)
    checkout_settings: CheckoutSettings = field(
        default_factory=lambda: CheckoutSettings(header=("ACME",), footer=("Thank you",))
    )
    printing_settings: PrintingSettings = field(default_factory=PrintingSettings)
    prints: MemoryPrints = field(default_factory=MemoryPrints)
    desk_now: Desk | None = None
    queue_now: PrintQueue | None = None
    drawers: Drawers = field(init=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.devices.devices["printer"] = self.printer

    @asynccontextmanager
    async def checkout(self) -> AsyncIterator[Checkout]:
        """Switch the box on with desk and checkout; leaving is an orderly shutdown."""
        clock = self.boot()
        ids = Ids(clock, random.Random(self.boots))
        bus = Bus(self.shelf)
        async with Crew("checkout") as crew:
            desk = Desk(
                self.journal,
                self.devices,
                bus,
                clock=clock,
                ids=ids,
                crew=crew,
                settings=self.settings,
            )
            await desk.start()
            self.desk_now = desk
            queue = self.queue_now = PrintQueue(
                self.prints,
                self.devices,
                Announcer(bus, crew),
                clock=clock,
                crew=crew,
                settings=self.printing_settings,
            )
            self.drawers = Drawers(
                self.journal,
                self.devices,
                tuple,
                bus,
                clock=clock,
                ids=ids,
                crew=crew,
                called=queue.device,
            )
            checkout = Checkout(
                self.journal,
                desk,
                self.devices,
                queue,
                bus,
                drawers=self.drawers,
                clock=clock,
                ids=ids,
                crew=crew,
                identity=IDENTITY,
                settings=self.checkout_settings,
                merchant_copy=self.settings.merchant_copy,
            )
            await queue.resume()
            await checkout.resume()
            yield checkout

    def power_cut(self) -> None:
        super().power_cut()
        self.prints = self.prints.cut()

    @property
    def queue_of_today(self) -> PrintQueue:
        assert self.queue_now is not None
        return self.queue_now

    @property
    def desk_of_today(self) -> Desk:
        assert self.desk_now is not None
        return self.desk_now

    def types(self, *nouns: str) -> list[str]:
        """Return the journal's entries by type, of these nouns or all."""
        found = [entry.type for entry in self.journal.entries]
        return [each for each in found if not nouns or each.partition(".")[0] in nouns]


def sale_id(number: int) -> str:
    return f"0199c2d4-6b0e-7c31-9a55-{number:012x}"


def card(minor: int, *, terminal: str = "front", original: str | None = None) -> TenderRequest:
    return TenderRequest(
        kind="card", amount_minor=minor, terminal=terminal, original_attempt=original
    )


def cash(minor: int, given: int | None = None) -> TenderRequest:
    return TenderRequest(kind="cash", amount_minor=minor, given_minor=given)


def line(
    number: int = 1, *, minor: int = 1190, quantity: str = "1", original: str | None = None
) -> Line:
    """Return goods with 19 % included; a return of line `number` of sale `original`."""
    tax = round(minor * 19 / 119)
    return Line(
        line_id=str(number),
        kind="return" if original else "sale",
        sku=f"SKU-{number}",
        title=f"Goods {number}",
        quantity=Decimal(quantity),
        unit_price=Decimal(minor) / 100,
        gross_minor=minor,
        net_minor=minor - tax,
        taxes=(Tax(code="S", rate_percent=Decimal(19), base_minor=minor - tax, amount_minor=tax),),
        original=Original(sale_id=original, line_id=str(number)) if original else None,
    )


def basket(
    number: int,
    *tenders: TenderRequest,
    lines: tuple[Line, ...] | None = None,
    till: str = "till-1",
    day: str = "2026-11-24",
    operator: str | None = None,
    rounding: int = 0,
    paper: bool = True,
) -> SaleRequest:
    """Return a request whose one line, or `lines`, is worth what the tenders sum to."""
    goods = lines or (line(minor=sum(tender.amount_minor for tender in tenders) - rounding),)
    total = sum(each.sign * each.gross_minor for each in goods)
    tax = sum(each.sign * each.taxes[0].amount_minor for each in goods)
    back = all(each.kind == "return" for each in goods)
    mixed = not back and any(each.kind == "return" for each in goods)
    return SaleRequest(
        id=sale_id(number),
        till=till,
        kind="refund" if back else "exchange" if mixed else "sale",
        business_day=day,
        operator=operator,
        currency="EUR",
        lines=goods,
        tenders=tenders,
        tax_summary=(
            Tax(code="S", rate_percent=Decimal(19), base_minor=total - tax, amount_minor=tax),
        ),
        total_gross_minor=total,
        total_tax_minor=tax,
        cash_rounding_minor=rounding,
        print_receipt=paper,
    )
