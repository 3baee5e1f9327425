"""Customer displays of two or four rows of text, on a serial line, USB or TCP.

They never answer. So what they show is sent whole, again when the line was opened anew; whether
anybody can read it, only a person sees.
"""

import asyncio
from collections.abc import Sequence
from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator

from posedge.drivers.interface import Site
from posedge.drivers.options import read_options
from posedge.link.interface import Link
from posedge.model.capabilities import Kind
from posedge.model.display import Row
from posedge.model.errors import DeviceError, MisuseError
from posedge.model.value import Value
from posedge.wire.display_text import CodePage, Glass, glass
from posedge.wire.line_display import DIM, ENCODERS, FULL, Dialect, Encoder, Epson

WRITE_S = 2.0
"""A picture of 4 x 20 takes 0.1 s at 9600 baud: after this the port is dead."""

OFFLINE = "the display is not connected now"


class LineDisplayOptions(Value):
    """`protocol` and `code_page` are what the display is set to, by its switches or its set-up.

    `chained`: a printer hangs on the same line, and hears what is not meant for the display.
    """

    protocol: Dialect = Dialect.CD5220
    columns: Annotated[int, Field(ge=16, le=40)] = 20
    rows: Annotated[int, Field(ge=1, le=4)] = 2
    code_page: CodePage = "cp437"
    brightness_percent: Annotated[int, Field(ge=25, le=100)] = 100
    chained: bool = False

    @model_validator(mode="after")
    def _can_share(self) -> Self:
        if self.chained and self.protocol is not Dialect.EPSON:
            raise ValueError('only a display that speaks "epson" shares its line with a printer')
        return self

    @property
    def encoder(self) -> Encoder:
        return Epson(chained=True) if self.chained else ENCODERS[self.protocol]


class LineDisplayDriver:
    """One display. A LineDisplay as well as a Driver."""

    name: ClassVar[str] = "line-display"
    kind: ClassVar[Kind] = Kind.DISPLAY
    options: ClassVar[type[Value]] = LineDisplayOptions

    def __init__(self, site: Site) -> None:
        self._site = site
        self._options = read_options(LineDisplayOptions, site.options)
        self._encoder = self._options.encoder
        self._link: Link | None = None
        self._turn = asyncio.Lock()

    async def run(self) -> None:
        link = await self._site.open()
        try:
            self._link = link
            dimmed = self._encoder.brightness(_step(self._options.brightness_percent))
            await self._send(self._encoder.begin(self._options.code_page) + (dimmed or b""))
            await self._site.report(None)
            while True:  # it says nothing; what comes is an echo, or that it is gone
                await link.read()
        finally:
            self._link = None
            await link.close()

    @property
    def rows(self) -> int:
        return self._options.rows

    async def display_text(self, rows: Sequence[Row]) -> Glass:
        options = self._options
        shown = glass(rows, columns=options.columns, height=options.rows, page=options.code_page)
        await self._send(self._encoder.picture(shown.to_bytes(options.code_page)))
        return shown

    async def clear(self) -> None:
        await self.display_text(())

    async def brightness(self, percent: int) -> None:
        command = self._encoder.brightness(_step(percent))
        if command is None:
            protocol = self._options.protocol
            text = f"a display that speaks {protocol} cannot be dimmed from here: see its switches"
            raise MisuseError("display.dimless", text)
        await self._send(command)

    def __repr__(self) -> str:
        return f"<LineDisplayDriver {self._site.name}: {self._options.protocol}>"

    async def _send(self, data: bytes) -> None:
        """Write all of it, or close the link: half a command must not be followed by another."""
        async with self._turn:
            link = self._link
            if link is None:
                raise DeviceError("display.offline", OFFLINE)
            whole = False
            try:
                await link.write(data, deadline_s=WRITE_S)
                whole = True
            finally:
                if not whole:
                    await link.close()


def _step(percent: int) -> int:
    """Return the nearest of the four steps that is not below."""
    return min(FULL, max(DIM, -(-percent * FULL // 100)))
