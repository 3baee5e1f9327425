"""When something happened, and how far that can be believed."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import PlainSerializer

from posedge.model.value import Value

NS_PER_S = 1_000_000_000

Nanoseconds = Annotated[int, PlainSerializer(str, return_type=str, when_used="json")]
"""A string in JSON: beyond 2**53 a JSON number is not exact (RFC 8785 refuses it)."""


class Stamp(Value):
    """A moment on the box.

    Order within one boot comes from `monotonic_ns`, never from `utc_ns`: a box without a
    real-time clock may start in 1970 and learn the time in the middle of the day.
    """

    utc_ns: Nanoseconds
    monotonic_ns: Nanoseconds
    boot_id: str
    trusted: bool

    @property
    def rfc3339(self) -> str:
        """UTC with milliseconds, e.g. `2026-11-23T04:00:00.123Z`."""
        moment = datetime.fromtimestamp(self.utc_ns // NS_PER_S, tz=UTC)
        return f"{moment:%Y-%m-%dT%H:%M:%S}.{self.utc_ns % NS_PER_S // 1_000_000:03d}Z"

    def since(self, earlier: "Stamp") -> int | None:
        """Whole seconds that have provably gone by since `earlier`; None when nothing proves it."""
        if self.boot_id == earlier.boot_id:
            return max(0, self.monotonic_ns - earlier.monotonic_ns) // NS_PER_S
        if self.trusted and earlier.trusted:
            return max(0, self.utc_ns - earlier.utc_ns) // NS_PER_S
        return None
