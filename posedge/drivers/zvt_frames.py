"""How ZVT's frames travel: bare over TCP, wrapped and acknowledged over a serial line."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import ClassVar, Protocol

from posedge.drivers.interface import Scheme
from posedge.drivers.zvt_options import ZvtOptions
from posedge.link.interface import Link
from posedge.model.errors import DeviceError
from posedge.wire.zvt.apdu import Apdu, ApduDecoder
from posedge.wire.zvt.transport import Timing, Transport

DEAF = "the terminal reads nothing: check its cable, and that it is set to ZVT at this baud rate"


class Frames(Protocol):
    """Whole frames over a link that it owns.

    - `fresh`: all that is heard was said in this conversation. A serial line has no beginning:
      what the terminal could not get rid of before may come first.
    - `mending_s`: how much later a frame may come because the line had to say it again.
    - `send` returns when the frame is on its way (TCP) or was acknowledged (serial: DeviceError
      `terminal.deaf` when it never was). That is the line's word, never the terminal's answer.
    - `receive` returns the next frame; ProtocolError for what is none. A cancelled one loses none.
    - Two tasks may send and receive at once; both raise what the link does.
    """

    fresh: ClassVar[bool]

    @property
    def mending_s(self) -> float: ...

    async def send(self, apdu: Apdu, *, deadline_s: float) -> None: ...

    async def receive(self) -> Apdu: ...

    async def close(self) -> None: ...


class StreamFrames:
    """Over TCP (PA00P016 rev 04): frames as they are, one behind the other."""

    fresh: ClassVar = True
    mending_s = 0.0

    def __init__(self, link: Link) -> None:
        self._link = link
        self._decoder = ApduDecoder()
        self._voice = asyncio.Lock()

    async def send(self, apdu: Apdu, *, deadline_s: float) -> None:
        async with self._voice:
            await self._link.write(apdu.to_bytes(), deadline_s=deadline_s)

    async def receive(self) -> Apdu:
        while (apdu := self._decoder.pull()) is None:
            self._decoder.feed(await self._link.read())
        return apdu

    async def close(self) -> None:
        await self._link.close()


class SerialFrames:
    """Over a serial line. It listens only while somebody sends or receives, for both of them."""

    fresh: ClassVar = False

    def __init__(self, link: Link, timing: Timing, *, write_s: float) -> None:
        self.mending_s = timing.mending_s
        self._link = link
        self._transport = Transport(timing)
        self._write_s = write_s
        self._voice = asyncio.Lock()
        self._ear = asyncio.Lock()
        self._patience: asyncio.Timeout | None = None

    async def send(self, apdu: Apdu, *, deadline_s: float) -> None:
        async with self._voice:
            await self._until(lambda: self._transport.settled)  # what was cancelled, or is repeated
            self._transport.send(apdu, _now_s())
            if self._patience is not None and not self._patience.expired():
                self._patience.reschedule(self._transport.due_s)  # who listens repeats it in time
            await self._speak(deadline_s)
            await self._until(lambda: self._transport.settled)
            if self._transport.gave_up:
                raise DeviceError("terminal.deaf", DEAF)

    async def receive(self) -> Apdu:
        await self._until(lambda: self._transport.waiting)
        apdu = self._transport.pull()
        assert apdu is not None, "one was waiting"
        return apdu

    async def close(self) -> None:
        await self._link.close()

    async def _until(self, done: Callable[[], bool]) -> None:
        """Listen until `done`; one task at a time listens, for all."""
        while not done():
            async with self._ear:
                if not done():
                    await self._listen()

    async def _listen(self) -> None:
        """Take in what comes next, or that nothing came in time."""
        data = b""
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout_at(self._transport.due_s) as self._patience:
                    data = await self._link.read()
        finally:
            self._patience = None
        self._transport.feed(data, _now_s())
        await self._speak(self._write_s)

    async def _speak(self, deadline_s: float) -> None:
        while (data := self._transport.outgoing()) is not None:
            await self._link.write(data, deadline_s=deadline_s)


def frames_over(link: Link, scheme: Scheme, options: ZvtOptions) -> Frames:
    """Return what the terminal behind an address of this scheme speaks."""
    if scheme != "serial":
        return StreamFrames(link)
    timing = Timing(options.t1_ms / 1000, options.t2_ms / 1000)
    return SerialFrames(link, timing, write_s=options.t3_ms / 1000)


def _now_s() -> float:
    return asyncio.get_running_loop().time()
