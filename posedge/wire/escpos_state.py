"""How an ESC/POS printer is, read from its status bytes.

Bits from Epson's command reference: DLE EOT 1 to 4, and GS a "basic ASB", bytes 1 to 3.
"""

from dataclasses import dataclass

from posedge.model.capabilities import Paper
from posedge.wire.escpos import AutoStatus


@dataclass(frozen=True, slots=True)
class PrinterState:
    """How the printer says it is. `drawer_high` is connector pin 3; None: not known yet."""

    online: bool = False
    cover_open: bool = False
    paper: Paper = Paper.UNKNOWN
    error: str | None = None
    drawer_high: bool | None = None

    @property
    def ready(self) -> bool:
        """Whether a job given now would be printed."""
        return self.online and not self.cover_open and self.paper != Paper.END and not self.error


_ERRORS = (
    (0x20, "it is broken: switch it off and call service"),
    (0x08, "the cutter is jammed: clear it and close the cover"),
    (0x04, "the mechanism is jammed: clear it and close the cover"),
    (0x40, "the print head is too hot: it goes on by itself"),
)


def state_of(status: AutoStatus) -> PrinterState:
    """Read automatic status (GS a)."""
    return PrinterState(
        online=not status.printer & 0x08,
        cover_open=bool(status.printer & 0x20),
        paper=_paper(end=status.paper & 0x0C, near_end=status.paper & 0x03),
        error=_error(status.error),
        drawer_high=bool(status.printer & 0x04),
    )


def state_of_round(printer: int, offline: int, error: int, paper: int) -> PrinterState:
    """Read the four answers to DLE EOT 1, 2, 3 and 4."""
    reason = _error(error) or ("it reports an error: see its lamps" if offline & 0x40 else None)
    return PrinterState(
        online=not printer & 0x08,
        cover_open=bool(offline & 0x04),
        paper=_paper(end=paper & 0x60 or offline & 0x20, near_end=paper & 0x0C),
        error=reason,
        drawer_high=bool(printer & 0x04),
    )


def _paper(*, end: int, near_end: int) -> Paper:
    if end:
        return Paper.END
    return Paper.NEAR_END if near_end else Paper.OK


def _error(byte: int) -> str | None:
    return next((text for bit, text in _ERRORS if byte & bit), None)
