"""Star Line Mode as the paper sees it: a strict interpreter, one byte at a time.

Written from Star's Line Mode Command Specifications Rev. 0.09, not from what our renderer sends:
what is not in these tables raises ProtocolError.
"""

from collections.abc import Callable, Mapping
from typing import Final, Protocol, TypeAlias

from posedge.model.errors import ProtocolError
from posedge.sim.printer_mechanism import Paper
from posedge.sim.printer_parameters import Program, between, following, one_of, unknown, until
from posedge.sim.star_press import StarPress
from posedge.sim.star_raster import raster

Fixed: TypeAlias = tuple[int, Callable[[StarPress, bytes], None]]

_NUL, _ACK, _BEL, _HT, _LF, _CR, _ETB, _CAN = 0x00, 0x06, 0x07, 0x09, 0x0A, 0x0D, 0x17, 0x18
_SUB, _ESC, _GS, _RS = 0x1A, 0x1B, 0x1D, 0x1E
_CHARACTERS: Final = frozenset(range(0x20, 0x7F)) | frozenset(range(0x80, 0x100))
_SWITCH: Final = {0: False, 1: True, 48: False, 49: True}

ESCAPES: Final[Mapping[int, Fixed]] = {
    ord("@"): (0, StarPress.initialise),
    ord("4"): (0, StarPress.inverse),
    ord("5"): (0, StarPress.not_inverse),
    ord("E"): (0, StarPress.bold),
    ord("F"): (0, StarPress.not_bold),
    ord("-"): (1, StarPress.underline),
    ord("a"): (1, StarPress.feed_lines),
    ord("d"): (1, StarPress.cut),
    ord("i"): (2, StarPress.size),
    ord("z"): (1, StarPress.spacing),
}
"""ESC and a letter: how many parameter bytes follow, and what it does."""

GROUPS: Final[Mapping[int, Fixed]] = {
    ord("a"): (1, StarPress.align),
    ord("t"): (1, StarPress.page),
}
"""ESC GS and a letter, likewise; ESC GS y is QR."""

QR_SETTINGS: Final[Mapping[int, Callable[[StarPress, bytes], None]]] = {
    ord("0"): StarPress.qr_model,
    ord("1"): StarPress.qr_level,
    ord("2"): StarPress.qr_cell,
}
"""ESC GS y S and a digit."""

MAX_QR_BYTES = 7089


class StarMechanism(Paper, Protocol):
    """What Star Line Mode drives beside the paper."""

    def reports(self, *, on: bool) -> None:
        """ESC RS a: send status on each change, or no more."""
        ...

    def counts(self) -> None:
        """ETB: everything before this is printed."""
        ...

    def counts_from_zero(self) -> None:
        """ESC RS E, and CAN."""
        ...


class StarInterpreter:
    """Feed it with `take`. Its state is the printer's and outlives connections."""

    def __init__(self, mechanism: StarMechanism) -> None:
        self._mechanism = mechanism
        self._press = StarPress(mechanism)
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
            elif byte == _ESC:
                yield from self._escape()
            elif byte == _HT:
                self._press.tab()
            elif byte in {_LF, _CR}:
                self._press.line_feed()
            else:
                self._control(byte)

    def _control(self, byte: int) -> None:
        if byte in {_BEL, _SUB}:
            self._mechanism.pulses({_BEL: 0, _SUB: 1}[byte])
        elif byte == _ETB:
            self._press.finish_line()
            self._mechanism.counts()
        elif byte == _CAN:
            self._press.cancel()
            self._mechanism.counts_from_zero()
        elif byte not in {_NUL, _RS}:  # RS alone is the end of no bar code
            raise unknown(f"{byte:02x}")

    def _escape(self) -> Program:
        code = yield
        if code in ESCAPES:
            size, obey = ESCAPES[code]
            obey(self._press, (yield from following(size)))
            self._torn = self._torn and code != ord("@")
        elif code == _ACK:
            yield from self._asked()
        elif code == _BEL:
            for time in (yield from following(2)):
                between(time, 1, 127)
        elif code == _RS:
            yield from self._records()
        elif code == _GS:
            yield from self._group()
        elif code == ord("*"):
            yield from self._graphics()
        elif code == ord("b"):
            parameters = yield from following(4)
            self._press.barcode(parameters, (yield from until(_RS)))
        else:
            raise unknown(f"ESC {code:02x}")

    def _graphics(self) -> Program:
        """ESC * r A: rows until ESC * r B prints them; that one alone does nothing."""
        r, code = yield from following(2)
        if (r, code) == (ord("r"), ord("B")):
            return
        if (r, code) != (ord("r"), ord("A")):
            raise unknown(f"ESC * {r:02x} {code:02x}")
        self._press.finish_line()
        yield from raster(self._press)

    def _asked(self) -> Program:
        """Skip ESC ACK SOH, which was obeyed when it arrived."""
        (code,) = yield from following(1)
        if code != 1:
            raise unknown(f"ESC ACK {code:02x}")

    def _records(self) -> Program:
        """ESC RS a n status, ESC RS E 0 counter, ESC RS F n font."""
        code, n = yield from following(2)
        if code == ord("a"):
            self._mechanism.reports(on=one_of(bytes((n,)), _SWITCH))
        elif code == ord("E") and n in {0, 48}:
            self._mechanism.counts_from_zero()
        elif code == ord("F"):
            self._press.font(bytes((n,)))
        else:
            raise unknown(f"ESC RS {code:02x} {n:02x}")

    def _group(self) -> Program:
        code = yield
        if code in GROUPS:
            size, obey = GROUPS[code]
            obey(self._press, (yield from following(size)))
        elif code == ord("y"):
            yield from self._qr()
        else:
            raise unknown(f"ESC GS {code:02x}")

    def _qr(self) -> Program:
        """ESC GS y: S settings, D 1 data, P print."""
        (function,) = yield from following(1)
        if function == ord("S"):
            which, n = yield from following(2)
            one_of(bytes((which,)), QR_SETTINGS)(self._press, bytes((n,)))
        elif function == ord("D"):
            kind, mode, low, high = yield from following(4)
            if (kind, mode) != (ord("1"), 0):
                raise unknown(f"ESC GS y D {kind:02x} {mode:02x}")
            size = between(low + 256 * high, 1, MAX_QR_BYTES)
            self._press.qr_data((yield from following(size)))
        elif function == ord("P"):
            self._press.qr_print()
        else:
            raise unknown(f"ESC GS y {function:02x}")
