"""Why a device is not driven, and what would change that: two sentences for a person. Pure."""

from collections.abc import Mapping

from posedge.devices import network
from posedge.devices.catalog import BRIDGES, Group, Interface, Model
from posedge.devices.inventory import Body
from posedge.wire.hid import pages

NOT_YET: Mapping[Group, str] = {
    Group.LINE_DISPLAY: "customer displays without a serial port",
    Group.NFC_PAYMENT: "contactless payment readers",
    Group.RFID: "RFID readers",
    Group.PINPAD: "PIN pads",
    Group.PAYMENT_TERMINAL: "payment terminals by cable",
    Group.CASH_RECYCLER: "cash recyclers",
    Group.BILL_ACCEPTOR: "bill acceptors",
}

ASKED: Mapping[Group, tuple[str, str]] = {
    **dict.fromkeys(BRIDGES, ("a cable adapter: what hangs behind it could be anything", "…")),
    Group.LABEL_PRINTER: (
        "a label printer of unknown language: if it is ZPL, say so",
        "zpl-printer",
    ),
}
"""What only the operator knows, and the driver that it may be."""

MODES: Mapping[Interface, str] = {
    Interface.IBM_OEM: "IBM OEM mode",
    Interface.HID: "a HID mode that is no keyboard",
    Interface.VENDOR: "its maker's own mode",
}

CLAIMS: Mapping[int, tuple[str, str]] = {
    pages.BARCODE_SCANNER: ("a barcode scanner (HID POS)", "hid-scanner"),
    pages.SCALE: ("a scale (HID POS)", "hid-scale"),
    pages.STRIPE_READER: ("a magnetic stripe reader (HID POS)", "hid-msr"),
}
"""What a HID device says it is, by the usage page of its collections, and the driver for it."""

CLASSES: Mapping[str, str] = {
    "01": "an audio device",
    "06": "a camera",
    "07": "a printer that no kernel driver holds",
    "08": "mass storage",
    "0b": "a smart card reader",
    "0e": "a camera",
    "e0": "a wireless adapter",
}
"""USB base classes (usb.org, Defined Class Codes)."""

NOTHING = "nothing to do, unless it should be part of the till"


def why(
    body: Body, model: Model | None, driver: str | None, media: Mapping[str, tuple[str, ...]]
) -> tuple[str, str]:
    """Return reason and remedy; `media` are the kinds of node that each driver works on."""
    if driver is not None:
        wanted = " or ".join(media.get(driver, ())) or "network"
        return (
            f"the driver {driver} needs a node of type {wanted}, and this device shows none",
            "assign another driver in [[devices.assign]], or load the kernel's driver for it",
        )
    if network.offered(body):
        return network.why(body)
    return _unknown(body) if model is None else _known(body, model)


def _known(body: Body, model: Model) -> tuple[str, str]:
    if model.why is not None:
        return model.why, "use another mode or model, or assign a driver in [[devices.assign]]"
    if model.kind in ASKED:
        return _assign(body, *ASKED[model.kind])
    if model.kind in NOT_YET:
        return f"no driver yet for {NOT_YET[model.kind]}", NOTHING
    if model.kind is Group.SCANNER and model.interface in MODES:
        return (
            f"the scanner is in {MODES[model.interface]}, for which there is no driver yet",
            "scan the programming code for USB keyboard or USB serial (COM port) from its manual",
        )
    if any(body.files(each) for each in ("hidraw", "input")):
        return (
            f"a known {model.kind} in a mode or language for which there is no driver yet",
            "set it to another mode (HID POS, serial), or assign a driver in [[devices.assign]]",
        )
    return (
        f"a known {model.kind} that shows no device node to work on",
        "wait a moment, plug it in again, or load the kernel's driver for it",
    )


def _unknown(body: Body) -> tuple[str, str]:
    if body.files("tty"):
        return _assign(body, "a serial port: what hangs behind it could be anything")
    if any(node.usable for node in body.files("usbmisc")):
        return _assign(body, "a printer that is not in the catalog", "escpos")
    if any(node.keyboard for node in body.nodes):
        return _assign(body, "a keyboard, not in the catalog: if it is a scanner, say so", "wedge")
    for page, (claim, driver) in CLAIMS.items():
        if any(usage >> 16 == page for node in body.nodes for usage in node.applications):
            return _assign(
                body, f"{claim}, not in the catalog: if it is the till's, say so", driver
            )
    if body.files("hidraw") or body.files("input"):
        return "a mouse, touch screen or other input device, not in the catalog", NOTHING
    first = body.usb.interfaces[1:3] if body.usb else ""
    return f"{CLASSES.get(first, 'a USB device')}, not in the catalog of till hardware", NOTHING


def _assign(body: Body, reason: str, driver: str = "…") -> tuple[str, str]:
    said = f'[[devices.assign]] with device = "{body.port}" and driver = "{driver}"'
    return reason, f"add {said} to the configuration"
