"""Where card numbers end: what comes out of here has four digits of them at most.

PCI DSS 4.0.1 requirement 3.3.1 and 3.4.1; terminals were seen that do not mask (facts, A13).
"""

TRACK = "d"
"""Behind this nibble stands the rest of a track, as some terminals send it: never looked at."""

LAST = 4
HIDDEN = 4
"""A number of which fewer digits are hidden than this counts as not masked by the terminal."""


def masked(pan: bytes) -> tuple[str, bool]:
    """Return the last four digits of BMP 22 ("" if hidden), and whether it came unmasked."""
    number, track, _ = pan.hex().partition(TRACK)
    digits = number.rstrip("f")
    tail = digits[-LAST:]
    shown = sum(digit.isdecimal() for digit in digits)
    unmasked = bool(track) or (shown > LAST and len(digits) - shown < HIDDEN)
    return (tail if tail.isdecimal() and len(digits) > LAST else ""), unmasked


def hidden(last4: str) -> bytes:
    """Return a masked BMP 22 of a card of 16 digits that ends in `last4`."""
    return bytes.fromhex("ee" * 6 + last4)
