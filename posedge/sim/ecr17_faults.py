"""What a simulated ECR17 terminal may do wrong. Every switch may be changed while it runs."""

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    APPROVE = "approve"
    DECLINE = "decline"


class Step(StrEnum):
    """Where the terminal falls silent instead of saying the next thing."""

    STATUS = "status"
    LAST = "last"
    REQUEST = "request"  # of money, before its ACK
    CARD = "card"
    RESULT = "result"  # the money has moved
    RECEIPT = "receipt"
    CLOSING = "closing"  # the session is closed


@dataclass(slots=True)
class Faults:
    """`cut_at`: the line is cut before this byte of what is said in a payment, from 0.

    `amount_minor` is charged and reported instead of what was asked; `terminal_id` said to be its
    own. `stranger`: another till's payment of that much comes right behind ours, and `G` tells of
    it. `forgets`: `G` is refused. `busy`: all is refused. `skew_min`: its host's clock is wrong.
    `host_off_minor` is in its host's total, and was never charged; `keeps_session`: it closes none.
    `plain`: it knows no payment with extended result, no pre-authorisation and no receipts for
    tills. Of the next ones on the line: `corrupt` have a wrong checksum, `drop_ack` are lost ACKs,
    `nak` are ACKs that come as NAK although the request was not taken.
    """

    outcome: Outcome = Outcome.APPROVE
    silent_at: Step | None = None
    cut_at: int | None = None
    late_ms: int = 0
    amount_minor: int | None = None
    terminal_id: str | None = None
    stranger: int | None = None
    skew_min: int = 0
    forgets: bool = False
    busy: bool = False
    plain: bool = False
    host_off_minor: int = 0
    keeps_session: bool = False
    duplicates: bool = False
    unmasked: bool = False
    corrupt: int = 0
    drop_ack: int = 0
    nak: int = 0
