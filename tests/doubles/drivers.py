"""Drivers that do what the test says."""

import asyncio
from typing import Any, ClassVar

from posedge.drivers.interface import Site
from posedge.drivers.options import read_options
from posedge.model.capabilities import Kind, ScaleState, Weight
from posedge.model.value import Value


class NoOptions(Value):
    """Nothing can be configured."""


class StubScale:
    """Opens its link at once, reports, and then waits until `fault` is given to it."""

    name: ClassVar[str] = "toledo"
    kind: ClassVar[Kind] = Kind.SCALE
    options: ClassVar[type[Value]] = NoOptions
    made: ClassVar[list["StubScale"]] = []

    def __init__(self, site: Site[Any]) -> None:
        self.site = site
        self.configured = read_options(NoOptions, site.options)
        self.fault: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.ended = False
        self.made.append(self)

    async def run(self) -> None:
        try:
            await self.site.open()
            await self.site.report(None)
            await self.fault
        finally:
            self.ended = True

    def weight(self) -> Weight:
        return Weight(state=ScaleState.ZERO, weight_g=0)

    async def zero(self) -> None: ...

    async def tare(self) -> None: ...


class StubScanner(StubScale):
    name = "wedge"
    kind = Kind.SCANNER
    weight = None  # type: ignore[assignment]
