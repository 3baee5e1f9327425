"""A Mettler Toledo 8217 at the other end of the wire, with switchable faults."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from posedge.model.errors import MisuseError
from posedge.sim.pty import Pty, SerialCable
from posedge.sim.scale_plate import CAPACITY_G, Plate
from posedge.wire.toledo import Flag, Reading, Status

COMMAND = re.compile(rb"[WZC]|T(\d{5})?\r")
INCOMPLETE = re.compile(rb"T\d{0,5}")
TARE_S = 0.15
"""What the scale takes to answer T and C (DIVA manual, 6.1.3.2)."""

ORDERS = "put GRAMS [SECONDS MOVING], silent|garbled|once|pounds on|off, unplug, plug"


@dataclass(slots=True)
class Faults:
    """`once`: sends each weight once, then a status without bits until it changes."""

    silent: bool = False
    garbled: bool = False
    once: bool = False
    pounds: bool = False


class ScaleSim:
    """`pty.path` is its serial port, unless it gets another `cable`."""

    def __init__(
        self,
        *,
        capacity_g: int = CAPACITY_G,
        link: Path | None = None,
        cable: SerialCable | None = None,
    ) -> None:
        self.pty = cable or Pty(link)
        self.plate = Plate(capacity_g=capacity_g)
        self.faults = Faults()
        self._heard = b""
        self._sent: Reading | None = None

    def put(self, weight_g: int, *, moving_s: float = 0.0) -> None:
        """See Plate.put; by the loop's clock."""
        self.plate.put(weight_g, now_s=self._now_s, moving_s=moving_s)

    async def serve(self) -> None:
        """Answer for ever; unplugged, it waits to be plugged again."""
        while True:
            try:
                self._heard += await self.pty.read()
            except EOFError:
                self._heard = b""
                await self.pty.plugged_in()
            for command in self._commands():
                await self._answer(command)

    async def obey(self, orders: AsyncIterator[str]) -> None:
        """Do what each line says; an order that is none is told and does nothing."""
        async for order in orders:
            try:
                self.order(order)
            except MisuseError as error:
                print(error.message)

    def order(self, order: str) -> None:
        """Do what `order` says; MisuseError `order.unknown` lists what can be said."""
        match order.split():
            case ["put", grams] if _is_weight(grams):
                self.put(int(grams))
            case ["put", grams, seconds] if _is_weight(grams) and _is_time(seconds):
                self.put(int(grams), moving_s=float(seconds))
            case [("silent" | "garbled" | "once" | "pounds") as fault, ("on" | "off") as switch]:
                setattr(self.faults, fault, switch == "on")
            case ["unplug"]:
                self.pty.unplug()
            case ["plug"]:
                self.pty.plug()
            case _:
                raise MisuseError("order.unknown", f"{order!r} is no order; there are: {ORDERS}")

    @property
    def _now_s(self) -> float:
        return asyncio.get_running_loop().time()

    def _commands(self) -> list[bytes]:
        """Take whole commands from what was heard; what is none is passed over, as scales do."""
        found: list[bytes] = []
        while self._heard and not INCOMPLETE.fullmatch(self._heard):
            command = COMMAND.match(self._heard)
            if command is not None:
                found.append(command[0])
            self._heard = self._heard[command.end() if command else 1 :]
        return found

    async def _answer(self, command: bytes) -> None:
        if command[:1] in {b"T", b"C"}:
            await asyncio.sleep(TARE_S)
        reply = self._reply(command, self._now_s)
        if self.faults.garbled:
            reply = reply[1:-1] + b"\x7f"
        if not self.faults.silent:
            self.pty.write(reply)

    def _reply(self, command: bytes, now_s: float) -> bytes:
        match command[:1]:
            case b"W":
                return self._weight(now_s)
            case b"Z":
                self.plate.zero(now_s)
            case b"T" if command[1:-1]:
                self.plate.preset_tare(int(command[1:-1]))
            case b"T":
                self.plate.tare(now_s)
            case _:
                self.plate.clear_tare(now_s)
        return self.plate.status(now_s).to_bytes()

    def _weight(self, now_s: float) -> bytes:
        answer = self.plate.weight(now_s)
        before, self._sent = self._sent, answer if isinstance(answer, Reading) else None
        if self.faults.once and before is not None and before == self._sent:
            return Status(Flag(0)).to_bytes()
        if self.faults.pounds and self._sent is not None:
            return b"\x0201.23\r"
        return answer.to_bytes()


def _is_weight(text: str) -> bool:
    return re.fullmatch(r"-?\d{1,6}", text, re.ASCII) is not None


def _is_time(text: str) -> bool:
    return re.fullmatch(r"\d{1,4}(\.\d{1,3})?", text, re.ASCII) is not None
