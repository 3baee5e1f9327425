"""What would have a device driven, from what the machine has to do with it. Pure."""

from collections.abc import Iterator, Mapping

from posedge.devices.circumstances import Access, Circumstances, Holder
from posedge.devices.inventory import Body

MODULES: Mapping[str, str] = {"07": "usblp", "02": "cdc_acm", "03": "usbhid"}
"""The kernel's drivers for the USB classes of tills (Linux: drivers/usb/class, drivers/hid)."""

ADAPTER_MODULES: Mapping[str, str] = {
    "0403:": "ftdi_sio",
    "067b:": "pl2303",
    "10c4:": "cp210x",
    "1a86:": "ch341",
    "05e0:0600": "symbolserial",
}
"""The kernel's drivers by the beginning of the USB id (Linux: drivers/usb/serial)."""

VENDOR_CLASS = "ff"
AROUND_THE_KERNEL = "usbfs"
"""What a USB interface's driver is called while a program holds it through libusb."""

PRINTING = "07"

CUPS = (
    "CUPS prints on it: remove its queue (`lpadmin -x NAME`), or `systemctl disable --now cups`, "
    "and plug it in again"
)
BRLTTY = "brltty takes it for a Braille display: `apt remove brltty`, and plug it in again"
MODEM_MANAGER = (
    "ModemManager asks whether it is a modem: install the udev rules of posedge, or "
    "`systemctl disable --now ModemManager`, and plug it in again"
)
PROGRAMS: Mapping[str, str] = {
    "cupsd": CUPS,
    "usb": CUPS,  # its backend, which opens the node
    "cups": CUPS,
    "brltty": BRLTTY,
    "ModemManager": MODEM_MANAGER,
}

HELD = ("device.busy", "device.overrun")
FORBIDDEN = "device.forbidden"
UNREACHABLE = "device.unreachable"


def unhandled(body: Body, found: Circumstances) -> tuple[str, str] | None:
    """Return reason and remedy where the kernel, or a program around it, is in the way."""
    for each in found.interfaces:
        kind = each.interface[:2]
        if each.driver == AROUND_THE_KERNEL:
            return "a program holds it through libusb, past the kernel", _let_go(kind, found)
        module = _adapter(body) if kind == VENDOR_CLASS else MODULES.get(kind)
        if each.driver is not None or module is None:
            continue
        reason = f"no driver of the kernel is bound to its interface {each.interface}"
        if kind in {PRINTING, VENDOR_CLASS} and found.services:
            return reason, f"{_let_go(kind, found)}; else `modprobe {module}`"
        return reason, f"`modprobe {module}` (for good: its name in /etc/modules-load.d)"
    return None


def remedy(code: str | None, found: Circumstances, address: str) -> str | None:
    """Return what would help a device that failed with `code`; None when its reason says it."""
    if code == FORBIDDEN:
        return _permit([each for each in found.access if not each.ours])
    if code in HELD:
        return _free(found)
    if code == UNREACHABLE and address.startswith("tcp:"):
        return (
            f"see that it is switched on and on this network, and that its own status print says "
            f"the address {address.removeprefix('tcp://')}"
        )
    return None


def facts(found: Circumstances) -> Iterator[str]:
    """Say each circumstance in one line."""
    for access in found.access:
        able = "may" if access.ours else "may not"
        yield f"{access.file} is {access.rights}; this user {able} open it"
    for each in found.interfaces:
        yield f"interface {each.interface}: {each.driver or 'no driver of the kernel'}"
    yield from (_held(each) for each in found.holders)
    yield from (f"{each} runs on this machine" for each in found.services)


def _adapter(body: Body) -> str | None:
    usb_id = body.usb.id if body.usb else ""
    found = (module for start, module in ADAPTER_MODULES.items() if usb_id.startswith(start))
    return next(found, None)


def _permit(denied: list[Access]) -> str:
    install = "install udev/60-posedge.rules and plug it in again"
    if not denied:
        return install
    group = denied[0].group
    if group == "root":
        return f"{denied[0].file} is {denied[0].rights}: {install}"
    return (
        f"{denied[0].file} is {denied[0].rights}: {install}, or add this user to the group "
        f"(`usermod -aG {group} posedge`) and restart"
    )


def _free(found: Circumstances) -> str:
    if found.holders:
        said = "; ".join(_held(each) for each in found.holders)
        known = [PROGRAMS[each.program] for each in found.holders if each.program in PROGRAMS]
        return f"{said}: {known[0] if known else 'stop it'}"
    if found.services:
        return "; or ".join(PROGRAMS[each] for each in found.services)
    return "stop the program that holds it: `sudo posedge devices --explain` may name it"


def _let_go(kind: str, found: Circumstances) -> str:
    wanted = "cups" if kind == PRINTING else "brltty"
    if wanted in found.services:
        return PROGRAMS[wanted]
    return "stop the program that took it (`lsof /dev/bus/usb/*/*` names it), and plug it in again"


def _held(each: Holder) -> str:
    return f"{each.program} (process {each.pid}) holds {each.file}"
