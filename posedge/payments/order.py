"""What the desk is asked, and when it says no before anything happens. Pure."""

import uuid
from collections.abc import Iterable
from typing import Annotated, Protocol, Self, TypeVar

from pydantic import Field, model_validator

from posedge.model.errors import ConflictError, DeviceBusy, MisuseError, PosedgeError
from posedge.model.money import Money
from posedge.model.payment import Attempt, AttemptKind, State
from posedge.model.stamp import Stamp
from posedge.model.terminal import Ability
from posedge.model.value import Value

T = TypeVar("T")

Key = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,64}$")]


FIRST = frozenset({AttemptKind.SALE, AttemptKind.PREAUTH})
"""They stand for themselves; the others are about an attempt before them."""

NEEDS_ORIGINAL = frozenset({AttemptKind.REVERSAL, AttemptKind.CAPTURE, AttemptKind.RELEASE})

_ABILITIES = {
    AttemptKind.REFUND: frozenset({Ability.REFUND}),
    AttemptKind.REVERSAL: frozenset({Ability.REVERSAL}),
    AttemptKind.PREAUTH: frozenset({Ability.PREAUTH}),
    AttemptKind.CAPTURE: frozenset({Ability.PREAUTH}),
    AttemptKind.RELEASE: frozenset({Ability.RELEASE}),
}
_GIVE_BACK = uuid.UUID("5f1f3c52-93b1-4c0e-8a33-2d3f0f6f7c11")
"""A name space of our own (RFC 9562 §5.5)."""

MAX_MINOR = 10**12
"""As for a tender of a sale: more is a mistake, and no terminal can say it."""


class Devices(Protocol):
    """The registry of devices, as far as payments and checkout need it."""

    def find(self, capability: type[T], name: str | None) -> tuple[str, T]:
        """Return name and device; None finds the only one.

        NotFoundError: no such device. MisuseError: None is ambiguous. DeviceError: it is away.
        """
        ...

    def names(self, capability: type[T]) -> tuple[str, ...]:
        """Return the names of the devices that can do it, on line or not."""
        ...


class Order(Value):
    """One payment that is wanted. `id` is the idempotency key, made by whoever asks.

    `amount` is positive; `kind` says which way it moves. `tip` and `cashback` are parts of it that
    the till knows of; `asks_tip` lets the terminal ask for a tip on top; `partial` says that less
    would do (the till is asked then). `original` is the attempt that a reversal undoes, a refund
    gives back, a capture books or a release gives up.
    """

    id: Key
    sale: Key
    till: Key
    kind: AttemptKind = AttemptKind.SALE
    terminal: str | None = None
    amount: Money
    tip: Money | None = None
    cashback: Money | None = None
    asks_tip: bool = False
    partial: bool = False
    original: Key | None = None

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if not 0 < self.amount.minor <= MAX_MINOR:
            raise ValueError(
                f"amount must be from 1 to {MAX_MINOR}; the kind says which way it moves"
            )
        first = self.kind in FIRST
        if self.kind in NEEDS_ORIGINAL and self.original is None:
            raise ValueError(f"a {self.kind.value} names the original attempt")
        if first and self.original is not None:
            raise ValueError(f"a {self.kind.value} has no original attempt")
        if not first and (self.asks_tip or self.partial or self.tip or self.cashback):
            raise ValueError(f"a {self.kind.value} has no tip, no cashback and no partial approval")
        check_parts(self.amount, self.tip, self.cashback)
        return self

    @property
    def needs(self) -> frozenset[Ability]:
        """What its terminal must be able to do."""
        asked = {
            Ability.TIP: self.tip is not None,
            Ability.CASHBACK: self.cashback is not None,
            Ability.ASKS_TIP: self.asks_tip,
            Ability.PARTIAL: self.partial,
        }
        named = frozenset(each for each, wanted in asked.items() if wanted)
        return named | _ABILITIES.get(self.kind, frozenset())

    def begun(self, terminal: str, original: Attempt | None, *, at: Stamp) -> Attempt:
        """Return the attempt that carries it out; what it needs of `original` goes with it."""
        result = original.result if original else None
        return Attempt(
            id=self.id,
            sale=self.sale,
            till=self.till,
            kind=self.kind,
            terminal=terminal,
            amount=self.amount,
            tip=self.tip,
            cashback=self.cashback,
            asks_tip=self.asks_tip,
            partial=self.partial,
            state=State.CREATED,
            created=at,
            original=self.original,
            original_receipt_no=result.receipt_no if result else None,
            original_reference=original.reference if original else None,
            original_amount=original.approved if original else None,
        )


