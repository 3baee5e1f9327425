"""ESC/POS as the paper sees it: a strict interpreter, one byte at a time.

Written from Epson's command reference, not from what our renderer sends: what is not in these
tables raises ProtocolError.
"""

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from posedge.model.errors import ProtocolError
from posedge.sim.printer_mechanism import Mechanism
from posedge.sim.printer_parameters import Program, between, following, unknown
from posedge.sim.printer_press import BARCODES, Press

Fixed: TypeAlias = tuple[int, Callable[[Press, bytes], None]]

MAX_RASTER_BYTES = 72 * 2303
"""GS v 0: 576 dots across and the 2303 lines that the TM-T88 takes."""

_SELECT, _PRINTER = ord("="), 1
_NUL, _HT, _LF, _CR, _DLE, _ESC, _GS = 0x00, 0x09, 0x0A, 0x0D, 0x10, 0x1B, 0x1D
_CHARACTERS: Final = frozenset(range(0x20, 0x7F)) | frozenset(range(0x80, 0x100))

ESCAPES: Final[Mapping[int, Fixed]] = {
    ord("@"): (0, Press.initialise),
    ord("!"): (1, Press.modes),
    ord("-"): (1, Press.underline),
    ord("2"): (0, Press.default_spacing),
    ord("3"): (1, Press.spacing),
    ord("E"): (1, Press.bold),
    ord("G"): (1, Press.bold),
    ord("J"): (1, Press.feed_dots),
    ord("M"): (1, Press.font),
    ord("a"): (1, Press.align),
    ord("d"): (1, Press.feed_lines),
    ord("p"): (3, Press.pulse),
    ord("t"): (1, Press.page),
}
"""ESC and a letter: how many parameter bytes follow, and what it does."""

GROUPS: Final[Mapping[int, Fixed]] = {
    ord("!"): (1, Press.size),
    ord("B"): (1, Press.inverse),
    ord("H"): (1, Press.bar_label),
    ord("a"): (1, Press.reports),
    ord("f"): (1, Press.font),
    ord("h"): (1, Press.bar_height),
    ord("w"): (1, Press.bar_module),
}
"""GS and a letter, likewise; GS (, GS V, GS k and GS v have lengths of their own."""

QR_FUNCTIONS: Final[Mapping[int, Callable[[Press, bytes], None]]] = {
    67: Press.qr_module,
    69: Press.qr_level,
}
"""GS ( k, cn 49: functions with one parameter."""


class Interpreter:
    """Feed it with `take`. Its state is the printer's and outlives connections."""

    def __init__(self, mechanism: Mechanism) -> None:
        self._press = Press(mechanism)
        self._torn = False
        self._restart()

    @property
    def declined(self) -> list[ProtocolError]:
        """Symbols that the printer left out, with the reason."""
        return self._press.declined

    def take(self, byte: int) -> None:
        """Obey one more byte; ProtocolError when it fits nothing."""
        try:
            self._program.send(byte)
        except ProtocolError:
            self._restart()
            if not self._torn:
                raise

    def tear(self) -> None:
        """Allow anything up to the next ESC @: the line was cut, it may be the end of something."""
        self._torn = True

    def _restart(self) -> None:
        self._program = self._run()
        next(self._program)

    def _run(self) -> Program:
        while True:
            byte = yield
            if byte in _CHARACTERS:
                self._press.character(byte)
            elif byte == _LF:
                self._press.line_feed()
            elif byte == _HT:
                self._press.tab()
            elif byte == _ESC:
                yield from self._escape()
            elif byte == _GS:
                yield from self._group()
            elif byte == _DLE:
                yield from self._real_time()
            elif byte not in {_NUL, _CR}:
                raise unknown(f"{byte:02x}")

    def _escape(self) -> Program:
        code = yield
        if code == _SELECT:
            yield from _selected()
            return
        if code not in ESCAPES:
            raise unknown(f"ESC {code:02x}")
        size, obey = ESCAPES[code]
        obey(self._press, (yield from following(size)))
        if code == ord("@"):
            self._torn = False

    def _group(self) -> Program:
        code = yield
        if code in GROUPS:
            size, obey = GROUPS[code]
            obey(self._press, (yield from following(size)))
        elif code in _LONG:
            yield from _LONG[code](self._press)
        else:
            raise unknown(f"GS {code:02x}")

    def _real_time(self) -> Program:
        """Skip what was obeyed when it arrived: DLE EOT n, and DLE DC4 1 m t."""
        code, kind = yield from following(2)
        if (code, kind) == (0x14, 1):
            yield from following(2)
        elif code != 0x04 or kind not in range(1, 5):  # noqa: PLR2004 - EOT
            raise unknown(f"DLE {code:02x} {kind:02x}")


