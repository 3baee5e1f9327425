"""What a simulated Adyen terminal, or its cloud, may do wrong. Switches change while it runs."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from posedge.wire.nexo.answers import Condition


class Outcome(StrEnum):
    APPROVE = "approve"
    DECLINE = "decline"
    ABORT = "abort"  # the customer presses stop


class Step(StrEnum):
    """Where the terminal falls silent instead of saying the next thing."""

    DIAGNOSIS = "diagnosis"
    COMMAND = "command"  # as if it had never arrived
    CARD = "card"  # it goes on when it is mended
    RESULT = "result"  # the money has moved
    STATUS = "status"
    ABORT = "abort"
    TOTALS = "totals"  # its period has ended


class Alien(StrEnum):
    """Which part of an answer is somebody else's."""

    SERVICE = "service"
    SALE = "sale"
    TERMINAL = "terminal"
    CATEGORY = "category"
    REFERENCE = "reference"  # the till's own, in the body
    INSIDE = "inside"  # the sealed header is another than the one outside


class Seal(StrEnum):
    """What is wrong with the sealing of answers. None of it exists in the cloud."""

    NONE = "none"  # answers come in clear, as a forger's would
    BROKEN = "broken"
    OTHER_KEY = "other-key"


TEST_AMOUNTS = {
    124: Condition.REFUSAL,
    125: Condition.REFUSAL,
    126: Condition.REFUSAL,
    127: Condition.REFUSAL,
    128: Condition.INVALID_CARD,
    134: Condition.WRONG_PIN,
}
"""By the last three digits of an amount, as Adyen's mock terminal refuses them."""


@dataclass(slots=True)
class Faults:
    """`cut_at`: the line is cut before this byte of the answer to a payment, from 0.

    `amount_minor` and `currency` are charged and reported instead of what was asked; `less_minor`
    is approved where the till allows less; `tip_minor` is what a customer adds who is asked.
    `totals_off_minor` is in its totals, and was never charged; `totalless`: it keeps none.
    `late_s` lies between the card and the result. `others`: every question after a transaction is
    answered with somebody else's success. `forgets`: it has nothing to repeat. `reject`: an event
    comes in place of an answer. `http`: the status of every reply. `skew`: its clock is ahead.
    """

    outcome: Outcome = Outcome.APPROVE
    condition: str = Condition.REFUSAL
    silent_at: Step | None = None
    cut_at: int | None = None
    late_s: float = 0.0
    alien: Alien | None = None
    seal: Seal | None = None
    others: bool = False
    forgets: bool = False
    duplicates: bool = False
    unmasked: bool = False
    busy: bool = False
    maintenance: bool = False
    reject: bool = False
    test_amounts: bool = False
    http: int = 200
    amount_minor: int | None = None
    currency: str | None = None
    less_minor: int | None = None
    tip_minor: int | None = None
    totals_off_minor: int = 0
    totalless: bool = False
    skew: timedelta = timedelta()
