"""What Stripe lists of one reader's payments, for the end of its day. Pure.

Every intent and refund of ours names reader and attempt in its metadata; an intent that was
reserved first counts as the capture that booked it.
"""

from collections.abc import Iterable, Iterator

from posedge.drivers.stripe_records import Intent, Refund
from posedge.model.money import Money
from posedge.model.payment import AttemptKind
from posedge.model.reconciliation import Listed


def listed(intents: Iterable[Intent], refunds: Iterable[Refund], reader: str) -> Iterator[Listed]:
    """Yield the payments of `reader` that were taken, then what was given back on it."""
    for intent in intents:
        if _taken(intent, reader):
            yield _paid(intent)
    for refund in refunds:
        if refund.metadata.get("reader") == reader:
            yield _back(refund)


def _taken(intent: Intent, reader: str) -> bool:
    ours = intent.metadata.get("reader") == reader and "attempt" in intent.metadata
    return ours and intent.status == "succeeded"


def _paid(intent: Intent) -> Listed:
    captured = "capture" in intent.metadata
    return Listed(
        reference=intent.metadata["capture" if captured else "attempt"],
        kind=AttemptKind.CAPTURE if captured else AttemptKind.SALE,
        amount=Money(minor=intent.amount_received, currency=intent.currency.upper()),
        at=str(intent.created),
    )


def _back(refund: Refund) -> Listed:
    return Listed(
        reference=refund.metadata.get("attempt", refund.id),
        kind=AttemptKind(refund.metadata.get("kind", AttemptKind.REFUND)),
        amount=Money(minor=refund.amount, currency=refund.currency.upper()),
        at=str(refund.created),
    )
