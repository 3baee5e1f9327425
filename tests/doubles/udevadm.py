"""udev over a /sys of our own: the real rule engine and this system's rules, no kernel device.

machine = Machine(tmp_path)
device = machine.plug("0c2e:0b61")                     # a USB device with one interface
told = machine.test(machine.keyboard(device, 3))       # what udev makes of its event3
told.properties["ID_POSEDGE_KIND"], told.links
"""

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

SHIPPED = Path(__file__).parents[2] / "udev"
GROUP_ID = 990

KEYS = "1000000000007 ff9f207ac14057ff febeffdfffefffff fffffffffffffffe"
"""EVIOCGBIT(EV_KEY) of an ordinary keyboard, as the kernel writes it on 64 bits."""

ENTER = """
set -e
cd "$1"
mount --bind /dev/null dev/null
for each in sys run dev etc/udev etc/group; do mount --bind "$each" "/$each"; done
exec udevadm test "$2"
"""


def impossible() -> str:
    """Say why udev cannot be asked on this machine; empty when it can.

    In a chroot udevadm does nothing, and some containers allow nobody a mount namespace.
    """
    if subprocess.run(["systemd-detect-virt", "--quiet", "--chroot"], check=False).returncode == 0:
        return "udevadm does nothing in a chroot"
    tried = subprocess.run([*_unshare(), "true"], check=False, capture_output=True)
    return "this machine allows no mount namespace" if tried.returncode else ""


def _unshare() -> list[str]:
    own = [] if os.geteuid() == 0 else ["--map-root-user"]
    return ["unshare", "--mount", *own]


@dataclass(frozen=True, slots=True)
class Told:
    """What udev made of one node: its properties, and what it said on the way."""

    properties: Mapping[str, str]
    said: str

    @property
    def links(self) -> frozenset[str]:
        return frozenset(self.properties.get("DEVLINKS", "").split())

    @property
    def ours(self) -> Mapping[str, str]:
        return {key: value for key, value in self.properties.items() if key.startswith("ID_POS")}

    @property
    def complaints(self) -> list[str]:
        """What udev did not understand in our rules."""
        said = [line for line in self.said.splitlines() if "60-posedge.rules" in line]
        return [line for line in said if "nvalid" in line or "gnor" in line or "nknown" in line]


class Machine:
    """This system's udev with our rules, our models and, in `shop`, the shop's own.

    `complaints` is what the compiler of the table did not understand.
    """

    def __init__(self, root: Path, *, shop: str = "") -> None:
        self._root = root
        for each in ("sys", "run", "dev", "etc/udev/rules.d", "etc/udev/hwdb.d"):
            (root / each).mkdir(parents=True)
        (root / "dev/null").touch()
        groups = Path("/etc/group").read_text(encoding="utf-8")
        (root / "etc/group").write_text(f"{groups}posedge:x:{GROUP_ID}:\n", encoding="utf-8")
        shutil.copy(SHIPPED / "60-posedge.rules", root / "etc/udev/rules.d")
        shutil.copy(SHIPPED / "60-posedge.hwdb", root / "etc/udev/hwdb.d")
        (root / "etc/udev/hwdb.d/61-shop.hwdb").write_text(shop, encoding="utf-8")
        update = ["systemd-hwdb", "--strict", "update", f"--root={root}"]
        # systemd 252 has --strict and still ends with 0: what it complains of is on its stderr.
        self.complaints = subprocess.run(
            update, check=True, capture_output=True, text=True
        ).stderr.splitlines()

    def query(self, usb_id: str) -> Mapping[str, str]:
        """Return what the compiled hwdb says of a model."""
        asked = f"posedge:{_modalias(usb_id)}"
        command = ["systemd-hwdb", f"--root={self._root}", "query", asked]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        return _properties(done.stdout)

    def plug(self, usb_id: str) -> Path:
        """Return the interface of a new USB device, below which its nodes are."""
        vendor, product = usb_id.split(":")
        device = self._node("devices/pci0/usb1/1-1", "bus/usb", DEVTYPE="usb_device", BUSNUM="001")
        attributes = {"idVendor": vendor, "idProduct": product, "bcdDevice": "0100"}
        for name, value in attributes.items():
            (device / name).write_text(value)
        inside = {"DEVTYPE": "usb_interface", "MODALIAS": _modalias(usb_id)}
        return self._node("devices/pci0/usb1/1-1/1-1:1.0", "bus/usb", **inside)

    def connect(self, usb_id: str) -> Path:
        """Return a new HID device on Bluetooth, as the daemon makes it through uhid."""
        vendor, product = usb_id.upper().split(":")
        modalias = f"hid:b0005g0001v0000{vendor}p0000{product}"
        where = f"devices/virtual/misc/uhid/0005:{vendor}:{product}.0001"
        return self._node(where, "bus/hid", MODALIAS=modalias)

    def keyboard(self, interface: Path, number: int) -> Path:
        """Return the event node of a keyboard at `interface`."""
        where = f"{interface.relative_to(self._root / 'sys')}/input/input{number}"
        device = self._node(where, "class/input")
        (device / "capabilities").mkdir()
        for name, bits in {"ev": "120013", "key": KEYS, "rel": "0", "abs": "0"}.items():
            (device / "capabilities" / name).write_text(bits)
        return self.node(device, f"event{number}", "class/input", f"input/event{number}", 13)

    def node(self, parent: Path, name: str, subsystem: str, file: str, major: int) -> Path:
        """Return a character device below `parent`."""
        where = f"{parent.relative_to(self._root / 'sys')}/{name}"
        return self._node(where, subsystem, MAJOR=str(major), MINOR="7", DEVNAME=file)

    def test(self, node: Path) -> Told:
        """Have udev look at `node` as if it had just been plugged in."""
        path = f"/{node.relative_to(self._root)}"
        done = subprocess.run(
            [*_unshare(), "sh", "-c", ENTER, "sh", str(self._root), path],
            env={**os.environ, "SYSTEMD_DEVICE_VERIFY_SYSFS": "0", "SYSTEMD_LOG_LEVEL": "debug"},
            check=True,
            capture_output=True,
            text=True,
        )
        return Told(_properties(done.stdout), done.stderr)

    def _node(self, where: str, subsystem: str, **uevent: str) -> Path:
        path = self._root / "sys" / where
        path.mkdir(parents=True)
        (self._root / "sys" / subsystem).mkdir(parents=True, exist_ok=True)
        (path / "subsystem").symlink_to(f"/sys/{subsystem}")
        lines = "".join(f"{key}={value}\n" for key, value in uevent.items())
        (path / "uevent").write_text(lines)
        return path


def _modalias(usb_id: str) -> str:
    vendor, product = usb_id.upper().split(":")
    return f"usb:v{vendor}p{product}d0100dc00dsc00dp00ic03isc01ip01in00"


def _properties(text: str) -> Mapping[str, str]:
    pairs = (line.partition("=") for line in text.splitlines())
    return {key.strip(): value for key, equals, value in pairs if equals}
