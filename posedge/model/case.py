"""What only a person can end: money that the box cannot move, sums that do not agree."""

from enum import StrEnum

from posedge.model.stamp import Stamp
from posedge.model.value import Value


class CaseKind(StrEnum):
    """GIVE_BACK: a payment should be given back, and the terminal does not.

    RECONCILIATION: the terminal's end of day and the journal differ, or it is not known.
    CONTRADICTION: a machine says otherwise than the person who settled a payment.
    """

    GIVE_BACK = "give_back"
    RECONCILIATION = "reconciliation"
    CONTRADICTION = "contradiction"


class Resolution(Value):
    """Who ended it, why, and how that is shown; kept for ever."""

    at: Stamp
    who: str
    why: str
    evidence: str


class Case(Value):
    """`code` is stable, `text` says what a person should do; `payments` are those concerned."""

    id: str
    kind: CaseKind
    terminal: str
    code: str
    text: str
    payments: tuple[str, ...]
    opened: Stamp
    resolution: Resolution | None = None
