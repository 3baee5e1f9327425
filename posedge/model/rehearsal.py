"""How a payment terminal is tried before it takes real money."""

from typing import Protocol, runtime_checkable

from posedge.model.money import Currency
from posedge.model.value import Value


class Rehearsal(Value):
    """How a terminal is tried without customers.

    `test_mode`: no real money moves, by the terminal's own evidence or by the operator's word (an
    option). `decline_minor` and `partial_minor` are amounts that its test host declines, or
    approves in part, by the maker's own documentation; None: it takes a card that does. `tells`:
    whether it can be asked what became of a payment.
    """

    test_mode: bool
    currency: Currency
    decline_minor: int | None = None
    partial_minor: int | None = None
    tells: bool = True


@runtime_checkable
class Rehearsing(Protocol):
    """A terminal that can be tried before it takes real money."""

    @property
    def rehearsal(self) -> Rehearsal: ...
