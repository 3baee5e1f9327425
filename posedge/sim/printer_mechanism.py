"""What the commands of the virtual printer drive: paper, cutter, drawer and answers."""

from typing import Protocol

from posedge.sim.printer_paper import Item


class Mechanism(Protocol):
    """Told what is printed and done, in the order of the commands."""

    def prints(self, item: Item) -> None: ...

    def cuts(self) -> None: ...

    def pulses(self, connector: int) -> None: ...

    def reports(self, items: int) -> None:
        """GS a: send status at once, and on each change of these items; 0 ends it."""
        ...

    def completes(self, job: bytes) -> None:
        """GS ( H: everything before this is printed."""
        ...
