"""A terminal's end of day, and what it says of the payments since the last one."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Protocol, Self, runtime_checkable

from pydantic import Field, model_validator

from posedge.model.money import Money
from posedge.model.payment import Attempt, AttemptKind
from posedge.model.stamp import Stamp
from posedge.model.value import Value

MOST_MINOR, MOST_PAYMENTS = 10**12, 10**6
"""Of one line that a person enters: more is a slip of the fingers."""

SCHEME_LETTERS, LINES = 40, 30
"""Of a line's scheme, and lines of a slip: the longest slips have about twenty."""


class SchemeTotal(Value):
    """What one card scheme comes to; `amount` is net: payments less what went back.

    `scheme` empty: all schemes together. `count` None: nobody counted.
    """

    scheme: str
    count: int | None = None
    amount: Money


class Declaration(Value):
    """What a person read off a terminal's own slip of its day; `who` that is.

    `totals` are by scheme, or in one currency a single one without a scheme: the sum. `of` is the
    end of day that the slip belongs to, where the box ended that day and had nothing to compare.
    None: the slip is of the running day, and ends it.
    """

    who: Annotated[str, Field(min_length=2, max_length=100)]
    totals: Annotated[tuple[SchemeTotal, ...], Field(min_length=1, max_length=LINES)]
    of: Annotated[str, Field(min_length=1, max_length=64)] | None = None

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        for each in self.totals:
            if len(each.scheme) > SCHEME_LETTERS or sum(map(str.isdigit, each.scheme)) > 4:  # noqa: PLR2004
                raise ValueError(f"{each.scheme!r} names no card scheme")
            if abs(each.amount.minor) > MOST_MINOR or not 0 <= (each.count or 0) <= MOST_PAYMENTS:
                raise ValueError(f"{each.amount} in {each.count} is more than a terminal's day")
        lines = [(each.scheme.casefold(), each.amount.currency) for each in self.totals]
        whole = {currency for scheme, currency in lines if not scheme}
        if len({*lines}) < len(lines) or any(s and currency in whole for s, currency in lines):
            raise ValueError("give each scheme once, or one sum for all of them")
        return self


class Listed(Value):
    """One payment on the provider's own list; `reference` is the key that both sides know."""

    reference: str
    kind: AttemptKind
    amount: Money
    at: str = ""


class DifferenceKind(StrEnum):
    """What does not agree.

    TOTAL: a scheme comes to something else. SCHEMES: the sum agrees, the schemes do not.
    HOST: the terminal and its own host differ.
    MISSING_AT_TERMINAL, MISSING_IN_JOURNAL: one side does not know of it. AMOUNT: both know of
    it, and money or direction differ. TWICE: the provider lists it more than once.
    """

    TOTAL = "total"
    HOST = "host"
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
    `text` say why it is not closed, or what the terminal said. `declared`: nobody asked the
    terminal, `who` read its totals off its slip. `of`: that slip is of this earlier end of day.
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
    declared: bool = False
    of: str | None = None


class TerminalDay(Value):
    """A terminal, and how the last end of its day went.

    `ends`: the box can end its day. Else a person does, at the terminal, and declares its slip.
    """

    terminal: str
    ends: bool = True
    last: Reconciliation | None = None


class EndOfDay(Value):
    """What a terminal, or its provider, says of the time since the last end of day.

    Terminals give totals by scheme, providers a list; either may be missing. `receipts` are the
    first and the last receipt number of the time, empty where there are none. `printed` is the
    terminal's own text. `text` says it in words, also what is missing. `complete`: the list has
    every payment; else only those that it was asked for, and others cannot be seen. `host_totals`
    are what the terminal's host makes of the same, where it tells both.
    """

    text: str
    totals: tuple[SchemeTotal, ...] | None = None
    listed: tuple[Listed, ...] | None = None
    complete: bool = True
    host_totals: tuple[SchemeTotal, ...] | None = None
    receipts: tuple[str, str] | None = None
    printed: tuple[str, ...] = ()


@runtime_checkable
class Reconciling(Protocol):
    """A terminal whose day can be ended and compared. One command at a time, as for payments."""

    async def end_of_day(self, since: Stamp | None, known: Sequence[Attempt] = ()) -> EndOfDay:
        """Close the terminal's day; return what it says of the time since `since`, the last one.

        `known` is what the journal holds of that time, for who can only be asked for each payment.
        NotStarted, or DeviceError `terminal.refused`: the day goes on as it was. Any other
        DeviceError: what it did is not known, its totals may be gone, and a person takes them
        from the host.
        """
        ...
