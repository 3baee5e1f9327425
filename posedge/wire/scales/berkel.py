"""Berkel, also known as EPOS 1: ENQ, a record, and its echo that the scale confirms.

Source: DIVA service manual pp. 47-48 (6.1.5, EPOS 1); the Ohaus Aviator's says the same. Who echoes
the record is inferred there: the columns of its flow chart are lost. A record that the scale did
not confirm is no weight. It tells neither net nor motion: it has no data then, or wants to weigh
again. Where the point stands is only sure of the metric ranges, so that pounds are refused.
"""

from collections.abc import Callable

from posedge.model.capabilities import ScaleState
from posedge.wire.scales.frames import (
    Ask,
    Decoder,
    Dialect,
    Frame,
    Garbled,
    Notice,
    Sample,
    Signal,
    Talk,
    Trouble,
    block_check,
    to_first,
    weighed,
)
from posedge.wire.scales.mass import Mass, Unit

ENQ = b"\x05"
DATA = b"\x11"
NUL, STX, ETX, ACK, CR, NAK, CAN = 0x00, 0x02, 0x03, 0x06, 0x0D, 0x15, 0x18
SIGNALS = bytes([NUL, ACK, CR, NAK, CAN])
RECORD_BYTES = len("sIwwwwwce")

CAPACITY = 0x07
METRIC = {0b001, 0b011}
"""15 kg by 5 g and 6 kg by 2 g; 0b010 is 30 lb by 0.01 lb."""
KILOGRAM_DECIMALS = 3
OUT_OF_RANGE = 0x10
"""Under or over: it is not said which."""

NO_WEIGHT = {
    CAN: Sample(ScaleState.UNSTABLE),
    NAK: Sample(ScaleState.NOT_READY),
    NUL: Sample(ScaleState.NOT_READY),
}
POUNDS = Trouble("the scale weighs in pounds: set it to kilograms")


def berkel() -> Dialect:
    return Dialect(
        "Berkel",
        "2400 baud 7E1",
        decoder=lambda: Decoder(_cut, read, RECORD_BYTES),
        weigh=_weigh,
        zero=_command(b"Z"),
        tare=_command(b"N"),
        tells_net=False,
    )


def command(letter: bytes) -> bytes:
    """Return the record that zeroes (Z) or tares (N); its check stands behind ETX."""
    body = letter + bytes(5)
    return bytes([STX, *body, ETX, block_check(body)])


def _weigh() -> Talk:
    ready = yield Ask(ENQ)
    if ready != Signal(ACK):
        return _without(ready)
    found = yield Ask(DATA)
    if not isinstance(found, Notice):
        return _without(found)
    data = found.text.encode("latin-1")
    verdict = yield Ask(data)
    return _sample(data) if verdict == Signal(CR) else Garbled(data)


def _without(frame: Frame | None) -> Frame | None:
    if isinstance(frame, Signal):
        return NO_WEIGHT.get(frame.code, Garbled(bytes([frame.code])))
    return frame


def _command(letter: bytes) -> Callable[[], Talk]:
    def talk() -> Talk:
        yield Ask(command(letter), answered=False)
        return None

    return talk


def _cut(buffer: bytes) -> int | None:
    """Cut a record by its length, for a check byte may look like any other."""
    if buffer[0] in SIGNALS:
        return 1
    if noise := to_first(buffer, SIGNALS + bytes([STX])):
        return noise
    return RECORD_BYTES if len(buffer) >= RECORD_BYTES else None


def read(frame: bytes) -> Frame:
    """Read one control character, or a record as Notice `record` with its bytes as latin-1."""
    if len(frame) == 1 and frame[0] in SIGNALS:
        return Signal(frame[0])
    whole = len(frame) == RECORD_BYTES and frame[0] == STX and frame[-1] == ETX
    if not whole or frame[-2] != block_check(frame[1:-2]):
        return Garbled(frame)
    return Notice("record", frame.decode("latin-1"))


def _sample(data: bytes) -> Frame:
    identity, digits = data[1], data[2:7]
    if identity & OUT_OF_RANGE:
        return Sample(ScaleState.NOT_READY)
    if identity & CAPACITY not in METRIC:
        return POUNDS
    if not digits.isdigit():
        return Garbled(data)
    return weighed(Mass(int(digits), KILOGRAM_DECIMALS, Unit.KG))
