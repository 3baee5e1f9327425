"""What the desk is asked, and when it says no before anything happens. Pure."""

from collections.abc import Iterable
from typing import Annotated, Protocol, Self, TypeVar

from pydantic import Field, model_validator

from posedge.model.errors import ConflictError, DeviceBusy, MisuseError, PosedgeError
from posedge.model.money import Money
from posedge.model.payment import MONEY_MOVED, Attempt, AttemptKind
from posedge.model.value import Value

T = TypeVar("T")

Key = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,64}$")]


MAX_MINOR = 10**12
"""As for a tender of a sale: more is a mistake, and no terminal can say it."""


class Devices(Protocol):
    """The registry of devices, as far as payments and checkout need it."""

    def find(self, capability: type[T], name: str | None) -> tuple[str, T]:
        """Return name and device; None finds the only one.

        NotFoundError: no such device. MisuseError: None is ambiguous. DeviceError: it is away.
        """
        ...


class Order(Value):
    """One payment that is wanted. `id` is the idempotency key, made by whoever asks.

    `amount` is positive; `kind` says which way it moves. `original` is the attempt that a
    reversal undoes or a refund gives back.
    """

    id: Key
    sale: Key
    till: Key
    kind: AttemptKind = AttemptKind.SALE
    terminal: str | None = None
    amount: Money
    original: Key | None = None

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if not 0 < self.amount.minor <= MAX_MINOR:
            raise ValueError(
                f"amount must be from 1 to {MAX_MINOR}; the kind says which way it moves"
            )
        if self.kind is AttemptKind.REVERSAL and self.original is None:
            raise ValueError("a reversal names the original attempt")
        if self.kind is AttemptKind.SALE and self.original is not None:
            raise ValueError("a sale has no original attempt")
        return self


def check_same(order: Order, attempt: Attempt) -> None:
    """Raise ConflictError when `attempt` was made for another order under the same id.

    Not naming the terminal agrees with whichever one it went to.
    """
    asked = (order.sale, order.till, order.kind, order.amount, order.original)
    stored = (attempt.sale, attempt.till, attempt.kind, attempt.amount, attempt.original)
    if asked != stored or order.terminal not in {None, attempt.terminal}:
        raise ConflictError(
            "payment.conflict",
            f"payment {order.id} exists with other content: use a new id for a new payment",
            payment=order.id,
        )


def refusal(order: Order, terminal: str, unsettled: Iterable[Attempt]) -> PosedgeError | None:
    """Say why `order` must wait: no second money command for a sale or on a terminal."""
    for attempt in unsettled:
        if attempt.sale == order.sale:
            return MisuseError(
                "sale.payment_open",
                f"payment {attempt.id} of this sale is {attempt.state.value}: wait for it",
                payment=attempt.id,
            )
        if attempt.terminal == terminal:
            return DeviceBusy(
                "terminal.locked",
                f"payment {attempt.id} on {terminal} is {attempt.state.value}: wait, or resolve it",
                payment=attempt.id,
            )
    return None


def check_original(
    order: Order, terminal: str, original: Attempt, returns: Iterable[Attempt]
) -> None:
    """Raise MisuseError unless `original` has moved what `order` wants back.

    `returns` are the attempts that gave some of it back before; an open one counts in full.
    """
    if original.state not in MONEY_MOVED or original.kind is not AttemptKind.SALE:
        raise MisuseError(
            "payment.not_moved",
            f"payment {original.id} is a {original.kind.value}, {original.state.value}:"
            " there is nothing to give back",
            payment=original.id,
        )
    left = original.moved
    for before in returns:
        left -= before.moved if before.settled else before.amount
    if (order.amount - left).minor > 0:
        raise MisuseError(
            "payment.returned",
            f"only {left} of payment {original.id} is left to give back",
            payment=original.id,
        )
    whole = order.amount == original.moved and terminal == original.terminal
    if order.kind is AttemptKind.REVERSAL and not whole:
        raise MisuseError(
            "payment.not_whole",
            f"a reversal undoes all {original.moved} on {original.terminal}: use a refund",
            payment=original.id,
        )
