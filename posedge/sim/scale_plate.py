"""What lies on a simulated scale, and what the scale makes of it."""

from posedge.model.capabilities import ScaleState

CAPACITY_G = 15_000
ZERO_RANGE_G = 300
"""2 % of the capacity, as EN 45501 allows a shop's scale to take for zero."""


class Plate:
    """Weights are grams. `now_s` is any clock that only goes forward."""

    def __init__(self, *, capacity_g: int = CAPACITY_G) -> None:
        self._capacity_g = capacity_g
        self._load_g = 0
        self._zero_g = 0
        self._rests_at_s = 0.0
        self.tare_g = 0
        self.loads = 0

    def put(self, weight_g: int, *, now_s: float, moving_s: float = 0.0) -> None:
        """Let `weight_g` be all that lies there; it comes to rest after `moving_s`.

        Less than nothing is the plate lifted off; more than the capacity is over.
        """
        self._load_g = weight_g
        self._rests_at_s = now_s + moving_s
        self.loads += 1

    def zero(self, now_s: float) -> bool:
        """Take what lies there for zero: at rest, without tare and within the range only."""
        able = not self.moves(now_s) and not self.tare_g and abs(self._load_g) <= ZERO_RANGE_G
        if able:
            self._zero_g = self._load_g
        return able

    def tare(self, now_s: float) -> bool:
        """Take what lies there for a container: at rest and not nothing only."""
        able = not self.moves(now_s) and 0 < self.gross_g <= self._capacity_g
        if able:
            self.tare_g = self.gross_g
        return able

    def preset_tare(self, weight_g: int) -> None:
        self.tare_g = weight_g

    def clear_tare(self, now_s: float) -> None:
        if not self.moves(now_s):
            self.tare_g = 0

    def state(self, now_s: float) -> ScaleState:
        """Say what the scale may show: a weight only at rest and within its range."""
        if self.over:
            return ScaleState.OVERWEIGHT
        if self.under:
            return ScaleState.UNDER_ZERO
        if self.moves(now_s):
            return ScaleState.UNSTABLE
        return ScaleState.STABLE_WEIGHT if self.net_g else ScaleState.ZERO

    @property
    def gross_g(self) -> int:
        return self._load_g - self._zero_g

    @property
    def net_g(self) -> int:
        return self.gross_g - self.tare_g

    @property
    def over(self) -> bool:
        return self.gross_g > self._capacity_g

    @property
    def under(self) -> bool:
        return self.net_g < 0

    def moves(self, now_s: float) -> bool:
        return now_s < self._rests_at_s
