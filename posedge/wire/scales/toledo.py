"""Mettler Toledo 8217 and 8213: one letter asks, a frame from STX to CR answers.

Sources: 8217 by the DIVA service manual (PSC Magellan 8500), 6.1.3.2 commands, 6.1.4.3 status
byte; 8213 by Salter Brecknell's 3700LP user's manual p. 11 and Transcell's PC-150 B.1.4. The
status byte is taken by its place, because it may look like STX or CR.
"""

import re
from enum import IntFlag
from functools import partial

from posedge.model.capabilities import ScaleState
from posedge.wire.scales.frames import (
    Decoder,
    Dialect,
    Frame,
    Garbled,
    Sample,
    Trouble,
    Unchanged,
    once,
    weighed,
)
from posedge.wire.scales.mass import Mass, Unit

STX = 0x02
EDGE = re.compile(rb"[\x02\r]")
STATUS_PLACE = 3

WEIGH = b"W"
ZERO = b"Z"
TARE = b"T\r"
"""With CR, for a tare of five digits may stand before it; `T` alone would wait for them."""

MAX_FRAME_BYTES = 16
"""The longest frame, STX 00.000 N CR, has ten."""

BY_8217 = re.compile(rb"( *\d{1,3}\.(\d{2,3})) ?(N?)")
DECIMALS = {Unit.KG: 3, Unit.LB: 2}
"""The only sign of the unit that an 8217 gives (DIVA manual, 6.1.3.2)."""

BY_8213 = re.compile(rb" *\d{1,6}(\.\d{1,3})?")
"""It says neither unit nor tare."""


class Flag(IntFlag):
    """Bits of the status byte.

    An 8213's NET and BIT_6 are always 1, an 8217's BIT_6 is by DIVA's manual, "bad command" by
    others: they prove nothing. Bit 7 is the line's parity, which seven data bits never deliver.
    """

    MOTION = 0x01
    OVER_CAPACITY = 0x02
    UNDER_ZERO = 0x04
    OUTSIDE_ZERO_RANGE = 0x08
    CENTRE_OF_ZERO = 0x10
    NET = 0x20
    BIT_6 = 0x40


WEIGHTLESS = (
    (Flag.OVER_CAPACITY, ScaleState.OVERWEIGHT),
    (Flag.UNDER_ZERO, ScaleState.UNDER_ZERO),
    (Flag.MOTION, ScaleState.UNSTABLE),
    (Flag.OUTSIDE_ZERO_RANGE, ScaleState.NOT_READY),
)


def toledo_8217(unit: Unit = Unit.KG) -> Dialect:
    """Speak 8217 with a scale that is set to `unit`: kg or lb."""
    return Dialect(
        "Mettler Toledo 8217",
        "9600 baud 7E1",
        decoder=lambda: Decoder(_cut, partial(_read_8217, unit), MAX_FRAME_BYTES),
        weigh=once(WEIGH),
        zero=once(ZERO),
        tare=once(TARE),
    )


def toledo_8213(unit: Unit) -> Dialect:
    """Speak 8213 with a scale that is set to `unit`, which it never says."""
    return Dialect(
        "Mettler Toledo 8213",
        "9600 baud 7E1",
        decoder=lambda: Decoder(_cut, partial(_read_8213, unit), MAX_FRAME_BYTES),
        weigh=once(WEIGH),
        zero=once(ZERO),
        tells_net=False,
    )


def _cut(buffer: bytes) -> int | None:
    start = buffer.find(STX)
    if start:
        return start if start > 0 else len(buffer)
    body = STATUS_PLACE if buffer.startswith(b"?", 1) else 1
    edge = EDGE.search(buffer, body)
    if edge is None:
        return None
    return edge.start() if buffer[edge.start()] == STX else edge.end()


def _read_8217(unit: Unit, frame: bytes) -> Frame:
    if (flags := _flags(frame)) is not None:
        return _status(flags)
    found = BY_8217.fullmatch(frame[1:-1]) if frame.endswith(b"\r") else None
    mass = Mass.parse(found[1], unit) if found else None
    if found is None or mass is None:
        return Garbled(frame)
    if mass.decimals != DECIMALS[unit]:
        other = "lb" if unit is Unit.KG else "kg"
        return Trouble(f'the scale weighs in {other}: set it to {unit}, or say unit = "{other}"')
    return weighed(mass, net=found[3] == b"N")


def _read_8213(unit: Unit, frame: bytes) -> Frame:
    if (flags := _flags(frame)) is not None:
        status = _status(flags & ~Flag.NET)
        return Sample(ScaleState.NOT_READY) if isinstance(status, Unchanged) else status
    found = BY_8213.fullmatch(frame[1:-1]) if frame.endswith(b"\r") else None
    mass = Mass.parse(found[0], unit) if found else None
    return Garbled(frame) if mass is None else weighed(mass)


def _flags(frame: bytes) -> Flag | None:
    """Return the status that the frame is; None for a weight."""
    is_status = len(frame) == len(b"\x02?s\r") and frame[1:2] == b"?" and frame.endswith(b"\r")
    return Flag(frame[2] & 0x7F) if is_status else None


def _status(flags: Flag) -> Frame:
    for flag, state in WEIGHTLESS:
        if flag in flags:
            return Sample(state)
    if Flag.CENTRE_OF_ZERO in flags and Flag.NET not in flags:
        return Sample(ScaleState.ZERO)
    if flags in {Flag(0), Flag.NET}:
        return Unchanged(net=Flag.NET in flags)
    return Sample(ScaleState.NOT_READY)
