"""Where card numbers end: what comes out of here has four digits of them at most.

PCI DSS 4.0.1 requirement 3.3.1 and 3.4.1; terminals were seen that do not mask (facts, A13).
"""

import re

LAST = 4
HIDDEN = 4
"""A number of which fewer digits are hidden than this counts as not masked by the terminal."""

_NUMBER = re.compile(r"(?<!\d)[1-9](?:[ -]?\d){12,18}(?!\d)")


def masked(pan: bytes) -> tuple[str, bool]:
    """Return the last four digits of BMP 22 ("" if hidden), and whether it came unmasked."""
    digits = pan.hex().rstrip("f")
    tail = digits[-LAST:]
    shown = sum(digit.isdecimal() for digit in digits)
    unmasked = shown > LAST and len(digits) - shown < HIDDEN
    return (tail if tail.isdecimal() and len(digits) > LAST else ""), unmasked


def hidden(last4: str) -> bytes:
    """Return a masked BMP 22 of a card of 16 digits that ends in `last4`."""
    return bytes.fromhex("ee" * 6 + last4)


def scrub(text: str) -> str:
    """Mask what may be a card number in running text: 13 to 19 digits that pass Luhn."""
    return _NUMBER.sub(_starred, text)


def _starred(found: re.Match[str]) -> str:
    number = found[0]
    digits = [int(digit) for digit in number if digit.isdecimal()]
    if not _luhn(digits):
        return number
    shown = iter("*" * (len(digits) - LAST) + "".join(map(str, digits[-LAST:])))
    return "".join(next(shown) if digit.isdecimal() else digit for digit in number)


def _luhn(digits: list[int]) -> bool:
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[-2::-2])
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0
