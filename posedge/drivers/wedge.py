"""Keyboard-wedge scanners: whole scans from a thread that reads the grabbed keyboard."""

from typing import ClassVar, Literal

from posedge.drivers.interface import Site
from posedge.drivers.options import read_options
from posedge.drivers.reading import publish
from posedge.link.interface import ScanSource
from posedge.model.capabilities import Kind
from posedge.model.value import Value
from posedge.wire.keys import LAYOUTS
from posedge.wire.typed import Ending


class WedgeOptions(Value):
    """`layout` is the keyboard that the scanner is set to; `ending` how it ends a code."""

    layout: Literal["us"] = "us"
    ending: Ending = Ending.AUTO


class WedgeScanner:
    """One scanner that types."""

    name: ClassVar[str] = "wedge"
    kind: ClassVar[Kind] = Kind.SCANNER
    options: ClassVar[type[Value]] = WedgeOptions

    def __init__(self, site: Site[ScanSource]) -> None:
        self._site = site
        self._options = read_options(WedgeOptions, site.options)

    async def run(self) -> None:
        source = await self._site.open()
        try:
            source.start(LAYOUTS[self._options.layout], self._options.ending)
            await self._site.report(None)
            while True:
                await publish(self._site, await source.read())
        finally:
            await source.close()
