"""What lies on a simulated scale, and what the scale makes of it."""

from posedge.wire.toledo import Flag, Reading, Status

CAPACITY_G = 15_000
ZERO_RANGE_G = 300
"""2 % of the capacity, as EN 45501 allows a shop's scale to take for zero."""


class Plate:
    """Weights are grams. `now_s` is any clock that only goes forward."""

    def __init__(self, *, capacity_g: int = CAPACITY_G) -> None:
        self._capacity_g = capacity_g
        self._load_g = 0
        self._zero_g = 0
        self._tare_g = 0
        self._rests_at_s = 0.0

    def put(self, weight_g: int, *, now_s: float, moving_s: float = 0.0) -> None:
        """Let `weight_g` be all that lies there; it comes to rest after `moving_s`.

        Less than nothing is the plate lifted off; more than the capacity is over.
        """
        self._load_g = weight_g
        self._rests_at_s = now_s + moving_s

    def zero(self, now_s: float) -> None:
        """Take what lies there for zero: at rest, without tare and within the range only."""
        if not self._moves(now_s) and not self._tare_g and abs(self._load_g) <= ZERO_RANGE_G:
            self._zero_g = self._load_g

    def tare(self, now_s: float) -> None:
        """Take what lies there for a container: at rest and not nothing only."""
        if not self._moves(now_s) and 0 < self._gross_g <= self._capacity_g:
            self._tare_g = self._gross_g

    def preset_tare(self, weight_g: int) -> None:
        self._tare_g = weight_g

    def clear_tare(self, now_s: float) -> None:
        if not self._moves(now_s):
            self._tare_g = 0

    def status(self, now_s: float) -> Status:
        flags = Flag.BIT_6
        if self._moves(now_s):
            flags |= Flag.MOTION
        if self._gross_g > self._capacity_g:
            flags |= Flag.OVER_CAPACITY
        if self._gross_g < self._tare_g:
            flags |= Flag.UNDER_ZERO
        if not self._gross_g:
            flags |= Flag.CENTRE_OF_ZERO
        if self._tare_g:
            flags |= Flag.NET
        return Status(flags)

    def weight(self, now_s: float) -> Reading | Status:
        """Return the weight if it may be shown, else why not."""
        status = self.status(now_s)
        if status.flags & (Flag.MOTION | Flag.OVER_CAPACITY | Flag.UNDER_ZERO):
            return status
        return Reading(self._gross_g - self._tare_g, net=self._tare_g > 0)

    @property
    def _gross_g(self) -> int:
        return self._load_g - self._zero_g

    def _moves(self, now_s: float) -> bool:
        return now_s < self._rests_at_s
