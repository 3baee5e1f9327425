"""Orders typed by a person, or piped in: one line each."""

import asyncio
import os
import stat
from collections.abc import AsyncIterator
from typing import TextIO


async def orders(stream: TextIO) -> AsyncIterator[str]:
    """Yield the lines of `stream`, blanks around them taken off, until it ends."""
    if not _waits(stream):
        for line in stream:
            yield line.strip()
        return
    reader = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), stream
    )
    try:
        async for data in reader:
            yield data.decode(errors="replace").strip()
    finally:
        transport.close()


def _waits(stream: TextIO) -> bool:
    """Whether more may come later: not from a file or /dev/null, which epoll refuses."""
    mode = os.fstat(stream.fileno()).st_mode
    return stream.isatty() or stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)
