"""Why the box does with a device what it does: the whole chain, from the plug to its state."""

from collections.abc import Mapping

from pydantic import Field

from posedge.model.capabilities import DeviceState
from posedge.model.value import Value


class Undriven(Value):
    """A device that is here and not driven, with the reason and what would change that.

    `toml`, where there is any, is ready to be pasted where its first line says.
    """

    id: str
    port: str
    model: str
    reason: str
    remedy: str
    toml: str | None = None


class Change(Value):
    """A state as it was told, `at` in RFC 3339."""

    at: str
    state: DeviceState
    reason: str | None


class SeenNode(Value):
    """One thing that udev told of; `applications` are a HID device's usages, page first."""

    path: str
    subsystem: str
    file: str | None
    properties: Mapping[str, str]
    applications: tuple[str, ...] = ()


class Explanation(Value):
    """Read it downwards: what was seen, which rows speak of it, what follows, what became of it.

    `rule` is the operator's row and `catalog` the model's, as TOML; `machine` says who may open
    its nodes, who holds them and which of its interfaces the kernel drives. `toml` is to be
    pasted where its first line says. `ready_ms` is from the plug to the first answer.
    """

    id: str
    name: str | None = None
    model: str
    port: str
    usb: Mapping[str, str] = Field(default_factory=dict[str, str])
    nodes: tuple[SeenNode, ...] = ()
    catalog: str | None = None
    rule: str | None = None
    decision: str
    driver: str | None = None
    address: str | None = None
    state: DeviceState | None = None
    reason: str | None = None
    remedy: str | None = None
    code: str | None = None
    machine: tuple[str, ...] = ()
    toml: str | None = None
    history: tuple[Change, ...] = ()
    ready_ms: int | None = None
