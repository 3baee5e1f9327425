from posedge.devices.inventory import Inventory, Node, Plugged, Unplugged
from tests.doubles.plugs import BRIDGE, SCANNER, event, hidraw, lp, tty, usb


def test_one_cable_is_one_body() -> None:
    inventory = Inventory()
    scanner, other = usb(port="1"), usb(BRIDGE, port="2")
    for node in (scanner, event(scanner), hidraw(scanner), other, tty(other)):
        assert inventory.apply(Plugged(node)) == (node.body,)
    assert [body.path for body in inventory.bodies()] == [scanner.path, other.path]
    body = inventory.body(scanner.path)
    assert body is not None
    assert [node.file for node in body.nodes] == [None, "/dev/hidraw0", "/dev/input/event3"]
    assert body.usb is not None
    assert body.usb.id == SCANNER


def test_the_same_twice_changes_nothing() -> None:
    inventory = Inventory()
    inventory.apply(Plugged(usb()))
    assert inventory.apply(Plugged(usb())) == ()


def test_unplugging_takes_what_is_below_and_nothing_beside() -> None:
    inventory = Inventory()
    first, tenth = usb(port="1"), usb(port="10")
    for node in (first, event(first), tenth):
        inventory.apply(Plugged(node))
    assert inventory.apply(Unplugged(event(first).path)) == (first.path,)
    assert inventory.apply(Unplugged(event(first).path)) == ()
    assert inventory.apply(Unplugged(first.path)) == (first.path,)
    assert inventory.body(first.path) is None
    assert [body.path for body in inventory.bodies()] == [tenth.path]


def test_twins_share_model_and_serial() -> None:
    inventory = Inventory()
    for port, serial in (("1", "A"), ("2", "A"), ("3", "B")):
        inventory.apply(Plugged(usb(port=port, serial=serial)))
    one, two, three = inventory.bodies()
    assert inventory.twins(one)
    assert inventory.twins(two)
    assert not inventory.twins(three)


def test_without_usb_a_body_is_a_port_or_what_bears_the_inputs() -> None:
    port = Node("/devices/pnp0/00:05/tty/ttyS0", "tty", "/dev/ttyS0", {"ID_PATH": "pnp-00:05"})
    inside = "/devices/virtual/misc/uhid/0005:0C2E:0B61.0001"
    key = Node(f"{inside}/input/input9/event9", "input", "/dev/input/event9", {})
    inventory = Inventory()
    inventory.apply(Plugged(port))
    inventory.apply(Plugged(key))
    first, second = inventory.bodies()
    assert (first.port, first.model) == ("pnp-00:05", "/dev/ttyS0")
    assert (second.path, second.port) == (inside, inside)


def test_usable_nodes() -> None:
    device = usb()
    assert event(device).usable
    assert lp(device).usable
    assert not device.usable
    mouse = Node("/x/input/input1/mouse0", "input", "/dev/input/mouse0", {})
    assert not mouse.usable


def test_a_model_without_a_name_is_called_by_its_id() -> None:
    inventory = Inventory()
    inventory.apply(Plugged(usb(BRIDGE)))
    assert inventory.bodies()[0].model == BRIDGE
