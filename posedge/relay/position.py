"""Where headquarters is in the journal, and where we are. Pure: time is an argument, in seconds.

Ground rules
- `acked` is the best that headquarters ever confirmed: it only grows, and it is what is saved.
- `upto` is headquarters' word on this connection. It is below `acked` when headquarters was
  restored from a backup: the journal still has everything, so it is sent again.
- `sent` runs ahead of `upto` by at most AHEAD and goes back when `upto` does not follow.
"""

AHEAD = 20_000
"""Entries under way and not committed: 12 MB of sales, and half a minute of a slow ledger."""

STALL_S = 3.0
"""How long `upto` may stand still before everything behind it is sent again (4 RTT if longer)."""

STALL_MAX_S = 60.0
"""A headquarters that is slow for long is not helped by being sent the same again and again."""

SMOOTHING = 0.125
"""Weight of a new round trip in the average, as in TCP (RFC 6298 §2)."""


class Position:
    """A cursor with a look-ahead."""

    def __init__(self, acked: int) -> None:
        self.acked = acked
        self.upto = acked
        self.sent = acked
        self._moved = 0.0
        self._patience_s = STALL_S
        self._round_trip_s = 0.0

    def __repr__(self) -> str:
        return f"<Position acked {self.acked}, upto {self.upto}, sent {self.sent}>"

    @property
    def room(self) -> int:
        return AHEAD - (self.sent - self.upto)

    def restart(self, upto: int | None, now: float) -> None:
        """Begin a connection behind headquarters' word, else behind the stored cursor."""
        self.upto = self.acked if upto is None else upto
        self.acked = max(self.acked, self.upto)
        self.sent = self.upto
        self._moved = now
        self._patience_s = STALL_S

    def advance(self, now: float) -> None:
        """Count the next entry as sent."""
        if self.sent == self.upto:
            self._moved = now
        self.sent += 1

    def confirm(self, upto: int, now: float) -> bool:
        """Take headquarters' word; True when it is news."""
        if upto <= self.upto:
            return False
        self.upto = upto
        self.acked = max(self.acked, upto)
        self.sent = max(self.sent, upto)
        self._moved = now
        self._patience_s = STALL_S
        return True

    def need(self, first: int) -> None:
        """Go back to `first`, which headquarters misses; not behind what it has said it has."""
        self.sent = max(self.upto, min(self.sent, first - 1))

    def timed(self, round_trip_s: float) -> None:
        self._round_trip_s += SMOOTHING * (round_trip_s - self._round_trip_s)

    def stalled(self, now: float) -> bool:
        """Whether what was sent should have been confirmed by now."""
        patience_s = max(self._patience_s, 4 * self._round_trip_s)
        return self.sent > self.upto and now - self._moved > patience_s

    def rewind(self, now: float) -> None:
        """Send everything behind `upto` again; be more patient next time."""
        self.sent = self.upto
        self._moved = now
        self._patience_s = min(2 * self._patience_s, STALL_MAX_S)
