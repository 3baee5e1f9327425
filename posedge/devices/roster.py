"""Finding, among all devices, the one that can do something."""

from collections.abc import Sequence
from typing import TypeVar

from posedge.devices.supervisor import Supervisor
from posedge.model.capabilities import DeviceState
from posedge.model.errors import DeviceError, MisuseError, NotFoundError

T = TypeVar("T")


def capable(supervisors: Sequence[Supervisor], capability: type[T]) -> tuple[Supervisor, ...]:
    return tuple(each for each in supervisors if isinstance(each.driver, capability))


def find(supervisors: Sequence[Supervisor], capability: type[T], name: str | None) -> tuple[str, T]:
    """Return name and driver of the one meant; see Devices.find for the errors."""
    able = capable(supervisors, capability)
    found = [each for each in able if name in {None, each.plan.name, each.plan.id}]
    if len(found) == 1:
        return _online(found[0], capability)
    what, known = capability.__name__.lower(), ", ".join(each.plan.name for each in able)
    if found:
        raise MisuseError("device.ambiguous", f"which {what}? Name one of {known}")
    wanted = f"no {what} is called {name!r}" if name else f"no {what} is here"
    hint = f"there are {known}" if known else "plug one in, or add it to [[devices.static]]"
    raise NotFoundError("device.unknown", f"{wanted}; {hint}", name=name)


def _online(supervisor: Supervisor, capability: type[T]) -> tuple[str, T]:
    status, driver = supervisor.status(), supervisor.driver
    if status.state is not DeviceState.ONLINE:
        text = f"{status.name} is not available: {status.reason}"
        raise DeviceError("device.offline", text, device=status.id)
    assert isinstance(driver, capability), "only capable devices were looked at"
    return status.name, driver
