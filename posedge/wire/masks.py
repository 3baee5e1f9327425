"""What is masked in a recording before it is kept, by the protocol that is spoken on the line.

Everywhere: card numbers in all the forms that posedge.wire.redact knows, and what follows them in
track data. Lengths never change. A false alarm hides a number that was none; a miss cannot be
mended.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from posedge.wire.gtin import holds_check_digit
from posedge.wire.redact import REACH, SHOWN, redact

TRACK_2 = re.compile(rb"(?<=\*\d{4})[=D][\d*]+", re.IGNORECASE)
TRACK_1 = re.compile(rb"(?<=\*\d{4})\^[^?\r\n]{1,64}")
"""What stands behind a masked number: name, expiry, service code and the card's own secret
(ISO/IEC 7813)."""

BCD_TRACK_2 = re.compile(r"(?<=e\d{4})d[\de]+")

ARTICLE = re.compile(rb"(?<!\d)(?:01)?(\d{13,14})(?!\d)")
"""One in ten passes for a card's number; alone, or behind its AI, it is what a shop sells."""

DLE = 0x10
PASSWORD = re.compile(
    rb"((?:^|\x10\x02)(?:\x05\x01|\x06[\x00\x20\x30\x31\x50\x70\x93])"
    rb"(?:\xff..|\x10\x10|[^\xff]))((?:\x10\x10|.){3})",
    re.DOTALL,
)
"""The commands whose data begins with the register's password (PA00P015: registration, status
enquiry, repeat receipt, reversal, refund, end of day, initialisation)."""

BLANK = b"\xee"

PAN = 0x22
ECR17_PLACES = 19

SHOWN_BYTES = 2
"""Of a packed number: its last three or four digits."""

CARD_FIELD = re.compile(rb"[\x22\x23\x2d][\xf0-\xf9]{2}|\x24[\xf0-\xf9]{3}")
"""BMP 22 is the card number, 23, 2D and 24 are its tracks (PA00P015 13.08 §8), each behind its
length FxFy or FxFyFz. Behind a nibble D a track goes on in BMP 22, too, at some terminals."""


ECR17_PAN = re.compile(rb"(?<=[0-9A-Za-z]{8}[0-9][EVcev]00)0*([0-9]{1,19})(?![0-9*#xX.])")
"""Place 13 of a result that went well, 19 characters with zeros in front: its neighbours are digits
too (posedge.wire.ecr17.results)."""

CAISSE_AP_PAN = re.compile(rb"AA([0-9]{3})([0-9]{1,19})(?![0-9*#xX.])")
"""The field AA behind its length, which is digits like the number."""


@dataclass(frozen=True, slots=True)
class Mask:
    """`stream` masks one direction, however it was cut into pieces; `written` one write of ours."""

    stream: Callable[[bytes], bytes]
    written: Callable[[bytes], bytes] = bytes


def plain(data: bytes) -> bytes:
    """Mask cards in any bytes."""
    masked = TRACK_1.sub(_blanked, TRACK_2.sub(_blanked, redact(data)))
    nibbles = BCD_TRACK_2.sub(lambda found: "d" + "e" * (len(found[0]) - 1), masked.hex())
    return bytes.fromhex(nibbles)


def codes(data: bytes) -> bytes:
    """Mask cards in what a scanner sends, but no article."""
    masked = bytearray(plain(data))
    for found in ARTICLE.finditer(data):
        if holds_check_digit(found[1].decode()):
            masked[found.start() : found.end()] = found[0]
    return bytes(masked)


def zvt(data: bytes) -> bytes:
    """Mask cards in ZVT, also where a serial line doubles a DLE in the middle of a number."""
    masked = bytearray(_fields(plain(data)))
    places = _unstuffed(data)
    if len(places) < len(data):
        whole = bytes(data[place] for place in places)
        for place, before, after in zip(places, whole, _fields(plain(whole)), strict=True):
            if before != after:
                masked[place] = after
    return bytes(masked)


def _fields(data: bytes) -> bytes:
    """Mask the fields that hold card data, whatever they hold: not every PAN has a Luhn digit."""
    masked = bytearray(data)
    for found in CARD_FIELD.finditer(data):
        digits = found[0][1:]
        size = int("".join(f"{byte & 0x0F}" for byte in digits))
        first = found.end()
        is_number = found[0][0] == PAN and "d" not in data[first : first + size].hex()
        last = min(first + max(0, size - (SHOWN_BYTES if is_number else 0)), len(data))
        masked[first:last] = BLANK * (last - first)
    return bytes(masked)


def zvt_written(data: bytes) -> bytes:
    """Mask the register's password."""
    return PASSWORD.sub(lambda found: found[1] + BLANK * len(found[2]), data)


def ecr17(data: bytes) -> bytes:
    """Mask the card number of a result, whatever it holds, and cards elsewhere."""
    masked = bytearray(data)
    for found in ECR17_PAN.finditer(data):
        _hide(masked, found.start(1), found.end(1), found.start() + ECR17_PLACES)
    return plain(bytes(masked))


def caisse_ap(data: bytes) -> bytes:
    """Mask the field of the card number, whatever it holds, and cards elsewhere."""
    masked = bytearray(data)
    for found in CAISSE_AP_PAN.finditer(data):
        _hide(masked, found.start(2), found.end(2), found.start(2) + int(found[1]))
    return plain(bytes(masked))


PLAIN = Mask(plain)
CODES = Mask(codes)
ZVT = Mask(zvt, zvt_written)
ECR17 = Mask(ecr17)
CAISSE_AP = Mask(caisse_ap)


def continued(masked: bytes) -> bytes:
    """Blank the beginning of what goes on with a number of which the first part is known."""
    return BLANK * len(masked[:REACH]) + masked[REACH:]


def _hide(data: bytearray, first: int, last: int, end: int) -> None:
    """Mask from `first` to `last` all but the last four digits of what goes on to `end`."""
    stop = max(first, min(last, end - SHOWN))
    data[first:stop] = b"*" * (stop - first)


def _blanked(found: re.Match[bytes]) -> bytes:
    return found[0][:1] + b"*" * (len(found[0]) - 1)


def _unstuffed(data: bytes) -> list[int]:
    """Return the places of the bytes that remain when each doubled DLE is one."""
    places: list[int] = []
    at = 0
    while at < len(data):
        places.append(at)
        at += 2 if data[at : at + 2] == bytes([DLE, DLE]) else 1
    return places
