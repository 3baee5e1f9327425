from dataclasses import replace

import pytest

from posedge.devices.address import Evdev, Hidraw, Line, Pcsc, Serial, Usblp
from posedge.devices.catalog import Catalog, Group, Model, load
from posedge.devices.inventory import Body, Node
from posedge.devices.match import DRIVEN, MEDIA, PAGES, Match, match
from posedge.devices.settings import Assignment
from posedge.model.explanation import Undriven
from tests.doubles.plugs import BRIDGE, PRINTER, SCANNER, event, hidraw, lp, radio, tty, usb

CATALOG = load()


def body(device: Node, *nodes: Node) -> Body:
    return Body(device.path, device.usb, tuple(sorted((device, *nodes), key=lambda n: n.path)))


def said(**fields: object) -> Assignment:
    """An assignment as the configuration gives it, drivers unchecked."""
    fields.setdefault("options", {})
    return Assignment.model_construct(**fields)  # type: ignore[arg-type]


def driven(found: Body, *assigned: Assignment, catalog: Catalog = CATALOG) -> Match:
    decided = match(found, catalog, assigned)
    assert isinstance(decided, Match), decided
    return decided


def undriven(found: Body, *assigned: Assignment, catalog: Catalog = CATALOG) -> Undriven:
    decided = match(found, catalog, assigned)
    assert isinstance(decided, Undriven), decided
    assert decided.reason
    assert decided.remedy
    return decided


def test_a_scanner_in_the_catalog() -> None:
    device = usb(SCANNER, serial="S17")
    decided = driven(body(device, event(device), hidraw(device)))
    assert decided.driver == "wedge"
    assert decided.address == Evdev(path="/dev/input/event3")
    assert decided.id == "0c2e:0b61:S17"
    assert decided.model == "Metrologic Instruments Vuquest 3310g"
    assert decided.port == "pci-0000:00:14.0-usb-0:1"


def test_of_several_inputs_the_one_with_keys_is_opened() -> None:
    device = usb(SCANNER)
    control, keys = event(device, 3, keyboard=False), event(device, 4, interface=1)
    assert driven(body(device, control, keys)).address == Evdev(path="/dev/input/event4")
    bare = event(device, 5, keyboard=False, interface=1)
    assert driven(body(device, control, bare)).address == Evdev(path="/dev/input/event3")


def test_a_scanner_that_our_rules_took_from_the_desktop_is_still_driven() -> None:
    device = usb(SCANNER)
    control, hidden = event(device, 3, keyboard=False), event(device, 4, keyboard=False)
    hidden = replace(hidden, properties={"ID_POSEDGE_KEYBOARD": "1"})
    assert driven(body(device, control, hidden)).address == Evdev(path="/dev/input/event4")


def test_a_card_reader_has_no_node_but_the_usb_device_itself() -> None:
    device = replace(usb("072f:2200"), file="/dev/bus/usb/001/004")
    decided = driven(body(device))
    assert (decided.driver, decided.address) == ("pcsc-reader", Pcsc())


def test_a_scanner_in_serial_mode_and_a_printer() -> None:
    device = usb("1eab:0c06")
    assert driven(body(device, tty(device, "ttyACM0"))).driver == "serial-scanner"
    device = usb(PRINTER)
    decided = driven(body(device, lp(device)))
    assert (decided.driver, decided.address) == ("escpos", Usblp(path="/dev/usb/lp0"))


def test_a_stripe_reader_that_types() -> None:
    device = usb("0801:0001")
    assert driven(body(device, event(device), hidraw(device))).driver == "msr-wedge"


def test_a_bridge_is_assigned_by_port_serial_model_or_file() -> None:
    device = usb(BRIDGE, serial="FT1")
    found = body(device, tty(device))
    for word in (found.port, "0403:6001:FT1", BRIDGE, "/dev/ttyUSB0"):
        decided = driven(found, said(device=word, driver="toledo", options={"baud": 4800}))
        assert isinstance(decided.address, Serial)
        assert decided.address.line == Line(baud=4800, bits=7, parity="E")


def test_the_port_says_more_than_the_model() -> None:
    device = usb(BRIDGE)
    found = body(device, tty(device))
    model, port = said(device=BRIDGE, driver="toledo"), said(device=found.port, name="counter")
    decided = match(found, CATALOG, (model, port))
    assert isinstance(decided, Undriven)
    full = said(device=found.port, driver="serial-scanner", name="counter")
    assert driven(found, model, full).name == "counter"


