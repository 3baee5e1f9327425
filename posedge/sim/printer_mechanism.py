"""The seams inside the virtual printer: what commands drive, and what a language is built on."""

from typing import Protocol

from posedge.model.errors import ProtocolError
from posedge.sim.printer_condition import Condition
from posedge.sim.printer_paper import Item


class Paper(Protocol):
    """Told what is printed and done, in the order of the commands."""

    def prints(self, item: Item) -> None: ...

    def cuts(self) -> None: ...

    def pulses(self, connector: int) -> None: ...


class Mechanism(Paper, Protocol):
    """What ESC/POS drives."""

    def reports(self, items: int) -> None:
        """GS a: send status at once, and on each change of these items; 0 ends it."""
        ...

    def completes(self, job: bytes) -> None:
        """GS ( H: everything before this is printed."""
        ...


class Machine(Paper, Protocol):
    """The printer without its language."""

    @property
    def condition(self) -> Condition: ...

    def send(self, data: bytes) -> None:
        """Answer whoever is connected."""
        ...


class Firmware(Protocol):
    """A printer's language: obeys bytes, and tells the host how the machine is."""

    @property
    def declined(self) -> list[ProtocolError]:
        """Symbols that were left out because their data was wrong."""
        ...

    def arrived(self, byte: int) -> None:
        """Obey at once what is a real-time command; everything comes again by `take`."""
        ...

    def take(self, byte: int) -> None:
        """Obey one more byte, in order; ProtocolError when it fits nothing."""
        ...

    def tear(self) -> None:
        """Allow anything up to the next reset: the line was cut."""
        ...

    def changed(self, before: Condition) -> None:
        """Tell the host, if it wants to know, that the condition is another one."""
        ...
