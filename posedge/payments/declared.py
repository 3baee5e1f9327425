"""Totals that a person read off a terminal's slip, where no machine tells them. Pure."""

import re
from collections.abc import Iterable
from typing import Annotated

from pydantic import Field, ValidationError

from posedge.model.errors import ConflictError, MisuseError
from posedge.model.money import Currency, Money
from posedge.model.reconciliation import (
    DayState,
    Declaration,
    EndOfDay,
    Reconciliation,
    SchemeTotal,
)
from posedge.model.value import Value

UNTOLD = frozenset({DayState.UNCOMPARED, DayState.UNKNOWN})
"""Ends of days of which nothing was compared: the terminal's slip tells what the box missed."""

LINE = re.compile(r"(?P<scheme>[^=]*)(?P<between>[=\s])(?P<amount>[-\d.,]+)")
"""Behind a scheme; blanks around the `=` are taken out before."""

EQUALS = re.compile(r"\s?=\s?")


class Slip(Value):
    """A slip as somebody types it on a page: one total a line, `visa 12.34`, or one sum."""

    who: Annotated[str, Field(min_length=2, max_length=100)]
    totals: Annotated[str, Field(min_length=1, max_length=2_000)]
    currency: Currency
    of: Annotated[str, Field(min_length=1, max_length=64)] | None = None

    def read(self) -> Declaration:
        """MisuseError as `declaration` does."""
        return declaration(self.who, self.totals.splitlines(), self.currency, self.of)


def declaration(who: str, lines: Iterable[str], currency: str, of: str | None) -> Declaration:
    """Read lines such as `visa=12.34`, `girocard 5,00`, or one `17.34` for all schemes.

    MisuseError `money.unreadable` or `money.decimals` for a line that cannot be read exactly,
    `reconciliation.mistaken` where they are no slip together.
    """
    totals = tuple(_line(each.strip(), currency) for each in lines if each.strip())
    try:
        return Declaration(who=who, totals=totals, of=of)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise MisuseError(
            "reconciliation.mistaken", f"the slip: {first['msg'].removeprefix('Value error, ')}"
        ) from None


def _line(line: str, currency: str) -> SchemeTotal:
    """Read one; `1 234.56` is refused, for it may be one number as well as scheme and number."""
    found = LINE.fullmatch(EQUALS.sub("=", f" {' '.join(line.split())}"))
    scheme = found["scheme"].strip() if found else ""
    if found is None or (found["between"] != "=" and scheme[-1:].isdigit()):
        text = f"{line!r} is no total: write visa=12.34, or 1234.56 for all schemes"
        raise MisuseError("money.unreadable", text)
    amount = Money.parse(found["amount"].replace(",", "."), currency)
    return SchemeTotal(scheme=scheme, amount=amount)


def check_open(day: Reconciliation, terminal: str) -> None:
    """Raise MisuseError unless a slip of `day` of `terminal` may still be declared."""
    if day.terminal != terminal:
        text = f"{day.id} is an end of day of {day.terminal}, not of {terminal}"
        raise MisuseError("reconciliation.elsewhere", text)
    if day.of is not None or not (day.declared or day.state in UNTOLD):
        text = f"{day.id} is not an end of day that lacks its totals: leave `of` out"
        raise MisuseError("reconciliation.compared", text)


def check_same(
    day: Reconciliation, terminal: str | None, declared: Declaration | None
) -> Reconciliation:
    """Return `day`; ConflictError when its number was used for something else."""
    slip = (declared.totals, declared.of) if declared else None
    if terminal not in {None, day.terminal} or slip != (
        (day.terminal_totals, day.of) if day.declared else None
    ):
        what = f"{day.id} ended the day of {day.terminal}, or told another slip: use a new id"
        raise ConflictError("reconciliation.conflict", what)
    return day


def slip(day: Reconciliation) -> EndOfDay:
    """Return what was declared, as if the terminal had said it."""
    which = f"the end of day {day.of}" if day.of else "the day"
    text = f"totals read off the terminal's slip of {which} by {day.who}"
    return EndOfDay(text=text, totals=day.terminal_totals)
