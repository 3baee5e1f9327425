"""A terminal's end of day, and what it says of the payments since the last one."""

from enum import StrEnum
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


class DifferenceKind(StrEnum):
    """What does not agree.

    TOTAL: a scheme comes to something else. SCHEMES: the sum agrees, the schemes do not.
    MISSING_AT_TERMINAL, MISSING_IN_JOURNAL: one side does not know of it. AMOUNT: both know of
    it, and money or direction differ. TWICE: the provider lists it more than once.
    """

    TOTAL = "total"
    SCHEMES = "schemes"
    MISSING_AT_TERMINAL = "missing_at_terminal"
    MISSING_IN_JOURNAL = "missing_in_journal"
    AMOUNT = "amount"
    TWICE = "twice"


class Difference(Value):
    """`payments` are those of the journal that are concerned: for totals all of the scheme."""

    kind: DifferenceKind
    text: str
    payments: tuple[str, ...] = ()


class DayState(StrEnum):
    """RUNNING: the terminal is at it. AGREED and DIFFERENT: its day is closed and compared.

    UNCOMPARED: closed, and it gave nothing to compare. FAILED: its day goes on. UNKNOWN: the box
    did not hear what became of it; a case says so, and it is not tried again before that ends.
    """

    RUNNING = "running"
    AGREED = "agreed"
    DIFFERENT = "different"
    UNCOMPARED = "uncompared"
    FAILED = "failed"
    UNKNOWN = "unknown"


CLOSED = frozenset({DayState.AGREED, DayState.DIFFERENT, DayState.UNCOMPARED})
"""The terminal's next day has begun."""


class Reconciliation(Value):
    """One end of day of one terminal, as the journal's last entry on it tells it.

    `since` is when its day began, None when the box never closed one before. `terminal_totals` is
    what it said, `journal_totals` what the journal holds of the same time, by scheme. `code` and
    `text` say why it is not closed, or what the terminal said.
    """

    id: str
    terminal: str
    who: str
    state: DayState
    begun: Stamp
    ended: Stamp | None = None
    since: Stamp | None = None
    code: str = ""
    text: str = ""
    terminal_totals: tuple[SchemeTotal, ...] = ()
    journal_totals: tuple[SchemeTotal, ...] = ()
    differences: tuple[Difference, ...] = ()
    printed: tuple[str, ...] = ()


class TerminalDay(Value):
    """A terminal whose day can be ended, and how the last end of it went."""

    terminal: str
    last: Reconciliation | None = None


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

        NotStarted, or DeviceError `terminal.refused`: the day goes on as it was. Any other
        DeviceError: what it did is not known, its totals may be gone, and a person takes them
        from the host.
        """
        ...
