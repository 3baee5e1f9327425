"""A tape is masked when its line pauses, and not between two messages."""

import asyncio

from posedge.devices.meter import Meter
from posedge.devices.watched import CALM_S, WatchedLink
from posedge.link.tape import DUE_PIECES, Tape
from posedge.wire.masks import PLAIN
from tests.doubles.simloop import simulate


class Line:
    async def write(self, data: bytes, *, deadline_s: float) -> None:
        """Take it."""


async def unheard() -> None:
    """Hear of a flood."""


async def messages_and_a_pause() -> None:
    loop = asyncio.get_running_loop()
    tape = Tape(PLAIN, loop.time())
    link = WatchedLink(Line(), Meter(loop.time()), unheard, tape)
    for _ in range(DUE_PIECES + 8):
        await link.write(b"one message", deadline_s=1)
        await asyncio.sleep(CALM_S / 4)
    before = (tape.due, tape.size > 0)
    await asyncio.sleep(3 * CALM_S)
    assert (before, (tape.due, tape.size > 0)) == ((True, False), (False, True))


def test_the_tape_is_masked_in_a_pause() -> None:
    simulate(messages_and_a_pause())
