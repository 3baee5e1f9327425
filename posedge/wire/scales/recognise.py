"""Which dialect a scale speaks: by what it sends by itself, else by careful questions.

A question is only sent where the operator or the catalog says that a scale is on the line and may
be asked. Still none of them opens a drawer, prints more than a few letters, starts a payment, or
zeroes or tares any scale: they hold no ESC p, no DLE, no BEL, no Z, T, N or @. What a question is
answered with proves its dialect only when a whole answer is right, its check byte included.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from posedge.model.capabilities import ScaleState
from posedge.wire.scales.berkel import berkel
from posedge.wire.scales.cas import cas_22, cas_retail
from posedge.wire.scales.dialog import ACK, WHY, dialog, price_record
from posedge.wire.scales.frames import (
    Ask,
    Decoder,
    Dialect,
    Exchange,
    Frame,
    Garbled,
    Notice,
    Sample,
    Signal,
    Trouble,
)
from posedge.wire.scales.mt_sics import SERIAL_NUMBER, mt_sics
from posedge.wire.scales.nci import STATUS, nci
from posedge.wire.scales.toledo import toledo_8217

SETTING = re.compile(r"(\d{3,6}) ([78])([NEO])1", re.ASCII)
PARITIES: Mapping[str, Literal["N", "E", "O"]] = {"N": "N", "E": "E", "O": "O"}

SURE_FRAMES = 3
"""So many whole frames in an unbroken row are no chance: each has fixed words at fixed places."""


@dataclass(frozen=True, slots=True)
class Setting:
    """How a serial line is set."""

    baud: int = 9600
    bits: Literal[7, 8] = 8
    parity: Literal["N", "E", "O"] = "N"

    @classmethod
    def parse(cls, text: str) -> "Setting | None":
        """Read `9600 7E1`; None for what is none."""
        found = SETTING.fullmatch(text)
        if found is None:
            return None
        parity = PARITIES[found[3]]
        return cls(int(found[1]), 7 if found[2] == "7" else 8, parity)

    def __str__(self) -> str:
        return f"{self.baud} {self.bits}{self.parity}1"


LISTENING = (
    Setting(),
    Setting(bits=7, parity="E"),
    Setting(4800),
    Setting(2400),
    Setting(19_200),
)
"""Where scales that send by themselves are listened to, the factory's setting first."""


class Ear:
    """Feed what comes unasked; `dialect` is the driver's name as soon as it is sure."""

    def __init__(self) -> None:
        self._decoders = {"cas-22": cas_22().decoder(), "mt-sics": mt_sics().decoder()}
        self._row = dict.fromkeys(self._decoders, 0)
        self.heard = 0
        self.dialect: str | None = None

    def feed(self, data: bytes) -> None:
        self.heard += len(data)
        for name, decoder in self._decoders.items():
            self._take(name, decoder, data)

    def _take(self, name: str, decoder: Decoder, data: bytes) -> None:
        decoder.feed(data)
        while (frame := decoder.next_frame()) is not None:
            self._row[name] = 0 if isinstance(frame, Garbled) else self._row[name] + 1
            if self._row[name] >= SURE_FRAMES and self.dialect is None:
                self.dialect = name


@dataclass(frozen=True, slots=True)
class Probe:
    """A question in the words of `dialect`; its exchange ends with the driver's name, or None."""

    setting: Setting
    dialect: Dialect
    exchange: Callable[[], Exchange[str | None]]


def _mt_sics() -> Exchange[str | None]:
    """Ask twice: what an earlier question left in the scale's buffer spoils the first."""
    answer = yield Ask(SERIAL_NUMBER)
    if not isinstance(answer, Notice):
        answer = yield Ask(SERIAL_NUMBER)
    return "mt-sics" if isinstance(answer, Notice) else None


def _nci() -> Exchange[str | None]:
    answer = yield Ask(STATUS)
    return None if answer is None or isinstance(answer, Garbled) else "nci"


def _cas_retail() -> Exchange[str | None]:
    answer = yield from cas_retail().weigh()
    return "cas-retail" if isinstance(answer, Sample) and _seen(answer) else None


def _toledo() -> Exchange[str | None]:
    """Recognise three decimals: a status, or two decimals, an 8213 would send as well."""
    answer = yield from toledo_8217().weigh()
    return "toledo" if isinstance(answer, Sample) and answer.mass is not None else None


def _dialog() -> Exchange[str | None]:
    """Send a price only to what has proved to speak Dialog."""
    why = yield Ask(WHY)
    if not (isinstance(why, Notice) and why.name == "09"):
        return None
    answer = yield Ask(price_record(0))
    if answer == Signal(ACK):
        return "dialog-04"
    return "dialog-06" if isinstance(answer, Notice) and answer.name == "11" else None


def _berkel() -> Exchange[str | None]:
    answer = yield from berkel().weigh()
    known = isinstance(answer, Sample) and answer.mass is not None
    return "berkel" if known or isinstance(answer, Trouble) else None


def _seen(answer: Frame) -> bool:
    """Whether the plate was seen: not ready is also what a single NAK means."""
    return isinstance(answer, Sample) and answer.state is not ScaleState.NOT_READY


PROBES = (
    Probe(Setting(), mt_sics(), _mt_sics),
    Probe(Setting(), nci(), _nci),
    Probe(Setting(), cas_retail(), _cas_retail),
    Probe(Setting(bits=7, parity="E"), toledo_8217(), _toledo),
    Probe(Setting(bits=7, parity="E"), nci(), _nci),
    Probe(Setting(4800, 7, "O"), dialog("04", 0), _dialog),
    Probe(Setting(2400, 7, "E"), berkel(), _berkel),
)
"""Words first: to a device that is no scale they are a line of text."""
