"""USB devices made of files: configfs gadgets on the kernel's dummy host controller."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

GADGETS = Path("/sys/kernel/config/usb_gadget")

BOOT_KEYBOARD = bytes.fromhex(
    "05010906a101050719e029e71500250175019508810295017508810195057501050819012905910295017503"
    "910195067508150025650507190029658100c0"
)
"""HID 1.11 appendix B.1: eight bytes, modifiers first, six keys."""

WEDGE = {
    "protocol": b"1",
    "subclass": b"1",
    "report_length": b"8",
    "report_desc": BOOT_KEYBOARD,
}
PRINTER = {"pnp_string": b"MFG:EPSON;CMD:ESC/POS;MDL:TM-T88IV;CLS:PRINTER;", "q_len": b"2"}


@dataclass(frozen=True, slots=True)
class Goods:
    """What can be plugged in, as the kernel gets to see it."""

    vendor: int
    product: int
    maker: str
    model: str
    serial: str
    function: str
    attributes: Mapping[str, bytes] = field(default_factory=dict[str, bytes])

    @property
    def id(self) -> str:
        """What posedge calls it: each has a serial number of its own."""
        return f"{self.vendor:04x}:{self.product:04x}:{self.serial}"


class Gadget:
    """One device. Made unplugged, on a port of its own: `dummy_udc.PORT`."""

    def __init__(self, name: str, goods: Goods, port: int) -> None:
        self.goods = goods
        self._udc = f"dummy_udc.{port}"
        self._folder = GADGETS / name
        self._configuration = self._folder / "configs/c.1"
        self._names = self._folder / "strings/0x409"
        self.function = self._folder / "functions" / f"{goods.function}.{name}"

    def plug(self) -> None:
        """Built anew: what a pull in mid-transfer left in the kernel's function is gone."""
        self._build()
        (self._folder / "UDC").write_text(self._udc)

    def pull(self) -> None:
        (self._folder / "UDC").write_text("\n")

    def remove(self) -> None:
        """Take it apart, once it is pulled and nobody holds its node: a tty would be waited for."""
        (self._configuration / self.function.name).unlink()
        for folder in (self.function, self._configuration, self._names, self._folder):
            folder.rmdir()

    @property
    def configured(self) -> bool:
        """Whether the host has taken it up: before, a gadget's functions cannot send."""
        return Path("/sys/class/udc", self._udc, "state").read_text() == "configured\n"

    def number(self, attribute: str) -> int:
        """Return the last number in the function's `attribute`: the minor of its node."""
        return int((self.function / attribute).read_text().rpartition(":")[2])

    def _build(self) -> None:
        goods = self.goods
        self._folder.mkdir()
        self._names.mkdir()
        _write(self._folder, {"idVendor": hex(goods.vendor), "idProduct": hex(goods.product)})
        _write(self._folder, {"bcdDevice": "0x0110", "bcdUSB": "0x0200"})
        _write(self._names, {"manufacturer": goods.maker, "product": goods.model})
        _write(self._names, {"serialnumber": goods.serial})
        self._configuration.mkdir()
        self.function.mkdir()
        for attribute, value in goods.attributes.items():
            (self.function / attribute).write_bytes(value)
        (self._configuration / self.function.name).symlink_to(self.function)


def _write(folder: Path, texts: Mapping[str, str]) -> None:
    for name, text in texts.items():
        (folder / name).write_text(text)
