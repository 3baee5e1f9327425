"""Checkout-Dialog 04 and 06, of Mettler Toledo, Bizerba and others: records between till and scale.

Sources: DIVA service manual pp. 53-55 (6.1.8) and Ohaus Aviator service manual pp. 38-45 (6.1.3
Dialog 06, 6.1.6 Dialog 04). A weighing begins with the till's unit price; the scale then weighs
each load once, until it has moved.

Dialog 06 is Dialog 04 and a challenge: a weighing is refused until the till answered a random
number by checksums of its approved program (CRC-16 with a polynomial "known only by the
manufacturers of the scale and the POS-system", Aviator p. 38). Nobody else can: it is refused here.
"""

import re
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
    Unchanged,
    Unsupported,
    to_first,
    weighed,
)
from posedge.wire.scales.mass import Mass, Unit

STX, ETX, EOT, ENQ, ACK, NAK = 0x02, 0x03, 0x04, 0x05, 0x06, 0x15
RESULT = b"\x04\x05"
WHY = b"\x04\x0208\x03"
END = b"\x04"
MAX_RECORD_BYTES = 48
"""Record 02, the longest, has 28."""

WEIGHT = re.compile(r"\x1b([0-3])\x1b(\d{5})\x1b(\d{5,6})\x1b(\d{6})", re.ASCII)
RECORD = re.compile(rb"\x02(\d\d)(\x1b[\x1b-\x7f]{1,40})\x03")

UNITS = {"1": (Unit.LB, 2), "2": (Unit.LB, 3), "3": (Unit.KG, 3)}
"""Scale status: unit and place of the point; 0 is pounds, ounces and eighths.

The unit price and the total behind the weight only say again what the till sent.
"""

POUNDS_AND_OUNCES = Trouble("the scale weighs in pounds and ounces: set it to kg or lb")
CHALLENGED = Unsupported(
    "the scale wants the checksums of Dialog 06, which only approved tills have: set the scale to"
    ' Dialog 04 and say driver = "dialog-04"'
)

CHALLENGE = "2"
REASONS: dict[str, Frame] = {
    "00": Sample(ScaleState.NOT_READY),
    "01": Trouble("the scale reports a general error: see its display"),
    "02": Garbled(b""),
    "10": Trouble("the scale does not know the record: it speaks another version of Dialog"),
    "11": Trouble("the scale refuses the unit price: set unit_price above 0"),
    "12": Trouble("the scale refuses the tare"),
    "13": Trouble("the scale refuses the text"),
    "20": Sample(ScaleState.UNSTABLE),
    "21": Unchanged(),
    "22": Sample(ScaleState.UNSTABLE),
    "30": Sample(ScaleState.NOT_READY),
    "31": Sample(ScaleState.UNDER_ZERO),
    "32": Sample(ScaleState.OVERWEIGHT),
}
"""Record 09. 30 is below the least weight that may be sold, the empty plate among it."""


def dialog(name: str, unit_price: int) -> Dialect:
    """Speak Dialog `name` (04 or 06); `unit_price` is what a kilogram costs, in minor units."""
    return Dialect(
        f"Dialog {name}",
        "4800 baud 7O1",
        decoder=lambda: Decoder(_cut, read, MAX_RECORD_BYTES),
        weigh=_weigh(price_record(unit_price)),
        tells_net=False,
    )


def price_record(unit_price: int) -> bytes:
    """Return record 01."""
    return b"\x04\x0201\x1b%06d\x1b\x03" % unit_price


def _weigh(price: bytes) -> Callable[[], Talk]:
    def talk() -> Talk:
        taken = yield Ask(price)
        if isinstance(taken, Notice) and taken.name == "11":
            return CHALLENGED
        answer = (yield Ask(RESULT)) if taken == Signal(ACK) else taken
        if answer == Signal(NAK):
            answer = yield Ask(WHY)
        yield Ask(END, answered=False)
        return _meaning(answer)

    return talk


def _meaning(answer: Frame | None) -> Frame | None:
    match answer:
        case Notice(name="02", text=text):
            return _sample(text)
        case Notice(name="09", text=text) if text[1:] in REASONS:
            return REASONS[text[1:]]
        case Notice(name="11"):
            return CHALLENGED
        case Notice(text=text):
            return Garbled(text.encode())
        case Signal(code=code):
            return Garbled(bytes([code]))
        case _:
            return answer


def _sample(text: str) -> Frame:
    found = WEIGHT.fullmatch(text)
    if found is None:
        return Garbled(text.encode())
    if found[1] not in UNITS:
        return POUNDS_AND_OUNCES
    unit, decimals = UNITS[found[1]]
    return weighed(Mass(int(found[2]), decimals, unit))


def _cut(buffer: bytes) -> int | None:
    if buffer[0] in {ACK, NAK}:
        return 1
    if noise := to_first(buffer, bytes([STX, ACK, NAK])):
        return noise
    end = buffer.find(ETX)
    again = buffer.find(STX, 1, end if end > 0 else None)
    if again > 0:
        return again
    return None if end < 0 else end + 1


def read(frame: bytes) -> Frame:
    """Read one record as Notice, its number and what follows it, or a control character."""
    if len(frame) == 1 and frame[0] in {ACK, NAK}:
        return Signal(frame[0])
    found = RECORD.fullmatch(frame)
    return Notice(found[1].decode(), found[2].decode()) if found else Garbled(frame)
