"""What is offered for pasting is what the configuration takes."""

import tomllib
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from posedge.devices.address import Tcp
from posedge.devices.catalog import Group, load
from posedge.devices.inventory import Body, Inventory, Node, Plugged
from posedge.devices.match import Match, match
from posedge.devices.network import RAW, Service, configured, nodes
from posedge.devices.settings import DevicesSettings
from posedge.model.explanation import Undriven
from tests.doubles.plugs import BRIDGE, event, hidraw, lp, tty, usb

STRANGE = "abcd:0001"


def body_of(*plugged: Node) -> Body:
    inventory = Inventory()
    for each in plugged:
        inventory.apply(Plugged(each))
    return inventory.bodies()[0]


def decided(*plugged: Node, catalog: Path | None = None, **settings: object) -> Undriven | Match:
    chosen = DevicesSettings.model_validate(settings)
    found = match(body_of(*plugged), load(shop=catalog), chosen.assign)
    assert found is not None
    return found


def undriven(*plugged: Node) -> Undriven:
    found = decided(*plugged)
    assert isinstance(found, Undriven)
    return found


@pytest.mark.parametrize(
    ("kind", "driver", "kinds"),
    [
        (Group.SCANNER, "wedge", [event]),
        (Group.PRINTER, "escpos", [lp]),
        (Group.SCANNER, "hid-scanner", [lambda device: hidraw(device, 0, 0x8C0002)]),
        (Group.SCALE, "hid-scale", [lambda device: hidraw(device, 0, 0x8D0020)]),
        (Group.MSR, "hid-msr", [lambda device: hidraw(device, 0, 0x8E0001)]),
    ],
)
def test_an_unknown_model_is_driven_once_its_row_is_pasted(
    tmp_path: Path, kind: Group, driver: str, kinds: Sequence[Callable[[Node], Node]]
) -> None:
    device = usb(STRANGE, model='Acme "Zap" \\ Ünit')
    plugged = [device, *(each(device) for each in kinds)]
    said = undriven(*plugged)
    assert said.toml is not None
    (tmp_path / "shop.toml").write_text(said.toml)
    assert load(shop=tmp_path)[STRANGE].kind is kind
    found = decided(*plugged, catalog=tmp_path)
    assert isinstance(found, Match)
    assert found.driver == driver


def test_a_cable_is_driven_once_its_assignment_is_pasted() -> None:
    device = usb(BRIDGE)
    said = undriven(device, tty(device))
    pasted = tomllib.loads(said.toml or "")
    found = decided(device, tty(device), **pasted["devices"])
    assert isinstance(found, Match)
    assert (found.driver, found.port) == ("serial-scanner", said.port)


def test_a_printer_on_the_network_is_driven_once_it_is_pasted() -> None:
    service = Service(RAW, "bp.local.", "10.0.0.31", 9100, {"ty": "Acme Blitz"})
    said = undriven(*nodes([service]))
    chosen = DevicesSettings.model_validate(tomllib.loads(said.toml or "")["devices"])
    assert configured(body_of(*nodes([service])), frozenset({Tcp(host="10.0.0.31", port=9100)}))
    assert chosen.static[0].address == "tcp://10.0.0.31:9100"


def test_nothing_is_offered_for_what_is_no_part_of_a_till() -> None:
    mouse = usb(STRANGE)
    assert undriven(mouse, event(mouse, keyboard=False)).toml is None
    assert undriven(usb(STRANGE, interfaces=":080650:")).toml is None
    assert undriven(usb("0c2e:0007")).toml is None  # known, in the wrong mode


def test_its_id_fits_a_path() -> None:
    plain = usb(STRANGE)
    assert undriven(plain, event(plain)).id == "device@pci-0000:00:14.0-usb-0:1"
    assert plain.usb is not None
    serial = replace(plain, usb=replace(plain.usb, serial="A/7 x"))
    assert undriven(serial).id == f"{STRANGE}:A-7-x"