def test_an_own_model_names_driver_and_options() -> None:
    own = {BRIDGE: Model(kind=Group.SCALE, driver="toledo", options={"baud": 2400})}
    device = usb(BRIDGE, model="Adapter 7")
    decided = driven(body(device, tty(device)), catalog=own)
    assert isinstance(decided.address, Serial)
    assert decided.address.line.baud == 2400
    assert decided.model == "Adapter 7"


def test_a_shared_serial_number_is_no_identity() -> None:
    device = usb(SCANNER, serial="S17")
    decided = match(body(device, event(device)), CATALOG, (), shared=True)
    assert isinstance(decided, Match)
    assert decided.id == "wedge@pci-0000:00:14.0-usb-0:1"


def test_hubs_consoles_and_buttons_are_part_of_the_machine() -> None:
    assert match(body(usb("1d6b:0002", interfaces=":090000:")), CATALOG, ()) is None
    for node in (
        Node("/devices/platform/serial8250/tty/ttyS1", "tty", "/dev/ttyS1", {}),
        Node("/devices/LNXSYSTM:00/input/input0/event0", "input", "/dev/input/event0", {}),
        Node(
            "/devices/platform/i8042/serio0/input/input1/event1", "input", "/dev/input/event1", {}
        ),
    ):
        assert match(Body(node.body, None, (node,)), CATALOG, ()) is None


def test_a_built_in_port_is_shown_and_can_be_assigned() -> None:
    node = Node("/devices/pnp0/00:05/tty/ttyS0", "tty", "/dev/ttyS0", {"ID_PATH": "pnp-00:05"})
    found = Body(node.body, None, (node,))
    assert 'device = "pnp-00:05"' in undriven(found).remedy
    assert driven(found, said(device="/dev/ttyS0", driver="toledo")).id == "toledo@pnp-00:05"


def test_a_scanner_by_bluetooth_is_the_same_at_each_connection() -> None:
    first, again, other = radio(), radio(connection=2), radio(address="de:ad:be:ef:00:02")
    decided = [driven(Body(each.body, each.usb, (each,))) for each in (first, again, other)]
    assert {each.driver for each in decided} == {"wedge"}
    assert decided[0].body != decided[1].body
    ids = [(each.id, each.port, each.port_key) for each in decided]
    assert ids[0] == ids[1] != ids[2]
    assert decided[0].id == "0c2e:0b61:de:ad:be:ef:00:01"
    assert decided[0].model == "Metrologic Instruments Vuquest 3310g"


def test_only_a_model_s_number_makes_it_driven_never_its_name() -> None:
    keys = radio("dead:0001")
    told = undriven(Body(keys.body, keys.usb, (keys,)))
    assert (told.model, told.port) == ("Scanner 7", "bluetooth-de:ad:be:ef:00:01")
    assert "keyboard" in told.reason
    assert 'device = "bluetooth-de:ad:be:ef:00:01"' in told.remedy
    ordered = said(device=told.port, driver="wedge")
    assert driven(Body(keys.body, keys.usb, (keys,)), ordered).driver == "wedge"


@pytest.mark.parametrize(
    ("usb_id", "child", "reason", "remedy"),
    [
        (BRIDGE, tty, "could be anything", 'driver = "…"'),
        ("0483:5740", tty, "could be anything", "[[devices.assign]]"),
        ("dead:0001", event, "keyboard", 'driver = "wedge"'),
        ("dead:0001", hidraw, "input device", "nothing"),
        ("dead:0001", lp, "printer that is not in the catalog", 'driver = "escpos"'),
        ("072f:2200", None, "known nfc that shows no device node", "wait a moment"),
        ("0801:0002", hidraw, "language for which there is no driver", "another mode"),
        ("03f0:2039", hidraw, "a known cash-drawer in a mode", "another mode"),
        ("0d3a:0c23", hidraw, "bootloader", "another mode"),
        ("0eb8:f000", None, "a known scale that shows no device node", "plug it in again"),
        ("0519:0003", lp, "pictures only", "another mode"),
        ("1203:0140", lp, "if it is ZPL", 'driver = "zpl-printer"'),
        ("1eab:0c10", hidraw, "language for which", "HID POS"),
        ("0c2e:0007", hidraw, "IBM OEM", "programming code"),
        (PRINTER, None, "no device node", "plug it in again"),
    ],
)
def test_every_undriven_device_has_its_reason(
    usb_id: str, child: object, reason: str, remedy: str
) -> None:
    device = usb(usb_id)
    found = body(device, child(device)) if callable(child) else body(device)
    told = undriven(found)
    assert reason in told.reason
    assert remedy in told.remedy
    assert told.port == "pci-0000:00:14.0-usb-0:1"


