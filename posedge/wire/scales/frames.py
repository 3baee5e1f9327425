"""What every dialect is decoded into, and how a question and its answers are written down.

Nothing here raises: what is no frame is Garbled, and the next frame begins behind it.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from posedge.model.capabilities import ScaleState
from posedge.wire.scales.mass import Mass


@dataclass(frozen=True, slots=True)
class Sample:
    """What the plate shows. `mass` only with STABLE_WEIGHT and ZERO, and not always with ZERO.

    `net`: a tare is taken off, as far as the dialect says so. Prices are the scale's own text.
    """

    state: ScaleState
    mass: Mass | None = None
    net: bool = False
    unit_price: str | None = None
    total: str | None = None


@dataclass(frozen=True, slots=True)
class Unchanged:
    """Nothing is new since the weight that the scale sent last."""

    net: bool = False


@dataclass(frozen=True, slots=True)
class Tare:
    """What the scale takes off as tare; a mass of nothing is none."""

    mass: Mass


@dataclass(frozen=True, slots=True)
class Done:
    """The scale did what it was told."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The scale did not do it; `text` says why and what to do."""

    text: str


@dataclass(frozen=True, slots=True)
class Trouble:
    """The scale answers, but not with a weight that can be used until a person changes it."""

    text: str


@dataclass(frozen=True, slots=True)
class Unsupported:
    """The scale asks for what only its maker can give: there is no use in going on."""

    text: str


@dataclass(frozen=True, slots=True)
class Signal:
    """A single control character: ACK, NAK and their like."""

    code: int


@dataclass(frozen=True, slots=True)
class Notice:
    """What a scale says beside weights: a record's number or a command's name, and its text."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Garbled:
    """Bytes that are no frame."""

    data: bytes


Frame: TypeAlias = (
    Sample | Unchanged | Tare | Done | Refused | Trouble | Unsupported | Signal | Notice | Garbled
)


class Decoder:
    """Feed bytes, pull frames.

    `cut` says how many bytes at the beginning belong together, at least one, None when more must
    come; they are either noise or one frame, which `read` tells. `longest` bounds what is kept.
    """

    def __init__(
        self, cut: Callable[[bytes], int | None], read: Callable[[bytes], Frame], longest: int
    ) -> None:
        self._cut = cut
        self._read = read
        self._longest = longest
        self._buffer = bytearray()

    def feed(self, data: bytes) -> None:
        self._buffer += data

    def next_frame(self) -> Frame | None:
        """Return the next frame; None when more bytes are needed."""
        if not self._buffer:
            return None
        begin = bytes(self._buffer[: self._longest])
        size = self._cut(begin)
        if size is None and len(begin) < self._longest:
            return None
        found = begin if size is None else begin[:size]
        del self._buffer[: len(found)]
        return Garbled(found) if size is None else self._read(found)

    def __repr__(self) -> str:
        return f"<Decoder {bytes(self._buffer)!r}>"


@dataclass(frozen=True, slots=True)
class Ask:
    """Send `data` and return with the next frame, None for silence.

    No data: only listen. `patient`: the scale may wait until it rests. Not `answered`: the scale
    says nothing to it.
    """

    data: bytes = b""
    patient: bool = False
    answered: bool = True


T = TypeVar("T")

Exchange: TypeAlias = Generator[Ask, Frame | None, T]
"""Questions and answers, written as they read in the manual; it returns what came of them."""

Talk: TypeAlias = Exchange[Frame | None]
"""An exchange that ends in a frame, None when the scale fell silent."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """One way for a scale to speak. `line` is how it leaves the factory.

    `zero` and `tare` are None where only the scale's own keys can do it. `listens`: the scale
    sends by itself and is never written to. `tells_net`: it says whether a tare is taken off.
    """

    title: str
    line: str
    decoder: Callable[[], Decoder]
    weigh: Callable[[], Talk]
    zero: Callable[[], Talk] | None = None
    tare: Callable[[], Talk] | None = None
    listens: bool = False
    tells_net: bool = True


def once(data: bytes) -> Callable[[], Talk]:
    """Return the exchange of one question and one answer; of no data, that of a listener."""

    def talk() -> Talk:
        return (yield Ask(data))

    return talk


def weighed(mass: Mass, *, net: bool = False) -> Sample:
    """Return a resting plate's sample: less than nothing is no weight."""
    if mass.digits < 0:
        return Sample(ScaleState.UNDER_ZERO)
    state = ScaleState.STABLE_WEIGHT if mass.digits else ScaleState.ZERO
    return Sample(state, mass, net=net)


def block_check(data: bytes) -> int:
    """Return the exclusive or of all bytes: even parity of each column."""
    check = 0
    for byte in data:
        check ^= byte
    return check


def to_first(buffer: bytes, begins: bytes) -> int | None:
    """Return the size of the noise in front of the first byte of `begins`; 0 for none."""
    places = (n for n, byte in enumerate(buffer) if byte in begins)
    return next(places, len(buffer))
