"""An Adyen terminal's end of day: its totals since the last one, by card brand.

A terminal keeps totals for whom it knows, so that it is logged in to first, which moves nothing.
Then SaleReconciliation tells the sums of the running period and begins the next one. They are of
all tills on that terminal; whether those of before the first login are in them, nobody says [K].
"""

import re
from collections import defaultdict
from collections.abc import Callable

from posedge.drivers.adyen_evidence import UNCLEAR
from posedge.drivers.adyen_way import Way
from posedge.model.errors import DeviceError, NotStarted, PosedgeError
from posedge.model.money import Money
from posedge.model.reconciliation import EndOfDay, SchemeTotal
from posedge.wire.nexo.answers import Condition, Response, Result
from posedge.wire.nexo.envelope import Answer, Notice, Received
from posedge.wire.nexo.header import Category, Header
from posedge.wire.nexo.notation import money
from posedge.wire.nexo.requests import Login, Reconciliation
from posedge.wire.nexo.totals import SIGNS, Total, Totals

LATER = frozenset({Condition.BUSY, Condition.LOGGED_OUT, Condition.IN_PROGRESS})
"""The period goes on, and another time it may end."""

TOTALLESS = frozenset(
    {
        Condition.MESSAGE_FORMAT,
        Condition.NOT_ALLOWED,
        Condition.NOT_FOUND,
        Condition.UNAVAILABLE_SERVICE,
    }
)
"""It keeps no totals, or tells them to nobody: nothing to compare, today or tomorrow."""

CURRENCY = re.compile(r"[A-Z]{3}")

NewHeader = Callable[[Category], Header]


async def end_of_day(way: Way, header: NewHeader, login: Login, *, within_s: float) -> EndOfDay:
    """End the period and return its totals; the errors are those of Reconciling.end_of_day."""
    await _log_in(way, header(Category.LOGIN), login)
    sent = False
    try:
        async with way.connection() as talk:
            sent = True
            received = await talk.ask(
                header(Category.RECONCILIATION), Reconciliation(), timeout_s=within_s
            )
    except PosedgeError as error:
        if sent:
            raise
        raise NotStarted(error.code, error.message) from error
    return judge(received)


async def _log_in(way: Way, header: Header, login: Login) -> None:
    """Have it keep totals for us; one that refuses may tell its totals all the same."""
    try:
        await way.ask(header, login)
    except PosedgeError as error:
        raise NotStarted(error.code, error.message) from error


def judge(received: Received) -> EndOfDay:
    """Say what the answer to a Reconciliation proves; the errors are those of `end_of_day`."""
    match received:
        case Answer(body=body, response=Response(result=result)) if result is not Result.FAILURE:
            return day_of(Totals.from_fields(body))
        case Answer(response=response, plain=False) if response.condition in TOTALLESS:
            return EndOfDay(text=f"the terminal keeps no totals: {response.words}")
        case Answer(response=response) if response.condition in LATER:
            raise NotStarted("terminal.refused", f"the terminal refuses: {response.words}")
        case Answer(response=response, plain=False) if response.condition not in UNCLEAR:
            raise DeviceError("terminal.refused", f"its period goes on: {response.words}")
        case Answer(response=response):
            raise DeviceError("terminal.unclear", f"it gave up: {response.words}")
        case Notice(text=why):
            raise DeviceError("terminal.rejected", f"the request was rejected: {why}")
        case None:
            raise DeviceError("terminal.empty", "the terminal answered with nothing")


def day_of(told: Totals) -> EndOfDay:
    """Say totals in the desk's words; without them where one line cannot be told exactly."""
    text = f"the terminal has ended its period {told.period}".rstrip()
    if not told.kept:
        return EndOfDay(text=f"{text}; it gave no totals")
    wrong = next((line for line in told.lines if _unknown(line)), None)
    if wrong is not None:
        return EndOfDay(text=f"{text}; its sum {wrong.brand} {wrong.kind} cannot be read")
    if told.failures:
        return EndOfDay(text=f"{text}; it has not all of its sums: {', '.join(told.failures)}")
    nets: defaultdict[tuple[str, str], list[tuple[int, Money]]] = defaultdict(list)
    for line in told.lines:
        amount = money(line.amount, line.currency)
        sign = SIGNS.get(line.kind, 0)
        if sign and amount is not None:
            net = amount if sign > 0 else -amount
            nets[line.brand, line.currency].append((line.count or 0, net))
    return EndOfDay(
        text=text,
        totals=tuple(
            SchemeTotal(
                scheme=brand,
                count=sum(count for count, _ in lines),
                amount=Money(minor=sum(each.minor for _, each in lines), currency=currency),
            )
            for (brand, currency), lines in nets.items()
        ),
    )


def _unknown(line: Total) -> bool:
    """Whether a line may have moved money of which it cannot be said how much, or which way."""
    if line.kind in SIGNS and not SIGNS[line.kind]:
        return False
    if line.count == 0 and not line.amount:
        return False
    legible = CURRENCY.fullmatch(line.currency) and money(line.amount, line.currency) is not None
    return line.kind not in SIGNS or line.count is None or not legible
