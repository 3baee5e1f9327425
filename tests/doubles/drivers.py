"""Drivers that do what the test says."""

import asyncio
from typing import Any, ClassVar

from posedge.drivers.interface import Site
from posedge.model.capabilities import Kind, ScaleState, Weight
from posedge.model.errors import ConfigError


class StubScale:
    """Opens its link at once, reports, and then waits until `fault` is given to it."""

    name: ClassVar[str] = "toledo"
    kind: ClassVar[Kind] = Kind.SCALE
    made: ClassVar[list["StubScale"]] = []

    def __init__(self, site: Site[Any]) -> None:
        self.site = site
        if site.options.keys() & {"wrong", "baud"}:
            raise ConfigError("scale.misconfigured", "no option is called 'wrong'")
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
