"""What a simulated terminal may do wrong. Every switch may be changed while it runs."""

from dataclasses import dataclass
from enum import StrEnum

from posedge.wire.zvt.codes import Result


class Outcome(StrEnum):
    APPROVE = "approve"
    DECLINE = "decline"
    ABORT = "abort"  # the customer presses stop


class Step(StrEnum):
    """Where the terminal falls silent instead of saying the next thing."""

    REGISTRATION = "registration"
    ENQUIRY = "enquiry"
    REPEAT = "repeat"
    COMMAND = "command"  # a money command, before its 80 00 00
    CARD = "card"
    RESULT = "result"
    RECEIPT = "receipt"
    COMPLETION = "completion"  # the money has moved


@dataclass(slots=True)
class Faults:
    """`cut_at`: the line is cut before this byte of what is said in a payment, from 0.

    `amount_minor` and `currency` are charged and reported instead of what was asked.
    `late_s` lies between the card and the result. `auto_reverses`: takes an approval back although
    it was acknowledged. `forgets`: has no last receipt to repeat.
    """

    outcome: Outcome = Outcome.APPROVE
    decline_code: int = Result.CREDIT_NOT_SUFFICIENT
    silent_at: Step | None = None
    cut_at: int | None = None
    late_s: float = 0.0
    forgets: bool = False
    auto_reverses: bool = False
    duplicates: bool = False
    unmasked: bool = False
    busy: bool = False
    currency_refused: bool = False
    amount_minor: int | None = None
    currency: int | None = None
