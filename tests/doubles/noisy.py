"""Each kind of device in a test of its misbehaviour: its driver, address, link and words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from posedge.link.interface import Nature
from posedge.link.memory import MemoryLink
from posedge.sim.hid_scale import DESCRIPTOR, HidScaleSim
from posedge.sim.hid_scanner import HidScannerSim
from posedge.sim.hid_stripe import HidStripeSim
from posedge.wire.caisse_ap import message
from posedge.wire.ecr17.frames import progress
from posedge.wire.scan import Dropped, Scan
from posedge.wire.typed import Manner
from posedge.wire.zvt.serial import framed
from posedge.wire.zvt.terminal import IntermediateStatus

CODE = b"4006381333931\r"
SHOWN = IntermediateStatus(0x0A).to_apdu()
SCALE, STRIPE = HidScaleSim(), HidStripeSim(point_of_sale=True)


class TypedLine:
    """A keyboard's link over a line: every chunk that comes is a scan."""

    def __init__(self, link: MemoryLink) -> None:
        self._link = link

    async def start(self, manner: Manner) -> None: ...

    def listen(self, manner: Manner | None) -> None: ...

    async def read(self) -> Scan | Dropped:
        return Scan((await self._link.read(len(CODE))).decode("latin-1"))

    async def close(self) -> None:
        await self._link.close()


class ReportLine:
    """A HID device's link over a line: every `size` bytes that come are a report."""

    def __init__(self, link: MemoryLink, descriptor: bytes, size: int) -> None:
        self._link = link
        self._size = size
        self._report = b""
        self.nature = Nature(0x1234, 0x5678, descriptor)

    @property
    def waiting(self) -> int:
        return int(self._link.waiting)

    async def read(self) -> bytes:
        while len(self._report) < self._size:
            self._report += await self._link.read(self._size - len(self._report))
        report, self._report = self._report, b""
        return report

    async def write(self, report: bytes, *, deadline_s: float) -> None:
        await self._link.write(report, deadline_s=deadline_s)

    async def set_feature(self, report: bytes, *, deadline_s: float) -> None:
        await self._link.write(report, deadline_s=deadline_s)

    async def get_feature(self, number: int, size: int, *, deadline_s: float) -> bytes:
        await self._link.write(bytes([number]), deadline_s=deadline_s)
        return bytes(size)

    async def close(self) -> None:
        await self._link.close()


@dataclass(frozen=True, slots=True)
class Noisy:
    """`words`: what such a device says when all is well. `descriptor`: of a HID device."""

    driver: str
    words: bytes
    address: str = "tcp://a:1"
    descriptor: bytes | None = None
    report_bytes: int = 0

    def link(self, near: MemoryLink) -> Any:
        """Return the box's end as the driver gets it."""
        if self.descriptor is not None:
            return ReportLine(near, self.descriptor, self.report_bytes)
        return TypedLine(near) if self.driver == "wedge" else near


def _hid(driver: str, descriptor: bytes, *reports: bytes) -> Noisy:
    size = len(reports[0])
    return Noisy(driver, b"".join(reports), "hidraw:///dev/hidraw9", descriptor, size)


SERIAL = "serial:///dev/ttyS9"

KINDS: Mapping[str, Noisy] = {
    "serial-scanner": Noisy("serial-scanner", CODE),
    "wedge": Noisy("wedge", CODE),
    "hid-scanner": _hid(
        "hid-scanner", HidScannerSim().descriptor, *HidScannerSim().reports(CODE[:-1].decode())
    ),
    "hid-msr": _hid("hid-msr", STRIPE.descriptor, STRIPE.swipe("", ";9100123456?")),
    "toledo": Noisy("toledo", b"\x0201.250\r"),
    "mt-sics": Noisy("mt-sics", b"S D      1.250 kg\r\n"),
    "auto-scale": Noisy("auto-scale", b"S D      1.250 kg\r\n", SERIAL),
    "hid-scale": _hid("hid-scale", DESCRIPTOR, SCALE.put(1250), SCALE.put(1251)),
    "escpos": Noisy("escpos", b"\x10\x00\x00\x00"),
    "star-printer": Noisy("star-printer", b"\x0f\x00\x00\x00\x00\x00\x00"),
    "zpl-printer": Noisy("zpl-printer", b"\x02030,0,0,0000,000,0,0,0,000,0,0,0\x03\r\n"),
    "line-display": Noisy("line-display", b"\x06"),
    "zvt": Noisy("zvt", SHOWN.to_bytes()),
    "zvt-serial": Noisy("zvt", framed(SHOWN), SERIAL),
    "ecr17": Noisy("ecr17", progress("ATTENDERE PREGO")),
    "ecr17-serial": Noisy("ecr17", progress("ATTENDERE PREGO"), SERIAL),
    "caisse-ap": Noisy("caisse-ap", message({"CZ": "0320"})),
}
