"""Magnetic stripe readers over HID: MagTek's, and those of the point of sale standard."""

from typing import ClassVar

from posedge.drivers.interface import Site
from posedge.drivers.options import read_options
from posedge.drivers.reports import described
from posedge.drivers.swiping import publish_swipe
from posedge.link.interface import ReportLink
from posedge.model.capabilities import Kind
from posedge.model.errors import DeviceError
from posedge.model.value import Value
from posedge.wire.hid.stripe import layout, read_stripe

UNKNOWN = "the reader does not say where its tracks are: no driver for this one"


class HidStripeOptions(Value):
    """There is nothing to set."""


class HidStripeReader:
    """One stripe reader. Payment cards go no further than its codec."""

    name: ClassVar[str] = "hid-msr"
    kind: ClassVar[Kind] = Kind.MSR
    options: ClassVar[type[Value]] = HidStripeOptions

    def __init__(self, site: Site[ReportLink]) -> None:
        self._site = site
        read_options(HidStripeOptions, site.options)

    async def run(self) -> None:
        link = await self._site.open()
        try:
            device = described(link)
            where = layout(device)
            if where is None:
                raise DeviceError("device.unsupported", UNKNOWN, device=self._site.device)
            await self._site.report(None)  # a reader says nothing until a card is swiped
            while True:
                swipe = read_stripe(where, *device.divide(await link.read()))
                if swipe is not None:
                    await publish_swipe(self._site, swipe)
        finally:
            await link.close()
