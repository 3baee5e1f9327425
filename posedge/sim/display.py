"""A customer display at the other end of the wire: shows its glass as text, and never answers.

It is strict where real ones show rubbish: what its command table does not have ends it.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from posedge.model.errors import MisuseError
from posedge.sim.display_glass import Glass
from posedge.sim.display_languages import LANGUAGES
from posedge.sim.pty import Pty, SerialCable

ORDERS = "show, unplug, plug"


class DisplaySim:
    """`pty.path` is its serial port, unless it gets another `cable`.

    `seen` is told the glass whenever it changed.
    """

    def __init__(
        self,
        language: str = "cd5220",
        *,
        columns: int = 20,
        rows: int = 2,
        link: Path | None = None,
        cable: SerialCable | None = None,
        seen: Callable[[Glass], None] | None = None,
    ) -> None:
        if language not in LANGUAGES:
            known = ", ".join(LANGUAGES)
            raise MisuseError("display.language", f"no display speaks {language!r}, but {known}")
        self.pty = cable or Pty(link)
        self.glass = Glass(columns, rows)
        self._hearing = LANGUAGES[language](self.glass)
        next(self._hearing)
        self.seen = seen
        self._news = asyncio.Event()

    def hear(self, data: bytes) -> None:
        """Do what the bytes say; ProtocolError for what is in no command table."""
        before = self.glass.text
        for byte in data:
            self._hearing.send(byte)
        if self.glass.text != before:
            self._news.set()
            if self.seen is not None:
                self.seen(self.glass)

    async def serve(self) -> None:
        """Listen for ever; unplugged, it waits to be plugged again."""
        while True:
            try:
                self.hear(await self.pty.read())
            except EOFError:
                await self.pty.plugged_in()

    async def shows(self, *rows: str) -> None:
        """Return when the glass shows `rows`, blanks at their ends not counted."""
        while tuple(row.rstrip() for row in self.glass.text) != rows:
            await self.changed()

    async def changed(self) -> None:
        """Return when the glass shows something else than now."""
        self._news.clear()
        await self._news.wait()

    async def obey(self, orders: AsyncIterator[str]) -> None:
        """Do what each line says; an order that is none is told and does nothing."""
        async for order in orders:
            match order:
                case "show" | "":
                    print(self.glass, flush=True)
                case "unplug":
                    self.pty.unplug()
                case "plug":
                    self.pty.plug()
                case _:
                    print(f"{order!r} is no order; there are: {ORDERS}", flush=True)
