"""What every scanner's decoder yields: a whole code, or the word that one was lost."""

from dataclasses import dataclass, field

NAMED_CONTROLS = frozenset("\t\n\r\x04\x1c\x1d\x1e\x1f")
"""Control characters that codes really bear: white space, and ISO/IEC 15434's separators."""


@dataclass(frozen=True, slots=True)
class Scan:
    """One whole code as the scanner sent it, its AIM prefix included, its terminator not.

    Its repr hides the text, which may yet turn out to be a payment card.
    `at_ns` is the kernel's monotonic time of its last key, Enter included, where it stamps.
    """

    text: str = field(repr=False)
    at_ns: int | None = None


@dataclass(frozen=True, slots=True)
class Dropped:
    """A code was lost: `code` is stable, `message` says to the clerk what to do."""

    code: str
    message: str


def garbled(text: str) -> bool:
    """Whether `text` bears characters that no barcode in a shop does: line noise."""
    return any((c < " " and c not in NAMED_CONTROLS) or c == "\x7f" for c in text)
