"""What the HTTP edge asks of the rest of the box."""

import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Protocol, TypeVar

from fastapi import Depends, Request

from posedge.bus import Bus
from posedge.checkout.displays import Displays
from posedge.clock import Clock, Ids
from posedge.devices.tapes import Tapes
from posedge.journal.interface import Journal
from posedge.model.capabilities import DeviceStatus
from posedge.model.case import Case
from posedge.model.drawer import DrawerStatus, Opening
from posedge.model.explanation import Explanation, Undriven
from posedge.model.payment import Attempt
from posedge.model.printing import PrintJob, PrintOrder
from posedge.model.receipt import Receipt
from posedge.model.reconciliation import Declaration, Reconciliation
from posedge.model.sale import Sale, SaleRequest, TenderRequest
from posedge.model.status import BoxStatus
from posedge.payments.order import Order
from posedge.terminals.report import Report

T = TypeVar("T")


class Checkout(Protocol):
    """The same id again returns the same sale; other content under it is a ConflictError."""

    async def sell(self, request: SaleRequest) -> Sale: ...

    async def get(self, sale_id: str) -> Sale: ...

    async def refund(self, sale_id: str, request: SaleRequest) -> Sale: ...

    async def extend(self, sale_id: str, tenders: Sequence[TenderRequest]) -> Sale: ...

    async def refuse(self, sale_id: str) -> Sale: ...

    async def resolve(self, sale_id: str, *, who: str, why: str, evidence: str) -> Sale: ...


class Copies(Protocol):
    """The receipts of a sale; NotFoundError where there is none."""

    async def customer(self, sale_id: str) -> Receipt: ...

    async def merchant(self, sale_id: str) -> Receipt: ...


class Desk(Protocol):
    """The payment desk; `get`, `cancel` and `resolve` raise NotFoundError for an unknown id."""

    async def pay(self, order: Order) -> Attempt: ...

    async def get(self, attempt_id: str) -> Attempt: ...

    async def cancel(self, attempt_id: str) -> Attempt: ...

    async def decide(self, attempt_id: str, *, keep: bool, who: str) -> Attempt: ...

    async def resolve(
        self, attempt_id: str, *, approved: bool, who: str, why: str, evidence: str
    ) -> Attempt: ...

    async def recent(self, limit: int) -> Sequence[Attempt]: ...


class Cases(Protocol):
    """What waits for a person; NotFoundError for an unknown id."""

    @property
    def open(self) -> Sequence[Case]: ...

    async def get(self, case_id: str) -> Case: ...

    async def resolve(self, case_id: str, *, who: str, why: str, evidence: str) -> Case: ...


class Reconciliations(Protocol):
    """The ends of terminals' days; `get` raises NotFoundError for an unknown number."""

    async def run(
        self,
        number: str,
        terminal: str | None,
        *,
        who: str,
        declared: Declaration | None = None,
    ) -> Reconciliation: ...

    async def get(self, number: str) -> Reconciliation: ...

    async def recent(self, limit: int) -> Sequence[Reconciliation]: ...


class Checks(Protocol):
    """The go-live checks; `report` and `stop` raise NotFoundError where there was none."""

    @property
    def reports(self) -> Sequence[Report]: ...

    def report(self, terminal: str) -> Report: ...

    def start(
        self, number: str, terminal: str, *, real_money: bool, confirm: str, who: str
    ) -> Report: ...

    async def stop(self, terminal: str) -> Report: ...


class Queue(Protocol):
    """The print queue; `get`, `ended` and `cancel` raise NotFoundError for an unknown id."""

    def device(self, wanted: str | None) -> str | None:
        """Return the name of the device that a name or a role means."""
        ...

    async def find(self, job_id: str) -> PrintJob | None: ...

    async def submit(self, order: PrintOrder) -> PrintJob: ...

    async def ended(self, job_id: str, within_s: float) -> PrintJob: ...

    async def cancel(self, job_id: str) -> PrintJob: ...


class Drawers(Protocol):
    def statuses(self) -> Sequence[DrawerStatus]: ...

    async def open(self, name: str | None, number: int, opening: Opening) -> str:
        """Open a drawer, the opening being in the journal before, and return its name."""
        ...


class Devices(Protocol):
    @property
    def tapes(self) -> Tapes: ...

    def statuses(self) -> Sequence[DeviceStatus]: ...

    def names(self, capability: type[T]) -> tuple[str, ...]: ...

    def find(self, capability: type[T], name: str | None) -> tuple[str, T]:
        """Return name and driver; NotFoundError when no such device has the capability."""
        ...


class WhyNot(Protocol):
    async def unsupported(self) -> Sequence[Undriven]: ...

    async def explain(self, name: str) -> Sequence[Explanation]:
        """Explain the devices of this name, id, port, file or model; NotFoundError for none."""
        ...


@dataclass(frozen=True, slots=True)
class Services:
    bus: Bus
    journal: Journal
    checkout: Checkout
    copies: Copies
    desk: Desk
    cases: Cases
    reconciliations: Reconciliations
    checks: Checks
    queue: Queue
    drawers: Drawers
    devices: Devices
    why: WhyNot
    displays: Displays
    receipts_on: str | None
    support: Callable[[], Awaitable[bytes]]
    box_status: Callable[[], Awaitable[BoxStatus]]
    clock: Clock
    ids: Ids
    chance: random.Random


async def _served(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


Served = Annotated[Services, Depends(_served)]
