"""How a label printer is, read from ~HQES.

Bits of group 1 from Zebra's ZPL Programming Guide, ~HQ, "Error Flags (~HQES)".
"""

from posedge.model.capabilities import Paper
from posedge.wire.escpos_state import PrinterState
from posedge.wire.zpl import Errors

_MEDIA_OUT, _RIBBON_OUT, _HEAD_OPEN, _PAUSED = 0x01, 0x02, 0x04, 0x10000
_ERRORS = (
    (_RIBBON_OUT, "out of ribbon: put in a new one"),
    (0x08, "the cutter is jammed: clear it and close the head"),
    (0x10, "the print head is too hot: it goes on by itself"),
    (0x20, "the motor is too hot: it goes on by itself"),
    (0x03C0, "its print head or firmware is at fault: call service"),
)
_KNOWN = _MEDIA_OUT | _HEAD_OPEN | _PAUSED


def state_of(errors: Errors) -> PrinterState:
    """Read the flags; one that is not known here is an error too, and keeps it from printing."""
    flags = errors.errors
    known = next((text for bits, text in _ERRORS if flags & bits), None)
    named = _KNOWN | sum(bits for bits, _ in _ERRORS)
    other = f"it reports error {flags:08x}: see its display" if flags & ~named else None
    return PrinterState(
        online=not flags,
        cover_open=bool(flags & _HEAD_OPEN),
        paper=Paper.END if flags & _MEDIA_OUT else Paper.OK,
        error=known or other or ("it pauses: press its pause button" if flags & _PAUSED else None),
    )
