"""A terminal's end of day, and what it says of the payments since the last one."""

from typing import Protocol, runtime_checkable

from posedge.model.money import Money
from posedge.model.payment import AttemptKind
from posedge.model.stamp import Stamp
from posedge.model.value import Value


class SchemeTotal(Value):
    """What one card scheme comes to; `amount` is net: payments less what went back."""

    scheme: str
    count: int
    amount: Money


class Listed(Value):
    """One payment on the provider's own list; `reference` is the key that both sides know."""

    reference: str
    kind: AttemptKind
    amount: Money
    at: str = ""


class EndOfDay(Value):
    """What a terminal, or its provider, says of the time since the last end of day.

    Terminals give totals by scheme, providers a list; either may be missing. `receipts` are the
    first and the last receipt number of the time, empty where there are none. `printed` is the
    terminal's own text. `text` says it in words, also what is missing.
    """

    text: str
    totals: tuple[SchemeTotal, ...] | None = None
    listed: tuple[Listed, ...] | None = None
    receipts: tuple[str, str] | None = None
    printed: tuple[str, ...] = ()


@runtime_checkable
class Reconciling(Protocol):
    """A terminal whose day can be ended and compared. One command at a time, as for payments."""

    async def end_of_day(self, since: Stamp | None) -> EndOfDay:
        """Close the terminal's day; return what it says of the time since `since`, the last one.

        DeviceError when it refuses, cannot be reached, or what it did is not known: its totals may
        be gone then, and are taken from the host by a person.
        """
        ...
