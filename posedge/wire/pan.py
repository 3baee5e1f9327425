"""Where card numbers in text end: what comes out of here has four digits of them at most.

PCI DSS 4.0.1 requirements 3.3.1 and 3.4.1; a terminal may send BIN and last four, never the whole.
"""

LAST = 4
HIDDEN = 4
"""A number of which fewer digits are hidden than this counts as not masked by the terminal."""


def masked(pan: str) -> tuple[str, bool]:
    """Return the last four digits ("" if hidden), and whether the number came unmasked."""
    shown = sum(each.isdecimal() for each in pan)
    tail = pan[-LAST:]
    unmasked = shown > LAST and len(pan) - shown < HIDDEN
    return (tail if tail.isdecimal() and len(pan) > LAST else ""), unmasked
