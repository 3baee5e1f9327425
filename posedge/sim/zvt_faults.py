"""What a simulated terminal may do wrong. Every switch may be changed while it runs."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from posedge.wire.zvt.codes import Result

LineFault = Literal["corrupt", "noise", "drop_ack", "nak"]


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
    DAY = "day"  # an end of day, before its totals
    COMPLETION = "completion"  # the money has moved


@dataclass(slots=True)
class LineFaults:
    """What a serial line does to so many of the next ones that the terminal says.

    `corrupt`: frames come with a wrong checksum. `noise`: something stands before a frame.
    `drop_ack`: an ACK is lost. `nak`: it comes as a NAK, though the frame was taken.
    """

    corrupt: int = 0
    noise: int = 0
    drop_ack: int = 0
    nak: int = 0

    def spoils(self, fault: LineFault) -> bool:
        """Whether this one is hit, which is then one less."""
        left: int = getattr(self, fault)
        setattr(self, fault, max(0, left - 1))
        return left > 0


@dataclass(slots=True)
class Faults:
    """`cut_at`: the line is cut before this byte of what is said in a payment, from 0.

    `amount_minor` and `currency` are charged and reported instead of what was asked. `tip_minor` is
    what the customer adds where the terminal may ask. `needs`: the bits that it answers a
    registration with (01 initialisation, 02 diagnosis) until it got it. `late_s` lies between the
    card and the result. `auto_reverses`: takes an approval back although it was acknowledged.
    `forgets`: has no last receipt to repeat. `signature`: the cardholder is to sign (1F10 = 01).
    `line` is for serial ones.
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
    tip_minor: int | None = None
    signature: bool = False
    needs: int = 0
    currency: int | None = None
    line: LineFaults = field(default_factory=LineFaults)
