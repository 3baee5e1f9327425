import pytest

from posedge.devices.circumstances import Access, Bound, Circumstances, Holder
from posedge.devices.inventory import Body, Inventory, Node, Plugged
from posedge.devices.remedies import facts, remedy, unhandled
from tests.doubles.plugs import BRIDGE, PRINTER, SCANNER, usb

LP = "/dev/usb/lp0"


def body_of(*nodes: Node) -> Body:
    inventory = Inventory()
    for each in nodes:
        inventory.apply(Plugged(each))
    return inventory.bodies()[0]


@pytest.mark.parametrize(
    ("program", "says"),
    [("cupsd", "lpadmin -x"), ("ModemManager", "udev rules"), ("brltty", "apt remove brltty")],
)
def test_a_node_that_a_known_program_holds(program: str, says: str) -> None:
    found = Circumstances(holders=(Holder(LP, program, 812),))
    said = remedy("device.busy", found, "usblp:///dev/usb/lp0")
    assert said is not None
    assert said.startswith(f"{program} (process 812) holds {LP}: ")
    assert says in said


def test_a_node_that_an_unknown_program_holds() -> None:
    found = Circumstances(holders=(Holder(LP, "minicom", 9),))
    assert remedy("device.busy", found, "") == f"minicom (process 9) holds {LP}: stop it"


def test_a_node_held_by_whom_nobody_can_see() -> None:
    assert "sudo posedge devices --explain" in (remedy("device.busy", Circumstances(), "") or "")
    suspect = Circumstances(services=("ModemManager",))
    assert "disable --now ModemManager" in (remedy("device.busy", suspect, "") or "")


@pytest.mark.parametrize(
    ("group", "says"), [("lp", "usermod -aG lp posedge"), ("root", "60-posedge.rules")]
)
def test_a_node_that_we_may_not_open(group: str, says: str) -> None:
    found = Circumstances(access=(Access(LP, group, f"root:{group} 0660", ours=False),))
    said = remedy("device.forbidden", found, "")
    assert said is not None
    assert says in said
    assert f"root:{group} 0660" in said


def test_a_node_that_may_be_opened_by_now() -> None:
    assert "60-posedge.rules" in (remedy("device.forbidden", Circumstances(), "") or "")


def test_an_address_where_nobody_answers() -> None:
    said = remedy("device.unreachable", Circumstances(), "tcp://10.0.0.31:9100")
    assert said is not None
    assert said.endswith("10.0.0.31:9100")
    assert remedy("device.unreachable", Circumstances(), "pcsc://") is None
    assert remedy(None, Circumstances(), "") is None


@pytest.mark.parametrize(
    ("usb_id", "interface", "module"),
    [
        (PRINTER, "070102", "usblp"),
        (SCANNER, "020201", "cdc_acm"),
        (SCANNER, "030101", "usbhid"),
        (BRIDGE, "ffffff", "ftdi_sio"),
        ("10c4:ea60", "ff0000", "cp210x"),
        ("05e0:0600", "ff0000", "symbolserial"),
    ],
)
def test_the_kernels_driver_is_missing(usb_id: str, interface: str, module: str) -> None:
    said = unhandled(body_of(usb(usb_id)), Circumstances(interfaces=(Bound(interface, None),)))
    assert said is not None
    assert interface in said[0]
    assert f"modprobe {module}" in said[1]


@pytest.mark.parametrize(
    ("usb_id", "bound"),
    [
        (SCANNER, Bound("030101", "usbhid")),
        ("05e0:1900", Bound("ff0000", None)),  # SNAPI: no driver of the kernel is for it
        ("0b97:7772", Bound("0b0000", None)),  # pcscd's
    ],
)
def test_the_kernel_has_done_its_part(usb_id: str, bound: Bound) -> None:
    assert unhandled(body_of(usb(usb_id)), Circumstances(interfaces=(bound,))) is None


def test_what_a_program_took_past_the_kernel() -> None:
    held = Circumstances(interfaces=(Bound("070102", "usbfs"),))
    said = unhandled(body_of(usb(PRINTER)), held)
    assert said is not None
    assert "libusb" in said[0]
    assert "lsof" in said[1]


@pytest.mark.parametrize(
    ("usb_id", "interface", "service", "says"),
    [
        (PRINTER, "070102", "cups", "CUPS prints on it"),
        (BRIDGE, "ff0000", "brltty", "apt remove brltty"),
        (BRIDGE, "ff0000", "cups", "modprobe ftdi_sio"),
    ],
)
def test_what_cups_and_brltty_detach(usb_id: str, interface: str, service: str, says: str) -> None:
    found = Circumstances(interfaces=(Bound(interface, None),), services=(service,))
    said = unhandled(body_of(usb(usb_id)), found)
    assert said is not None
    assert says in said[1]


def test_each_circumstance_is_one_line() -> None:
    found = Circumstances(
        access=(Access(LP, "lp", "root:lp 0660", ours=False),),
        interfaces=(Bound("070102", None),),
        holders=(Holder(LP, "cupsd", 812),),
        services=("cups",),
    )
    assert list(facts(found)) == [
        f"{LP} is root:lp 0660; this user may not open it",
        "interface 070102: no driver of the kernel",
        f"cupsd (process 812) holds {LP}",
        "cups runs on this machine",
    ]
