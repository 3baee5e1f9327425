"""A receipt printer with a cash drawer behind it, at the other end of the wire.

As a real one it obeys real-time commands when they arrive and everything else in order. Out of
paper, open or off line it stops obeying, takes bytes until its buffer is full, and later goes on
where it stopped. Its condition may be changed while it runs. Which language it obeys is its
firmware's part; ESC/POS unless another is put in.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Final, Protocol

from posedge.model.errors import ProtocolError
from posedge.sim.printer_condition import Condition, Drawer, Faults
from posedge.sim.printer_firmware import EscposFirmware
from posedge.sim.printer_mechanism import Firmware, Machine
from posedge.sim.printer_paper import Blank, Item, PrintedReceipt

BUFFER_BYTES = 4096
"""The receive buffer of a TM-T88 (4 KB by its default switch setting)."""

_TORN: Final = -1
"""Stands in the buffer where a line ended: whole commands may wait in front of it."""


class Line(Protocol):
    """One connection, as the printer sees it."""

    def send(self, data: bytes) -> None: ...

    def stop(self) -> None:
        """Take no more bytes until `go`."""
        ...

    def go(self) -> None: ...

    def drop(self) -> None:
        """Hang up."""
        ...


class PrinterSim:
    """The printer. `receipts` is what was cut off, oldest first.

    The first byte that is not in its language stays in `violation`: from then on it hangs up on
    everyone.
    """

    def __init__(
        self,
        drawer: Drawer | None = None,
        firmware: Callable[[Machine], Firmware] = EscposFirmware,
    ) -> None:
        self.receipts: list[PrintedReceipt] = []
        self.violation: ProtocolError | None = None
        self._condition = Condition(drawer=drawer or Drawer())
        self._firmware = firmware(self)
        self._buffer: deque[int] = deque()
        self._paper: list[Item] = []
        self._cut_after: int | None = None
        self._line: Line | None = None

    # What a person does

    @property
    def condition(self) -> Condition:
        return self._condition

    @property
    def faults(self) -> Faults:
        return self._condition.faults

    @faults.setter
    def faults(self, faults: Faults) -> None:
        self._become(replace(self._condition, faults=faults))
        self._work()

    def load(self, lines: int | None = None) -> None:
        """Put in a roll that lasts `lines` lines; 0 takes the paper out, None never ends."""
        self._become(replace(self._condition, lines_left=lines))
        self._work()

    def pull_drawer(self) -> None:
        """Open the drawer with its key."""
        drawer = self._condition.drawer
        opened = replace(drawer, open=True, opened=drawer.opened + 1)
        self._become(replace(self._condition, drawer=opened))

    def wire_drawer(self, *, high_when_open: bool) -> None:
        """Put another drawer there: its switch tells an open one by this level."""
        drawer = replace(self._condition.drawer, high_when_open=high_when_open)
        self._become(replace(self._condition, drawer=drawer))

    def close_drawer(self) -> None:
        closed = replace(self._condition.drawer, open=False)
        self._become(replace(self._condition, drawer=closed))

    def cut_line(self, after: int = 0) -> None:
        """Hang up once `after` more bytes were taken."""
        self._cut_after = after
        if not after:
            self._hang_up()

    @property
    def drawer_opened(self) -> int:
        """How often the drawer has opened."""
        return self._condition.drawer.opened

    @property
    def uncut(self) -> PrintedReceipt:
        """What hangs out of the printer."""
        return PrintedReceipt(tuple(self._paper))

    @property
    def declined(self) -> list[ProtocolError]:
        """Symbols that were left out because their data was wrong."""
        return self._firmware.declined

    # What the line does

    def attach(self, line: Line) -> bool:
        """Serve this connection; False when there is one: a printer talks to one host."""
        if self._line is not None or self.violation is not None:
            return False
        self._line = line
        self._work()
        return True

    def detach(self, line: Line) -> None:
        if self._line is line:
            self._line = None
            self._buffer.append(_TORN)
            self._work()

    @property
    def connected(self) -> bool:
        """Whether a host is served."""
        return self._line is not None

    @property
    def room(self) -> int:
        """How many bytes it takes now."""
        return 0 if self.faults.stalled else max(0, BUFFER_BYTES - len(self._buffer))

    def receive(self, data: bytes) -> None:
        """Take at most `room` bytes."""
        for byte in data[: self._cut_after]:
            self._buffer.append(byte)
            self._firmware.arrived(byte)
        self._work()
        if self._cut_after is not None:
            self._cut_after = max(0, self._cut_after - len(data))
            if not self._cut_after:
                self._hang_up()

    # What the commands drive

    def prints(self, item: Item) -> None:
        self._paper.append(item)
        left = self._condition.lines_left
        if left and not isinstance(item, Blank):
            self._become(replace(self._condition, lines_left=left - 1))

    def cuts(self) -> None:
        self.receipts.append(self.uncut)
        self._paper.clear()

    def pulses(self, connector: int) -> None:
        """Open the drawer; it listens to both connectors."""
        del connector
        drawer = self._condition.drawer
        if not (drawer.stuck or drawer.open):
            self.pull_drawer()

    def send(self, data: bytes) -> None:
        if self._line is not None and not self.faults.mute:
            self._line.send(data)

    def _become(self, condition: Condition) -> None:
        before, self._condition = self._condition, condition
        self._firmware.changed(before)

    def _work(self) -> None:
        """Obey what is in the buffer as far as the condition allows."""
        try:
            while self._buffer and self._condition.online and self.violation is None:
                self._obey(self._buffer.popleft())
        except ProtocolError as error:
            self.violation = error
            self._hang_up()
        if self._line is not None:
            (self._line.go if self.room else self._line.stop)()

    def _obey(self, byte: int) -> None:
        if byte == _TORN:
            self._firmware.tear()
        else:
            self._firmware.take(byte)

    def _hang_up(self) -> None:
        self._cut_after = None
        if self._line is not None:
            line = self._line
            self.detach(line)
            line.drop()
