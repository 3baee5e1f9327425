"""Raster mode of the virtual Star printer: rows of dots until it is quit.

Written from Star's Graphic Mode Command Specifications; numbers are written in digits up to NUL.
"""

from typing import Final

from posedge.sim.printer_paper import Raster
from posedge.sim.printer_parameters import Program, between, following, unknown, until
from posedge.sim.star_press import StarPress

MAX_ROW_BYTES = 72
CONTINUOUS, NO_CUT = b"0", b"1"

_ESC, _NUL = 0x1B, 0x00
_KNOWN: Final = {ord("P"): CONTINUOUS, ord("E"): NO_CUT}
"""ESC * r and a letter, with what this printer simulates of it."""


def raster(press: StarPress) -> Program:
    """Take rows (`b` n1 n2 data) and settings until ESC * r B."""
    rows: list[bytes] = []
    settings = dict.fromkeys(_KNOWN, b"")
    while True:
        (byte,) = yield from following(1)
        if byte == ord("b"):
            low, high = yield from following(2)
            rows.append((yield from following(between(low + 256 * high, 1, MAX_ROW_BYTES))))
            continue
        if byte != _ESC:
            if byte == _NUL:
                continue
            raise unknown(f"{byte:02x} in raster mode")
        star, r, code = yield from following(3)
        if (star, r, code) == (*b"*r", ord("B")):
            break
        if (star, r) != (*b"*r",) or code not in _KNOWN:
            raise unknown(f"ESC {star:02x} {r:02x} {code:02x} in raster mode")
        settings[code] = yield from until(_NUL)
    if settings != _KNOWN:
        raise unknown("a page length or a cut, which is not simulated")
    width = max(map(len, rows), default=0)
    if rows:
        bits = b"".join(row.ljust(width, b"\0") for row in rows)
        press.picture(Raster(8 * width, len(rows), bits))
