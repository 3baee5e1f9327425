"""What SumUp knows of payments that the box names. Pure.

Its list of a merchant's transactions says neither which reader took one nor our reference of it,
so each payment is looked up by itself. What was given back is only known as a sum of each
transaction: it is dealt out to our refunds of it, oldest first, and what is left is nobody's.
"""

from collections.abc import Iterator, Mapping, Sequence

from posedge.drivers.sumup_records import Transaction
from posedge.model.money import Money
from posedge.model.payment import Attempt, AttemptKind
from posedge.model.reconciliation import Listed

DONE = frozenset({"SUCCESSFUL", "REFUNDED"})


def listed(known: Sequence[Attempt], found: Mapping[str, Transaction]) -> tuple[Listed, ...]:
    """Return the payments that SumUp knows as done; `found` by the id of the attempt asked for.

    A refund is found by the transaction that it gives back.
    """
    sales = [each for each in known if each.kind is AttemptKind.SALE and each.id in found]
    lines = [line for each in sales for line in _sale(each, found[each.id])]
    refunds: dict[str, list[Attempt]] = {found[each.id].id: [] for each in sales}
    for each in known:
        if each.kind is not AttemptKind.SALE and each.id in found:
            refunds.setdefault(found[each.id].id, []).append(each)
    transactions = {each.id: each for each in found.values()}
    for key, ours in refunds.items():
        lines += _given_back(transactions[key], ours)
    return tuple(lines)


def _sale(sale: Attempt, found: Transaction) -> Iterator[Listed]:
    money = found.money
    if found.status in DONE and money is not None and found.foreign_transaction_id == sale.id:
        yield Listed(reference=sale.id, kind=sale.kind, amount=money)


def _given_back(found: Transaction, ours: Sequence[Attempt]) -> Iterator[Listed]:
    """Deal what went back since our first refund of it, or since the sale, out to our refunds."""
    back = found.refunded
    before = _before(ours[0]) if ours else 0
    if back is None or before is None:
        return
    left = back.minor - before
    for each in ours:
        part = min(left, each.moved.minor)
        if part > 0:
            amount = Money(minor=part, currency=back.currency)
            yield Listed(reference=each.id, kind=each.kind, amount=amount)
        left -= part
    if left > 0:
        amount = Money(minor=left, currency=back.currency)
        yield Listed(reference=f"of {found.id}", kind=AttemptKind.REFUND, amount=amount)


def _before(refund: Attempt) -> int | None:
    """Return what had been given back when this refund began, as its reference says."""
    _, _, before = (refund.reference or "").rpartition(":")
    return int(before) if before.isdecimal() else None
