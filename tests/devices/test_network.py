import pytest

from posedge.devices.address import Tcp
from posedge.devices.inventory import Body, Inventory, Plugged
from posedge.devices.match import Match, match
from posedge.devices.network import RAW, Service, configured, identity, nodes
from posedge.devices.settings import Assignment
from posedge.model.explanation import Undriven

IPP = "_ipp._tcp.local."
EPSON = {"ty": "EPSON TM-T88VI", "usb_MFG": "EPSON", "usb_MDL": "TM-T88VI"}


def service(txt: dict[str, str], kind: str = RAW, host: str = "10.0.0.31") -> Service:
    return Service(kind, "Printer-12.local.", host, 9100 if kind == RAW else 631, txt)


def body(*services: Service) -> Body:
    inventory = Inventory()
    for node in nodes(services):
        inventory.apply(Plugged(node))
    (found,) = inventory.bodies()
    return found


def decide(found: Body, *assigned: Assignment) -> Match | Undriven | None:
    return match(found, {}, assigned)


@pytest.mark.parametrize(
    ("txt", "driver"),
    [
        (EPSON, "escpos"),
        ({"TY": "Star TSP654II (STR_T-001)"}, "star-printer"),
        ({"usb_MFG": "Star", "usb_MDL": "mC-Print3"}, "star-printer"),
        ({"ty": "Zebra Technologies ZTC ZD421-203dpi ZPL"}, "zpl-printer"),
    ],
)
def test_a_printer_whose_language_is_known_is_driven(txt: dict[str, str], driver: str) -> None:
    found = decide(body(service(txt)))
    assert isinstance(found, Match)
    assert (found.driver, found.address) == (driver, Tcp(host="10.0.0.31", port=9100))


@pytest.mark.parametrize(
    "txt",
    [{"ty": "HP LaserJet 400"}, {"ty": "EPSON WF-2850"}, {"ty": "Star TSP143III"}, {}],
)
def test_another_is_listed_with_what_to_write(txt: dict[str, str]) -> None:
    found = decide(body(service(txt)))
    assert isinstance(found, Undriven)
    assert "found, not driven" in found.reason
    assert 'address = "tcp://10.0.0.31:9100"' in found.remedy


def test_without_raw_printing_nothing_is_driven() -> None:
    found = decide(body(service(EPSON, IPP)))
    assert isinstance(found, Undriven)
    assert "raw" in found.remedy


def test_the_operator_may_say_what_it_speaks_or_leave_it_alone() -> None:
    found = body(service({"ty": "Nobody P1", "mac": "00:11:62:0A:0b:0c"}))
    assert found.port == "network:mac-0011620a0b0c"
    said = Assignment(device=found.port, driver="star-printer", options={})
    chosen = decide(found, said)
    assert isinstance(chosen, Match)
    assert (chosen.driver, chosen.id) == ("star-printer", f"star-printer@{found.port}")
    ignored = decide(found, Assignment(device=found.port, options={}, ignore=True))
    assert isinstance(ignored, Undriven)


def test_identity_is_the_mac_before_the_uuid_before_the_name() -> None:
    plain, uuid = service(EPSON), service({**EPSON, "UUID": "AB-12"}, IPP)
    mac = service({"MAC": "00:26:ab:01:02:03"}, IPP)
    assert identity((plain,)) == "host-Printer-12"
    assert identity((plain, uuid)) == "uuid-ab-12"
    assert identity((plain, uuid, mac)) == "mac-0026ab010203"


def test_another_address_is_the_same_printer() -> None:
    first, second = (decide(body(service(EPSON, host=host))) for host in ("10.0.0.31", "10.0.0.99"))
    assert isinstance(first, Match)
    assert isinstance(second, Match)
    assert (first.id, first.port_key) == (second.id, second.port_key)
    assert first.address != second.address


def test_what_is_configured_is_not_found_again() -> None:
    found = body(service(EPSON), service(EPSON, IPP))
    assert configured(found, frozenset({Tcp(host="10.0.0.31", port=9100)}))
    assert configured(found, frozenset({Tcp(host="printer-12.local", port=9100)}))
    assert not configured(found, frozenset({Tcp(host="10.0.0.31", port=9101)}))


def test_what_anybody_announces_is_cleaned() -> None:
    found = body(service({"ty": "EPSON\x1b[2J TM-T88" + "x" * 500, "UUID": "../../etc\n"}))
    assert found.model.isprintable()
    assert len(found.model) <= 200
    assert found.path == "/network/uuid-etc"
