"""The shop's logo at the head of receipts: a PNG, dithered to black dots once."""

import asyncio
import base64
import io
from pathlib import Path
from typing import Final

import structlog

from posedge.model.errors import ConfigError
from posedge.model.receipt import Picture

MAX_BYTES = 512 * 1024
MAX_PIXELS = 4_000_000
"""A photograph; a small file can unfold into gigabytes."""

SIZE: Final = (384, 240)
"""Dots: what 58 mm paper prints, so that it fits every printer, and 3 cm high."""

WHITE: Final = "white"

log = structlog.get_logger()


class Logo:
    """`path` None: there is none. Read with the first receipt, Pillow with it; then kept."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._picture: Picture | None = None
        self._reading = asyncio.Lock()

    async def picture(self) -> Picture | None:
        """Return it; None also for a file that is none, which the log says once."""
        async with self._reading:
            if self._path is not None:
                try:
                    self._picture = await asyncio.to_thread(read, self._path)
                except ConfigError as error:
                    path = str(self._path)
                    log.error("logo.unreadable", path=path, reason=error.message)  # noqa: TRY400 - told
                self._path = None
        return self._picture


def read(path: Path) -> Picture:
    """Make a picture of the PNG at `path`; ConfigError as below."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        text = f"it cannot be read: {error.strerror}; put a PNG there that the box's user may read"
        raise ConfigError("logo.unreadable", text) from error
    return dithered(data)


def dithered(data: bytes) -> Picture:
    """Make a picture of a PNG: on white, no wider and higher than SIZE, in black dots.

    ConfigError `logo.unreadable` says why it cannot be, and what to do.
    """
    from PIL import Image  # noqa: PLC0415 - 6 MB for who has a logo

    if len(data) > MAX_BYTES:
        text = f"it has more than {MAX_BYTES // 1024} KB; save it smaller, or in fewer colours"
        raise ConfigError("logo.unreadable", text)
    try:
        found = Image.open(io.BytesIO(data), formats=["PNG"])
        if found.width * found.height > MAX_PIXELS:
            text = f"it has more than {MAX_PIXELS} pixels; {SIZE[0]} by {SIZE[1]} are printed"
            raise ConfigError("logo.unreadable", text)
        image = found.convert("RGBA")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        text = "it is no PNG, or a broken one; save it as PNG"
        raise ConfigError("logo.unreadable", text) from error
    paper = Image.new("RGBA", image.size, WHITE)
    paper.alpha_composite(image)
    grey = paper.convert("L")
    grey.thumbnail(SIZE)
    width = -(-grey.width // 8) * 8
    page = Image.new("L", (width, grey.height), WHITE)
    page.paste(grey, ((width - grey.width) // 2, 0))
    bits = page.convert("1").tobytes("raw", "1;I")
    return Picture(width=width, height=page.height, bits=base64.b64encode(bits).decode())
