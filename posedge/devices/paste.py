"""Configuration that is ready to paste, for a device that nobody has told the box of. Pure."""

import json
from collections.abc import Mapping

from posedge.devices.catalog import BRIDGES, Group, Interface, Model
from posedge.devices.inventory import Body
from posedge.devices.network import NETWORK, address
from posedge.wire.hid import pages

PAGES: Mapping[int, tuple[Group, Interface]] = {
    pages.BARCODE_SCANNER: (Group.SCANNER, Interface.HID_POS),
    pages.SCALE: (Group.SCALE, Interface.HID_POS),
    pages.STRIPE_READER: (Group.MSR, Interface.HID_POS),
}

ASSIGN = """\
# into the configuration: what hangs on this port (or toledo, escpos, zvt …, see the README)
[[devices.assign]]
device = {port}
driver = "serial-scanner"
"""

STATIC = """\
# into the configuration, if this is its language (or star-printer, zpl-printer)
[[devices.static]]
name = "receipts"
driver = "escpos"
address = "{address}"
"""

ROW = """\
# into /etc/posedge/devices.d/shop.toml: a model that the catalog lacks
{id} = {{ kind = "{kind}", vendor = {vendor}, model = {model}, interface = "{interface}" }}
"""


def toml(body: Body, model: Model | None) -> str | None:
    """Return what could have it driven; None where only a person knows, or there is no driver."""
    if model is not None and model.kind not in BRIDGES:
        return None
    if body.files(NETWORK):
        return STATIC.format(address=address(body.files(NETWORK)[0]))
    if body.files("tty"):
        return ASSIGN.format(port=_text(body.port))
    guess = _guess(body)
    if body.usb is None or model is not None or guess is None:
        return None
    vendor, _, name = body.model.partition(" ")
    kind, interface = guess
    return ROW.format(
        id=_text(body.usb.id),
        kind=kind,
        vendor=_text(vendor),
        model=_text(name or vendor),
        interface=interface,
    )


def _guess(body: Body) -> tuple[Group, Interface] | None:
    if any(node.usable for node in body.files("usbmisc")):
        return Group.PRINTER, Interface.PRINTER
    for page, guess in PAGES.items():
        if any(usage >> 16 == page for node in body.nodes for usage in node.applications):
            return guess
    if any(node.keyboard for node in body.nodes):
        return Group.SCANNER, Interface.KEYBOARD
    return None


def _text(text: str) -> str:
    """Write a TOML string: what JSON escapes, TOML escapes alike."""
    return json.dumps(text, ensure_ascii=False)
