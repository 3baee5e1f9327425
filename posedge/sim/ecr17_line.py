"""The terminal's end of an ECR17 line: requests in, confirmed messages out."""

import asyncio
from contextlib import suppress
from typing import NoReturn, Protocol

from posedge.sim.ecr17_faults import Faults
from posedge.sim.pty import SerialCable
from posedge.sim.tcp import Reader, Writer
from posedge.sim.zvt_wire import Hangup
from posedge.wire.ecr17.frames import ACK, NAK, Decoder, Lrc, Packet, control, packet, progress

TRANSMISSIONS = 3


class Wire(Protocol):
    """Bytes to and from a till; Hangup when it has gone."""

    async def read(self) -> bytes: ...

    async def write(self, data: bytes) -> None: ...

    def cut(self) -> None: ...


class TcpWire:
    def __init__(self, reader: Reader, writer: Writer) -> None:
        self._reader = reader
        self._writer = writer

    async def read(self) -> bytes:
        try:
            data = await self._reader.read(4096)
        except ConnectionError as error:
            raise Hangup from error
        if not data:
            raise Hangup
        return data

    async def write(self, data: bytes) -> None:
        try:
            self._writer.write(data)
            await self._writer.drain()
        except ConnectionError as error:
            raise Hangup from error

    def cut(self) -> None:
        self._writer.transport.abort()


class SerialWire:
    def __init__(self, cable: SerialCable) -> None:
        self._cable = cable

    async def read(self) -> bytes:
        try:
            return await self._cable.read()
        except EOFError as error:
            raise Hangup from error

    async def write(self, data: bytes) -> None:
        self._cable.write(data)

    def cut(self) -> None:
        self._cable.unplug()
        self._cable.plug()


class TerminalLine:
    """Says and hears. `payment` begins, and `settled` ends, the count for `Faults.cut_at`."""

    def __init__(self, wire: Wire, faults: Faults, lrc: Lrc, reply_s: float) -> None:
        self._wire = wire
        self._faults = faults
        self._lrc = lrc
        self._reply_s = reply_s
        self._decoder = Decoder()
        self._said: int | None = None

    def payment(self) -> None:
        self._said = 0

    def settled(self) -> None:
        self._said = None

    async def hear(self) -> bytes:
        """Return the next message of the till; one that came damaged is refused."""
        while True:
            heard = await self._next()
            if isinstance(heard, Packet) and not heard.is_ack and not heard.is_nak:
                if heard.fits(self._lrc):
                    return heard.payload
                await self.refuse()

    async def take(self) -> bool:
        """Confirm a request; False when a fault had it refused."""
        if self._faults.nak:
            self._faults.nak -= 1
            await self.refuse()
            return False
        if self._faults.drop_ack:
            self._faults.drop_ack -= 1
            return True
        await self._write(control(ACK, self._lrc))
        return True

    async def refuse(self) -> None:
        await self._write(control(NAK, self._lrc))

    async def show(self, text: str) -> None:
        await self._write(progress(text))

    async def say(self, payload: bytes) -> bool:
        """Say a message until it is confirmed; False when it never was."""
        for _ in range(TRANSMISSIONS):
            data = packet(payload, self._lrc)
            if self._faults.corrupt:
                self._faults.corrupt -= 1
                data = data[:-1] + bytes([data[-1] ^ 0x40])
            await self._write(data)
            with suppress(TimeoutError):
                async with asyncio.timeout(self._reply_s):
                    if await self._confirmed():
                        return True
        return False

    async def hush(self) -> NoReturn:
        """Hear and say nothing more until the till gives up."""
        while True:
            await self._wire.read()

    async def _confirmed(self) -> bool:
        while True:
            heard = await self._next()
            if isinstance(heard, Packet) and (heard.is_ack or heard.is_nak):
                return heard.is_ack

    async def _next(self) -> object:
        while (heard := self._decoder.pull()) is None:
            self._decoder.feed(await self._wire.read())
        return heard

    async def _write(self, data: bytes) -> None:
        kept = data
        if self._said is not None and self._faults.cut_at is not None:
            kept = data[: max(0, self._faults.cut_at - self._said)]
            self._said += len(data)
        await self._wire.write(kept)
        if len(kept) < len(data):
            self._wire.cut()
            raise Hangup
