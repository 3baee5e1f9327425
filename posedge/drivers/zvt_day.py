"""A ZVT terminal's end of day (06 50), with what is still reserved before it (06 23)."""

from posedge.drivers.zvt_session import Session, refused
from posedge.model.errors import DeviceError
from posedge.model.money import Money
from posedge.model.reconciliation import EndOfDay, SchemeTotal
from posedge.wire.zvt.codes import Result, words
from posedge.wire.zvt.money import ALL_OPEN, PartialReversal
from posedge.wire.zvt.receipts import PrintBlock, PrintLine
from posedge.wire.zvt.register import END_OF_DAY, Errand
from posedge.wire.zvt.status import StatusInformation
from posedge.wire.zvt.terminal import Abort

MAX_OPEN = 500
"""Reservations asked for; a terminal that never ends its list says nothing useful."""


async def open_reservations(session: Session) -> tuple[str, ...]:
    """Return the receipt numbers of what is reserved; () also where the terminal cannot tell.

    Moves nothing: 06 23 with receipt FFFF is answered by 06 1E B8, one or all numbers in it, and
    FFFF when there is no further one (§2.10.1).
    """
    found: list[str] = []
    while len(found) < MAX_OPEN:
        try:
            end = (await session.read(PartialReversal(ALL_OPEN)))[-1]
        except DeviceError as error:
            if "result" not in error.data:
                raise
            return tuple(found)
        if not isinstance(end, Abort) or end.code != Result.NO_OPEN_PRE_AUTHORISATION:
            return tuple(found)
        if end.open_receipts:
            return end.open_receipts
        if end.receipt_no in {"", ALL_OPEN, *found}:
            return tuple(found)
        found.append(end.receipt_no)
    return tuple(found)


async def end_of_day(session: Session, currency: str, reserved: tuple[str, ...]) -> EndOfDay:
    """Close the day; `reserved` are the reservations that outlive it.

    DeviceError `terminal.refused` when it is not closed; any other: that is not known.
    """
    said = await session.read(Errand(END_OF_DAY, session.options.password))
    if isinstance(said[-1], Abort):
        raise refused(said[-1].code)
    info = next((each for each in said if isinstance(each, StatusInformation)), None)
    if info is not None and info.result not in {None, Result.OK}:
        text = f"the end of day failed: {words(info.result or 0)}"
        raise DeviceError("terminal.refused", text, result=info.result)
    pages = [each for each in said if isinstance(each, PrintLine | PrintBlock)]
    lines = tuple(line for page in pages for line in page.lines)
    return _day(info, reserved, lines, currency)


def _day(
    info: StatusInformation | None,
    reserved: tuple[str, ...],
    lines: tuple[str, ...],
    currency: str,
) -> EndOfDay:
    text = "the terminal has closed its day"
    if reserved:
        text += f"; still reserved: {', '.join(reserved)}"
    totals = info.totals if info else None
    if totals is None:
        return EndOfDay(text=f"{text}; it gave no totals", printed=lines)
    return EndOfDay(
        text=text,
        totals=tuple(
            SchemeTotal(
                scheme=each.scheme,
                count=each.count,
                amount=Money(minor=each.amount_minor, currency=currency),
            )
            for each in totals.schemes
            if each.count or each.amount_minor
        ),
        receipts=(totals.first_receipt, totals.last_receipt),
        printed=lines,
    )
