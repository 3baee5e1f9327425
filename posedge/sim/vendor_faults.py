"""What a vendor's program and its terminal may do wrong. Every switch may be changed meanwhile."""

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    APPROVE = "approve"
    DECLINE = "decline"
    ABORT = "abort"  # the customer presses stop
    IGNORE = "ignore"  # no card ever comes


class Step(StrEnum):
    """Where it happens: at the start, when a call is read, or within a call."""

    START = "start"
    PING = "ping"
    STATUS = "status"
    PAY = "pay"
    CARD = "card"
    CHARGED = "charged"  # the money is held, and nobody was told
    COMMIT = "commit"
    COMMITTED = "committed"  # the money is kept, and nobody was told
    REFUSE = "refuse"
    FIND = "find"


class Trouble(StrEnum):
    SEGFAULT = "segfault"
    EXIT = "exit"
    HANG = "hang"
    SPIN = "spin"
    BABBLE = "babble"
    GARBLE = "garble"
    LATE = "late"
    MUMBLE = "mumble"
    FAIL = "fail"
    REFUSE = "refuse"


@dataclass(slots=True)
class Faults:
    """`does` happens `at` a step, each time or `once`.

    `customer_s`: how long the customer takes. `late_ms`: how late something LATE is.
    `amount_minor` and `currency` are charged and reported instead of what was asked; `foreign`
    results bear another reference, `amountless` ones say no amount, `another_call` ones answer a
    call that was not made. `forgets`: it cannot tell what became of anything. `version` is the
    protocol's that it claims to speak.
    """

    outcome: Outcome = Outcome.APPROVE
    at: Step | None = None
    does: Trouble = Trouble.SEGFAULT
    once: bool = False
    customer_s: float = 0.0
    late_ms: int = 0
    amount_minor: int | None = None
    currency: str | None = None
    foreign: bool = False
    amountless: bool = False
    another_call: bool = False
    duplicates: bool = False
    unmasked: bool = False
    forgets: bool = False
    busy: bool = False
    version: int = 1
