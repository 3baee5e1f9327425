"""A barcode scanner on a serial line: sends what it is told to scan."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

from posedge.sim.pty import Pty, SerialCable

GS = "\x1d"
TYPED_GS = "{GS}"
"""How a person writes a group separator."""


class ScannerSim:
    """`pty.path` is its serial port, unless it gets another `cable`.

    `aim`: whether it sends AIM identifiers. `character_s` is the time
    that each character takes: 0.001 at 9600 baud, 0 on USB.
    """

    def __init__(
        self,
        *,
        terminator: bytes = b"\r",
        aim: bool = False,
        character_s: float = 0.0,
        link: Path | None = None,
        cable: SerialCable | None = None,
    ) -> None:
        self.pty = cable or Pty(link)
        self.terminator = terminator
        self.aim = aim
        self._character_s = character_s

    async def scan(self, code: str) -> None:
        """Send one code as the scanner sends it, in UTF-8."""
        sent = (aim_identified(code) if self.aim else code).encode() + self.terminator
        if not self._character_s:
            self.pty.write(sent)
            return
        for byte in sent:
            self.pty.write(bytes([byte]))
            await asyncio.sleep(self._character_s)

    async def serve(self, codes: AsyncIterator[str]) -> None:
        """Scan each line as a code, `{GS}` meaning the separator; `unplug` and `plug` do that."""
        async for code in codes:
            match code:
                case "unplug":
                    self.pty.unplug()
                case "plug":
                    self.pty.plug()
                case "":
                    pass
                case _:
                    await self.scan(code.replace(TYPED_GS, GS))


def aim_identified(code: str) -> str:
    """Return `code` behind the identifier that fits it best (ISO/IEC 15424)."""
    if GS in code:
        return f"]C1{code.removeprefix(GS)}"
    if code.isascii() and code.isdigit():
        match len(code):
            case 8:
                return f"]E4{code}"
            case 12:
                return f"]E00{code}"  # UPC-A goes as the EAN-13 that it is
            case 13:
                return f"]E0{code}"
            case _:
                pass
    return f"]C0{code}"
