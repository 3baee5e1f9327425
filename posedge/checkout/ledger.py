"""Sales as the journal knows them. Nothing else appends `sale` and `refund` entries.

A sale is `sale.accepted` with the request, perhaps `sale.extended` (how the rest of a partial
approval is paid), perhaps `sale.voiding`, and one of `sale.completed`
with the transaction, `sale.declined`, `sale.voided`. A refund is the same under its own noun.
With `completed` go, in the same journal transaction, the gapless receipt number, the receipt
that waits to be printed, and the drawer that is about to open: once, whatever happens then.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from posedge.checkout.opening import opening_of
from posedge.checkout.plan import Failure
from posedge.checkout.returns import notes
from posedge.clock import Clock, Ids
from posedge.journal.interface import Journal
from posedge.model.entry import Draft, Entry
from posedge.model.errors import NotFoundError
from posedge.model.events import SaleChanged
from posedge.model.sale import SALE_FINAL, Extension, SaleRequest, SaleState, extended
from posedge.model.stamp import Stamp
from posedge.model.transaction import Transaction
from posedge.model.value import Json
from posedge.payments.announce import Announcer


@dataclass(frozen=True, slots=True)
class Case:
    """A sale as its entries tell it. `state` is never IN_DOUBT or PAYING: payments tell that.

    `basket` is the request with what the till said since on how the rest is paid.
    """

    request: SaleRequest
    accepted: Stamp
    basket: SaleRequest
    state: SaleState = SaleState.ACCEPTED
    failure: Failure | None = None
    transaction: Transaction | None = None

    @property
    def final(self) -> bool:
        return self.state in SALE_FINAL


class Ledger:
    """Reads and writes the entries of sales."""

    def __init__(self, journal: Journal, announcer: Announcer, clock: Clock, ids: Ids) -> None:
        self._journal = journal
        self._announcer = announcer
        self._clock = clock
        self._ids = ids
        self._numbering = asyncio.Lock()

    async def find(self, sale_id: str) -> Case | None:
        for noun in ("sale", "refund"):
            entries = await self._journal.history(f"{noun}/{sale_id}")
            if entries:
                return _case(entries)
        return None

    async def get(self, sale_id: str) -> Case:
        case = await self.find(sale_id)
        if case is None:
            raise NotFoundError("sale.unknown", f"there is no sale {sale_id}", sale=sale_id)
        return case

    async def unsettled(self) -> list[Case]:
        """Return the sales that a restart must bring to their end, oldest first."""
        entries = [
            each for noun in ("sale", "refund") for each in await self._journal.unsettled(noun)
        ]
        ordered = sorted(entries, key=lambda entry: entry.sequence)
        return [await self.get(entry.subject.partition("/")[2]) for entry in ordered]

    async def returned(self, sale_id: str) -> Mapping[str, str]:
        """Return what was taken back of a sale, by refund, as returns.RETURNED writes it."""
        prefix = f"returned/{sale_id}/"
        held = await self._journal.notes(prefix)
        return {name.removeprefix(prefix): text for name, text in held.items()}

    async def accept(self, request: SaleRequest, now: Stamp) -> None:
        data: dict[str, Json] = {
            "request": request.model_dump(mode="json"),
            "accepted": now.model_dump(mode="json"),
        }
        await self._store(request, SaleState.ACCEPTED, data, notes=notes(request))

    async def extend(self, case: Case, extension: Extension) -> None:
        """Store how the rest of a partial approval is paid; see model.sale.extended."""
        data: dict[str, Json] = {"extension": extension.model_dump(mode="json")}
        await self._store(case.request, SaleState.ACCEPTED, data, verb="extended")

    async def void(self, request: SaleRequest, failure: Failure) -> None:
        await self._store(request, SaleState.VOIDING, _why(failure))

    async def end(self, request: SaleRequest, state: SaleState, failure: Failure) -> None:
        """Close a sale that keeps no money; what it wanted to take back is free again."""
        free = dict.fromkeys(notes(request))
        await self._store(request, state, _why(failure), notes=free)

    async def settle(self, case: Case, resolution: Mapping[str, str]) -> None:
        """Void a sale by a person's word; goods that it took back may be paid for, and stay so."""
        assert case.failure is not None, "a sale that is voiding says why"
        data: dict[str, Json] = {**_why(case.failure), "resolution": dict(resolution)}
        await self._store(case.request, SaleState.VOIDED, data)

    async def complete(
        self,
        request: SaleRequest,
        close: Callable[[int], Transaction],
        *,
        printer: str | None,
        drawer: bool,
    ) -> Transaction:
        async with self._numbering:
            counter = f"receipt_no/{request.till}"
            number = int(await self._journal.note(counter) or 0) + 1
            transaction = close(number)
            wake: list[Draft] = []
            if request.print_receipt:
                wake.append(self._receipt(request, printer))
            if drawer:
                wake.append(self._drawer(request, printer))
            await self._store(
                request,
                SaleState.COMPLETED,
                {"transaction": transaction.model_dump(mode="json")},
                notes={counter: str(number)},
                wake=tuple(wake),
            )
        return transaction

    def _drawer(self, request: SaleRequest, printer: str | None) -> Draft:
        data: dict[str, Json] = {"open": False, "drawer": printer, **opening_of(request).facts()}
        return self._draft("drawer.opened", f"drawer/{request.id}", data)

    def _receipt(self, request: SaleRequest, printer: str | None) -> Draft:
        data: dict[str, Json] = {"open": True, "printer": printer}
        return self._draft("receipt.waiting", f"receipt/{request.id}", data)

    async def _store(
        self,
        request: SaleRequest,
        state: SaleState,
        data: Mapping[str, Json],
        *,
        notes: Mapping[str, str | None] | None = None,
        wake: tuple[Draft, ...] = (),
        verb: str | None = None,
    ) -> None:
        noun = "refund" if request.kind == "refund" else "sale"
        body = {"open": state not in SALE_FINAL, "state": state.value, **data}
        draft = self._draft(f"{noun}.{verb or state.value}", f"{noun}/{request.id}", body)
        await self._journal.append((draft, *wake), notes=notes)
        self._announcer.say(SaleChanged(at=self._clock.now(), sale=request.id, state=state.value))

    def _draft(self, kind: str, subject: str, data: Mapping[str, Json]) -> Draft:
        return Draft(self._ids.new(), kind, subject, self._clock.now(), data)


def _why(failure: Failure) -> dict[str, Json]:
    return {"code": failure.code, "reason": failure.reason}


def _case(entries: tuple[Entry, ...]) -> Case:
    first, last = entries[0].data, entries[-1].data
    request = SaleRequest.model_validate(first["request"])
    basket = request
    for entry in entries:
        if "extension" in entry.data:
            basket = extended(basket, Extension.model_validate(entry.data["extension"]))
    return Case(
        request=request,
        basket=basket,
        accepted=Stamp.model_validate(first["accepted"]),
        state=SaleState(last["state"]),
        failure=Failure(last["code"], last["reason"]) if "code" in last else None,
        transaction=Transaction.model_validate(last["transaction"])
        if "transaction" in last
        else None,
    )
