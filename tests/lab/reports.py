"""HID devices that are no keyboards, on the bus: a POS scanner and a scale."""

import asyncio
import os

from posedge.sim.hid_scale import DESCRIPTOR, HidScaleSim, Status
from posedge.sim.hid_scanner import HidScannerSim
from tests.lab.wedge import Typing, Wedge, sent

PACKET_BYTES = 64
POS_SCANNER = {
    "protocol": b"0",
    "subclass": b"0",
    "report_length": b"64",
    "report_desc": HidScannerSim().descriptor,
}
POS_SCALE = {
    "protocol": b"0",
    "subclass": b"0",
    "report_length": b"6",
    "report_desc": DESCRIPTOR,
}


class PosScanner(Wedge):
    """A scanner in HID POS mode: it sends reports instead of keys."""

    async def type(self, text: str, reports: int | None = None) -> Typing:
        return await sent(HidScannerSim().reports(text)[:reports], self.send)


class PosScale(Wedge):
    """A scale that zeroes when it is told to."""

    def plug(self) -> None:
        super().plug()
        self.sim = HidScaleSim()
        asyncio.get_running_loop().add_reader(self.node, self._told)

    def pull(self) -> None:
        if self.plugged:
            asyncio.get_running_loop().remove_reader(self.node)
        super().pull()

    async def put(self, grams: int, *, moving: bool) -> None:
        await self.send(self.sim.put(grams, Status.MOTION if moving else None))

    def _told(self) -> None:
        self.sim.take(os.read(self.node, PACKET_BYTES))
        os.write(self.node, self.sim.report())
