"""What can be made to go wrong at a simulated payment provider."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum


class Outcome(StrEnum):
    APPROVE = "approve"
    DECLINE = "decline"
    CANCEL = "cancel"  # the customer presses the reader's button
    IGNORE = "ignore"  # no card ever comes


class Way(StrEnum):
    """What becomes of one request."""

    LOST = "lost"  # never arrives: the line is cut in front of it
    SILENT = "silent"  # arrives; nothing is done and nothing is said
    UNTOLD = "untold"  # is done; the line is cut in front of the answer
    MUTE = "mute"  # is done; nothing is said
    TORN = "torn"  # is done; the line is cut within the answer
    FAILED = "failed"  # is done, and answered by 500
    DOWN = "down"  # is not done: 503, maintenance
    LIMITED = "limited"  # is not done: 429

    @property
    def works(self) -> bool:
        return self in {Way.UNTOLD, Way.MUTE, Way.TORN, Way.FAILED}


@dataclass(slots=True)
class HookFaults:
    """What becomes of webhooks. `late_s`: how long after the fact they are sent."""

    lost: bool = False
    twice: bool = False
    reversed: bool = False  # each pair of them in the wrong order
    forged: bool = False  # signed by somebody else
    late_s: float = 0.0


@dataclass(slots=True)
class CloudFaults:
    """`way` happens to requests of the routes `at` (none named: all).

    The first `after` of them are left out; `times` is how often, None for ever.
    `amount_minor` and `currency` are charged and recorded instead of what was asked. `foreign`:
    the records of a payment are somebody else's. `forgets`: the reader does not say what it does.
    `busy`: another till has the reader. `skew_s`: how wrong the provider's clock is.
    """

    outcome: Outcome = Outcome.APPROVE
    way: Way | None = None
    at: Sequence[str] = ()
    after: int = 0
    times: int | None = 1
    late_s: float = 0.0
    amount_minor: int | None = None
    currency: str | None = None
    foreign: bool = False
    forgets: bool = False
    busy: bool = False
    unmasked: bool = False
    skew_s: int = 0
    hooks: HookFaults = field(default_factory=HookFaults)

    def meets(self, route: str) -> Way | None:
        """Return what becomes of this request, and count it."""
        if self.way is None or (self.at and route not in self.at):
            return None
        if self.after:
            self.after -= 1
            return None
        way = self.way
        if self.times is not None:
            self.times -= 1
            if self.times <= 0:
                self.mend()
        return way

    def mend(self) -> None:
        """End what happens to requests."""
        self.way, self.at, self.after, self.times = None, (), 0, 1
