"""Article numbers: GTIN in all its lengths, UPC-E, and the books and magazines among them."""

import re

GTIN_DIGITS = frozenset({8, 12, 13, 14})
UPC_E = re.compile(r"[01]\d{7}", re.ASCII)

RESTRICTED = re.compile(r"0{6}[02]\d{7}|00[24]\d{11}|02\d{12}", re.ASCII)
"""Restricted circulation numbers as 14 digits: RCN-8 beginning 0 or 2; RCN-12 and RCN-13 with
02, 04 or 20 to 29 (GS1 General Specifications 2.1.11). Each shop gives them its own meaning."""

BOOK = re.compile(r"0(97[89]\d{10})", re.ASCII)
MUSIC = re.compile(r"0(9790\d{9})", re.ASCII)
MAGAZINE = re.compile(r"0977(\d{7})\d{3}", re.ASCII)


def gtin14(digits: str) -> str | None:
    """Return a GTIN-8, -12, -13 or -14 as 14 digits; None unless its check digit holds.

    None too for restricted circulation numbers, which name nothing outside their shop.
    """
    if len(digits) not in GTIN_DIGITS or not holds_check_digit(digits):
        return None
    padded = digits.zfill(14)
    return None if RESTRICTED.fullmatch(padded) else padded


def holds_check_digit(digits: str) -> bool:
    """Whether the last digit is the GS1 check digit of the others (General Specs 7.9.1)."""
    if not (digits.isascii() and digits.isdigit()):
        return False
    weighted = (int(d) * (3 if n % 2 else 1) for n, d in enumerate(reversed(digits)))
    return sum(weighted) % 10 == 0


def expand_upc_e(digits: str) -> str | None:
    """Return the GTIN of a UPC-E of eight digits (GS1 General Specifications 5.2.2.4.2).

    None when its check digit does not hold. One that ends in 5 to 9 holds as an EAN-8 too.
    """
    if not UPC_E.fullmatch(digits):
        return None
    system, (a, b, c, d, e), last, check = digits[0], tuple(digits[1:6]), digits[6], digits[7]
    match last:
        case "0" | "1" | "2":
            body = f"{a}{b}{last}0000{c}{d}{e}"
        case "3":
            body = f"{a}{b}{c}00000{d}{e}"
        case "4":
            body = f"{a}{b}{c}{d}00000{e}"
        case _:
            body = f"{a}{b}{c}{d}{e}0000{last}"
    return gtin14(f"{system}{body}{check}")


def publication(gtin: str) -> str | None:
    """Return what a bookseller calls it, `ISBN 9783161484100`, ISMN or `ISSN 2049-3630`."""
    if music := MUSIC.fullmatch(gtin):
        return f"ISMN {music[1]}"
    if book := BOOK.fullmatch(gtin):
        return f"ISBN {book[1]}"
    if magazine := MAGAZINE.fullmatch(gtin):
        return f"ISSN {magazine[1][:4]}-{magazine[1][4:]}{_issn_check(magazine[1])}"
    return None


def _issn_check(digits: str) -> str:
    """Return the check character of an ISSN's first seven digits (ISO 3297)."""
    weighted = sum(
        int(digit) * weight for digit, weight in zip(digits, range(8, 1, -1), strict=True)
    )
    return "0123456789X"[-weighted % 11]
