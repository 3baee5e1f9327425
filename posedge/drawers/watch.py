"""Which opening a contact tells of: of a pulse, a key, or one that nobody saw. Pure."""

from dataclasses import dataclass, field

from posedge.model.drawer import DrawerStatus, OpenedBy, Opening
from posedge.model.stamp import NS_PER_S, Stamp

PULSE_NS = 5 * NS_PER_S
"""A drawer springs open within a second of its pulse; a slow line may bring the news later."""


@dataclass(slots=True)
class Watch:
    """One drawer. `status` None: its contact has not told anything yet."""

    drawer: str
    status: DrawerStatus | None = None
    _pulses: list[tuple[int, Opening]] = field(default_factory=list[tuple[int, Opening]])

    def pulse(self, at: Stamp, opening: Opening) -> None:
        """Expect the drawer to open for `opening`."""
        self._pulses = [(at.monotonic_ns, opening)]

    def forget_pulse(self) -> None:
        """Expect nothing any more: it stayed shut."""
        self._pulses.clear()

    def opened(self, at: Stamp) -> Opening | None:
        """Take that the contact says open; return for what, None when that was known."""
        before = self.status
        if before is not None and before.open:
            return None
        opening = self._expected(at)
        if opening is None:
            opening = Opening(by=OpenedBy.UNSEEN if before is None else OpenedBy.KEY)
        self.status = DrawerStatus(drawer=self.drawer, open=True, since=at, opening=opening)
        return opening

    def closed(self, at: Stamp) -> DrawerStatus | None:
        """Take that the contact says closed; return how it stood open, None when it did not."""
        before = self.status
        if before is not None and not before.open:
            return None
        self._pulses.clear()
        self.status = DrawerStatus(drawer=self.drawer, open=False, since=at)
        return before

    def _expected(self, at: Stamp) -> Opening | None:
        pulses, self._pulses = self._pulses, []
        return next(
            (why for start, why in pulses if start <= at.monotonic_ns <= start + PULSE_NS), None
        )
