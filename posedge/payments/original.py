"""What may be done about an attempt before: undo, give back, book, give up. Pure."""

from collections.abc import Iterable, Sequence

from posedge.model.errors import MisuseError
from posedge.model.money import Money
from posedge.model.payment import MONEY_MOVED, Attempt, AttemptKind
from posedge.payments.order import Order

_PAID = frozenset({AttemptKind.SALE, AttemptKind.CAPTURE})
_RESERVED = frozenset({AttemptKind.PREAUTH})
_ORIGINALS = {
    AttemptKind.REFUND: _PAID,
    AttemptKind.REVERSAL: _PAID,
    AttemptKind.CAPTURE: _RESERVED,
    AttemptKind.RELEASE: _RESERVED,
}
_WHOLE = frozenset({AttemptKind.REVERSAL, AttemptKind.RELEASE})


def check_original(
    order: Order, terminal: str, original: Attempt, returns: Iterable[Attempt]
) -> None:
    """Raise MisuseError unless `original` has moved, or reserved, what `order` is about.

    `returns` are the attempts that were made on it before; an open one counts in full.
    """
    if original.state not in MONEY_MOVED or original.kind not in _ORIGINALS[order.kind]:
        raise _no(
            "payment.not_moved",
            f"payment {original.id} is a {original.kind.value}, {original.state.value}:"
            f" there is nothing for a {order.kind.value}",
            original,
        )
    before = [each.approved if each.settled else each.amount for each in returns]
    if original.kind is AttemptKind.PREAUTH:
        _check_reserved(terminal, original, before)
    left = original.approved
    for each in before:
        left -= each
    if (order.amount - left).minor > 0:
        text = f"only {left} of payment {original.id} is left"
        raise _no("payment.returned", text, original)
    whole = order.amount == original.approved and terminal == original.terminal
    if order.kind in _WHOLE and not whole:
        text = f"a {order.kind.value} undoes all {original.approved} on {original.terminal}"
        raise _no("payment.not_whole", text, original)


def _check_reserved(terminal: str, original: Attempt, before: Sequence[Money]) -> None:
    """Refuse a second capture or release, and one on another terminal."""
    if any(each.minor for each in before):
        text = f"reservation {original.id} was captured or released already"
        raise _no("payment.returned", text, original)
    if terminal != original.terminal:
        text = f"{original.terminal} holds reservation {original.id}: use that terminal"
        raise _no("payment.elsewhere", text, original)


def _no(code: str, text: str, original: Attempt) -> MisuseError:
    return MisuseError(code, text, payment=original.id)
