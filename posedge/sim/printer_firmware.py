"""What an ESC/POS printer answers: status in real time and on its own, and when a job is out."""

from collections import deque
from typing import Final

from posedge.model.errors import ProtocolError
from posedge.sim.printer_condition import Condition
from posedge.sim.printer_interpreter import Interpreter
from posedge.sim.printer_mechanism import Machine
from posedge.sim.printer_paper import Item

_JOB_DONE: Final = b'7"'
_REAL_TIME_BYTES = 5


class EscposFirmware:
    """Firmware, and the mechanism that its own interpreter drives."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._interpreter = Interpreter(self)
        self._recent: deque[int] = deque(maxlen=_REAL_TIME_BYTES)
        self._reported = 0

    @property
    def declined(self) -> list[ProtocolError]:
        return self._interpreter.declined

    def take(self, byte: int) -> None:
        self._interpreter.take(byte)

    def tear(self) -> None:
        self._interpreter.tear()

    def arrived(self, byte: int) -> None:
        """Obey DLE EOT n and the pulse DLE DC4 1 m t: also in the middle of other data."""
        self._recent.append(byte)
        match tuple(self._recent):
            case (*_, 0x10, 0x04, 1 | 2 | 3 | 4 as kind):
                self._machine.send(self._machine.condition.answer(kind))
            case (0x10, 0x14, 1, 0 | 1 as connector, time) if time in range(1, 9):
                self.pulses(connector)
            case _:
                return

    def changed(self, before: Condition) -> None:
        now = self._machine.condition
        if before.watched(self._reported) != now.watched(self._reported):
            self._machine.send(now.automatic)

    # What the commands drive

    def prints(self, item: Item) -> None:
        self._machine.prints(item)

    def cuts(self) -> None:
        self._machine.cuts()

    def pulses(self, connector: int) -> None:
        self._machine.pulses(connector)

    def reports(self, items: int) -> None:
        self._reported = 0 if self._machine.condition.faults.no_asb else items
        if self._reported:
            self._machine.send(self._machine.condition.automatic)

    def completes(self, job: bytes) -> None:
        if not self._machine.condition.faults.no_process_id:
            self._machine.send(_JOB_DONE + job + b"\0")
