"""Orders typed by a person, or piped in: one line each."""

import asyncio
from collections.abc import AsyncIterator
from typing import TextIO


async def orders(stream: TextIO) -> AsyncIterator[str]:
    """Yield the lines of `stream`, blanks around them taken off, until it ends."""
    reader = asyncio.StreamReader()
    try:
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), stream
        )
    except (ValueError, PermissionError):  # a file or /dev/null never blocks: no waiting for it
        for line in stream:
            yield line.strip()
        return
    try:
        async for data in reader:
            yield data.decode(errors="replace").strip()
    finally:
        transport.close()
