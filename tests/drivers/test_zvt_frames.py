"""Frames over a serial line: what is left over, who listens, what is said again. Virtual time."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from posedge.drivers.zvt import ZvtTerminal
from posedge.drivers.zvt_frames import SerialFrames
from posedge.link.interface import Link
from posedge.link.memory import MemoryLink
from posedge.model.errors import DeviceError
from posedge.tasks import Crew, cancel
from posedge.wire.zvt.apdu import Apdu
from posedge.wire.zvt.serial import FrameDecoder, framed
from posedge.wire.zvt.transport import ACK, Timing
from tests.doubles.simloop import simulate
from tests.doubles.zvt import Notebook, at, attempt

YES, STATE, RESULT, END = "800000", "060f0100", "040f0727000400000000001250", "060f00"
REGISTERED = "060f0a19002952523535490978"
ENQUIRY = Apdu(0x0501, bytes(3))


def wire(*frames: str) -> bytes:
    apdus = (Apdu(int(frame[:4], 16), bytes.fromhex(frame[6:])) for frame in frames)
    return b"".join(map(framed, apdus))


class Peer:
    """A terminal at the other end, by hand: frames are acknowledged only where it says so."""

    def __init__(self) -> None:
        self.link, self._end = MemoryLink.pair()
        self._decoder = FrameDecoder()

    async def connect(self) -> Link:
        return self.link

    async def says(self, *parts: bytes) -> None:
        await self._end.write(b"".join(parts), deadline_s=1)

    async def hears(self) -> str:
        """Return the next frame in hex, or the name of what stands alone."""
        while (heard := self._decoder.pull()) is None:
            self._decoder.feed(await self._end.read())
        return heard.to_bytes().hex() if isinstance(heard, Apdu) else getattr(heard, "name", "?")

    async def takes(self, count: int) -> list[str]:
        return [await self.hears() for _ in range(count)]


def on(body: Coroutine[Any, Any, None]) -> None:
    simulate(body)


def asked(peer: Peer) -> ZvtTerminal:
    return at(peer.connect, None, None, "serial", t3_ms=5_000)


@pytest.mark.parametrize(
    ("left", "answer"), [(RESULT, "846c00"), (END, YES), ("04ff010a", YES), ("061e016c", YES)]
)
def test_what_is_left_over_is_answered_and_not_believed(left: str, answer: str) -> None:
    """A result that nobody can store any more is refused: the terminal takes it back."""

    async def body() -> None:
        peer = Peer()
        async with Crew("test") as crew:
            status = crew.start(asked(peer).status(), name="status")
            assert await peer.hears() == "0501" + "03000000"
            await peer.says(wire(left))
            assert await peer.takes(2) == ["ACK", answer]
            await peer.says(ACK, wire(YES))
            await peer.hears()
            await peer.says(wire(STATE))
            assert await peer.takes(2) == ["ACK", YES]
            await peer.says(ACK)
            assert await status == "ready"

    on(body())


def test_a_left_over_result_is_not_the_payment_s() -> None:
    async def terminal(peer: Peer) -> None:
        await peer.hears()
        await peer.says(ACK, wire(YES))
        await peer.hears()
        await peer.says(wire(REGISTERED))
        assert await peer.takes(2) == ["ACK", YES]
        await peer.says(ACK)
        assert (await peer.hears()).startswith("0601")
        await peer.says(wire(RESULT))
        assert await peer.takes(2) == ["ACK", "846c00"]
        await peer.says(ACK, wire("846600"))

    async def body() -> None:
        peer, book = Peer(), Notebook()
        async with Crew("test") as crew:
            talking = crew.start(terminal(peer), name="terminal")
            with pytest.raises(DeviceError) as refused:
                await asked(peer).execute(attempt(1250), book)
            await talking
        assert refused.value.code == "terminal.refused"
        assert book.results == []

    on(body())


def test_who_listens_says_again_what_another_said() -> None:
    async def body() -> None:
        peer = Peer()
        frames = SerialFrames(peer.link, Timing(), write_s=1)
        async with Crew("test") as crew:
            hearing = crew.start(frames.receive(), name="hear")
            await asyncio.sleep(1)
            begun_s = asyncio.get_running_loop().time()
            sending = crew.start(frames.send(ENQUIRY, deadline_s=1), name="send")
            assert len(set(await peer.takes(3))) == 1
            assert asyncio.get_running_loop().time() == pytest.approx(begun_s + 10)
            await peer.says(ACK)
            await sending
            await peer.says(wire(STATE))
            assert await hearing == Apdu(0x060F, b"\x00")

    on(body())


def test_nobody_reads_what_we_say() -> None:
    async def body() -> None:
        peer = Peer()
        frames = SerialFrames(peer.link, Timing(), write_s=1)
        begun_s = asyncio.get_running_loop().time()
        with pytest.raises(DeviceError) as deaf:
            await frames.send(ENQUIRY, deadline_s=1)
        assert deaf.value.code == "terminal.deaf"
        assert asyncio.get_running_loop().time() == pytest.approx(begun_s + 15)
        assert len(set(await peer.takes(3))) == 1
        await frames.close()

    on(body())


def test_a_cancelled_sender_leaves_its_frame_and_the_next_one_waits() -> None:
    async def body() -> None:
        peer = Peer()
        frames = SerialFrames(peer.link, Timing(), write_s=1)
        async with Crew("test") as crew:
            first = crew.start(frames.send(ENQUIRY, deadline_s=1), name="first")
            said = await peer.hears()
            await cancel(first)
            second = crew.start(frames.send(Apdu(0x06B0), deadline_s=1), name="second")
            assert await peer.hears() == said
            await peer.says(ACK)
            assert await peer.hears() == "06b000"
            await peer.says(ACK)
            await second

    on(body())
