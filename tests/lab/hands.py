"""The hands at the counter: a server in the guest that plugs, pulls, scans, weighs.

An order is a line on 127.0.0.1:4242, `scan scanner 4006381333931`; its answer a line of JSON. The
scenarios give them as well as a person in `make lab-shell`. A process of its own, as root: what
posedge does with its time or may not open, does not disturb it.
"""

import asyncio
import fcntl
import json
import os
import signal
import tty
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Protocol, TypeAlias

from posedge.clock import SystemClock
from posedge.model.errors import PosedgeError
from posedge.model.value import Json
from posedge.sim.scale import ScaleSim
from posedge.tasks import Crew
from tests.lab.cable import Cable
from tests.lab.gadget import PRINTER, WEDGE, Goods
from tests.lab.press import Press
from tests.lab.reports import POS_SCALE, POS_SCANNER, PosScale, PosScanner
from tests.lab.uevents import Uevents
from tests.lab.wedge import Radio, Wedge

PORT = 4242
VT_ACTIVATE = 0x5606

VUQUEST = Goods(0x0C2E, 0x0B61, "Metrologic", "Vuquest 3310g", "S1000", "hid", WEDGE)
GOODS: Mapping[str, Goods] = {
    "scanner": VUQUEST,
    "scanner-2": replace(VUQUEST, serial="S1001"),
    "radio": replace(VUQUEST, serial="S1002"),
    "printer": Goods(0x04B8, 0x0202, "EPSON", "TM-T88IV", "P1000", "printer", PRINTER),
    "scale": Goods(0x0EB8, 0xF000, "Mettler Toledo", "BC60", "W1000", "acm"),
    "cdc-scanner": Goods(0x1EAB, 0x0106, "Newland", "HR200", "N1000", "acm"),
    "hid-scanner": Goods(0x1EAB, 0x0C10, "Newland", "HR100", "H1000", "hid", POS_SCANNER),
    "hid-scale": Goods(0x0922, 0x8003, "DYMO", "M10", "D1000", "hid", POS_SCALE),
    "adapter": Goods(0x0483, 0x5740, "STMicroelectronics", "Virtual COM Port", "B1000", "acm"),
}
"""All by ids of the catalog. The scale is on CDC ACM and speaks 8217; a BC60 may be set to that."""


class Thing(Protocol):
    """What can be plugged in."""

    def plug(self) -> None: ...

    def pull(self) -> None: ...


Answer: TypeAlias = Mapping[str, Json] | None


