"""A payment terminal on a serial line: its frames are wrapped, acknowledged and repeated.

A line has no connections. Where a TCP register hangs up, this one begins anew with a command; and
what was silent until then, hears it. A cut line is an adapter that was pulled and put back.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn

from posedge.sim.pty import SerialCable
from posedge.sim.zvt import ZvtTerminalSim
from posedge.sim.zvt_faults import Faults
from posedge.sim.zvt_wire import Hangup, Scissors
from posedge.wire.zvt.apdu import Apdu
from posedge.wire.zvt.register import ABORT, ANSWERS
from posedge.wire.zvt.transport import ACK, NAK, Timing, Transport

NOISE = b"\x00\xff\x55"
"""As a plug makes it; neither ACK, NAK nor DLE, which would mean something."""

FLIPPED = 0x40
"""This bit of a frame's last byte comes wrong."""


async def attend(terminal: ZvtTerminalSim, cable: SerialCable, timing: Timing) -> NoReturn:
    """Be this terminal at the end of a cable for ever; unplugged, it waits."""
    wire = SerialWire(cable, terminal.faults, timing)
    while True:
        await cable.plugged_in()
        await terminal.converse(wire)


class SerialWire:
    """A Wire; `Faults.line` tells what the line does to what is said on it."""

    def __init__(self, cable: SerialCable, faults: Faults, timing: Timing) -> None:
        self.scissors = Scissors(faults)
        self.mending_s = timing.mending_s
        self._cable = cable
        self._faults = faults
        self._timing = timing
        self._transport = Transport(timing)
        self._begun: Apdu | None = None

    async def send(self, frame: Apdu) -> None:
        await self._until(lambda: self._transport.settled)  # an answer may be under way once more
        self._transport.send(frame, _now_s())
        self._speak()
        await self._until(lambda: self._transport.settled)
        if self._transport.gave_up:
            raise Hangup

    async def receive(self) -> Apdu:
        begun, self._begun = self._begun, None
        if begun is not None:
            return begun
        await self._until(lambda: self._transport.waiting)
        frame = self._transport.pull()
        assert frame is not None, "one was waiting"
        return frame

    async def hush(self) -> NoReturn:
        self._forget()  # a register that says the same again begins anew: nothing was answered
        while not _begins(frame := await self.receive()):
            pass
        self._begun = frame
        raise Hangup

    async def _until(self, done: Callable[[], bool]) -> None:
        while not done():
            await self._listen()

    async def _listen(self) -> None:
        data = b""
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout_at(self._transport.due_s):
                    data = await self._cable.read()
        except EOFError as error:
            self._forget()
            raise Hangup from error
        self._transport.feed(data, _now_s())
        self._speak()

    def _speak(self) -> None:
        while (data := self._transport.outgoing()) is not None:
            spoilt = self._spoilt(data)
            kept = self.scissors.cut(spoilt)
            self._cable.write(kept)
            if len(kept) < len(spoilt):
                self._cable.unplug()
                self._cable.plug()
                self._forget()
                raise Hangup

    def _spoilt(self, data: bytes) -> bytes:
        line = self._faults.line
        if data == ACK and line.spoils("drop_ack"):
            return b""
        if data == ACK and line.spoils("nak"):
            return NAK
        if len(data) > 1 and line.spoils("corrupt"):
            return data[:-1] + bytes([data[-1] ^ FLIPPED])
        if len(data) > 1 and line.spoils("noise"):
            return NOISE + data
        return data

    def _forget(self) -> None:
        self._transport = Transport(self._timing)


def _begins(frame: Apdu) -> bool:
    """Whether a register that says this has given up what it did before."""
    return frame.command >> 8 not in ANSWERS and frame.command != ABORT


def _now_s() -> float:
    return asyncio.get_running_loop().time()
