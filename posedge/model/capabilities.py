"""What a device can be asked, in UnifiedPOS words. Interfaces are lists of guarantees."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Protocol, runtime_checkable

from pydantic import Field

from posedge.model.receipt import Receipt
from posedge.model.value import Value


class Kind(StrEnum):
    SCANNER = "scanner"
    SCALE = "scale"
    PRINTER = "printer"
    DRAWER = "drawer"
    TERMINAL = "terminal"
    DISPLAY = "display"
    MSR = "msr"
    NFC = "nfc"
    OTHER = "other"


class DeviceState(StrEnum):
    """UnifiedPOS power states. OFF_OFFLINE: unplugged, dead or unreachable, nobody can tell."""

    ONLINE = "ONLINE"
    OFF = "OFF"
    OFFLINE = "OFFLINE"
    OFF_OFFLINE = "OFF_OFFLINE"


class ScaleState(StrEnum):
    STABLE_WEIGHT = "STABLE_WEIGHT"
    UNSTABLE = "UNSTABLE"
    ZERO = "ZERO"
    OVERWEIGHT = "OVERWEIGHT"
    NOT_READY = "NOT_READY"
    UNDER_ZERO = "UNDER_ZERO"


class Paper(StrEnum):
    OK = "ok"
    NEAR_END = "near-end"
    END = "end"
    UNKNOWN = "unknown"


class DeviceStatus(Value):
    """One device as everybody above sees it: page, API, MQTT and `posedge devices`.

    `ready_ms` is the time from plugging it in (or starting the box) until it first answered.
    """

    id: str
    name: str
    kind: Kind
    model: str
    driver: str
    port: str
    state: DeviceState
    reason: str | None = None
    since: str
    ready_ms: int | None = None
    detail: Mapping[str, str | int | bool | None] = Field(
        default_factory=dict[str, str | int | bool | None]
    )


class Weight(Value):
    """A reading; `weight_g` is None unless the state is STABLE_WEIGHT or ZERO.

    `shown` is the scale's own number and unit, such as `1.254 kg` or `2.76 lb`: what is sold by
    weight is computed from it. `weight_g` is the same in grams, to the nearest one, half away
    from zero, and exact for a scale in kg or g that shows no parts of a gram. `net` only where
    the scale says that a tare is taken off. Prices are those that the scale computed, as text.
    """

    state: ScaleState
    weight_g: int | None = None
    net: bool = False
    shown: str | None = None
    unit_price: str | None = None
    total: str | None = None


@runtime_checkable
class Scale(Protocol):
    def weight(self) -> Weight:
        """Return the last reading at once; NOT_READY when there is none that is fresh."""
        ...

    async def zero(self) -> None:
        """Zero the scale; DeviceError when it refuses."""
        ...

    async def tare(self) -> None:
        """Take what lies on the plate as tare; DeviceError when it refuses."""
        ...


class PrintEvidence(StrEnum):
    """What says that a job is on paper, the strongest first.

    PROCESS_ID: the printer answered the question behind the job (ESC/POS `GS ( H`). ETB: its
    counter of ended jobs moved on (Star). BUFFER: nothing is left in it (ZPL `~HS`). STATUS: it
    took every byte and is on line with paper. SENT: as far as its line tells, it took every byte.
    """

    PROCESS_ID = "process-id"
    ETB = "etb"
    BUFFER = "buffer"
    STATUS = "status"
    SENT = "sent"


@runtime_checkable
class Printer(Protocol):
    async def print(self, content: Receipt | bytes, job: str) -> PrintEvidence:
        """Return what said that `job` is out; never before something did.

        Bytes are in the printer's own language and sent as they are; what they leave unfinished
        must not swallow the next job. MisuseError: this content cannot be printed here, and no
        byte was sent. DeviceError `printer.waiting` when paper, cover or power is missing and no
        byte was sent: the caller prints it later. After any other DeviceError it may be on paper
        or still come out, since printers keep what they have taken: what is printed again is a
        copy.
        """
        ...

    @property
    def ready(self) -> bool:
        """Whether a job given now would be printed: on line, paper in, cover closed."""
        ...


@runtime_checkable
class Drawer(Protocol):
    """A cash drawer, on a connector of its own or behind a printer, whose name it then bears."""

    async def kick(self, drawer: int = 0) -> None:
        """Open it; `drawer` is 0 or 1 where a device has two.

        DeviceError `drawer.stuck`: it was told to open and its contact says that it stayed shut.
        Any other DeviceError: it could not be told.
        """
        ...

    @property
    def drawer_open(self) -> bool | None:
        """What its contact says; None without one, or before its levels are learnt."""
        ...
