"""The shipped rules in the real engine, among this system's own."""

import re
from pathlib import Path

import pytest

from posedge.devices.inventory import Node
from posedge.devices.udev import INPUT_KEYS
from tests.doubles.udevadm import GROUP_ID, Machine, Told, impossible

WHY_NOT = impossible()
pytestmark = pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT)

SCANNER, PRINTER, SCALE = "0c2e:0b61", "04b8:0e15", "0922:8003"
BRIDGE, PRINTER_CABLE, UNKNOWN = "0403:6001", "1a86:7584", "dead:0001"


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def opened_by_posedge(told: Told) -> bool:
    group = re.search(rf"60-posedge\.rules.*(?i:group)\D*\b{GROUP_ID}\b", told.said)
    mode = re.search(r"60-posedge\.rules.*(?i:mode)\D*\b0?660\b", told.said)
    assert (group is None) is (mode is None)
    return group is not None


def test_a_scanner_is_the_tills_and_nobodys_keyboard(machine: Machine) -> None:
    told = machine.test(machine.keyboard(machine.plug(SCANNER), 3))
    assert told.complaints == []
    assert told.ours == {
        "ID_POSEDGE_KIND": "scanner",
        "ID_POSEDGE_MODEL": "Metrologic Instruments Vuquest 3310g",
        "ID_POSEDGE_INTERFACE": "unknown",
        "ID_POSEDGE_KEYBOARD": "1",
    }
    assert not [key for key in told.properties if key.startswith("ID_INPUT")]
    assert told.properties["LIBINPUT_IGNORE_DEVICE"] == "1"
    assert "power-switch" not in told.properties.get("TAGS", "")
    assert "/dev/posedge/scanner-event3" in told.links
    assert opened_by_posedge(told)


def test_a_scanner_by_bluetooth_is_the_tills_too(machine: Machine) -> None:
    told = machine.test(machine.keyboard(machine.connect(SCANNER), 3))
    assert told.complaints == []
    assert told.ours["ID_POSEDGE_KIND"] == "scanner"
    assert told.ours["ID_POSEDGE_KEYBOARD"] == "1"
    assert not [key for key in told.properties if key.startswith("ID_INPUT")]
    assert "/dev/posedge/scanner-event3" in told.links
    assert opened_by_posedge(told)


@pytest.mark.parametrize("usb_id", [UNKNOWN, PRINTER])
def test_another_keyboard_by_bluetooth_stays_one(machine: Machine, usb_id: str) -> None:
    told = machine.test(machine.keyboard(machine.connect(usb_id), 3))
    assert told.properties["ID_INPUT_KEYBOARD"] == "1"
    assert not opened_by_posedge(told)


def test_the_box_still_knows_that_the_scanner_types(machine: Machine) -> None:
    known = machine.test(machine.keyboard(machine.plug(SCANNER), 3)).properties
    kept = {key: known[key] for key in INPUT_KEYS if key in known}
    assert Node("/devices/1/event3", "input", "/dev/input/event3", kept).keyboard


def test_a_keyboard_that_is_no_scanner_stays_one(machine: Machine) -> None:
    told = machine.test(machine.keyboard(machine.plug(UNKNOWN), 3))
    assert told.properties["ID_INPUT_KEYBOARD"] == "1"
    assert "power-switch" in told.properties["TAGS"]
    assert told.ours == {}
    assert not opened_by_posedge(told)


def test_every_printer_of_the_kernels_driver_is_one(machine: Machine) -> None:
    interface = machine.plug(UNKNOWN)
    told = machine.test(machine.node(interface, "lp0", "class/usbmisc", "usb/lp0", 180))
    assert told.ours == {"ID_POSEDGE_KIND": "printer"}
    assert told.links >= {"/dev/posedge/printer-lp0"}
    assert opened_by_posedge(told)


def test_a_printer_in_the_catalog_says_its_model(machine: Machine) -> None:
    interface = machine.plug(PRINTER)
    told = machine.test(machine.node(interface, "lp0", "class/usbmisc", "usb/lp0", 180))
    assert told.ours["ID_POSEDGE_MODEL"] == "Seiko Epson Corp. TM-T20II"


@pytest.mark.parametrize(
    ("usb_id", "name", "subsystem", "file"),
    [
        (BRIDGE, "ttyUSB0", "class/tty", "ttyUSB0"),
        (PRINTER_CABLE, "lp0", "class/usbmisc", "usb/lp0"),
    ],
)
def test_an_adapter_has_no_kind_and_can_be_assigned(
    machine: Machine, usb_id: str, name: str, subsystem: str, file: str
) -> None:
    told = machine.test(machine.node(machine.plug(usb_id), name, subsystem, file, 188))
    assert "ID_POSEDGE_KIND" not in told.properties
    assert told.properties["ID_POSEDGE_BRIDGE"].endswith("-bridge")
    assert not [link for link in told.links if link.startswith("/dev/posedge/")]
    assert told.properties["ID_MM_DEVICE_IGNORE"] == "1"
    assert opened_by_posedge(told)


def test_a_scale_without_a_driver_of_the_kernels(machine: Machine) -> None:
    interface = machine.plug(SCALE)
    told = machine.test(machine.node(interface, "hidraw0", "class/hidraw", "hidraw0", 240))
    assert told.ours["ID_POSEDGE_KIND"] == "scale"
    assert told.links >= {"/dev/posedge/scale-hidraw0"}
    assert opened_by_posedge(told)


def test_modem_manager_is_told_at_the_device_and_the_device_stays_roots(machine: Machine) -> None:
    told = machine.test(machine.plug(SCANNER).parent)
    assert told.properties["ID_MM_DEVICE_IGNORE"] == "1"
    assert not opened_by_posedge(told)


def test_a_shop_adds_a_model_of_its_own(tmp_path: Path) -> None:
    shop = "posedge:usb:vDEADp0001*\n ID_POSEDGE_KIND=scanner\n"
    machine = Machine(tmp_path, shop=shop)
    told = machine.test(machine.keyboard(machine.plug(UNKNOWN), 3))
    assert told.ours == {"ID_POSEDGE_KIND": "scanner", "ID_POSEDGE_KEYBOARD": "1"}
    assert opened_by_posedge(told)
