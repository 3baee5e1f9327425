"""What any simulated terminal has really charged: the truth that a journal is held against."""

from dataclasses import dataclass

from posedge.model.payment import AttemptKind


@dataclass(frozen=True, slots=True)
class Charge:
    """One movement of money. `reversed`: taken back, by the terminal itself or by a reversal.

    `receipt_no` and `trace_no` are the terminal's numbers, or the provider's keys.
    """

    kind: AttemptKind
    amount_minor: int
    receipt_no: str
    trace_no: str = ""
    reversed: bool = False
