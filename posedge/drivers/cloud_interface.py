"""What a payment provider's cloud can be asked, and what its records say of an attempt."""

from collections.abc import Awaitable, Callable, Sequence
from enum import StrEnum
from typing import Annotated, Protocol

from pydantic import Field

from posedge.drivers.interface import Site
from posedge.model.hook import Hook
from posedge.model.payment import Attempt, TerminalResult
from posedge.model.reconciliation import Listed
from posedge.model.stamp import Stamp
from posedge.model.value import Value

Milliseconds = Annotated[int, Field(ge=1, le=3_600_000)]


class CloudOptions(Value):
    """The options that every provider's terminals have.

    `currency` is the one that the terminal takes. `poll_ms` lies between two looks at a payment,
    at first; a webhook shortens it. `answer_ms`: until a request is answered. `customer_ms`: how
    long a payment may take before the reader is told to stop. `settle_ms`: how long after the last
    word a request of ours may still have effects that nobody sees yet.
    """

    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "EUR"
    poll_ms: Milliseconds = 1_000
    answer_ms: Milliseconds = 20_000
    customer_ms: Milliseconds = 180_000
    settle_ms: Milliseconds = 90_000
    status_ms: Milliseconds = 60_000

    def in_test_mode(self, address: str) -> bool:
        """Whether no real money moves there, by the provider's own signs."""
        del address
        return False


class Step(StrEnum):
    """NOTHING: the records are there, and nothing of the attempt is under way or done."""

    NOTHING = "nothing"
    UNDERWAY = "underway"
    APPROVED = "approved"
    DECLINED = "declined"
    UNCLEAR = "unclear"


class Seen(Value):
    """What the records say. `result` with APPROVED and DECLINED.

    `owed`: it is approved, and nothing moves until we acknowledge it. `unmasked`: the provider
    sent more of a card's number than its last four digits.
    """

    step: Step
    text: str
    result: TerminalResult | None = None
    owed: bool = False
    unmasked: bool = False


class Provider(Protocol):
    """One account at a provider and one reader there, over one set of connections.

    Every method raises NotStarted when the provider refused, so that nothing was done, and another
    DeviceError when it is not known what it did. None repeats a request that is not safe to repeat.
    """

    async def greet(self) -> str:
        """Return the reader's state in words, `ready` when nothing is wrong with it."""
        ...

    async def prepare(self, attempt: Attempt) -> str | None:
        """Make what the payment needs; return the provider's key for it. Moves no money.

        NotStarted also for what the provider cannot do; any other DeviceError moved no money.
        """
        ...

    async def start(self, attempt: Attempt) -> str | None:
        """Give the money command; `attempt.reference` is what `prepare` returned.

        Return the provider's key where only its answer tells it. What can be refused by a read
        is refused in `prepare`.
        """
        ...

    async def look(self, attempt: Attempt) -> Seen:
        """Read what became of the attempt. Reads only."""
        ...

    async def acknowledge(self, attempt: Attempt) -> None:
        """Take the money of an approval that is `owed`. Doing it twice takes it once."""
        ...

    async def stop(self, attempt: Attempt) -> None:
        """Have the reader end this attempt; DeviceError when that is not what it is at."""
        ...

    @property
    def lists(self) -> bool:
        """Whether `payments` has all of this reader's; else those of `known` that it knows."""
        ...

    async def payments(self, since: Stamp | None, known: Sequence[Attempt]) -> Sequence[Listed]:
        """Return what the records have since then, or of the attempts `known`, as it `lists`."""
        ...

    async def close(self) -> None: ...


Signed = Callable[[Hook, int], bool]
"""Whether the provider signed a webhook, now being so many seconds since 1970.

MisuseError `hook.unwanted` when it is of another provider or there is nothing to check it by.
"""

Connect = Callable[[Site], Awaitable[Provider]]
"""Opens a provider's client; DeviceError `terminal.libraryless` when it is not installed."""


def last_four(number: str | None) -> tuple[str, bool]:
    """Return a card number's last four digits, and whether there was more than them."""
    digits = "".join(letter for letter in number or "" if letter.isdigit())
    return digits[-4:], len(digits) > 4  # noqa: PLR2004 - as the name says
