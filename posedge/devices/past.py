"""What the box remembers of a device from one plug to the next. Pure: the time is an argument."""

from collections import deque
from dataclasses import dataclass, field
from itertools import pairwise

from posedge.model.capabilities import DeviceState
from posedge.model.explanation import Change

KEPT = 32
"""Changes of state that are remembered: a bad quarter of an hour, in 8 KB."""

PATTERNS = ((10, 3.0), (120, 20.0))
"""So many ends in a row, each so many seconds behind the one before: a loose plug, a weak supply.

Nobody pulls a plug that regularly by hand, nor 120 times; the second one takes forty minutes.
"""

SLOW_S = 30.0
"""Between attempts at a restless device, instead of at every plug."""

STEADY_S = 30.0
"""So long on line, and a device is believed again."""

RESTLESS = (
    "it resets again and again: look at its cable, its power and the hub;"
    f" it is tried every {SLOW_S:.0f} s until it stays"
)


@dataclass(slots=True)
class Past:
    """One device's. `told` is the last change that listeners heard of."""

    history: deque[Change] = field(default_factory=lambda: deque[Change](maxlen=KEPT))
    told: tuple[DeviceState, str | None] | None = None
    restless: bool = False
    _ends: deque[float] = field(
        default_factory=lambda: deque[float](maxlen=max(count for count, _ in PATTERNS))
    )
    _online_s: float | None = None

    def answered(self, now_s: float) -> None:
        """Note that it is on line; said again while it is, nothing changes."""
        if self._online_s is None:
            self._online_s = now_s

    def ended(self, now_s: float) -> None:
        """Note that it failed or left; what had never answered is no reset."""
        if self._online_s is None:
            return
        if now_s - self._online_s >= STEADY_S:
            self._ends.clear()
            self.restless = False
        self._online_s = None
        self._ends.append(now_s)
        self.restless = self.restless or any(
            _is_regular(list(self._ends)[-count:], count, period_s) for count, period_s in PATTERNS
        )


def _is_regular(ends: list[float], count: int, period_s: float) -> bool:
    pairs = pairwise(ends)
    return len(ends) == count and all(later - earlier <= period_s for earlier, later in pairs)
