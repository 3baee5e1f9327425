"""MT-SICS, levels 0 and 1, of Mettler Toledo's balances and bench scales: lines of words.

Source: Mettler Toledo, MT-SICS Interface Commands Reference Manual (11780711 and later): 2.2
response formats, 2.3 error messages, commands S, SI, SIR, Z, ZI, T, TA, TAC, I4, @. The weight is
the net one when a tare is taken off, and only TA tells that. SI, unlike S, answers while the load
moves; it also ends what SIR began. @ is not used: it would clear a tare that a clerk set.
"""

import re
from collections.abc import Callable
from dataclasses import replace

from posedge.model.capabilities import ScaleState
from posedge.wire.scales.frames import (
    Ask,
    Decoder,
    Dialect,
    Done,
    Frame,
    Garbled,
    Notice,
    Refused,
    Sample,
    Talk,
    Tare,
    Trouble,
    weighed,
)
from posedge.wire.scales.mass import Mass, unit

END = b"\r\n"
IMMEDIATE = b"SI" + END
TARE_MEMORY = b"TA" + END
ZERO = b"Z" + END
TARE = b"T" + END
SERIAL_NUMBER = b"I4" + END

MAX_LINE_BYTES = 128
"""Of the lines that are read here a serial number is the longest, by far below this."""

VALUE = re.compile(r"(?P<number>-?[ ]*\d{1,8}(\.\d{1,6})?) (?P<unit>[a-zA-Z]{1,3})", re.ASCII)
QUOTED = re.compile(r'I4 A "(?P<text>[^"]*)"')
WORDS = re.compile(r"(S|Z|ZI|T|TI|TA|TAC|I4) (.+)")

BUSY = "the scale is busy or its load moves: let it rest and try again"
ERRORS = {
    "ES": Refused("the scale does not know this command: it speaks MT-SICS without it"),
    "EL": Refused("the scale cannot carry this command out now"),
}
"""ET, the third, is a disturbed line, and as good as noise."""

WHY = {
    "I": BUSY,
    "+": "the load is above the scale's limit for it: take it off",
    "-": "the load is below the scale's limit for it: see that nothing lifts the plate",
    "L": "the scale does not take this value",
}
PLATE = {
    "I": ScaleState.NOT_READY,
    "+": ScaleState.OVERWEIGHT,
    "-": ScaleState.UNDER_ZERO,
}


def mt_sics() -> Dialect:
    return Dialect(
        "MT-SICS",
        "9600 baud 8N1",
        decoder=lambda: Decoder(_cut, read, MAX_LINE_BYTES),
        weigh=_weigh,
        zero=_patiently(ZERO),
        tare=_patiently(TARE),
    )


def _weigh() -> Talk:
    sample = yield Ask(IMMEDIATE)
    if not isinstance(sample, Sample) or sample.mass is None:
        return sample
    tare = yield Ask(TARE_MEMORY)
    if isinstance(tare, Tare):
        return replace(sample, net=tare.mass.digits != 0)
    return sample if isinstance(tare, Refused) else tare  # a scale of level 0 knows no tare


def _patiently(command: bytes) -> Callable[[], Talk]:
    def talk() -> Talk:
        return (yield Ask(command, patient=True))

    return talk


def _cut(buffer: bytes) -> int | None:
    end = buffer.find(b"\n")
    return None if end < 0 else end + 1


def read(frame: bytes) -> Frame:
    """Read one line with its end."""
    line = frame.removesuffix(END).decode("ascii", errors="replace")
    if not frame.endswith(END):
        return Garbled(frame)
    if line in ERRORS:
        return ERRORS[line]
    if found := QUOTED.fullmatch(line):
        return Notice("I4", found["text"])
    words = WORDS.fullmatch(line)
    return (_answer(words[1], words[2].lstrip()) if words else None) or Garbled(frame)


def _answer(command: str, rest: str) -> Frame | None:
    status, _, value = rest.partition(" ")
    value = value.lstrip()
    if command == "S":
        return Sample(PLATE[rest]) if rest in PLATE else _sample(status, value)
    if rest in WHY:
        return Refused(WHY[rest])
    match command, status:
        case (("T" | "TI"), ("S" | "D")):
            return Done() if VALUE.fullmatch(value) else None
        case "TA", "A":
            return _tare(value)
        case (("Z" | "ZI" | "TAC"), ("A" | "S" | "D")) if not value:
            return Done()
        case _:
            return None


def _sample(status: str, value: str) -> Frame | None:
    if status not in {"S", "D"}:
        return None
    if value.startswith("Error"):
        return Trouble(f"the scale reports {value}: see its manual")
    found = VALUE.fullmatch(value)
    if found is None:
        return None
    mass = _mass(found)
    if mass is None:
        return Trouble(f"the scale weighs in {found['unit']}: set it to kg, g, lb or oz")
    return Sample(ScaleState.UNSTABLE) if status == "D" else weighed(mass)


def _tare(value: str) -> Tare | None:
    found = VALUE.fullmatch(value)
    mass = _mass(found) if found else None
    return None if mass is None else Tare(mass)


def _mass(found: re.Match[str]) -> Mass | None:
    its = unit(found["unit"].encode())
    return None if its is None else Mass.parse(found["number"].encode(), its)