HID_POS_SCANNER = "1eab:0c10"
KEYBOARD, SCANNER_USAGE, CONSUMER = 0x00010006, 0x008C0002, 0x000C0001


def test_a_hid_pos_scanner_by_its_own_word() -> None:
    device = usb(HID_POS_SCANNER)
    found = body(device, hidraw(device, 0, KEYBOARD), hidraw(device, 1, CONSUMER, SCANNER_USAGE))
    decided = driven(found)
    assert (decided.driver, decided.address) == ("hid-scanner", Hidraw(path="/dev/hidraw1"))


@pytest.mark.parametrize(
    ("usb_id", "application", "driver"),
    [
        ("0922:8003", 0x008D0020, "hid-scale"),
        ("0801:0002", 0xFF000001, "hid-msr"),
        ("0404:0328", 0x008E0001, "hid-msr"),
        ("0d3a:0206", 0xFFA00001, "posiflex-drawer"),
    ],
)
def test_what_is_reached_through_hidraw(usb_id: str, application: int, driver: str) -> None:
    device = usb(usb_id)
    assert driven(body(device, hidraw(device, 0, application))).driver == driver


def test_a_scanner_with_keys_is_driven_once_and_as_a_keyboard() -> None:
    device = usb(HID_POS_SCANNER)
    both = body(device, event(device), hidraw(device, 0, SCANNER_USAGE))
    assert driven(both).driver == "wedge"
    volume = body(device, event(device, keyboard=False), hidraw(device, 0, SCANNER_USAGE))
    assert driven(volume).driver == "hid-scanner"


def test_an_order_opens_a_hid_device_that_does_not_say_what_it_is() -> None:
    device = usb("dead:0001")
    order = said(device="dead:0001", driver="hid-scanner")
    assert driven(body(device, hidraw(device)), order).address == Hidraw(path="/dev/hidraw0")
    both = body(device, hidraw(device), hidraw(device, 3, SCANNER_USAGE))
    assert driven(both, order).address == Hidraw(path="/dev/hidraw3")


def test_an_unknown_device_that_says_what_it_is() -> None:
    device = usb("dead:0001")
    told = undriven(body(device, hidraw(device, 0, SCANNER_USAGE)))
    assert "barcode scanner" in told.reason
    assert 'driver = "hid-scanner"' in told.remedy


@pytest.mark.parametrize(
    ("interfaces", "reason"),
    [
        (":080650:", "mass storage"),
        (":0e0100:", "camera"),
        (":ff0000:", "a USB device"),
        ("", "USB"),
    ],
)
def test_what_no_till_needs(interfaces: str, reason: str) -> None:
    assert reason in undriven(body(usb("dead:0002", interfaces=interfaces, model="Stick"))).reason


def test_a_driver_on_the_wrong_device() -> None:
    device = usb(SCANNER)
    found = body(device, event(device))
    assert "node of type tty" in undriven(found, said(device=SCANNER, driver="toledo")).reason
    assert "network" in undriven(found, said(device=SCANNER, driver="zvt")).reason


def test_a_device_to_be_left_alone() -> None:
    device = usb(SCANNER)
    assert (
        "ignore" in undriven(body(device, event(device)), said(device=SCANNER, ignore=True)).reason
    )


def test_every_driver_of_the_tables_has_media() -> None:
    assert {*DRIVEN.values()} <= MEDIA.keys()
    assert {driver for driver, media in MEDIA.items() if "hidraw" in media} == PAGES.keys()
    assert all(subsystem in MEDIA[driver] for (_, subsystem), driver in DRIVEN.items())


def test_ids_are_safe_in_paths() -> None:
    device = usb(SCANNER, serial="a/b c\x00é" + "x" * 200)
    decided = driven(body(device, event(device)))
    assert decided.id.startswith("0c2e:0b61:a-b-c--x")
    assert len(decided.id) == 96


@pytest.mark.parametrize("serial", ["", "0000000000", "FFFFFF", "0123456789ABCDEF", "123456789"])
def test_a_serial_number_of_all_units_is_none(serial: str) -> None:
    device = usb(SCANNER, serial=serial)
    assert driven(body(device, event(device))).id.startswith("wedge@")
