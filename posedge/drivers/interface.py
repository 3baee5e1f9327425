"""What a driver is given and what it must do."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, Literal, Protocol

from typing_extensions import TypeVar

from posedge.clock import Clock, Ids
from posedge.drivers.memory import Memory
from posedge.link.interface import Link
from posedge.link.serial import Bits, ParityLetter
from posedge.model.capabilities import Kind
from posedge.model.events import Event
from posedge.model.value import Json, Value
from posedge.wire.embedded import Reading

Scheme = Literal[
    "tcp", "https", "http", "serial", "usblp", "evdev", "hidraw", "pcsc", "worker", "through"
]

NO_RULES = Reading()

L_co = TypeVar("L_co", covariant=True, default=Link)


class Publisher(Protocol):
    """Where a driver says what happened: the bus, behind a limit for each device."""

    async def publish(self, event: Event) -> int: ...


@dataclass(frozen=True, slots=True)
class Site(Generic[L_co]):
    """A driver's place in the box: its device, the way to it and what it may use.

    `Site` alone is a place with a byte stream; a keyboard's is `Site[ScanSource]`,
    a HID device's `Site[ReportLink]`.

    `open` opens a new link to the device (a driver closes what it opened); `options` come from
    the catalog and the configuration, those of its line taken off. `report` tells the supervisor
    that the device answers (None) or why it does not, in words for the page. `warn` says what is
    wrong with a device that works all the same, None that nothing is any more. `scheme` is how the
    address begins, for a device that speaks otherwise over another kind of line. `address` is all
    of it, for a driver whose library connects by itself over HTTP. `memory` keeps
    what was learnt of the device. `codes` is how this shop reads weights and prices in codes.
    `open_at` opens a serial line at another speed, with other bits and parity, for a driver that
    finds them out; None on what is no serial line.
    """

    device: str
    name: str
    open: Callable[[], Awaitable[L_co]]
    bus: Publisher
    clock: Clock
    ids: Ids
    options: Mapping[str, Json]
    report: Callable[[str | None], Awaitable[None]]
    warn: Callable[[str | None], Awaitable[None]]
    scheme: Scheme = "tcp"
    address: str = ""
    memory: Memory = field(default_factory=Memory)
    codes: Reading = NO_RULES
    open_at: Callable[[int, Bits, ParityLetter], Awaitable[L_co]] | None = None


class Driver(Protocol):
    """One device while it is plugged. Made anew for each plug, never shared.

    `run` serves the device until it is gone or fails and then raises DeviceGone or DeviceError
    (the supervisor backs off and makes a new driver); it returns never. Anything else it raises
    is a bug and takes the process down. What can be asked of the device (Scale, Printer,
    Terminal) are further methods of the same object, found by isinstance.

    `options` is what can be configured; a driver that is made with other ones raises DeviceError
    `options.invalid` (see posedge.drivers.options).
    """

    name: ClassVar[str]
    kind: ClassVar[Kind]
    options: ClassVar[type[Value]]

    def __init__(self, site: Site[Any]) -> None: ...

    async def run(self) -> None: ...
