"""NCI (SCP-01), of Avery Weigh-Tronix, Brecknell, Salter and many others.

Sources: NCI 6702 user manual p. 14 (commands, first status byte, bars on the display), Ohaus
Aviator service manual p. 49 (all status bytes), DIVA service manual pp. 34-35 (`S` before the
status, leading zeros), Brecknell 3700LP p. 11 (blanks around the unit). T for tare is in Avery
Weigh-Tronix's ZM401 and B-Tek's T419; a scale without it answers `?`.
"""

import re
from enum import IntFlag

from posedge.model.capabilities import ScaleState
from posedge.wire.scales.frames import (
    Decoder,
    Dialect,
    Done,
    Frame,
    Garbled,
    Refused,
    Sample,
    Trouble,
    once,
    to_first,
    weighed,
)
from posedge.wire.scales.mass import Mass, unit

LF = b"\n"
ETX = b"\x03"
WEIGH = b"W\r"
STATUS = b"S\r"
ZERO = b"Z\r"
TARE = b"T\r"

MAX_FRAME_BYTES = 48
"""A weight of ten characters, its unit and six status bytes take 28."""

BARS = re.compile(rb"[\^_-]{1,10}")
WEIGHT = re.compile(rb"( *-?[\d.]{1,10}) ?(lb|kg|oz|g|LB|KG|OZ|G) ?")
REPLY = re.compile(rb"\n(?:(?P<weight>[^\r\n\x03]{1,20})\r\n?)?S?(?P<status>[0-\x7f]{2,6})\r\x03")
"""Some send a line feed between weight and status, some none."""

FIXED = 0x30
"""Bits 4 and 5 of every status byte are 1."""
MORE = 0x40
"""Bit 6 of a status byte: another one follows."""


class First(IntFlag):
    """Bits of the first status byte; 4 and 5 are always 1."""

    MOTION = 0x01
    ZERO = 0x02
    RAM_ERROR = 0x04
    EEPROM_ERROR = 0x08


class Second(IntFlag):
    UNDER_CAPACITY = 0x01
    OVER_CAPACITY = 0x02
    ROM_ERROR = 0x04
    FAULTY_CALIBRATION = 0x08


class Third(IntFlag):
    """Bits 0 and 1 are the range of a scale that has two."""

    NET = 0x04
    INITIAL_ZERO_ERROR = 0x08


BROKEN = Trouble("the scale reports a fault of its memory or calibration: call its service")
STARTED_LOADED = Trouble("the scale found no zero when it was switched on: clear it, switch it on")
POUNDS_AND_OUNCES = Trouble("the scale weighs in pounds and ounces: set it to lb, oz, kg or g")


def nci() -> Dialect:
    return Dialect(
        "NCI / Weigh-Tronix",
        "9600 baud 8N1",
        decoder=lambda: Decoder(_cut, read, MAX_FRAME_BYTES),
        weigh=once(WEIGH),
        zero=once(ZERO),
        tare=once(TARE),
        tells_net=False,
    )


def _cut(buffer: bytes) -> int | None:
    if noise := to_first(buffer, LF):
        return noise
    end = buffer.find(ETX)
    return None if end < 0 else end + 1


def read(frame: bytes) -> Frame:
    """Read one reply, from LF to ETX."""
    if frame == b"\n?\r\x03":
        return Refused("the scale does not know this command")
    found = REPLY.fullmatch(frame)
    if found is None or not _whole(found["status"]):
        return Garbled(frame)
    first, second = First(found["status"][0] & 0x0F), Second(found["status"][1] & 0x0F)
    third = Third(found["status"][2] & 0x0F if len(found["status"]) > len("hh") else 0)
    if found["weight"] is None:
        return _plate(first, second, third) or Done()
    return _plate(first, second, third) or _weight(found["weight"], first, third) or Garbled(frame)


def _whole(status: bytes) -> bool:
    """Whether each byte has its fixed bits, and says rightly whether another follows."""
    follows = [bool(byte & MORE) for byte in status]
    fixed = all(byte & FIXED == FIXED for byte in status)
    return fixed and not follows[0] and not follows[-1] and all(follows[1:-1])


def _plate(first: First, second: Second, third: Third) -> Frame | None:
    """Return what the status bytes alone say; None when there may be a weight."""
    if first & (First.RAM_ERROR | First.EEPROM_ERROR):
        return BROKEN
    if second & (Second.ROM_ERROR | Second.FAULTY_CALIBRATION):
        return BROKEN
    if Third.INITIAL_ZERO_ERROR in third:
        return STARTED_LOADED
    if Second.OVER_CAPACITY in second:
        return Sample(ScaleState.OVERWEIGHT)
    if Second.UNDER_CAPACITY in second:
        return Sample(ScaleState.UNDER_ZERO)
    return Sample(ScaleState.UNSTABLE) if First.MOTION in first else None


def _weight(text: bytes, first: First, third: Third) -> Frame | None:
    if BARS.fullmatch(text.strip()):
        return Sample(ScaleState.NOT_READY)
    if b"LB" in text.upper() and b"OZ" in text.upper():
        return POUNDS_AND_OUNCES
    found = WEIGHT.fullmatch(text)
    its = unit(found[2]) if found else None
    mass = Mass.parse(found[1], its) if found and its else None
    if mass is None or (First.ZERO in first and mass.digits and Third.NET not in third):
        return None  # at zero and not at zero: one of the two came wrong
    return weighed(mass, net=Third.NET in third)
