"""Tells a payment card from a barcode: a wedge magnetic stripe reader looks like a scanner.

What is refused, and why no more and no less:
- Track data (ISO/IEC 7813) is refused wherever it comes from: no barcode has business with it.
- A number of a card's shape (13 to 19 digits, Luhn, and a scheme's prefix and length) is refused
  in any text, except behind an AIM identifier, which only a barcode reader sends, or in GS1 data.
- Alone, with 13 or 14 digits and a GS1 check digit that holds, it is an article: one EAN-13 in
  ten passes Luhn as well.
- With 15 to 19 digits the card wins over everything. IMEI (35..., 86...) and ICCID (89...) keep
  clear of the schemes' prefixes, and an SSCC's 18 digits are scanned with their AI 00 before them.
  A gift card that is refused all the same is let in by the AIM identifier: switch it on in the
  scanner.
- A number behind the signs that a wrong keyboard layout makes of digits is a number all the same.
"""

import re
from collections.abc import Iterator

from posedge.wire.gs1 import GS, split_aim
from posedge.wire.gtin import holds_check_digit
from posedge.wire.layout_tables import TABLES
from posedge.wire.redact import luhn
from posedge.wire.tracks import Refused, payment_card

TRACK_1 = re.compile(r"%[A-Z][\d ]{12,23}\^|%B[^^]{0,40}\^", re.ASCII | re.IGNORECASE)
TRACK_2_OR_3 = re.compile(r"[;+]\d{12,21}=", re.ASCII)

ARTICLE_DIGITS = frozenset({13, 14})

GROUPED = re.compile(r"(?<=\d)[ -](?=\d)", re.ASCII)
NUMBER = re.compile(r"(?<!\d)\d{13,19}(?!\d)", re.ASCII)

ISSUED = re.compile(
    r"4(\d{12}|\d{15}|\d{17,18})"  # Visa
    r"|(5[1-5]|2[2-7])\d{14}"  # Mastercard, Mir
    r"|3[47]\d{13}"  # American Express
    r"|3(0|6|8|9)\d{12,17}"  # Diners Club
    r"|35\d{14,17}"  # JCB
    r"|(50|5[6-9]|6\d)\d{11,17}"  # Maestro, Discover, UnionPay, RuPay, girocard
    r"|8[12]\d{14,17}"  # UnionPay, RuPay
    r"|9792\d{12}",  # Troy
    re.ASCII,
)
"""Prefixes and lengths as the schemes issue them (ISO/IEC 7812 major industry 3 to 6, and those
that national schemes took since)."""


ROWS = {level[:10] for levels in TABLES.values() for level in levels[:2]} - {"1234567890"}
DISGUISES = tuple(
    str.maketrans(f"{row}0123456789", "1234567890" + 10 * " ") for row in sorted(ROWS)
)
"""What the keys of the digits type on another layout, or with Shift, back to digits; real digits
are blanked, so that both kinds never make a number together."""


def refusal(sent: str) -> Refused | None:
    """Say why `sent` must not go further, in words that bear four digits at most; None if it may.

    >>> refusal("4111111111111111").last_four
    '1111'
    """
    if track := TRACK_1.search(sent) or TRACK_2_OR_3.search(sent):
        return payment_card(re.sub(r"\D", "", track[0]))
    aim, text = split_aim(sent)
    if aim or GS in text or (len(text) in ARTICLE_DIGITS and holds_check_digit(text)):
        return None
    found = (n for n in _numbers(text) if ISSUED.fullmatch(n) and luhn(n))
    card = next(found, None)
    return None if card is None else payment_card(card)


def _numbers(text: str) -> Iterator[str]:
    yield from NUMBER.findall(GROUPED.sub("", text))
    for disguise in DISGUISES:
        yield from NUMBER.findall(text.translate(disguise))
