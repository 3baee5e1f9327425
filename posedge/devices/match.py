"""Which driver for which device, or in one sentence why none. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from posedge.devices import network
from posedge.devices.address import (
    Address,
    Evdev,
    Hidraw,
    Option,
    Pcsc,
    Serial,
    Usblp,
    beyond_line,
    line,
)
from posedge.devices.catalog import Catalog, Group, Model
from posedge.devices.identity import device_id, port_key
from posedge.devices.inventory import Body, Node
from posedge.devices.network import NETWORK
from posedge.devices.paste import toml
from posedge.devices.reasons import NOTHING, why
from posedge.devices.settings import Assignment
from posedge.drivers.registry import SCALES
from posedge.model.explanation import Undriven
from posedge.wire.hid import pages

DRIVEN: Mapping[tuple[Group, str], str] = {
    (Group.NFC, "usb"): "pcsc-reader",
    (Group.SMARTCARD, "usb"): "pcsc-reader",
    (Group.SCANNER, "input"): "wedge",
    (Group.SCANNER, "hidraw"): "hid-scanner",
    (Group.SCANNER, "tty"): "serial-scanner",
    (Group.MSR, "input"): "msr-wedge",
    (Group.PRINTER, "usbmisc"): "escpos",
    (Group.PRINTER, "tty"): "escpos",
    (Group.SCALE, "hidraw"): "hid-scale",
    (Group.MSR, "hidraw"): "hid-msr",
    (Group.CASH_DRAWER, "hidraw"): "posiflex-drawer",
    (Group.LINE_DISPLAY, "tty"): "line-display",
}
"""The driver for a model's kind and the node that it shows, in the order of preference.

