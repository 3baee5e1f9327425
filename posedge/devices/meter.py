"""How much one device may take of what all share. Pure: the time is an argument.

Two budgets, of bytes read and of events published, each with a reserve that refills. Whoever has
spent one floods us, and goes on flooding until nothing came for CALM_S: meanwhile little of it is
read, and its events are counted instead of published.
"""

from dataclasses import dataclass

RESERVE_BYTES = 64 * 1024
BYTES_PER_S = 16 * 1024
"""The fastest serial line in a shop, 115,200 baud, brings 11.5 KB/s; a terminal's receipt 10 KB."""

FLOOD_BYTES_PER_S = 1024
"""Enough to see that it goes on; in a second of it there are 70 codes to read at most."""

RESERVE_EVENTS = 1000
EVENTS_PER_S = 2
"""A clerk scans one article a second at best, for minutes; stock-taking keeps to 2 a second for
long. Without a limit a scanner that chatters pushes all 10,000 events off the shelf in a minute."""

RESERVE_CHANGES = 100
CHANGES_PER_S = 0.2
"""A device that answers and fails in turn tells it 17,000 times a day at most, and late."""

CALM_S = 5.0


@dataclass(slots=True)
class _Budget:
    """`left` units of at most `reserve`; `per_s` come back each second."""

    reserve: float
    per_s: float
    left: float
    at_s: float

    def spend(self, units: float, now_s: float) -> bool:
        """Say whether there were so many; what there was is gone in either case."""
        refilled = self.left + (now_s - self.at_s) * self.per_s
        self.left = min(self.reserve, refilled) - units
        self.at_s = now_s
        enough = self.left >= 0
        self.left = max(0.0, self.left)
        return enough


class Meter:
    """One device's. `flooding` says that it is held back; `discarded` counts its lost events.

    `ready_s` is when the next bytes may be read.
    """

    def __init__(self, now_s: float) -> None:
        self._bytes = _Budget(RESERVE_BYTES, BYTES_PER_S, RESERVE_BYTES, now_s)
        self._events = _Budget(RESERVE_EVENTS, EVENTS_PER_S, RESERVE_EVENTS, now_s)
        self._changes = _Budget(RESERVE_CHANGES, CHANGES_PER_S, RESERVE_CHANGES, now_s)
        self.ready_s = now_s
        self.flooding = False
        self.discarded = 0

    @property
    def calm_s(self) -> float:
        """When it may be believed again, if nothing comes until then."""
        return self.ready_s + CALM_S

    def took(self, size: int, now_s: float) -> None:
        """Count `size` bytes read."""
        if not self._bytes.spend(size, now_s):
            self.flooding = True
        self.ready_s = now_s + (size / FLOOD_BYTES_PER_S if self.flooding else 0)

    def may_publish(self, now_s: float) -> bool:
        """Count an event; while this is False it must not be published."""
        if not self._events.spend(1, now_s):
            self.flooding = True
        return not self.flooding

    def change_wait_s(self, now_s: float) -> float:
        """Count a change of state; return for how long it must wait until it is told."""
        if self._changes.spend(1, now_s):
            return 0.0
        self._changes.at_s += 1 / CHANGES_PER_S  # what comes back meanwhile is spent on this one
        return 1 / CHANGES_PER_S

    def discard(self) -> None:
        self.discarded += 1

    def calm(self) -> None:
        """Nothing came for CALM_S: begin anew with what a device may send in a minute."""
        self.flooding = False
        self._events.left = max(self._events.left, 60 * EVENTS_PER_S)

    def __repr__(self) -> str:
        state = "flooding" if self.flooding else "calm"
        return f"<Meter: {state}, {self.discarded} discarded>"
