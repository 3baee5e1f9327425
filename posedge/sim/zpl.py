"""A label printer that speaks ZPL: labels one after the other, and what it tells of itself.

~HS and ~HQES from Zebra's ZPL Programming Guide; as many printers do, it answers no ~HS while
paper, ribbon or head stop it.
"""

from collections import deque
from typing import Final

from posedge.model.errors import ProtocolError
from posedge.sim.printer import PrinterSim
from posedge.sim.printer_condition import Condition
from posedge.sim.printer_mechanism import Machine
from posedge.sim.printer_paper import Raster
from posedge.sim.zpl_interpreter import ZplInterpreter
from posedge.sim.zpl_label import PrintedLabel

_LONGEST = len(b"~HQES")
RIBBON_OUT: Final = 0x02
"""As `error` of the condition's faults, whose bits this printer sends as ~HQES group 1."""


class ZplPrinter:
    """The virtual printer and `labels`, what came out of it, oldest first."""

    def __init__(self) -> None:
        self.labels: list[PrintedLabel] = []
        self.sim = PrinterSim(firmware=self._firmware)

    def _firmware(self, machine: Machine) -> "ZplFirmware":
        return ZplFirmware(machine, self.labels)


class ZplFirmware:
    """Firmware of a PrinterSim; its roll counts labels."""

    def __init__(self, machine: Machine, labels: list[PrintedLabel]) -> None:
        self._machine = machine
        self._labels = labels
        self._interpreter = ZplInterpreter(self._finished)
        self._recent: deque[int] = deque(maxlen=_LONGEST)
        self._waiting: deque[tuple[PrintedLabel, int]] = deque()
        self._printing = False

    @property
    def declined(self) -> list[ProtocolError]:
        return self._interpreter.declined

    def take(self, byte: int) -> None:
        self._interpreter.take(byte)

    def tear(self) -> None:
        """Half a format stays half a format: the next ~JA forgets it."""

    def arrived(self, byte: int) -> None:
        """Obey the commands with a tilde at once."""
        self._recent.append(byte)
        recent = bytes(self._recent)
        if recent.endswith(b"~HS") and not self._silent:
            self._machine.send(self._status)
        elif recent.endswith(b"~HQES"):
            self._machine.send(self._errors)
        elif recent.endswith(b"~JA"):
            self._waiting.clear()
            self._interpreter.cancel()

    def changed(self, before: Condition) -> None:
        del before  # it reports nothing by itself
        self._print()

    @property
    def _silent(self) -> bool:
        condition = self._machine.condition
        return bool(condition.paper_out or condition.faults.cover_open or condition.faults.error)

    def _finished(self, label: PrintedLabel, copies: int) -> None:
        self._waiting.append((label, copies))
        self._print()

    def _print(self) -> None:
        """Print what waits as far as the condition allows; each label is one of the roll's."""
        if self._printing:
            return  # a label that has just come out changed the condition
        self._printing = True
        while self._waiting and self._machine.condition.online:
            label, copies = self._waiting.popleft()
            if copies > 1:
                self._waiting.appendleft((label, copies - 1))
            self._labels.append(label)
            self._machine.prints(Raster(8, 1, b"\xff"))
        self._printing = False

    @property
    def _status(self) -> bytes:
        faults = self._machine.condition.faults
        formats, partial = max(0, len(self._waiting) - 1), self._interpreter.partial
        remaining = self._waiting[0][1] if self._waiting else 0
        first = f"030,0,{faults.offline:d},1245,{formats:03},0,0,{partial:d},000,0,0,0"
        second = f"000,0,0,0,1,2,6,0,{remaining:08},1,000"
        return b"".join(f"\x02{text}\x03\r\n".encode() for text in (first, second, "1234,0"))

    @property
    def _errors(self) -> bytes:
        condition = self._machine.condition
        faults = condition.faults
        flags = condition.paper_out | 0x04 * faults.cover_open | faults.error
        flags |= 0x10000 * faults.offline
        warnings = 0x08 * faults.near_end
        return (
            "\x02\r\n  PRINTER STATUS\r\n"
            f"   ERRORS:         {bool(flags):d} 00000000 {flags:08X}\r\n"
            f"   WARNINGS:       {bool(warnings):d} 00000000 {warnings:08X}\r\n\x03\r\n"
        ).encode()
