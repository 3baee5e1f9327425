"""Every payment terminal of the box, with what it can do and what holds it up."""

from collections.abc import Sequence
from typing import Protocol, TypeVar

from posedge.model.capabilities import DeviceState, DeviceStatus
from posedge.model.errors import DeviceError, NotFoundError
from posedge.model.reconciliation import Reconciling
from posedge.model.rehearsal import Rehearsing
from posedge.model.terminal import Ability, Terminal
from posedge.model.value import Value

T = TypeVar("T")


class Devices(Protocol):
    """The registry of devices, as far as terminals are looked after."""

    def statuses(self) -> Sequence[DeviceStatus]: ...

    def names(self, capability: type[T]) -> tuple[str, ...]: ...

    def find(self, capability: type[T], name: str | None) -> tuple[str, T]: ...


class TerminalStatus(Value):
    """`able` is empty while it cannot be reached; `test_mode` None: it cannot tell.

    `says` is its own word, where it was asked for it.
    """

    name: str
    driver: str
    port: str
    state: DeviceState
    reason: str | None
    able: tuple[Ability, ...] = ()
    test_mode: bool | None = None
    ends_day: bool = False
    says: str | None = None


def overview(devices: Devices) -> tuple[TerminalStatus, ...]:
    """Return all of them, on line or not, without asking any."""
    names = set(devices.names(Terminal))  # type: ignore[type-abstract]
    return tuple(_status(devices, each) for each in devices.statuses() if each.name in names)


def known(devices: Devices, name: str) -> TerminalStatus:
    """Return the one with this name; NotFoundError `device.unknown` says which there are."""
    every = overview(devices)
    for each in every:
        if each.name == name:
            return each
    there = ", ".join(each.name for each in every) or "none; add it to [[devices.static]]"
    raise NotFoundError("device.unknown", f"no terminal is called {name!r}; there are: {there}")


async def asked(devices: Devices, name: str) -> TerminalStatus:
    """Return the same with the terminal's own word; DeviceError when it cannot be reached."""
    status = known(devices, name)
    _, terminal = devices.find(Terminal, name)  # type: ignore[type-abstract]
    return status.model_copy(update={"says": await terminal.status()})


def _status(devices: Devices, device: DeviceStatus) -> TerminalStatus:
    status = TerminalStatus(
        name=device.name,
        driver=device.driver,
        port=device.port,
        state=device.state,
        reason=device.reason,
    )
    try:
        _, terminal = devices.find(Terminal, device.name)  # type: ignore[type-abstract]
    except (DeviceError, NotFoundError):  # away, or just unplugged
        return status
    mode = terminal.rehearsal.test_mode if isinstance(terminal, Rehearsing) else None
    return status.model_copy(
        update={
            "able": tuple(sorted(terminal.able)),
            "test_mode": mode,
            "ends_day": isinstance(terminal, Reconciling),
        }
    )
