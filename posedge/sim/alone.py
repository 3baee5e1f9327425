"""Each simulated device alone, for `posedge sim KIND`: serves until Ctrl-C, obeying its orders."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from posedge.sim import printer_lines, zvt
from posedge.sim.printer import PrinterSim
from posedge.sim.scale import ScaleSim
from posedge.sim.scanner import ScannerSim
from posedge.sim.zvt_faults import Faults, Outcome, Step

Orders = AsyncIterator[str]


@dataclass(frozen=True, slots=True)
class Where:
    """`port` None is the kind's usual one; `link` a path that always points to the tty."""

    host: str
    port: int | None
    link: str | None


async def scanner(where: Where, orders: Orders) -> None:
    sim = ScannerSim(link=Path(where.link) if where.link else None)
    print(f"Scanner at {sim.pty.path}; each line is scanned", flush=True)
    await sim.serve(orders)
    await _for_ever()


async def scale(where: Where, orders: Orders) -> None:
    sim = ScaleSim(link=Path(where.link) if where.link else None)
    print(f"Scale at {sim.pty.path}, Mettler Toledo 8217, 8N1; try: put 1250", flush=True)
    await asyncio.gather(sim.serve(), sim.obey(orders))


async def printer(where: Where, orders: Orders) -> None:
    sim = PrinterSim()
    port = printer_lines.PORT if where.port is None else where.port
    async with await printer_lines.serve_tcp(sim, host=where.host, port=port) as server:
        print(f"Printer at {where.host}:{server.sockets[0].getsockname()[1]}", flush=True)
        async for order in orders:
            print(_printer_order(sim, order), flush=True)
        await _for_ever()


async def zvt_terminal(where: Where, orders: Orders) -> None:
    port = zvt.PORT if where.port is None else where.port
    faults = Faults()
    async with zvt.ZvtTerminalSim(
        faults, now=local_time, host=where.host, port=port, customer_s=2.0
    ) as sim:
        print(f"ZVT terminal at {where.host}:{sim.port}", flush=True)
        async for order in orders:
            print(_terminal_order(sim, order), flush=True)
        await _for_ever()


KINDS: Mapping[str, Callable[[Where, Orders], Coroutine[Any, Any, None]]] = {
    "scanner": scanner,
    "scale": scale,
    "printer": printer,
    "zvt-terminal": zvt_terminal,
}


def _printer_order(sim: PrinterSim, order: str) -> str:
    """Do what a person does at a printer; return what came of it."""
    match order.split():
        case ["paper", ("out" | "in") as way]:
            sim.load(0 if way == "out" else None)
        case ["cover", ("open" | "shut") as way]:
            sim.faults = replace(sim.faults, cover_open=way == "open")
        case ["drawer", "shut"]:
            sim.close_drawer()
        case ["line", "cut"]:
            sim.cut_line()
        case ["png", path] if sim.receipts:
            Path(path).write_bytes(sim.receipts[-1].png())
        case []:
            pass
        case _:
            return "orders: paper out|in, cover open|shut, drawer shut, line cut, png FILE"
    return f"{len(sim.receipts)} receipts, drawer opened {sim.drawer_opened} times"


def _terminal_order(sim: zvt.ZvtTerminalSim, order: str) -> str:
    """Switch one fault: its name and value; return what the terminal has charged so far."""
    match order.split():
        case ["outcome", way] if way in set(Outcome):
            sim.faults.outcome = Outcome(way)
        case ["silent_at", step] if step in {*Step, "never"}:
            sim.faults.silent_at = None if step == "never" else Step(step)
        case ["cut_at", byte] if byte.isdigit() or byte == "never":
            sim.faults.cut_at = None if byte == "never" else int(byte)
        case [
            ("forgets" | "auto_reverses" | "duplicates" | "busy") as fault,
            ("on" | "off") as way,
        ]:
            setattr(sim.faults, fault, way == "on")
        case []:
            pass
        case _:
            return (
                f"orders: outcome {'|'.join(Outcome)}, silent_at {'|'.join(Step)}|never,"
                " cut_at BYTE|never, forgets|auto_reverses|duplicates|busy on|off"
            )
    return "\n".join(map(str, sim.ledger)) or "nothing charged yet"


def local_time() -> datetime:
    """Return the terminal's own clock: it is another device than any box."""
    return datetime.now().astimezone().replace(tzinfo=None)  # noqa: TID251


async def _for_ever() -> None:
    await asyncio.get_running_loop().create_future()
