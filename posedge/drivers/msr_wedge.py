"""Magnetic stripe readers that type: read as a scanner is, told as swipes."""

from typing import ClassVar

from posedge.drivers.interface import Site
from posedge.drivers.wedge import WedgeOptions, WedgeScanner
from posedge.link.scan_source import ScanSource
from posedge.model.capabilities import Kind
from posedge.model.value import Value


class StripeWedge:
    """One stripe reader that types. What is no track at all comes as a scan."""

    name: ClassVar[str] = "msr-wedge"
    kind: ClassVar[Kind] = Kind.MSR
    options: ClassVar[type[Value]] = WedgeOptions

    def __init__(self, site: Site[ScanSource]) -> None:
        self._typist = WedgeScanner(site)

    async def run(self) -> None:
        await self._typist.run()
