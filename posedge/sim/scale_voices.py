"""The dialects that simulated scales speak: what they hear, and what they answer.

Written from the manuals, not from our decoders: each byte of an answer is said here.
"""

import re
from typing import Protocol

from posedge.model.capabilities import ScaleState
from posedge.sim.scale_plate import Plate

NEVER = re.compile(rb"(?!)")
TARE_S = 0.15
"""What an 8217 takes to answer T and C (DIVA manual, 6.1.3.2)."""
STREAM_S = 0.1
"""Indicators send about ten times a second."""


class Voice(Protocol):
    """One scale's way to speak.

    What is heard is cut into whole `commands`; while it is `begun`, more is waited for; anything
    else is passed over. `pause_s` is how long the scale takes to answer. `stream` is what it sends
    by itself, if it is one that `streams`.
    """

    @property
    def commands(self) -> re.Pattern[bytes]: ...

    @property
    def begun(self) -> re.Pattern[bytes]: ...

    @property
    def title(self) -> str: ...

    @property
    def streams(self) -> bool: ...

    def answer(self, command: bytes, plate: Plate, now_s: float) -> bytes: ...

    def pause_s(self, command: bytes) -> float: ...

    def stream(self, plate: Plate, now_s: float) -> bytes: ...


class Prompt:
    """A scale that answers at once, and only when it is asked."""

    commands: re.Pattern[bytes] = NEVER
    begun: re.Pattern[bytes] = NEVER
    title: str
    streams: bool = False

    def pause_s(self, command: bytes) -> float:  # noqa: ARG002 - a Voice's
        return 0.0

    def stream(self, plate: Plate, now_s: float) -> bytes:  # noqa: ARG002 - a Voice's
        return b""


class Toledo8217(Prompt):
    """`once` sends each weight once, then a status without bits until it changes."""

    title = "Mettler Toledo 8217"
    commands = re.compile(rb"[WZC]|T(\d{5})?\r")
    begun = re.compile(rb"T\d{0,5}")

    def __init__(self) -> None:
        self.once = False
        self.pounds = False
        self._sent: bytes | None = None

    def pause_s(self, command: bytes) -> float:
        return TARE_S if command[:1] in {b"T", b"C"} else 0.0

    def answer(self, command: bytes, plate: Plate, now_s: float) -> bytes:
        match command[:1]:
            case b"W":
                return self._weight(plate, now_s)
            case b"Z":
                plate.zero(now_s)
            case b"T" if command[1:-1]:
                plate.preset_tare(int(command[1:-1]))
            case b"T":
                plate.tare(now_s)
            case _:
                plate.clear_tare(now_s)
        return self._status(plate, now_s)

    def _weight(self, plate: Plate, now_s: float) -> bytes:
        if plate.state(now_s) not in {ScaleState.STABLE_WEIGHT, ScaleState.ZERO}:
            self._sent = None
            return self._status(plate, now_s)
        kilograms, grams = divmod(plate.net_g, 1000)
        weight = b"\x02%02d.%03d%s\r" % (kilograms, grams, b"N" if plate.tare_g else b"")
        before, self._sent = self._sent, weight
        if self.once and before == weight:
            return b"\x02?\x00\r"
        return b"\x0201.23\r" if self.pounds else weight

    def _status(self, plate: Plate, now_s: float) -> bytes:
        bits = 0x40 | plate.moves(now_s) | plate.over << 1 | plate.under << 2
        return b"\x02?%c\r" % (bits | (not plate.gross_g) << 4 | bool(plate.tare_g) << 5)


