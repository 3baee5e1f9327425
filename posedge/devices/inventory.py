"""What is plugged in: nodes as udev tells of them, gathered into physical devices. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

SUBSYSTEMS = frozenset({"usb", "input", "hidraw", "tty", "usbmisc"})

PLACEHOLDER = re.compile(r"^(.)\1*$|^0*123456789\w*$|^$")
"""Serial numbers that makers put into every unit: all one character, or counted up."""


@dataclass(frozen=True, slots=True)
class Usb:
    """The device that a node belongs to; strings are empty where it has none.

    On Bluetooth too, where makers number their models alike and `port` is its address.
    """

    path: str
    id: str
    serial: str
    port: str
    model: str
    interfaces: str

    @property
    def hub(self) -> bool:
        return self.interfaces.startswith(":09")


@dataclass(frozen=True, slots=True)
class Node:
    """One thing that udev knows, by its devpath. `file` is its device node, if it has one.

    `applications` are the usages that a HID device says it is, its page in the upper 16 bits.
    """

    path: str
    subsystem: str
    file: str | None
    properties: Mapping[str, str]
    usb: Usb | None = None
    applications: tuple[int, ...] = ()

    @property
    def body(self) -> str:
        """The devpath of the physical device that this is a part of."""
        if self.usb is not None:
            return self.usb.path
        if self.subsystem == "network":
            return self.path.rpartition("/")[0]
        return self.path.partition("/input/")[0] if self.subsystem == "input" else self.path

    @property
    def usable(self) -> bool:
        """Of input only `event` files give whole key strokes; usbmisc holds more than printers."""
        name = (self.file or "").rpartition("/")[2]
        prefix = {"input": "event", "usbmisc": "lp"}.get(self.subsystem, "")
        return bool(name) and name.startswith(prefix)

    @property
    def keyboard(self) -> bool:
        """Whether it has the keys. Our udev rules keep that under a name that no desktop reads."""
        known = self.properties
        return "1" in (known.get("ID_POSEDGE_KEYBOARD"), known.get("ID_INPUT_KEYBOARD"))


@dataclass(frozen=True, slots=True)
class Plugged:
    node: Node


@dataclass(frozen=True, slots=True)
class Unplugged:
    """Only the path: a remove event's properties are not those of the device that was there."""

    path: str


@dataclass(frozen=True, slots=True)
class Body:
    """A physical device: what one cable connects, with its nodes in the order of their paths."""

    path: str
    usb: Usb | None
    nodes: tuple[Node, ...]

    @property
    def port(self) -> str:
        """Where it is plugged in, the same after a restart."""
        if self.usb is not None:
            return self.usb.port
        return self.nodes[0].properties.get("ID_PATH") or self.path

    @property
    def model(self) -> str:
        if self.usb is not None and self.usb.model:
            return self.usb.model
        if self.usb is not None:
            return self.usb.id
        return self.nodes[0].properties.get("ID_MODEL") or self.nodes[0].file or self.path

    def files(self, subsystem: str) -> tuple[Node, ...]:
        return tuple(each for each in self.nodes if each.subsystem == subsystem and each.file)


@dataclass(slots=True)
class Inventory:
    """All nodes, gathered by the physical device that they are a part of."""

    _bodies: dict[str, dict[str, Node]] = field(default_factory=dict[str, dict[str, Node]])

    def apply(self, event: Plugged | Unplugged) -> tuple[str, ...]:
        """Take the event in; return the paths of the bodies that it changed."""
        match event:
            case Plugged(node):
                nodes = self._bodies.setdefault(node.body, {})
                known, nodes[node.path] = nodes.get(node.path), node
                return () if known == node else (node.body,)
            case Unplugged(path):
                return tuple(body for body in tuple(self._bodies) if self._remove(body, path))

    def body(self, path: str) -> Body | None:
        nodes = self._bodies.get(path, {})
        usb = next((node.usb for node in nodes.values() if node.usb is not None), None)
        return Body(path, usb, tuple(nodes[each] for each in sorted(nodes))) if nodes else None

    def bodies(self) -> tuple[Body, ...]:
        return tuple(body for path in sorted(self._bodies) if (body := self.body(path)))

    def twins(self, body: Body) -> bool:
        """Whether another device of the same model claims the same serial number."""
        others = (each for each in self.bodies() if each.path != body.path and each.usb)
        own = (body.usb.id, body.usb.serial) if body.usb else None
        return any((each.usb.id, each.usb.serial) == own for each in others if each.usb)

    def _remove(self, body: str, path: str) -> bool:
        """Forget what is at `path` and below; say whether there was anything."""
        nodes = self._bodies[body]
        inside = [each for each in nodes if f"{each}/".startswith(f"{path}/")]
        for each in inside:
            del nodes[each]
        if not nodes:
            del self._bodies[body]
        return bool(inside)
