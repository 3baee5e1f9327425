"""What a terminal and its customer do with the next payment."""

import random
from collections.abc import Callable
from dataclasses import fields

from posedge.sim.zvt_faults import Faults, Outcome, Step

DOLLAR = 840

ALL_SAID = 700
"""Bytes: somewhat more than a terminal says in a payment with its two receipts."""

Make = Callable[[random.Random, int], Faults]
"""Chance and the amount that will be asked."""

MOODS: tuple[tuple[float, str, Make], ...] = (
    (50, "well", lambda *_: Faults()),
    (10, "declines", lambda *_: Faults(outcome=Outcome.DECLINE)),
    (4, "aborted", lambda *_: Faults(outcome=Outcome.ABORT)),
    (10, "silent", lambda chance, _: Faults(silent_at=chance.choice(tuple(Step)))),
    (6, "paid in silence", lambda *_: Faults(silent_at=Step.COMPLETION)),
    (8, "cut", lambda chance, _: Faults(cut_at=chance.randint(0, ALL_SAID))),
    (3, "late", lambda chance, _: Faults(late_s=chance.uniform(1, 170))),
    (3, "takes back", lambda *_: Faults(auto_reverses=True)),
    (3, "partial", lambda chance, minor: Faults(amount_minor=chance.randint(1, max(1, minor - 1)))),
    (2, "twice", lambda *_: Faults(duplicates=True)),
    (2, "unmasked", lambda *_: Faults(unmasked=True)),
    (2, "busy", lambda *_: Faults(busy=True)),
    (1, "currency", lambda *_: Faults(currency_refused=True)),
    (1, "dollars", lambda *_: Faults(currency=DOLLAR)),
    (1, "forgets", lambda chance, _: Faults(forgets=True, cut_at=chance.randint(0, ALL_SAID))),
)
"""Weight, name, faults. A terminal that forgets after a cut line leaves it to a person."""


def draw(chance: random.Random, minor: int) -> tuple[str, Faults]:
    weights = [weight for weight, _, _ in MOODS]
    _, name, make = chance.choices(MOODS, weights)[0]
    return name, make(chance, minor)


def become(faults: Faults, other: Faults) -> None:
    """Change switches in place: connections and payments hold on to them."""
    for each in fields(Faults):
        setattr(faults, each.name, getattr(other, each.name))
