"""The only place that reads the time, makes identifiers or draws chance.

All of it is a parameter of everything above, so that the whole box runs on a seeded loop with
virtual time.
"""

import os
import random
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from posedge.model.stamp import NS_PER_S, Stamp

BUILD_FLOOR_NS = 1_795_392_000 * NS_PER_S  # 2026-11-23: no honest clock is before this release
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
TIMESYNC = Path("/run/systemd/timesync/synchronized")

LOOK_NS = NS_PER_S
"""A second between two looks at TIMESYNC: they were a tenth of all that a payment cost."""


class Clock(Protocol):
    """Time, as everything above is given it."""

    def now(self) -> Stamp:
        """Return this moment."""
        ...


class SystemClock:
    """The kernel's clocks. Trusted when a time service says so, or when there is an RTC.

    A container or a desktop has no timesyncd flag: there a clock behind this release's floor is
    the one that is not trusted.
    """

    def __init__(self) -> None:
        self._looked_ns = -LOOK_NS
        self._disciplined = False
        # The unit hides /proc/sys (ProcSubset=pid) and passes the boot id in the environment.
        given = os.environ.get("POSEDGE_BOOT_ID")
        self._boot_id = given or BOOT_ID.read_text().strip().replace("-", "")

    def now(self) -> Stamp:
        utc_ns = time.time_ns()  # noqa: TID251 - this is that one place
        monotonic_ns = time.monotonic_ns()  # noqa: TID251
        if monotonic_ns - self._looked_ns >= LOOK_NS:
            self._looked_ns, self._disciplined = monotonic_ns, _disciplined()
        return Stamp(
            utc_ns=utc_ns,
            monotonic_ns=monotonic_ns,
            boot_id=self._boot_id,
            trusted=utc_ns >= BUILD_FLOOR_NS and self._disciplined,
        )


def _disciplined() -> bool:
    return TIMESYNC.exists() or not TIMESYNC.parent.exists()


@dataclass
class Ids:
    """UUIDv7 (RFC 9562 §5.7): sorted by time, unguessable tail from `chance`."""

    clock: Clock
    chance: random.Random = field(default_factory=random.SystemRandom)

    def new(self) -> str:
        milliseconds = self.clock.now().utc_ns // 1_000_000 & (1 << 48) - 1
        value = milliseconds << 80 | 0x7 << 76 | self.chance.getrandbits(12) << 64
        return str(uuid.UUID(int=value | 0b10 << 62 | self.chance.getrandbits(62)))
