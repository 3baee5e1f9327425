"""How a Star printer is, read from automatic status.

Bits from Star's Line Mode Command Specifications, appendix 2: printer status 1, 2 and 4.
"""

from posedge.model.capabilities import Paper
from posedge.wire.escpos_state import PrinterState
from posedge.wire.star import AutoStatus

_ERRORS = (
    (0x20, "it is broken: switch it off and call service"),
    (0x08, "the cutter is jammed: clear it and close the cover"),
    (0x04, "the mechanism is jammed: clear it and close the cover"),
    (0x40, "the print head is too hot: it goes on by itself"),
)
"""Printer status 2, the gravest first."""


def state_of(status: AutoStatus) -> PrinterState:
    """Read a status. `drawer_high` is the compulsion switch: closed is high."""
    printer, error, _, paper = status.status[:4]
    return PrinterState(
        online=not printer & 0x08,
        cover_open=bool(printer & 0x20),
        paper=_paper(paper),
        error=next((text for bit, text in _ERRORS if error & bit), None),
        drawer_high=bool(printer & 0x04),
    )


def _paper(byte: int) -> Paper:
    if byte & 0x08:
        return Paper.END
    return Paper.NEAR_END if byte & 0x04 else Paper.OK
