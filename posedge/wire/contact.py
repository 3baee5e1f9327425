"""Which level of a drawer's switch means open, learnt from its openings.

Polarity differs between drawers (Epson's manual leaves it to the drawer), and where no switch is
wired the level never changes. So: what the level changes to right after a pulse is open, once two
openings in a row have said the same. One that says otherwise may be a drawer that stood open and
was pushed shut at that moment; two are another drawer.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Contact(StrEnum):
    """What is known. HIGH, LOW: the level that means open."""

    UNKNOWN = "unknown"
    MAYBE_HIGH = "maybe-high"
    MAYBE_LOW = "maybe-low"
    HIGH = "high"
    LOW = "low"
    HIGH_DOUBTED = "high-doubted"
    LOW_DOUBTED = "low-doubted"

    def is_open(self, *, high: bool) -> bool | None:
        """Read a level; None before it is learnt."""
        match self:
            case Contact.HIGH | Contact.HIGH_DOUBTED:
                return high
            case Contact.LOW | Contact.LOW_DOUBTED:
                return not high
            case _:
                return None


_TABLE: Final[Mapping[tuple[Contact, bool], Contact]] = MappingProxyType(
    {
        (Contact.UNKNOWN, True): Contact.MAYBE_HIGH,
        (Contact.UNKNOWN, False): Contact.MAYBE_LOW,
        (Contact.MAYBE_HIGH, True): Contact.HIGH,
        (Contact.MAYBE_HIGH, False): Contact.UNKNOWN,
        (Contact.MAYBE_LOW, True): Contact.UNKNOWN,
        (Contact.MAYBE_LOW, False): Contact.LOW,
        (Contact.HIGH, True): Contact.HIGH,
        (Contact.HIGH, False): Contact.HIGH_DOUBTED,
        (Contact.LOW, True): Contact.LOW_DOUBTED,
        (Contact.LOW, False): Contact.LOW,
        (Contact.HIGH_DOUBTED, True): Contact.HIGH,
        (Contact.HIGH_DOUBTED, False): Contact.MAYBE_LOW,
        (Contact.LOW_DOUBTED, True): Contact.MAYBE_HIGH,
        (Contact.LOW_DOUBTED, False): Contact.LOW,
    }
)


def after_pulse(known: Contact, *, high: bool) -> Contact:
    """Return what is known once the level has changed to `high` right after a pulse."""
    return _TABLE[known, high]
