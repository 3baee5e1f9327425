"""A receipt document becomes the bytes of one Star Line Mode job. Pure, and fast."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from posedge.drivers.layout import BAR_HEIGHT, Bars, Dots, Gap, Line, Mark, Matrix, Sheet, lay_out
from posedge.model.errors import ConfigError
from posedge.model.receipt import Align, Receipt
from posedge.wire import star
from posedge.wire.star import Position, Symbology

PROFILES: Final[Mapping[str, Sheet]] = MappingProxyType(
    {
        "star-80mm": Sheet(columns=48, dots=576),
        "star-58mm": Sheet(columns=32, dots=384),
    }
)
DEFAULT_PROFILE = "star-80mm"

_CODE_PAGE = "cp858"
_POSITIONS: Final = {
    Align.LEFT: Position.LEFT,
    Align.CENTRE: Position.CENTRE,
    Align.RIGHT: Position.RIGHT,
}


def render(receipt: Receipt, profile: str) -> bytes:
    """Return reset, the parts and the cut; what counts the job is the caller's part.

    ConfigError for an unknown profile, MisuseError for a barcode or picture that can't be.
    """
    sheet = sheet_named(profile)
    marks = (_written(mark, sheet) for mark in lay_out(receipt, sheet))
    return star.BEGIN_JOB + star.CP858 + b"".join(marks) + star.CUT


def sheet_named(name: str) -> Sheet:
    if name not in PROFILES:
        known = ", ".join(PROFILES)
        raise ConfigError("profile.unknown", f"no printer profile {name!r}: use one of {known}")
    return PROFILES[name]


def _written(mark: Mark, sheet: Sheet) -> bytes:
    match mark:
        case Line():
            return _line(mark)
        case Gap():
            return b"\n" * mark.lines
        case Bars():
            return _centred(_bars(mark))
        case Matrix():
            return _centred(star.qr_code(mark.text.encode(), cell=mark.module)) + b"\n"
        case Dots():
            margin = bytes((sheet.dots - mark.width) // 16)  # raster mode knows no alignment
            return star.raster([margin + row for row in mark.rows])


def _line(line: Line) -> bytes:
    text = line.text.encode(_CODE_PAGE, "replace") + b"\n"
    if line.bold:
        text = star.BOLD + text + star.NOT_BOLD
    if line.double:
        text = star.DOUBLE + text + star.NOT_DOUBLE
    if line.align is Align.LEFT:
        return text
    return star.position(_POSITIONS[line.align]) + text + star.position(Position.LEFT)


def _bars(bars: Bars) -> bytes:
    if bars.symbology == "ean13":
        symbology, data = Symbology.EAN13, bars.text.encode()
    else:
        symbology, data = Symbology.CODE128, star.code128(bars.text)
    return star.bar_code(symbology, data, module=bars.module, height=BAR_HEIGHT)


def _centred(symbol: bytes) -> bytes:
    return star.position(Position.CENTRE) + symbol + star.position(Position.LEFT)