def _selected() -> Program:
    """ESC =: 1 the printer, 2 the display behind it, 3 both. What is not for us passes by."""
    (devices,) = yield from following(1)
    while not between(devices, 1, 3) & _PRINTER:
        while (yield) != _ESC or (yield) != _SELECT:
            continue
        (devices,) = yield from following(1)


def _cut(press: Press) -> Program:
    """GS V m, and GS V m n, which feeds to the cutter first."""
    (kind,) = yield from following(1)
    if kind in {65, 66}:
        (dots,) = yield from following(1)
        press.cut(dots)
    elif kind in {0, 1, 48, 49}:
        press.cut()
    else:
        raise unknown(f"GS V {kind:02x}")


def _barcode(press: Press) -> Program:
    """GS k: function A ends with NUL, function B begins with a length."""
    (kind,) = yield from following(1)
    if kind not in BARCODES:
        raise unknown(f"GS k {kind:02x}")
    data = b""
    if kind < 65:  # noqa: PLR2004 - function B begins at 65
        while (byte := (yield)) != _NUL:
            data += bytes((byte,))
    else:
        (length,) = yield from following(1)
        data = yield from following(length)
    press.barcode(kind, data)


def _raster(press: Press) -> Program:
    """GS v 0 m xL xH yL yH: x bytes by y dots."""
    zero, scale, xl, xh, yl, yh = yield from following(6)
    across, down = xl + 256 * xh, yl + 256 * yh
    if zero != ord("0") or scale not in {0, 48} or not 0 < across * down <= MAX_RASTER_BYTES:
        raise unknown(f"GS v {zero:02x} {scale:02x}, {across} by {down}")
    press.raster(across * 8, down, (yield from following(across * down)))


def _extended(press: Press) -> Program:
    """GS ( and a letter, with the length of what follows."""
    letter, low, high = yield from following(3)
    data = yield from following(low + 256 * high)
    if letter == ord("H") and data[:2] == b"00" and len(data) == 6:  # noqa: PLR2004 - fn, m, 4
        press.completes(data[2:])
    elif letter == ord("k") and data[:1] == b"1":
        _qr(press, data[1:])
    else:
        raise unknown(f"GS ( {letter:02x} {data[:2].hex()}")


def _qr(press: Press, data: bytes) -> None:
    """GS ( k with cn 49: fn 65 model, 67 size, 69 level, 80 store, 81 print."""
    function, rest = data[:1], data[1:]
    if function == b"A" and rest == b"2\0":
        return
    if function == b"P" and rest[:1] == b"0":
        press.qr_store(rest[1:])
    elif function == b"Q" and rest == b"0":
        press.qr_print()
    elif function and function[0] in QR_FUNCTIONS and len(rest) == 1:
        QR_FUNCTIONS[function[0]](press, rest)
    else:
        raise unknown(f"GS ( k 31 {data[:3].hex()}")


_LONG: Final[Mapping[int, Callable[[Press], Program]]] = {
    ord("("): _extended,
    ord("V"): _cut,
    ord("k"): _barcode,
    ord("v"): _raster,
}
