"""What the go-live check tries on a terminal: a table, and the part of it that one can do. Pure.

Amounts are small and differ, so that each payment is known again in the terminal's own journal,
and whole: test hosts take the decimals for what they are to answer (Helcim, Stitch).
Where the maker documents an amount that its test host declines or approves in part, that one is
taken (see Rehearsal); else a card is needed that does.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from posedge.model.payment import AttemptKind
from posedge.model.rehearsal import Rehearsal
from posedge.model.terminal import Ability


class Flow(StrEnum):
    SALE = "sale"
    REFUND = "refund"
    REVERSAL = "reversal"
    DECLINE = "decline"
    STOP = "stop"
    CANCEL = "cancel"
    PARTIAL = "partial"
    CAPTURE = "capture"
    RELEASE = "release"
    TIP = "tip"
    ASKS_TIP = "asks_tip"
    CASHBACK = "cashback"
    SILENCE = "silence"
    RECONNECT = "reconnect"
    END_OF_DAY = "end_of_day"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One flow: the commands it is made of, in order, and what the person must do.

    `needs`: what a terminal must be able to do. `tip_minor` and `cashback_minor` are parts of
    `amount_minor`.
    """

    flow: Flow
    title: str
    ask: str
    kinds: tuple[AttemptKind, ...] = (AttemptKind.SALE,)
    needs: frozenset[Ability] = frozenset()
    amount_minor: int = 100
    tip_minor: int = 0
    cashback_minor: int = 0


CARD = "Present a card that is approved."

FLOWS = (
    Step(flow=Flow.SALE, title="A payment", ask=CARD, amount_minor=100),
    Step(
        flow=Flow.REFUND,
        title="A payment, and a refund of it",
        ask="Present a card that is approved, and the same card again for the refund.",
        kinds=(AttemptKind.SALE, AttemptKind.REFUND),
        needs=frozenset({Ability.REFUND}),
        amount_minor=200,
    ),
    Step(
        flow=Flow.REVERSAL,
        title="A payment, and its reversal",
        ask="Present a card that is approved; if the terminal asks for it, the same card again.",
        kinds=(AttemptKind.SALE, AttemptKind.REVERSAL),
        needs=frozenset({Ability.REVERSAL}),
        amount_minor=300,
    ),
    Step(
        flow=Flow.DECLINE,
        title="A payment that is declined",
        ask="Present a card that is declined: a test card for it, or a wrong PIN.",
        amount_minor=400,
    ),
    Step(
        flow=Flow.STOP,
        title="A customer who stops",
        ask="Present no card. Press the red key, or Stop, on the terminal.",
        amount_minor=500,
    ),
    Step(
        flow=Flow.CANCEL,
        title="A till that cancels",
        ask="Present no card, and press nothing: the box stops the payment by itself.",
        needs=frozenset({Ability.CANCEL}),
        amount_minor=600,
    ),
    Step(
        flow=Flow.PARTIAL,
        title="An approval of a part",
        ask="Present a card with less than the amount left on it.",
        needs=frozenset({Ability.PARTIAL}),
        amount_minor=2100,
    ),
    Step(
        flow=Flow.CAPTURE,
        title="A reservation, booked",
        ask=CARD,
        kinds=(AttemptKind.PREAUTH, AttemptKind.CAPTURE),
        needs=frozenset({Ability.PREAUTH}),
        amount_minor=700,
    ),
    Step(
        flow=Flow.RELEASE,
        title="A reservation, given up",
        ask=CARD,
        kinds=(AttemptKind.PREAUTH, AttemptKind.RELEASE),
        needs=frozenset({Ability.PREAUTH, Ability.RELEASE}),
        amount_minor=800,
    ),
    Step(
        flow=Flow.TIP,
        title="A tip that the till knows of",
        ask=CARD,
        needs=frozenset({Ability.TIP}),
        amount_minor=900,
        tip_minor=100,
    ),
    Step(
        flow=Flow.ASKS_TIP,
        title="A tip that the terminal asks for",
        ask="Enter a tip on the terminal, then present a card that is approved.",
        needs=frozenset({Ability.ASKS_TIP}),
        amount_minor=1000,
    ),
    Step(
        flow=Flow.CASHBACK,
        title="Cash paid out with a payment",
        ask="Present a debit card that pays out cash.",
        needs=frozenset({Ability.CASHBACK}),
        amount_minor=2200,
        cashback_minor=1000,
    ),
    Step(
        flow=Flow.SILENCE,
        title="A line that is cut during a payment",
        ask="Present a card as usual. The box cuts its line now, and must find out what became of"
        " it; that takes up to ten minutes.",
        amount_minor=1100,
    ),
    Step(
        flow=Flow.RECONNECT,
        title="A terminal that was switched off",
        ask="Switch the terminal off, or take its cable out, until this says so.",
        kinds=(),
    ),
    Step(
        flow=Flow.END_OF_DAY,
        title="The end of the day",
        ask="Nothing to do: the terminal sends its day, and the box compares it with the journal.",
        kinds=(),
    ),
)
"""In the order in which they are tried: what others rest on comes first, the day's end last."""


def plan(rehearsal: Rehearsal) -> tuple[Step, ...]:
    """Return the steps for a terminal, with the amounts that its maker documents."""
    documented = {
        Flow.DECLINE: rehearsal.decline_minor,
        Flow.PARTIAL: rehearsal.partial_minor,
    }
    return tuple(_with(each, documented) for each in FLOWS)


def missing(
    step: Step, able: frozenset[Ability], *, ends_day: bool, tells: bool = True
) -> str | None:
    """Say why a terminal is not asked for `step`; None when it can do it."""
    if step.flow is Flow.SILENCE and not tells:
        return "it has no way to tell what became of a payment: a person looks into its journal"
    if step.flow is Flow.END_OF_DAY and not ends_day:
        return "it cannot end its day through the box"
    lacks = sorted(step.needs - able)
    return f"it cannot do this: {', '.join(lacks)}" if lacks else None


def _with(step: Step, documented: Mapping[Flow, int | None]) -> Step:
    minor = documented.get(step.flow)
    if minor is None:
        return step
    ask = f"{CARD} The amount itself makes the test host answer as wanted."
    return replace(step, amount_minor=minor, ask=ask)
