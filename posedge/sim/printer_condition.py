"""How the virtual printer is, and the status bytes that say so.

Bits from Epson's command reference: DLE EOT 1 to 4, and GS a "basic ASB", bytes 1 to 4.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Faults:
    """What is wrong with it. `error` holds bits of DLE EOT 3, e.g. 0x08: the cutter is jammed.

    `stalled`: it takes no byte at all. `mute`: it answers nothing. `no_asb`, `no_process_id`: it
    is a clone that ignores GS a, or GS ( H.
    """

    near_end: bool = False
    cover_open: bool = False
    offline: bool = False
    error: int = 0
    stalled: bool = False
    mute: bool = False
    no_asb: bool = False
    no_process_id: bool = False


@dataclass(frozen=True, slots=True)
class Drawer:
    """`contact`: pin 3 is wired; `high_when_open` is its polarity. `opened` counts openings."""

    contact: bool = True
    high_when_open: bool = True
    stuck: bool = False
    open: bool = False
    opened: int = 0

    @property
    def high(self) -> bool:
        return self.contact and self.open == self.high_when_open


@dataclass(frozen=True, slots=True)
class Condition:
    """`lines_left` on the roll: 0 is paper out, None a roll that never ends."""

    faults: Faults = field(default_factory=Faults)
    drawer: Drawer = field(default_factory=Drawer)
    lines_left: int | None = None

    @property
    def paper_out(self) -> bool:
        return self.lines_left == 0

    @property
    def online(self) -> bool:
        """Whether it prints what it is told."""
        faults = self.faults
        return not (faults.cover_open or faults.offline or faults.error or self.paper_out)

    @property
    def automatic(self) -> bytes:
        """The four bytes of automatic status."""
        drawer, offline = 0x04 * self.drawer.high, 0x08 * (not self.online)
        near_end, end = 0x03 * (self.faults.near_end or self.paper_out), 0x0C * self.paper_out
        first = 0x10 | drawer | offline | 0x20 * self.faults.cover_open
        return bytes((first, self.faults.error, near_end | end, 0))

    def watched(self, items: int) -> tuple[int, ...]:
        """Return what GS a `items` watches: each change of it is reported."""
        first, error, paper, _ = self.automatic
        watches = ((1, first & 0x04), (2, first & 0x28), (4, error), (8, paper))
        return tuple(value for bit, value in watches if items & bit)

    def answer(self, kind: int) -> bytes:
        """Return the byte that answers DLE EOT `kind`."""
        faults, out = self.faults, self.paper_out
        byte = (
            0x04 * self.drawer.high | 0x08 * (not self.online),
            0x04 * faults.cover_open | 0x20 * out | 0x40 * bool(faults.error),
            faults.error,
            0x0C * (faults.near_end or out) | 0x60 * out,
        )[kind - 1]
        return bytes((0x12 | byte,))
