"""Masks card numbers, so that no capture and no log line can hold one.

A card number (PAN, ISO/IEC 7812-1) has 13 to 19 digits whose Luhn check holds. It is masked in
place, all but the last four, so that lengths and positions stay true. False alarms are wanted
rather than misses: of random digits, one run in ten passes the check.
"""

import base64
import re
from collections.abc import Iterator

REACH = 64
"""Bytes that a card number spans at most, in any form known here."""

SHOWN = 4
"""Digits left at the end; PCI DSS 4.0 §3.4.1 allows six and four."""

ISSUED = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?=(4\d{15}|5[0-8]\d{14}|2[2-7]\d{14}))",  # Visa, Mastercard, Maestro
        r"(?=(3[47]\d{13}|3[0689]\d{12}|35\d{14}))",  # American Express, Diners, JCB
        r"(?=(6\d{15}))",  # Discover, UnionPay, Maestro
        r"(?=(6\d{18}))",
    )
)
"""Numbers as the schemes issue them, looked for inside longer runs of digits."""

ASCII = re.compile(rb"\d(?:[ -]?\d){12,}")
HEX_OF_ASCII = re.compile(rb"(?:3\d){13,}")
BASE64 = re.compile(rb"[A-Za-z0-9+/]{18,}={0,2}")
BCD = re.compile(r"\d{13,}")
LENGTHS = frozenset({*range(0xF0, 0xFA), 7, 8})
"""Bytes in front of a packed number: the units of ZVT's LLVAR, or the length of a TLV."""

MASK = ord("*")
HEX_MASK = b"2a"
BCD_MASK = "e"
"""The nibble with which terminals mask (PA00P015, BMP 22)."""

DIGITS = bytes.maketrans(b"0123456789", bytes(range(10)))
TWICE = bytes.maketrans(b"0123456789", bytes((0, 2, 4, 6, 8, 1, 3, 5, 7, 9)))
"""Each digit as its value; doubled, and of two digits their sum. All that passes is looked at."""


def redact(data: bytes) -> bytes:
    """Mask card numbers in what passes on a wire: text in all its forms, and packed BCD."""
    return _text(_packed(data))


def redact_text(text: str) -> str:
    """Mask card numbers in text: plain, in groups by blank or hyphen, as hex, as base64."""
    return _text(text.encode("utf-8", "surrogatepass")).decode("utf-8", "surrogatepass")


def _text(data: bytes) -> bytes:
    return ASCII.sub(_mask_ascii, HEX_OF_ASCII.sub(_mask_hex, BASE64.sub(_mask_base64, data)))


def _mask_ascii(found: re.Match[bytes]) -> bytes:
    masked = bytearray(found[0])
    places = [place for place, byte in enumerate(masked) if byte not in b" -"]
    digits = bytes(masked[place] for place in places).decode()
    for start, end in _numbers(digits):
        for place in places[start : end - SHOWN]:
            masked[place] = MASK
    return bytes(masked)


def _mask_hex(found: re.Match[bytes]) -> bytes:
    masked = bytearray(found[0])
    for start, end in _numbers(masked[1::2].decode()):
        masked[2 * start : 2 * (end - SHOWN)] = HEX_MASK * (end - SHOWN - start)
    return bytes(masked)


def _mask_base64(found: re.Match[bytes]) -> bytes:
    """Mask inside a base64 token, wherever in the run of letters and digits it begins."""
    token = found[0].rstrip(b"=")
    for mask in (_digits, _packed):
        for skip in range(4):
            body = token[skip:]
            body = body[: len(body) - (len(body) % 4 == 1)]
            decoded = base64.b64decode(body + b"=" * (-len(body) % 4))
            masked = mask(decoded)
            if masked != decoded:
                encoded = base64.b64encode(masked).rstrip(b"=")
                return token[:skip] + encoded + found[0][skip + len(encoded) :]
    return found[0]


def _digits(data: bytes) -> bytes:
    return ASCII.sub(_mask_ascii, data)


def _packed(data: bytes) -> bytes:
    nibbles = data.hex()
    for run in BCD.finditer(nibbles):
        for start, end in _numbers(run[0]):
            first, last = run.start() + start, run.start() + end
            if not _looks_like_text(data, first // 2, last // 2):
                masked = BCD_MASK * (last - SHOWN - first)
                nibbles = nibbles[:first] + masked + nibbles[last - SHOWN :]
    return bytes.fromhex(nibbles)


def _looks_like_text(data: bytes, start: int, end: int) -> bool:
    """Printable bytes are packed digits only behind a length; digits in ASCII are never."""
    number = data[start:end]
    if number.isdigit():
        return True
    return number.isascii() and number.decode().isprintable() and data[start - 1] not in LENGTHS


def _numbers(digits: str) -> Iterator[tuple[int, int]]:
    if 13 <= len(digits) <= 19 and luhn(digits):  # noqa: PLR2004 - ISO/IEC 7812-1
        yield 0, len(digits)
        return
    for issued in ISSUED:
        for found in issued.finditer(digits):
            if luhn(found[1]):
                yield found.span(1)


def luhn(digits: str) -> bool:
    """Whether the check digit holds (ISO/IEC 7812-1 annex B)."""
    written = digits.encode()
    single, doubled = written[-1::-2].translate(DIGITS), written[-2::-2].translate(TWICE)
    return (sum(single) + sum(doubled)) % 10 == 0
