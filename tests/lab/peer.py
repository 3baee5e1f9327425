"""What a program does that reads every keyboard into one line: beside it, our figures.

Many scanner services are written so, and with one scanner it works.
"""

import asyncio
import os
from collections.abc import Sequence

from posedge.wire.input_event import InputDecoder, Lost
from tests.lab.box import PATIENCE_S, told
from tests.lab.uevents import UDEV

CODES = ("4006381333931", "9783161484100")
DIGITS = dict(zip(range(2, 12), "1234567890", strict=True))
ENTER = 28
PAIRS = 50


async def a_peer_with_one_buffer_corrupts_overlapping_scans() -> str:
    """The control of what follows: the scans do overlap."""
    await told("uevents")
    for thing in ("scanner", "scanner-2"):
        await told("plug", thing)
    peer = Peer(await _nodes(2))
    try:
        for _ in range(PAIRS):
            await asyncio.gather(
                told("scan", "scanner", CODES[0]), told("scan", "scanner-2", CODES[1])
            )
        async with asyncio.timeout(PATIENCE_S):
            while len(peer.lines) < 2 * PAIRS:  # noqa: ASYNC110 - the kernel tells nobody
                await asyncio.sleep(0.1)
    finally:
        peer.close()
    corrupted = sum(line not in CODES for line in peer.lines)
    assert corrupted, "they did not overlap"
    return f"{corrupted} of {2 * PAIRS} corrupted; without a grab, as it is usual"


class Peer:
    """Reads on the loop what comes from any of `nodes`, and puts it into one line."""

    def __init__(self, nodes: Sequence[str]) -> None:
        self.lines: list[str] = []
        self._line = ""
        self._loop = asyncio.get_running_loop()
        self._fds = [os.open(f"/dev/{node}", os.O_RDONLY | os.O_NONBLOCK) for node in nodes]
        for fd in self._fds:
            self._loop.add_reader(fd, self._arrived, fd, InputDecoder())

    def close(self) -> None:
        for fd in self._fds:
            self._loop.remove_reader(fd)
            os.close(fd)

    def _arrived(self, fd: int, decoder: InputDecoder) -> None:
        decoder.feed(os.read(fd, 64 * 24))
        while (event := decoder.next_event()) is not None:
            if isinstance(event, Lost) or not event.down:
                continue
            if event.code == ENTER:
                self.lines.append(self._line)
                self._line = ""
            else:
                self._line += DIGITS.get(event.code, "?")


async def _nodes(count: int) -> list[str]:
    """Return the input devices that udev has just added."""
    found: list[str] = []
    async with asyncio.timeout(PATIENCE_S):
        while len(found) < count:
            for each in (await told("uevents"))["told"]:
                node = str(each["node"])
                if (each["who"], each["action"]) == (UDEV, "add") and node.startswith(
                    "input/event"
                ):
                    found.append(node)
            await asyncio.sleep(0.1)
    return found


SCENARIOS = (a_peer_with_one_buffer_corrupts_overlapping_scans,)
