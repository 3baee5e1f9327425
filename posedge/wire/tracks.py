"""What a magnetic stripe says, and that a payment card's goes no further than this file.

Tracks as ISO/IEC 7811-6 codes them and ISO/IEC 7813 fills them: `%...?`, `;...?`, and `+...?` or
`;...?` for the third. A loyalty, gift or staff card is let through; a payment card is refused, and
of its number nothing is left but the brand and the last four digits. Refused are, on any track:
format code B; digits up to a separator where a card's number stands; 13 to 19 digits whose Luhn
check holds, as a number of their own or inside a longer one as the schemes issue them. False alarms
are wanted rather than misses: a loyalty number of that length with a check digit by Luhn cannot be
told from a card, and is refused too.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from posedge.wire.redact import SHOWN, luhn, redact_text

MAX_TRACK = 110
"""Characters of the longest field there is (MagTek 99875191); ISO/IEC 7811-6 allows 79, 40, 107."""

FORMAT_B = re.compile(r"\A%?B([\d -]*)", re.IGNORECASE | re.ASCII)
SEPARATED = re.compile(r"\A[;+]?([\d -]{12,30})[=D]", re.ASCII)
NUMBER = re.compile(r"\d(?:[ -]?\d){12,}", re.ASCII)
DIGITS = range(13, 20)
"""A card's number (ISO/IEC 7812-1)."""

TYPED = re.compile(r"%[^%?]*\?|[;+][^;+?]*\?")
PLACES = {"%": 0, ";": 1, "+": 2}
SENTINELS = re.compile(r"\A[%;+]|\?.?\Z")
"""The second with the check character that some readers hand on behind it."""

ERROR = "E"
"""What readers type for a track that they could not read: `%E?` (MagTek 99875206)."""

READABLE = re.compile(r"[ -~]*")

BRANDS = (
    ("American Express", re.compile(r"3[47]")),
    ("Diners Club", re.compile(r"3[0689]")),
    ("JCB", re.compile(r"35")),
    ("Mir", re.compile(r"220[0-4]")),
    ("Mastercard", re.compile(r"5[1-5]|2[2-7]")),
    ("Visa", re.compile(r"4")),
    ("UnionPay", re.compile(r"62|81")),
    ("Discover", re.compile(r"6011|64[4-9]|65")),
    ("Maestro", re.compile(r"5[06-9]|6[0-9]")),
    ("Troy", re.compile(r"9792")),
)
"""By the first digits (ISO/IEC 7812-1 ranges as the schemes hold them), the first that fits."""

CARD = "This is a payment card: take it at the terminal"
UNREAD = "The card could not be read: swipe it again, evenly"
ENCRYPTED = "The reader encrypts what it reads: only its maker's service could read it"


@dataclass(frozen=True, slots=True)
class Swipe:
    """The text of the three tracks, sentinels taken off; None for one that holds nothing.

    Its repr hides the text.
    """

    tracks: tuple[str | None, str | None, str | None] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Refused:
    """Why there is no swipe; of a card at most its brand and last four digits."""

    code: str
    message: str
    brand: str | None = None
    last_four: str | None = None


def judge(tracks: tuple[str, str, str], *, damaged: bool = False) -> Swipe | Refused:
    """Say what was swiped. `damaged`: the reader says that a track could not be read.

    A payment card is one also when the rest of it could not be read.
    """
    for track in tracks:
        if (card := _card(track)) is not None:
            return card
    if damaged or not any(tracks) or any(len(track) > MAX_TRACK for track in tracks):
        return Refused("swipe.unreadable", UNREAD)
    if not all(READABLE.fullmatch(track) for track in tracks):
        return Refused("swipe.encrypted", ENCRYPTED)
    first, second, third = (SENTINELS.sub("", track) or None for track in tracks)
    if ERROR in (first, second, third) or not (first or second or third):
        return Refused("swipe.unreadable", UNREAD)
    return Swipe((first, second, third))


def typed_swipe(text: str) -> Swipe | Refused | None:
    """Read what a stripe reader types, `%...?;...?`; None when it is no track but a barcode."""
    found = TYPED.findall(text.strip())
    if not found or "".join(found) != text.strip():
        return None
    tracks = ["", "", ""]
    for track in found:
        place = PLACES[track[0]]
        tracks[2 if place == 1 and tracks[1] else place] += track
    return judge((tracks[0], tracks[1], tracks[2]))


def payment_card(number: str) -> Refused:
    """Refuse a card with this number; of a shorter one, which is a part, nothing is said."""
    return Refused("card.refused", CARD, _brand(number), _last_four(number))


def _card(track: str) -> Refused | None:
    for number in _numbers(track):
        return payment_card(number)
    return None if redact_text(track) == track else Refused("card.refused", CARD)


def _numbers(track: str) -> Iterator[str]:
    """Yield what is, or stands where, a card's number; perhaps without a digit."""
    for shape in (FORMAT_B, SEPARATED):
        if found := shape.match(track):
            yield re.sub(r"\D", "", found[1])
    for found in NUMBER.finditer(track):
        digits = re.sub(r"\D", "", found[0])
        if len(digits) in DIGITS and luhn(digits):
            yield digits


def _brand(number: str) -> str | None:
    return next((name for name, begins in BRANDS if begins.match(number)), None)


def _last_four(number: str) -> str | None:
    return number[-SHOWN:] if len(number) in DIGITS else None