class Toledo8213(Prompt):
    title = "Mettler Toledo 8213, kg"
    commands = re.compile(rb"[WZ]")

    def answer(self, command: bytes, plate: Plate, now_s: float) -> bytes:
        if command == b"Z":
            plate.zero(now_s)
        elif plate.state(now_s) in {ScaleState.STABLE_WEIGHT, ScaleState.ZERO}:
            return b"\x02%03d.%02d\r" % divmod(plate.net_g // 10, 100)
        bits = 0x60 | plate.moves(now_s) | plate.over << 1 | plate.under << 2
        return b"\x02?%c\r" % (bits | (not plate.gross_g) << 4)


class MtSics(Prompt):
    """After SIR it sends by itself, until the next S, SI or @."""

    title = "MT-SICS"
    streams = True
    commands = re.compile(rb"[^\n]{0,60}\r\n")
    begun = re.compile(rb"[^\n]{0,62}")

    def __init__(self) -> None:
        self._repeats = False

    def stream(self, plate: Plate, now_s: float) -> bytes:
        return self._weight(plate, now_s, stable=False) if self._repeats else b""

    def answer(self, command: bytes, plate: Plate, now_s: float) -> bytes:
        word = command[:-2].decode("latin-1")
        if word in {"S", "SI", "SIR", "@"}:
            self._repeats = word == "SIR"
        if word in {"S", "SI", "SIR"}:
            return self._weight(plate, now_s, stable=word == "S")
        if word in {"Z", "ZI"}:
            return f"{word} {self._zero(word, plate, now_s)}\r\n".encode()
        if word in {"I4", "@"}:
            return b'I4 A "0123456789"\r\n'
        return self._tare(word, plate, now_s)

    def _tare(self, word: str, plate: Plate, now_s: float) -> bytes:
        match word:
            case "T":
                return b"T S %s\r\n" % _ten(plate.tare_g) if plate.tare(now_s) else b"T I\r\n"
            case "TA":
                return b"TA A %s\r\n" % _ten(plate.tare_g)
            case "TAC":
                plate.clear_tare(now_s)
                return b"TAC A\r\n"
            case _:
                return b"ES\r\n"

    def _zero(self, word: str, plate: Plate, now_s: float) -> str:
        if plate.moves(now_s) or plate.tare_g:
            return "I"
        done = "A" if word == "Z" else "S"
        return done if plate.zero(now_s) else "+"

    def _weight(self, plate: Plate, now_s: float, *, stable: bool) -> bytes:
        match plate.state(now_s):
            case ScaleState.OVERWEIGHT:
                return b"S +\r\n"
            case ScaleState.UNDER_ZERO:
                return b"S -\r\n"
            case ScaleState.UNSTABLE:
                return b"S I\r\n" if stable else b"S D %s\r\n" % _ten(plate.net_g)
            case _:
                return b"S S %s\r\n" % _ten(plate.net_g)


def _ten(weight_g: int) -> bytes:
    """Return kilograms, ten characters and the unit."""
    return b"%6d.%03d kg" % divmod(weight_g, 1000)


class Nci(Prompt):
    title = "NCI / Weigh-Tronix"
    commands = re.compile(rb"[^\r]{0,16}\r")
    begun = re.compile(rb"[^\r]{0,16}")

    def answer(self, command: bytes, plate: Plate, now_s: float) -> bytes:
        match command:
            case b"W\r":
                return b"\n" + self._weight(plate) + b"\r" + self._status(plate, now_s)
            case b"S\r":
                pass
            case b"Z\r":
                plate.zero(now_s)
            case b"T\r":
                plate.tare(now_s)
            case _:
                return b"\n?\r\x03"
        return self._status(plate, now_s)

    def _weight(self, plate: Plate) -> bytes:
        if plate.over:
            return b"^^^^^^"
        return b"______" if plate.under else b"%02d.%03dkg" % divmod(plate.net_g, 1000)

    def _status(self, plate: Plate, now_s: float) -> bytes:
        first = 0x30 | plate.moves(now_s) | (not plate.gross_g) << 1
        second = 0x70 | plate.under | plate.over << 1
        third = 0x30 | bool(plate.tare_g) << 2
        return b"\n%c%c%c\r\x03" % (first, second, third)


class Cas22(Prompt):
    """It hears nothing."""

    title = "CAS stream of 22 bytes"
    streams = True

    def answer(self, command: bytes, plate: Plate, now_s: float) -> bytes:  # noqa: ARG002
        return b""

    def stream(self, plate: Plate, now_s: float) -> bytes:
        state = plate.state(now_s)
        head = {ScaleState.OVERWEIGHT: b"OL", ScaleState.UNSTABLE: b"US"}.get(state, b"ST")
        lamp = 0x80 | (head == b"ST") << 6 | bool(plate.tare_g) << 1 | (not plate.gross_g)
        sign = b"-" if plate.net_g < 0 else b" "
        weight = sign + b"%3d.%03d" % divmod(abs(plate.net_g), 1000)
        return b"%s,%s,1%c,%s kg\r\n" % (head, b"NT" if plate.tare_g else b"GS", lamp, weight)