def check_parts(amount: Money, *parts: Money | None) -> None:
    """Raise ValueError unless tip and cashback are parts of the amount, with goods left."""
    named = [part for part in parts if part is not None]
    if any(part.currency != amount.currency or part.minor <= 0 for part in named):
        raise ValueError("tip and cashback are positive, in the payment's currency")
    if sum(part.minor for part in named) >= amount.minor:
        raise ValueError("tip and cashback are parts of the amount: there is nothing left to pay")


def reversal_of(attempt_id: str, original: Attempt) -> Order:
    """Return the order that undoes the whole of `original`, on its terminal."""
    return Order(
        id=attempt_id,
        sale=original.sale,
        till=original.till,
        kind=AttemptKind.REVERSAL,
        terminal=original.terminal,
        amount=original.approved if original.approved.minor else original.amount,
        original=original.id,
    )


def give_back_id(attempt_id: str, number: int) -> str:
    """Return the id of the `number`th try to give a payment back.

    Derived: whoever decides again, after a power cut too, decides the same.
    """
    return str(uuid.uuid5(_GIVE_BACK, f"{attempt_id}/{number}"))


def check_same(order: Order, attempt: Attempt) -> None:
    """Raise ConflictError when `attempt` was made for another order under the same id.

    Not naming the terminal agrees with whichever one it went to.
    """
    content = set(Order.model_fields) - {"id", "terminal"}
    if order.model_dump(include=content) != attempt.model_dump(
        include=content
    ) or order.terminal not in {
        None,
        attempt.terminal,
    }:
        raise ConflictError(
            "payment.conflict",
            f"payment {order.id} exists with other content: use a new id for a new payment",
            payment=order.id,
        )


def refusal(
    order: Order, terminal: str, unsettled: Iterable[Attempt], *, held: bool
) -> PosedgeError | None:
    """Say why `order` must wait: no second money command for a sale or on a terminal.

    `held`: the day of the terminal is being ended.
    """
    if held:
        return DeviceBusy("terminal.locked", f"the day of {terminal} is being ended: wait for it")
    for attempt in unsettled:
        if attempt.sale == order.sale:
            return MisuseError(
                "sale.payment_open",
                f"payment {attempt.id} of this sale is {attempt.state.value}: wait for it",
                payment=attempt.id,
            )
        if attempt.terminal == terminal:
            return _locked(terminal, attempt)
    return None


def check_free(terminal: str, unsettled: Iterable[Attempt]) -> None:
    """Raise DeviceBusy when one of them is on `terminal`."""
    for attempt in unsettled:
        if attempt.terminal == terminal:
            raise _locked(terminal, attempt)


def _locked(terminal: str, attempt: Attempt) -> DeviceBusy:
    return DeviceBusy(
        "terminal.locked",
        f"payment {attempt.id} on {terminal} is {attempt.state.value}: wait, or resolve it",
        payment=attempt.id,
    )


def check_able(order: Order, name: str, able: frozenset[Ability]) -> None:
    """Raise MisuseError when terminal `name` cannot do what `order` wants."""
    missing = sorted(order.needs - able)
    if missing:
        raise MisuseError(
            "terminal.unable",
            f"{name} cannot do this: {', '.join(missing)}; leave it out or name another terminal",
            terminal=name,
        )
