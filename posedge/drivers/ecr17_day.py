"""An ECR17 terminal's end of day: its session is closed, and tells its total and its host's."""

from posedge.drivers.ecr17_options import Ecr17Options
from posedge.drivers.ecr17_payment import CURRENCY
from posedge.drivers.ecr17_session import Session
from posedge.model.errors import DeviceError, ProtocolError
from posedge.model.money import Money
from posedge.model.reconciliation import EndOfDay, SchemeTotal
from posedge.wire.ecr17.closing import Closing
from posedge.wire.ecr17.frames import Progress
from posedge.wire.ecr17.requests import Code, Request
from posedge.wire.ecr17.results import OK


async def end_of_day(session: Session, options: Ecr17Options) -> EndOfDay:
    """Close the session; DeviceError `terminal.refused` when it goes on, else not known.

    The terminal prints its own slip of it.
    """
    await session.ask(Request(Code.CLOSE_SESSION, options.terminal_id, options.register_id))
    while True:
        heard = await session.hear(options.answer_ms / 1000)
        if not isinstance(heard, Progress):
            break
    await session.confirm()
    try:
        return day_of(Closing.from_bytes(heard))
    except ProtocolError as error:
        raise DeviceError("terminal.unreadable", error.message) from error


def day_of(closing: Closing) -> EndOfDay:
    """Say it in the desk's words; DeviceError `terminal.refused` for a no."""
    if closing.result != OK:
        why = closing.text or f"result {closing.result}"
        raise DeviceError("terminal.refused", f"the session is not closed: {why}")
    own, host = _total(closing.terminal_minor), closing.host_minor
    text = "the terminal has closed its session"
    if host is None:
        return EndOfDay(text=f"{text}; its host told no total", totals=(own,))
    return EndOfDay(text=text, totals=(own,), host_totals=(_total(host),))


def _total(minor: int) -> SchemeTotal:
    return SchemeTotal(scheme="", amount=Money(minor=minor, currency=CURRENCY))
