"""A simulated Adyen terminal's mind: what it is asked and what it has really charged.

It carries a payment on when its till has gone, and answers for it by the till's key.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from posedge.model.money import Money
from posedge.model.payment import AttemptKind
from posedge.sim import adyen_answers as say
from posedge.sim.adyen_faults import TEST_AMOUNTS, Faults, Outcome, Step
from posedge.sim.adyen_totals import Periods
from posedge.sim.charge import Charge
from posedge.wire.nexo.answers import Condition, Mark
from posedge.wire.nexo.header import Category, Header, Key
from posedge.wire.nexo.notation import Fields, fields, money
from posedge.wire.nexo.requests import (
    ASKS_TIP,
    TAKES_LESS,
    Payment,
    Reference,
    Reversal,
    SaleTransaction,
)

LOOK_S = 0.02
"""How often a terminal whose customer does not come looks whether that is mended."""


@dataclass(slots=True)
class _Pending:
    """The payment that it is at. `stopped`: the till wants it to end."""

    reference: Reference
    stopped: asyncio.Event = field(default_factory=asyncio.Event)
    card_read: bool = False

    async def stopped_within(self, wait_s: float) -> bool:
        try:
            async with asyncio.timeout(wait_s):
                await self.stopped.wait()
        except TimeoutError:
            return False
        return True


class TerminalMind:
    """`ledger` is what it charged. Nothing is kept when it ends."""

    def __init__(
        self, faults: Faults, poiid: str, *, now: Callable[[], datetime], customer_s: float
    ) -> None:
        self.ledger: list[Charge] = []
        self._faults = faults
        self._poiid = poiid
        self._now = now
        self._customer_s = customer_s
        self._number = 0
        self._periods = Periods(faults)
        self._pending: _Pending | None = None
        self._answers: dict[Key, tuple[Header, Fields]] = {}
        self._amounts: dict[str, Money] = {}

    async def answer(self, header: Header, body: Fields) -> Fields | None:
        """Return the body of the answer; None for an empty one."""
        match header.category:
            case Category.DIAGNOSIS:
                return say.diagnosis(self._state)
            case Category.TRANSACTION_STATUS:
                return self._status(body)
            case Category.ABORT:
                self._abort(Reference.from_fields(fields(body, "MessageReference"), self._poiid))
                return None
            case Category.PAYMENT | Category.REVERSAL:
                return await self._command(header, body)
            case Category.LOGIN | Category.RECONCILIATION as asked:
                return self._day(asked)
            case _:
                return {"Response": say.failure(Condition.MESSAGE_FORMAT, "unknown message")}

    @property
    def _state(self) -> str:
        if self._faults.maintenance:
            return "Maintenance"
        return "Busy" if self._faults.busy or self._pending else "OK"

    async def _command(self, header: Header, body: Fields) -> Fields:
        refusal = self._refusal(header)
        if refusal is not None:
            return refusal
        self._pending = _Pending(Reference(header.category, header.key))
        try:
            if header.category == Category.PAYMENT:
                answered = await self._pay(body, self._pending)
            else:
                answered = self._reverse(Reversal.from_fields(body))
            self._answers[header.key] = (header.answer, answered)
        finally:
            self._pending = None
        return answered

    def _refusal(self, header: Header) -> Fields | None:
        """Say no before anything begins."""
        if self._faults.maintenance:
            return {"Response": say.failure(Condition.UNAVAILABLE_SERVICE, "Maintenance")}
        if self._faults.busy or self._pending is not None:
            return {"Response": say.failure(Condition.BUSY, "Terminal is busy")}
        if header.key in self._answers:
            return {"Response": say.failure(Condition.NOT_ALLOWED, "ServiceID is not unique")}
        return None

    async def _pay(self, body: Fields, pending: _Pending) -> Fields:
        asked = Payment.from_fields(body)
        if asked is None or money(asked.amount, asked.currency) is None:
            return {"Response": say.failure(Condition.MESSAGE_FORMAT, "AmountsReq is wrong")}
        condition, message = await self._card(asked, pending)
        mark = self._mark()
        if condition:
            return say.refused(asked.sale, mark, condition, message)
        approval = self._approval(asked, mark)
        self._book(AttemptKind.REFUND if asked.refund else AttemptKind.SALE, approval)
        return say.paid(asked.sale, approval)

    async def _card(self, asked: Payment, pending: _Pending) -> tuple[str, str]:
        """Wait for the customer; return why not, two empty words for yes."""
        stopped = await pending.stopped_within(self._customer_s)
        while self._faults.silent_at is Step.CARD and not stopped:
            stopped = await pending.stopped_within(LOOK_S)
        if stopped:
            return Condition.ABORTED, "104 Merchant cancelled"
        pending.card_read = True  # from here on nobody can end it any more
        await asyncio.sleep(self._faults.late_s)
        return self._verdict(asked)

    def _verdict(self, asked: Payment) -> tuple[str, str]:
        amount = money(asked.amount, asked.currency)
        assert amount is not None, "looked at before the card"
        test = TEST_AMOUNTS.get(amount.minor % 1000) if self._faults.test_amounts else None
        if test is not None:
            return test, "a test amount"
        match self._faults.outcome:
            case Outcome.DECLINE:
                return self._faults.condition, "Declined"
            case Outcome.ABORT:
                return Condition.CANCEL, "108 Shopper cancelled tx"
            case Outcome.APPROVE:
                return "", ""

    def _approval(self, asked: Payment, mark: Mark) -> say.Approval:
        faults = self._faults
        whole = Money.parse(f"{asked.amount:f}", asked.currency)
        less = faults.less_minor if TAKES_LESS in asked.options else None
        tip = faults.tip_minor if ASKS_TIP in asked.options else None
        minor = faults.amount_minor or less or whole.minor + (tip or 0)
        currency = faults.currency or asked.currency
        return say.Approval(
            mark,
            Money(minor=minor, currency=currency),
            Money(minor=tip, currency=currency) if tip else _part(asked.tip, currency),
            _part(asked.cashback, currency),
            partial=less is not None,
            unmasked=faults.unmasked,
        )

    def _reverse(self, asked: Reversal) -> Fields:
        mark = self._mark()
        found = next((each for each in self.ledger if each.receipt_no == asked.original_id), None)
        if found is None or found.kind is not AttemptKind.SALE:
            return say.refused(asked.sale, mark, Condition.NOT_FOUND, "no such transaction")
        if found.reversed:
            return say.refused(asked.sale, mark, Condition.NOT_ALLOWED, "already reversed")
        amount = self._amounts[found.receipt_no]
        if asked.amount not in {None, amount.decimal}:
            return say.refused(asked.sale, mark, Condition.NOT_ALLOWED, "not a part of it")
        self.ledger[self.ledger.index(found)] = replace(found, reversed=True)
        self._amounts[mark.id] = amount
        self.ledger.append(Charge(AttemptKind.REVERSAL, amount.minor, mark.id, mark.at))
        return say.reversed_(asked.sale, mark, amount)

    def _book(self, kind: AttemptKind, approval: say.Approval) -> None:
        mark, amount = approval.mark, approval.amount
        self._amounts[mark.id] = amount
        self.ledger.append(Charge(kind, amount.minor, mark.id, mark.at))

    def _day(self, asked: str) -> Fields:
        if asked == Category.RECONCILIATION:
            return self._periods.end(self.ledger, self._amounts)
        self._periods.logged_in = True
        return say.logged_in(self._time())

    def _mark(self) -> Mark:
        self._number += 1
        name = f"BV0q{self._number:015}.{8_835_000_000_000_000 + self._number:016}"
        return Mark(name, self._time())

    def _time(self) -> str:
        moment = self._now() + self._faults.skew
        return f"{moment:%Y-%m-%dT%H:%M:%S}.000Z"

    def _abort(self, reference: Reference) -> None:
        pending = self._pending
        if pending is not None and pending.reference == reference and not pending.card_read:
            pending.stopped.set()

    def _status(self, body: Fields) -> Fields:
        reference = Reference.from_fields(fields(body, "MessageReference"), self._poiid)
        if self._faults.others:
            return _somebody_else(reference)
        if self._pending is not None and self._pending.reference == reference:
            return {"Response": say.failure(Condition.IN_PROGRESS, "in progress")}
        if self._faults.forgets:
            return {"Response": say.failure(Condition.UNAVAILABLE_SERVICE, "no log")}
        if reference.key not in self._answers:
            return {"Response": say.failure(Condition.NOT_FOUND, "Message reference not found")}
        return say.status(reference.to_fields(), *self._answers[reference.key])


def _part(amount: Decimal | None, currency: str) -> Money | None:
    return money(amount, currency) if amount is not None else None


def _somebody_else(asked: Reference) -> Fields:
    """Return the success of a payment that nobody here asked about, as a mock terminal does."""
    other = Header(Category.PAYMENT, Key("POSSystemID12345", "0207111104", asked.key.poiid)).answer
    mark = Mark("oLkO001517998574000.8515179985734", "2018-02-07T10:16:14.000Z")
    approval = say.Approval(
        mark, Money(minor=1250, currency="EUR"), None, None, partial=False, unmasked=False
    )
    sale = SaleTransaction("27908", "2019-03-07T10:11:04.000Z")
    reference = Reference(other.category, other.key)
    return say.status(reference.to_fields(), other, say.paid(sale, approval))