class Hands:
    """Everything on the counter, unplugged at first."""

    def __init__(self) -> None:
        self._clock = SystemClock()
        self._wedges: dict[str, Wedge | Radio] = {
            "scanner": Wedge("scanner", GOODS["scanner"], 0),
            "scanner-2": Wedge("scanner-2", GOODS["scanner-2"], 1),
            "radio": Radio("radio", GOODS["radio"], 0),
            "hid-scanner": PosScanner("hid-scanner", GOODS["hid-scanner"], 6),
        }
        self._hid_scale = PosScale("hid-scale", GOODS["hid-scale"], 7)
        self._press = Press("printer", GOODS["printer"], 2)
        self._cable = Cable("scale", GOODS["scale"], 3)
        self._adapter = Cable("adapter", GOODS["adapter"], 4)
        self._cdc_scanner = Cable("cdc-scanner", GOODS["cdc-scanner"], 5)
        self.scale = ScaleSim(cable=self._cable)
        self.uevents = Uevents(lambda: self._clock.now().monotonic_ns)
        self._things: dict[str, Thing] = {
            **self._wedges,
            "hid-scale": self._hid_scale,
            "printer": self._press,
            "scale": self._cable,
            "adapter": self._adapter,
            "cdc-scanner": self._cdc_scanner,
        }
        self._console = _open_console()
        self._other = -1

    async def obey(self, words: list[str]) -> Answer:
        """Do it; LookupError, ValueError, OSError or MisuseError when it cannot be done."""
        match words:
            case ["plug" | "pull" as way, name]:
                return self._move(way, name)
            case ["scan" | "cut" | "freeze" as way, *words]:
                return await self._scan(way, words)
            case ["clear"]:
                return self._clear()
            case ["rest" | "move" as way, grams]:
                await self._hid_scale.put(int(grams), moving=way == "move")
                return None
            case [_]:
                return self._look(words)
            case _:
                return self._turn(words)

    async def _scan(self, way: str, words: list[str]) -> Answer:
        match way, words:
            case "scan", [name, code]:
                began_ns = self._clock.now().monotonic_ns
                typing = await self._wedges[name].type(code)
                took_ns = self._clock.now().monotonic_ns - began_ns
                us_each = took_ns // typing.reports // 1000
                return {"us_each": us_each, "pause_us": round(1000 * typing.pause_ms)}
            case "cut", [name, code, reports]:
                await self._wedges[name].type(code, int(reports))
                return self._move("pull", name)
            case "freeze", [name, code, times, pid]:
                return await self._while_frozen(int(pid), self._wedges[name], code, int(times))
            case _:
                raise LookupError("no such order")

    def _clear(self) -> Answer:
        for name in self._things:
            self._move("pull", name)
        return self._turn(["paper", "in"])

    def _move(self, way: str, name: str) -> Answer:
        move: Callable[[], None] = getattr(self._things[name], way)
        at_ns = self._clock.now().monotonic_ns
        move()
        return {"at_ns": at_ns}

    async def _while_frozen(self, pid: int, wedge: Wedge | Radio, code: str, times: int) -> Answer:
        os.kill(pid, signal.SIGSTOP)
        try:
            for _ in range(times):
                await wedge.type(code)
        finally:
            os.kill(pid, signal.SIGCONT)
        return None

    def _turn(self, words: list[str]) -> Answer:
        sim = self._press.sim
        match words:
            case ["weigh", *grams]:
                self.scale.order(" ".join(["put", *grams]))
            case ["paper", "out"]:
                sim.load(0)
            case ["paper", "in"]:
                sim.load(None)
            case ["paper", lines]:
                sim.load(int(lines))
            case ["cover", "open" | "shut" as way]:
                sim.faults = replace(sim.faults, cover_open=way == "open")
            case ["listen", node]:
                self._other = os.open(f"/dev/{node}", os.O_RDONLY | os.O_NONBLOCK)
            case _:
                raise LookupError("no such order")
        return None

    def _look(self, words: list[str]) -> Answer:
        sim = self._press.sim
        match words:
            case ["printed"]:
                return {
                    "receipts": ["\n".join(each.lines) for each in sim.receipts],
                    "uncut": "\n".join(sim.uncut.lines),
                    "violation": sim.violation.message if sim.violation else None,
                }
            case ["picture"]:
                return {"png": sim.receipts[-1].png().hex()}
            case ["console"]:
                return {"typed": _all_of(self._console).decode()}
            case ["heard"]:
                heard = len(_all_of(self._other))
                os.close(self._other)
                return {"bytes": heard}
            case ["uevents"]:
                return {"told": self.uevents.taken()}
            case _:
                raise LookupError("no such order")


async def serve() -> None:
    """Obey for ever, whoever asks; several at once."""
    hands = Hands()
    loop = asyncio.get_running_loop()
    loop.add_reader(hands.uevents.socket, hands.uevents.arrived)

    async def attend(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            writer.write(json.dumps(await _answer(hands, line.decode().split())).encode() + b"\n")
            await writer.drain()
        writer.close()

    async with Crew("hands") as crew, await asyncio.start_server(attend, "127.0.0.1", PORT):
        crew.start(hands.scale.serve(), name="scale")
        await crew.broken()


async def _answer(hands: Hands, words: list[str]) -> Answer:
    try:
        return await hands.obey(words)
    except (LookupError, ValueError, OSError, PosedgeError) as error:
        return {"error": f"{' '.join(words)}: {error!r}; `help` lists the orders"}


def _open_console() -> int:
    """The kernel's own terminal, where keys go that nobody has grabbed."""
    console = os.open("/dev/tty1", os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    tty.setraw(console)
    fcntl.ioctl(console, VT_ACTIVATE, 1)
    return console


def _all_of(fd: int) -> bytes:
    data = b""
    try:
        while more := os.read(fd, 4096):
            data += more
    except BlockingIOError:
        pass
    return data


if __name__ == "__main__":
    asyncio.run(serve())
