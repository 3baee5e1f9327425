"""Keyboard-wedge scanners: whole scans from a thread that reads the grabbed keyboard."""

from typing import Annotated, ClassVar

from pydantic import Field

from posedge.drivers.interface import Site
from posedge.drivers.options import read_options
from posedge.drivers.reading import publish
from posedge.link.interface import ScanSource
from posedge.model.capabilities import Kind
from posedge.model.value import Value
from posedge.wire.keys import LayoutName
from posedge.wire.strokes import Strokes
from posedge.wire.typed import Ending, Manner


class WedgeOptions(Value):
    """How the scanner is set, see Manner. `layout` is the keyboard that it imitates."""

    layout: LayoutName = "us"
    ending: Ending = Ending.AUTO
    gs: Annotated[str, Field(max_length=16)] = ""
    invert_case: bool = False

    @property
    def manner(self) -> Manner:
        return Manner(self.layout, self.ending, self.gs, self.invert_case)


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
            await source.start(self._options.manner)
            await self._site.report(None)
            while True:
                scan = await source.read()
                assert not isinstance(scan, Strokes), "nobody asked for keys"
                await publish(self._site, scan)
        finally:
            await source.close()
