"""A Star receipt printer in Line Mode: what it answers, and the counter that ETB moves.

Bits from Star's Line Mode Command Specifications, appendix 2.
"""

from collections import deque
from typing import Final

from posedge.model.errors import ProtocolError
from posedge.sim.printer import PrinterSim
from posedge.sim.printer_condition import Condition, Drawer
from posedge.sim.printer_mechanism import Machine
from posedge.sim.printer_paper import Item
from posedge.sim.star_interpreter import StarInterpreter

_ASK: Final = (0x1B, 0x06, 0x01)
_COUNTS = 32


def star_printer(drawer: Drawer | None = None) -> PrinterSim:
    """Return a virtual printer that speaks Star Line Mode and nothing else."""
    return PrinterSim(drawer, StarFirmware)


class StarFirmware:
    """Firmware, and the mechanism that its own interpreter drives.

    Of the condition's faults `no_process_id` is firmware from before the counter: seven bytes.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._interpreter = StarInterpreter(self)
        self._recent: deque[int] = deque(maxlen=len(_ASK))
        self._reporting = False
        self._count = 0
        self._executed = False

    @property
    def declined(self) -> list[ProtocolError]:
        return self._interpreter.declined

    def take(self, byte: int) -> None:
        self._interpreter.take(byte)

    def tear(self) -> None:
        self._interpreter.tear()

    def arrived(self, byte: int) -> None:
        """Obey ESC ACK SOH, also in the middle of other data."""
        self._recent.append(byte)
        if tuple(self._recent) == _ASK:
            self._tell()

    def changed(self, before: Condition) -> None:
        if self._reporting and _status(before) != _status(self._machine.condition):
            self._tell()

    # What the commands drive

    def prints(self, item: Item) -> None:
        self._machine.prints(item)

    def cuts(self) -> None:
        self._machine.cuts()

    def pulses(self, connector: int) -> None:
        self._machine.pulses(connector)

    def reports(self, *, on: bool) -> None:
        self._reporting = on and not self._machine.condition.faults.no_asb
        if self._reporting:
            self._tell()

    def counts(self) -> None:
        self._count = (self._count + 1) % _COUNTS
        self._executed = True
        if self._reporting:
            self._tell()

    def counts_from_zero(self) -> None:
        self._count, self._executed = 0, False

    def _tell(self) -> None:
        """Send automatic status; that an ETB was obeyed is said once."""
        first, *rest = _status(self._machine.condition)
        status = bytes((first | 0x02 * self._executed, *rest))
        if self._machine.condition.faults.no_process_id:
            self._machine.send(b"\x0f\x02" + status)
        else:
            counter = (self._count & 0x07) << 1 | (self._count & 0x18) << 2
            self._machine.send(b"\x23\x06" + status + bytes((counter, 0)))
        self._executed = False


def _status(condition: Condition) -> tuple[int, ...]:
    """Return printer status 1 to 5 of a condition, ETB left out."""
    faults, out = condition.faults, condition.paper_out
    offline = 0x08 * (not condition.online)
    first = 0x20 * faults.cover_open | offline | 0x04 * condition.drawer.high
    return first, faults.error, 0, 0x08 * out | 0x04 * (faults.near_end or out), 0
