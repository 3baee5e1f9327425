import asyncio

import pytest

from posedge.link.memory import CAPACITY, Faults, MemoryLink
from posedge.model.errors import DeviceGone
from posedge.tasks import Crew


async def test_chunks() -> None:
    near, far = MemoryLink.pair(theirs=Faults(chunk=2))
    await far.write(b"abcde", deadline_s=1)
    assert [await near.read(), await near.read(), await near.read(1)] == [b"ab", b"cd", b"e"]


async def test_losses_are_counted_from_the_first_byte_ever() -> None:
    near, far = MemoryLink.pair(Faults(loses=lambda n: n in {1, 3}))
    await near.write(b"ab", deadline_s=1)
    await near.write(b"cd", deadline_s=1)
    assert await far.read() == b"a"
    assert await far.read() == b"c"


async def test_delay_holds_bytes_back_and_keeps_their_order() -> None:
    faults = Faults(delay_s=0.02)
    near, far = MemoryLink.pair(faults)
    loop = asyncio.get_running_loop()
    started = loop.time()
    await near.write(b"a", deadline_s=1)
    await near.write(b"b", deadline_s=1)
    assert [await far.read(), await far.read()] == [b"a", b"b"]
    assert loop.time() - started >= 0.02
    faults.delay_s = 0
    await near.write(b"c", deadline_s=1)
    assert await far.read() == b"c"


async def test_cut_in_the_middle_of_a_frame() -> None:
    near, far = MemoryLink.pair(Faults(cut_at=3))
    await far.write(b"unread", deadline_s=1)
    with pytest.raises(DeviceGone):
        await near.write(b"abcdef", deadline_s=1)
    assert await far.read() == b"abc"
    for end in (near, far):
        with pytest.raises(DeviceGone):
            await end.read()
        with pytest.raises(DeviceGone):
            await end.write(b"x", deadline_s=1)


async def test_a_pulled_cable_takes_what_was_under_way() -> None:
    near, far = MemoryLink.pair()
    await near.write(b"never seen", deadline_s=1)
    far.cut()
    for end in (near, far):
        with pytest.raises(DeviceGone):
            await end.read()
    assert repr(near) == "<MemoryLink memory: open>"


async def test_a_writer_waits_for_room() -> None:
    near, far = MemoryLink.pair(Faults(delay_s=0.001))
    data = bytes(CAPACITY + 1)
    async with Crew("test") as crew, asyncio.timeout(5):
        writing = crew.start(near.write(data, deadline_s=5), name="write")
        received = 0
        while received < len(data):
            received += len(await far.read(CAPACITY))
        await writing
