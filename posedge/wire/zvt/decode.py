"""One frame to one message, as the side that it came from means it."""

from dataclasses import dataclass

from posedge.wire.zvt.apdu import Apdu
from posedge.wire.zvt.money import (
    Authorisation,
    BookTotal,
    MoneyCommand,
    PartialReversal,
    PreAuthorisation,
    PreAuthReversal,
    Refund,
    Reversal,
)
from posedge.wire.zvt.receipts import PrintBlock, PrintLine
from posedge.wire.zvt.register import (
    ABORT,
    DIAGNOSIS,
    END_OF_DAY,
    INITIALISATION,
    LOG_OFF,
    NEGATIVE,
    RESET,
    Errand,
    Negative,
    Positive,
    Registration,
    RepeatReceipt,
    StatusEnquiry,
)
from posedge.wire.zvt.status import StatusInformation
from posedge.wire.zvt.terminal import Abort, Completion, IntermediateStatus, StatusReport
from posedge.wire.zvt.text import CHARSET


@dataclass(frozen=True, slots=True)
class Unknown:
    """A frame that we have no word for. Its data are not kept: they may hold card data."""

    command: int
    size: int


Answer = Positive | Negative
FromTerminal = (
    Answer
    | IntermediateStatus
    | StatusInformation
    | PrintLine
    | PrintBlock
    | Completion
    | StatusReport
    | Abort
    | Unknown
)
FromRegister = (
    Answer | Registration | MoneyCommand | StatusEnquiry | RepeatReceipt | Errand | Unknown
)

_SPOKEN = {
    kind.command: kind for kind in (IntermediateStatus, StatusInformation, PrintLine, PrintBlock)
}
_COMMANDS = {
    kind.command: kind
    for kind in (
        Registration,
        Authorisation,
        Reversal,
        Refund,
        PreAuthorisation,
        PartialReversal,
        BookTotal,
        PreAuthReversal,
        StatusEnquiry,
        RepeatReceipt,
    )
}
_ERRANDS = {LOG_OFF, RESET, END_OF_DAY, DIAGNOSIS, INITIALISATION, ABORT}


def from_terminal(
    apdu: Apdu, *, in_flight: int | None = None, charset: str = CHARSET
) -> FromTerminal:
    """Decode what the terminal sent while our command `in_flight` runs."""
    spoken = _SPOKEN.get(apdu.command)
    if spoken is not None:
        return spoken.from_data(apdu.data, charset)
    if apdu.command == Abort.command:
        return Abort.from_data(apdu.data)
    if apdu.command != Completion.command:
        return _answer(apdu)
    if in_flight == StatusEnquiry.command:
        return StatusReport.from_data(apdu.data, charset)
    return Completion.from_data(apdu.data)


def from_register(apdu: Apdu) -> FromRegister:
    """Decode what the register sent."""
    if apdu.command in _ERRANDS:
        return Errand.from_apdu(apdu)
    command = _COMMANDS.get(apdu.command)
    return _answer(apdu) if command is None else command.from_data(apdu.data)


def _answer(apdu: Apdu) -> Answer | Unknown:
    if apdu.command in {Positive.command, NEGATIVE << 8}:
        return Positive()
    if apdu.command >> 8 == NEGATIVE:
        return Negative.from_apdu(apdu)
    return Unknown(apdu.command, len(apdu.data))
