"""Things to plug in: nodes as udev tells of them, made from what makes one differ from another."""

from dataclasses import replace

from posedge.devices.bluetooth import bluetooth
from posedge.devices.inventory import Node, Usb

SCANNER = "0c2e:0b61"
PRINTER = "04b8:0e15"
BRIDGE = "0403:6001"


def usb(
    usb_id: str = SCANNER,
    *,
    port: str = "1",
    serial: str = "",
    model: str = "",
    interfaces: str = ":030101:",
) -> Node:
    """Return the USB device itself; `port` is its place on the bus."""
    path = f"/devices/pci0000:00/usb1/1-{port}"
    device = Usb(path, usb_id, serial, f"pci-0000:00:14.0-usb-0:{port}", model, interfaces)
    return Node(path, "usb", None, {}, device)


def event(device: Node, number: int = 3, *, keyboard: bool = True, interface: int = 0) -> Node:
    properties = {"ID_INPUT_KEYBOARD": "1"} if keyboard else {}
    inside = f"1.{interface}/input/input{number}/event{number}"
    return _child(device, "input", inside, f"/dev/input/event{number}", properties)


def radio(
    usb_id: str = SCANNER, *, address: str = "de:ad:be:ef:00:01", connection: int = 1
) -> Node:
    """Return the keys of a device on Bluetooth; each connection is another path."""
    numbers = usb_id.upper()
    inside = f"input/input{connection}/event{connection}"
    path = f"/devices/virtual/misc/uhid/0005:{numbers}.{connection:04}/{inside}"
    vendor, product = (number.lstrip("0") for number in usb_id.split(":"))
    told = {"PRODUCT": f"5/{vendor}/{product}/1", "UNIQ": f'"{address}"', "NAME": '"Scanner 7"'}
    keys = {"ID_INPUT_KEYBOARD": "1"}
    return Node(path, "input", f"/dev/input/event{connection}", keys, bluetooth(path, told))


def tty(device: Node, name: str = "ttyUSB0") -> Node:
    return _child(device, "tty", f"1.0/{name}/tty/{name}", f"/dev/{name}", {})


def lp(device: Node, number: int = 0) -> Node:
    return _child(device, "usbmisc", f"1.0/usbmisc/lp{number}", f"/dev/usb/lp{number}", {})


def hidraw(device: Node, number: int = 0, *applications: int) -> Node:
    node = _child(device, "hidraw", f"1.0/hidraw/hidraw{number}", f"/dev/hidraw{number}", {})
    return replace(node, applications=applications)


def _child(
    device: Node, subsystem: str, inside: str, file: str, properties: dict[str, str]
) -> Node:
    return Node(f"{device.path}/{inside}", subsystem, file, properties, device.usb)
