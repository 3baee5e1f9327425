"""When something happened, and how far that can be believed."""

from datetime import UTC, datetime

from posedge.model.value import Value

NS_PER_S = 1_000_000_000


class Stamp(Value):
    """A moment on the box.

    Order within one boot comes from `monotonic_ns`, never from `utc_ns`: a box without a
    real-time clock may start in 1970 and learn the time in the middle of the day.
    """

    utc_ns: int
    monotonic_ns: int
    boot_id: str
    trusted: bool

    @property
    def rfc3339(self) -> str:
        """UTC with milliseconds, e.g. `2026-11-23T04:00:00.123Z`."""
        moment = datetime.fromtimestamp(self.utc_ns // NS_PER_S, tz=UTC)
        return f"{moment:%Y-%m-%dT%H:%M:%S}.{self.utc_ns % NS_PER_S // 1_000_000:03d}Z"
