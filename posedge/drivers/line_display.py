"""Customer displays of two or four rows of text, on a serial line, USB or TCP.

They never answer. So what they show is sent whole, again when the line was opened anew; whether
anybody can read it, only a person sees. A line may be busy for a while, that of a printer above
all: what is newest is sent then, and who has stopped waiting for that spoils nothing.
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
from posedge.tasks import Crew
from posedge.wire.display_text import CodePage, Glass, glass
from posedge.wire.line_display import DIM, ENCODERS, FULL, Dialect, Encoder, Epson

WRITE_S = 2.0
"""A picture of 4 x 20 takes 0.1 s at 9600 baud: after this the port is dead."""


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
        self._online = False
        self._unsent: dict[str, tuple[bytes, asyncio.Future[None]]] = {}
        self._news = asyncio.Event()

    async def run(self) -> None:
        link = await self._site.open()
        try:
            dimmed = self._encoder.brightness(_step(self._options.brightness_percent))
            begin = self._encoder.begin(self._options.code_page) + (dimmed or b"")
            await link.write(begin, deadline_s=WRITE_S)
            self._online = True
            await self._site.report(None)
            async with Crew(f"display.{self._site.device}") as crew:
                crew.start(_hear(link), name="hear")
                crew.start(self._serve(link), name="serve")
                await crew.broken()
        finally:
            self._online = False
            for _, told in self._unsent.values():
                _fail(told, _offline())
            self._unsent.clear()
            await link.close()

    @property
    def rows(self) -> int:
        return self._options.rows

    async def display_text(self, rows: Sequence[Row]) -> Glass:
        options = self._options
        shown = glass(rows, columns=options.columns, height=options.rows, page=options.code_page)
        await self._send("picture", self._encoder.picture(shown.to_bytes(options.code_page)))
        return shown

    async def clear(self) -> None:
        await self.display_text(())

    async def brightness(self, percent: int) -> None:
        command = self._encoder.brightness(_step(percent))
        if command is None:
            protocol = self._options.protocol
            text = f"a display that speaks {protocol} cannot be dimmed from here: see its switches"
            raise MisuseError("display.dimless", text)
        await self._send("brightness", command)

    def __repr__(self) -> str:
        return f"<LineDisplayDriver {self._site.name}: {self._options.protocol}>"

    async def _send(self, what: str, data: bytes) -> None:
        """Return when it was sent, or something newer of its kind in its place."""
        if not self._online:
            raise _offline()
        told: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        before = self._unsent.pop(what, None)
        self._unsent[what] = (data, told)
        self._news.set()
        if before is not None:
            _succeed(before[1])
        await told

    async def _serve(self, link: Link) -> None:
        """Write whole commands; what goes wrong ends the line, half a command being the end."""
        while True:
            await self._news.wait()
            self._news.clear()
            while self._unsent:
                data, told = self._unsent.pop(next(iter(self._unsent)))
                try:
                    await link.write(data, deadline_s=WRITE_S)
                    _succeed(told)
                except DeviceError as error:
                    _fail(told, error)
                    raise
                finally:
                    _fail(told, _offline())  # the line has ended in the middle of it


async def _hear(link: Link) -> None:
    """Read for ever: it says nothing; what comes is an echo, or that it is gone."""
    while True:
        await link.read()


def _offline() -> DeviceError:
    return DeviceError("display.offline", "the display is not connected now")


def _succeed(told: asyncio.Future[None]) -> None:
    if not told.done():  # nobody waits any more
        told.set_result(None)


def _fail(told: asyncio.Future[None], error: DeviceError) -> None:
    if not told.done():
        told.set_exception(error)


def _step(percent: int) -> int:
    """Return the nearest of the four steps that is not below."""
    return min(FULL, max(DIM, -(-percent * FULL // 100)))
