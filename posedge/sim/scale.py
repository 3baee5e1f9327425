"""A scale at the other end of the wire, in any dialect, with switchable faults."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from posedge.model.errors import MisuseError
from posedge.sim.pty import Pty, SerialCable
from posedge.sim.scale_plate import CAPACITY_G, Plate
from posedge.sim.scale_records import Berkel, CasRetail, Dialog04, Dialog06
from posedge.sim.scale_voices import (
    STREAM_S,
    Cas22,
    MtSics,
    Nci,
    Toledo8213,
    Toledo8217,
    Voice,
)

TOLEDO = "toledo"
VOICES: Mapping[str, Callable[[], Voice]] = {
    TOLEDO: Toledo8217,
    "toledo-8213": Toledo8213,
    "dialog-04": Dialog04,
    "dialog-06": Dialog06,
    "mt-sics": MtSics,
    "nci": Nci,
    "cas-22": Cas22,
    "cas-retail": CasRetail,
    "berkel": Berkel,
}
"""Under the names of the drivers that understand them."""

ORDERS = (
    "put GRAMS [SECONDS MOVING], silent|garbled on|off, unplug, plug; an 8217 also once|pounds"
    " on|off"
)


@dataclass(slots=True)
class Faults:
    """What is wrong with the line."""

    silent: bool = False
    garbled: bool = False


class ScaleSim:
    """`pty.path` is its serial port, unless it gets another `cable`."""

    def __init__(
        self,
        protocol: str = TOLEDO,
        *,
        capacity_g: int = CAPACITY_G,
        link: Path | None = None,
        cable: SerialCable | None = None,
    ) -> None:
        self.pty = cable or Pty(link)
        self.plate = Plate(capacity_g=capacity_g)
        self.faults = Faults()
        self.voice = VOICES[protocol]()
        self._heard = b""

    def put(self, weight_g: int, *, moving_s: float = 0.0) -> None:
        """See Plate.put; by the loop's clock."""
        self.plate.put(weight_g, now_s=self._now_s, moving_s=moving_s)

    async def serve(self) -> None:
        """Answer for ever; unplugged, it waits to be plugged again."""
        while True:
            try:
                heard = await self._hear()
            except EOFError:
                heard = self._heard = b""
                await self.pty.plugged_in()
            for command in self.commands(heard):
                await self._answer(command)

    async def obey(self, orders: AsyncIterator[str]) -> None:
        """Do what each line says; an order that is none is told and does nothing."""
        async for order in orders:
            try:
                self.order(order)
            except MisuseError as error:
                print(error.message, flush=True)

    def order(self, order: str) -> None:
        """Do what `order` says; MisuseError `order.unknown` lists what can be said."""
        match order.split():
            case ["put", grams] if _is_weight(grams):
                self.put(int(grams))
            case ["put", grams, seconds] if _is_weight(grams) and _is_time(seconds):
                self.put(int(grams), moving_s=float(seconds))
            case [("silent" | "garbled") as fault, ("on" | "off") as switch]:
                setattr(self.faults, fault, switch == "on")
            case [("once" | "pounds") as way, ("on" | "off") as switch] if isinstance(
                self.voice, Toledo8217
            ):
                setattr(self.voice, way, switch == "on")
            case ["unplug"]:
                self.pty.unplug()
            case ["plug"]:
                self.pty.plug()
            case _:
                raise MisuseError("order.unknown", f"{order!r} is no order; there are: {ORDERS}")

    @property
    def _now_s(self) -> float:
        return asyncio.get_running_loop().time()

    async def _hear(self) -> bytes:
        """Return what came; while nothing does, send what the scale sends by itself."""
        while True:
            try:
                async with asyncio.timeout(STREAM_S if self.voice.streams else None):
                    return await self.pty.read()
            except TimeoutError:
                self._say(self.voice.stream(self.plate, self._now_s))

    def commands(self, heard: bytes) -> list[bytes]:
        """Return the commands that are whole now; what is none is passed over, as scales do."""
        self._heard += heard
        found: list[bytes] = []
        while self._heard and not self.voice.begun.fullmatch(self._heard):
            command = self.voice.commands.match(self._heard)
            if command is not None:
                found.append(command[0])
            self._heard = self._heard[command.end() if command else 1 :]
        return found

    async def _answer(self, command: bytes) -> None:
        await asyncio.sleep(self.voice.pause_s(command))
        self._say(self.voice.answer(command, self.plate, self._now_s))

    def _say(self, data: bytes) -> None:
        garbled = data[1:-1] + b"\x7f" if data and self.faults.garbled else data
        if garbled and not self.faults.silent:
            self.pty.write(garbled)


def _is_weight(text: str) -> bool:
    return re.fullmatch(r"-?\d{1,6}", text, re.ASCII) is not None


def _is_time(text: str) -> bool:
    return re.fullmatch(r"\d{1,4}(\.\d{1,3})?", text, re.ASCII) is not None
