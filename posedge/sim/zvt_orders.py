"""What a money command of the register means to the terminal: an order, or a plain no."""

from posedge.model.payment import AttemptKind
from posedge.sim.charge import Charge
from posedge.sim.zvt_ledger import Memory
from posedge.sim.zvt_payment import Order
from posedge.wire.zvt.codes import Result
from posedge.wire.zvt.money import (
    Authorisation,
    BookTotal,
    MoneyCommand,
    PartialReversal,
    PreAuthReversal,
    Refund,
    Reversal,
)
from posedge.wire.zvt.register import Negative

MAY_ASK_TIP = 0x08
PAID = frozenset({AttemptKind.SALE, AttemptKind.CAPTURE})
RESERVED = frozenset({AttemptKind.PREAUTH})


def order_for(command: MoneyCommand, memory: Memory) -> Order | Negative:
    if isinstance(command, Reversal):
        return _undoing(command, memory)
    if isinstance(command, PartialReversal | BookTotal | PreAuthReversal):
        return _of_reservation(command, memory)
    if not command.amount_minor:
        return Negative(Result.AMOUNT)
    if isinstance(command, Authorisation):
        return Order(
            AttemptKind.SALE,
            command.amount_minor,
            memory.currency,
            asks_tip=bool((command.payment_type or 0) & MAY_ASK_TIP),
            tip_minor=command.tip_minor,
            cashback_minor=command.cashback_minor,
            results=command.results or 0,
        )
    kind = AttemptKind.REFUND if isinstance(command, Refund) else AttemptKind.PREAUTH
    return Order(kind, command.amount_minor, memory.currency)


def _undoing(command: Reversal, memory: Memory) -> Order | Negative:
    charge = _open(memory.find(command.receipt_no, PAID))
    if isinstance(charge, Negative):
        return charge
    if command.amount_minor not in {None, charge.amount_minor}:
        return Negative(Result.AMOUNT)
    return _order(AttemptKind.REVERSAL, charge, charge.amount_minor, memory)


def _of_reservation(
    command: PartialReversal | BookTotal | PreAuthReversal, memory: Memory
) -> Order | Negative:
    charge = _open(memory.find(command.receipt_no, RESERVED))
    if isinstance(charge, Negative):
        return charge
    if isinstance(command, PreAuthReversal):
        return _order(AttemptKind.RELEASE, charge, charge.amount_minor, memory)
    named = command.amount_minor or 0
    unused = isinstance(command, PartialReversal)
    minor = charge.amount_minor - named if unused else named
    if not 0 < minor <= charge.amount_minor:
        return Negative(Result.AMOUNT)
    return _order(AttemptKind.CAPTURE, charge, minor, memory)


def _open(charge: Charge | None) -> Charge | Negative:
    if charge is None:
        return Negative(Result.REVERSAL_IMPOSSIBLE)
    return Negative(Result.ALREADY_REVERSED) if charge.reversed else charge


def _order(kind: AttemptKind, charge: Charge, minor: int, memory: Memory) -> Order:
    return Order(kind, minor, memory.currency, charge.trace_no, undo=lambda: memory.undo(charge))