A scanner that has keys is a keyboard, whatever it is beside: what it types must not reach the
console. One that has none is no keyboard, though it may have a button for the volume.
"""

MEDIA: Mapping[str, tuple[str, ...]] = {
    "wedge": ("input",),
    "msr-wedge": ("input",),
    "serial-scanner": ("tty",),
    **dict.fromkeys(SCALES, ("tty",)),
    "hid-scanner": ("hidraw",),
    "auto-scale": ("tty",),
    "hid-scale": ("hidraw",),
    "hid-msr": ("hidraw",),
    "posiflex-drawer": ("hidraw",),
    "pcsc-reader": ("usb",),
    "escpos": ("usbmisc", "tty", NETWORK),
    "line-display": ("tty", "usbmisc"),
    "star-printer": ("usbmisc", "tty", NETWORK),
    "zpl-printer": ("usbmisc", "tty", NETWORK),
}
"""The nodes that a driver can work on, best first; a driver that is not here works on none."""

PAGES: Mapping[str, frozenset[int]] = {
    "hid-scanner": frozenset({pages.BARCODE_SCANNER}),
    "hid-scale": frozenset({pages.SCALE}),
    "hid-msr": frozenset({pages.STRIPE_READER, pages.MAGTEK}),
    "posiflex-drawer": frozenset({pages.POSIFLEX}),
}
"""What a HID device must say it is (usage pages), for a driver to be chosen without an order."""

PAGE_SHIFT = 16

UNDRIVEN = "device"
"""Stands for the driver in the id of a device that has none."""


@dataclass(frozen=True, slots=True)
class Match:
    """What to run: `driver` on `file` of the body at `body`."""

    id: str
    body: str
    driver: str
    node: str
    address: Address
    options: Mapping[str, Option]
    name: str | None
    model: str
    port: str
    port_key: str


def match(
    body: Body, catalog: Catalog, assigned: Sequence[Assignment], *, shared: bool = False
) -> Match | Undriven | None:
    """Decide for one physical device; None for what is no device of its own (hubs, consoles).

    `shared`: another device here has the same serial number, so it does not tell them apart.
    """
    model = catalog.get(body.usb.id) if body.usb else None
    said = spoken(body, assigned)
    if said is None and model is None and _is_part_of_the_machine(body):
        return None
    if said is not None and said.ignore:
        return _undriven(body, model, "the configuration says to ignore it", NOTHING)
    driver = (said.driver if said else None) or (model.driver if model else network.driver(body))
    chosen = _by_driver(body, driver) if driver else _by_kind(body, model)
    if chosen is None:
        return _undriven(body, model, *why(body, model, driver, MEDIA))
    return _match(body, model, said, *chosen, shared=shared)


def _match(
    body: Body,
    model: Model | None,
    said: Assignment | None,
    driver: str,
    node: Node,
    *,
    shared: bool,
) -> Match:
    options = {**(model.options if model else {}), **(said.options if said else {})}
    assert node.file is not None, "only nodes with a file are chosen"
    return Match(
        id=device_id(body, driver, shared=shared),
        body=body.path,
        driver=driver,
        node=node.path,
        address=_address(node, driver, options),
        options=beyond_line(options),
        name=said.name if said else None,
        model=_model(body, model),
        port=body.port,
        port_key=port_key(body, driver),
    )


def spoken(body: Body, assigned: Sequence[Assignment]) -> Assignment | None:
    """Return what the operator says of this device: the port before the serial before the model."""
    usb = body.usb
    words = [body.port]
    if usb is not None:
        words += [f"{usb.id}:{usb.serial}", usb.id]
    words += [node.file for node in body.nodes if node.file]
    return next((each for word in words for each in assigned if each.device == word), None)


def _by_driver(body: Body, driver: str) -> tuple[str, Node] | None:
    """Find the node for an ordered driver, also on a HID device that does not say what it is."""
    for subsystem in MEDIA.get(driver, ()):
        node = _best(body, subsystem, driver) or _best(body, subsystem)
        if node is not None:
            return driver, node
    return None


def _by_kind(body: Body, model: Model | None) -> tuple[str, Node] | None:
    if model is None or model.why is not None:
        return None
    found = [
        (driver, node)
        for (kind, subsystem), driver in DRIVEN.items()
        if kind is model.kind and (node := _best(body, subsystem, driver)) is not None
    ]
    return min(found, key=lambda each: _keyless(each[1]), default=None)


def _keyless(node: Node) -> bool:
    return node.subsystem == "input" and not node.keyboard


def _best(body: Body, subsystem: str, driver: str | None = None) -> Node | None:
    """Return the node to open: of a keyboard's several, the one that has the keys."""
    files = [each for each in body.files(subsystem) if each.usable]
    if subsystem == "hidraw" and driver is not None:
        files = [each for each in files if _pages(each) & PAGES.get(driver, frozenset())]
    keyboards = [each for each in files if each.keyboard]
    return next(iter(keyboards or files), None)


def _pages(node: Node) -> set[int]:
    return {usage >> PAGE_SHIFT for usage in node.applications}


def _address(node: Node, driver: str, options: Mapping[str, Option]) -> Address:
    path = node.file or ""
    match node.subsystem:
        case "tty":
            return Serial(path=path, line=line(driver, options))
        case "input":
            return Evdev(path=path)
        case "usb":
            return Pcsc()
        case "hidraw":
            return Hidraw(path=path)
        case "network":
            return network.address(node)
        case _:
            return Usblp(path=path)


def _is_part_of_the_machine(body: Body) -> bool:
    """Whether this is no device of its own: hubs, consoles, buttons, the laptop's keyboard."""
    if body.usb is not None:
        return body.usb.hub
    return not any(_is_port(node) for node in body.nodes)


def _is_port(node: Node) -> bool:
    """Whether it is a real serial port, or a printer on the network."""
    if node.subsystem == NETWORK:
        return True
    within = "/virtual/" in node.path or "/platform/serial8250" in node.path
    return node.subsystem == "tty" and not within


def _undriven(body: Body, model: Model | None, reason: str, remedy: str) -> Undriven:
    return Undriven(
        id=device_id(body, UNDRIVEN),
        port=body.port,
        model=_model(body, model),
        reason=reason,
        remedy=remedy,
        toml=None if remedy == NOTHING else toml(body, model),
    )


def _model(body: Body, model: Model | None) -> str:
    return str(model) if model and str(model) else body.model
