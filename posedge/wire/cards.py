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
"""

import re

from posedge.wire.gs1 import GS, split_aim
from posedge.wire.gtin import holds_check_digit
from posedge.wire.redact import luhn

TRACK_1 = re.compile(r"%[A-Z][\d ]{12,23}\^|%B[^^]{0,40}\^", re.ASCII | re.IGNORECASE)
TRACK_2_OR_3 = re.compile(r"[;+]\d{12,21}=", re.ASCII)

ARTICLE_DIGITS = frozenset({13, 14})
SHOWN = 4
"""Digits of a card that may be shown."""

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


def refusal(sent: str) -> str | None:
    """Say why `sent` must not go further, in words that bear four digits at most; None if it may.

    >>> refusal("4111111111111111")
    'A payment card came through the scanner (ending 1111): take it at the terminal'
    """
    if track := TRACK_1.search(sent) or TRACK_2_OR_3.search(sent):
        return _words(re.sub(r"\D", "", track[0]))
    aim, text = split_aim(sent)
    if aim or GS in text or (len(text) in ARTICLE_DIGITS and holds_check_digit(text)):
        return None
    numbers = NUMBER.findall(GROUPED.sub("", text))
    card = next((n for n in numbers if ISSUED.fullmatch(n) and luhn(n)), None)
    return None if card is None else _words(card)


def _words(digits: str) -> str:
    ending = f" (ending {digits[-SHOWN:]})" if digits else ""
    return f"A payment card came through the scanner{ending}: take it at the terminal"
