"""Each simulated device alone, for `posedge sim KIND`: serves until Ctrl-C, obeying its orders."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Coroutine, Generator, Mapping, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from posedge.model.errors import DeviceError
from posedge.sim import caisse_ap, cloud_alone, ecr17, printer_lines, zvt
from posedge.sim.charge import Charge
from posedge.sim.display import DisplaySim
from posedge.sim.printer import PrinterSim
from posedge.sim.printer_paper import PrintedReceipt
from posedge.sim.pty import Pty
from posedge.sim.scale import TOLEDO, ScaleSim
from posedge.sim.scanner import ScannerSim
from posedge.sim.star import star_printer
from posedge.sim.switches import switch
from posedge.sim.tty import Tty
from posedge.sim.zpl import ZplPrinter
from posedge.sim.zpl_label import PrintedLabel
from posedge.sim.zvt_faults import Outcome, Step
from posedge.sim.zvt_serial import attend
from posedge.wire.zvt.transport import Timing

Orders = AsyncIterator[str]
Piece = PrintedReceipt | PrintedLabel

CUSTOMER_S = 2.0
"""How long the simulated customer takes to present the card: time to look at the till."""

PRINTER_ORDERS = (
    "orders: paper out|in, cover open|shut, drawer shut|key|high|low, line cut, png FILE"
)


@dataclass(frozen=True, slots=True)
class Where:
    """`port` None is the kind's usual one; `link` a path that always points to the tty.

    `serial` is a port that is there already, or where to make one; `language` a display's;
    `protocol` what a scale speaks, None for the usual one.
    """

    host: str
    port: int | None
    link: str | None
    serial: str | None = None
    language: str = "cd5220"
    protocol: str | None = None

    @property
    def by_wire(self) -> bool:
        """Whether a serial line is asked for."""
        return bool(self.link or self.serial)


async def scanner(where: Where, orders: Orders) -> None:
    with _cable(where) as cable:
        print(f"Scanner at {cable.path}; each line is scanned", flush=True)
        await ScannerSim(cable=cable).serve(orders)
        await _for_ever()


async def scale(where: Where, orders: Orders) -> None:
    with _cable(where) as cable:
        sim = ScaleSim(where.protocol or TOLEDO, cable=cable)
        print(f"Scale at {cable.path}, {sim.voice.title}, 8N1; try: put 1250", flush=True)
        await asyncio.gather(sim.serve(), sim.obey(orders))


async def display(where: Where, orders: Orders) -> None:
    with _cable(where) as cable:
        sim = DisplaySim(where.language, cable=cable, seen=lambda glass: print(glass, flush=True))
        print(f"Display at {cable.path}, {where.language}, 9600 baud", flush=True)
        await asyncio.gather(sim.serve(), sim.obey(orders))


async def printer(where: Where, orders: Orders) -> None:
    sim = PrinterSim()
    await _print(sim, sim.receipts, where, orders)


async def star(where: Where, orders: Orders) -> None:
    sim = star_printer()
    await _print(sim, sim.receipts, where, orders)


async def label_printer(where: Where, orders: Orders) -> None:
    printer = ZplPrinter()
    await _print(printer.sim, printer.labels, where, orders)


async def _print(sim: PrinterSim, out: Sequence[Piece], where: Where, orders: Orders) -> None:
    port = printer_lines.PORT if where.port is None else where.port
    with _told_of(f"{where.host}:{port}", "name a free one by --port"):
        server = await printer_lines.serve_tcp(sim, host=where.host, port=port)
    async with server:
        print(f"Printer at {where.host}:{server.sockets[0].getsockname()[1]}", flush=True)
        async for order in orders:
            print(_printer_order(sim, out, order), flush=True)
        await _for_ever()


async def zvt_terminal(where: Where, orders: Orders) -> None:
    port = zvt.PORT if where.port is None else where.port
    sim = zvt.ZvtTerminalSim(now=local_time, host=where.host, port=port, customer_s=CUSTOMER_S)
    if where.by_wire:
        await _serial_terminal(sim, where, orders)
        return
    async with AsyncExitStack() as stack:
        with _told_of(f"{where.host}:{port}", "name a free one by --port"):
            await stack.enter_async_context(sim)
        print(f"ZVT terminal at {where.host}:{sim.port}", flush=True)
        await _obey(sim, orders)
        await _for_ever()


async def _serial_terminal(sim: zvt.ZvtTerminalSim, where: Where, orders: Orders) -> None:
    with _cable(where) as cable:
        print(f"ZVT terminal at {cable.path}, 9600 baud", flush=True)
        await asyncio.gather(attend(sim, cable, Timing()), _obey(sim, orders))


async def _obey(sim: zvt.ZvtTerminalSim, orders: Orders) -> None:
    async for order in orders:
        print(_terminal_order(sim, order), flush=True)


async def caisse_ap_terminal(where: Where, orders: Orders) -> None:
    port = caisse_ap.PORT if where.port is None else where.port
    sim = caisse_ap.CaisseApSim(host=where.host, port=port, customer_s=CUSTOMER_S)
    await _serve_terminal("Caisse-AP", sim, where, orders)


async def ecr17_terminal(where: Where, orders: Orders) -> None:
    port = ecr17.PORT if where.port is None else where.port
    sim = ecr17.Ecr17Sim(now=local_time, host=where.host, port=port, customer_s=CUSTOMER_S)
    if not where.by_wire:
        await _serve_terminal("ECR17", sim, where, orders)
        return
    with _cable(where) as cable:
        print(f"ECR17 terminal at {cable.path}, 9600 baud", flush=True)
        await asyncio.gather(sim.attend(cable), _switch(sim, orders))


async def _serve_terminal(
    title: str,
    sim: caisse_ap.CaisseApSim | ecr17.Ecr17Sim,
    where: Where,
    orders: Orders,
) -> None:
    async with AsyncExitStack() as stack:
        with _told_of(f"{where.host}:{sim.port}", "name a free one by --port"):
            await stack.enter_async_context(sim)
        print(f"{title} terminal at {where.host}:{sim.port}", flush=True)
        await _switch(sim, orders)
        await _for_ever()


async def _switch(sim: caisse_ap.CaisseApSim | ecr17.Ecr17Sim, orders: Orders) -> None:
    async for order in orders:
        print(switch(sim.faults, order) or _charged(sim.ledger), flush=True)


def _provider(kind: str) -> Callable[[Where, Orders], Coroutine[Any, Any, None]]:
    async def provider(where: Where, orders: Orders) -> None:
        known = cloud_alone.CLOUDS[kind]
        port = known.port if where.port is None else where.port
        sim = cloud_alone.cloud(kind, customer_s=CUSTOMER_S, host=where.host, port=port)
        async with AsyncExitStack() as stack:
            with _told_of(f"{where.host}:{port}", "name a free one by --port"):
                await stack.enter_async_context(sim)
            options = ", ".join(f'{name} = "{value}"' for name, value in known.options.items())
            print(f"{known.title} at {sim.url}, options = {{ {options} }}", flush=True)
            async for order in orders:
                print(cloud_alone.obey(sim, order), flush=True)
            await _for_ever()

    return provider


async def adyen_terminal(where: Where, orders: Orders) -> None:
    await _adyen(where, orders, cloud=False)


async def adyen_cloud(where: Where, orders: Orders) -> None:
    await _adyen(where, orders, cloud=True)


async def _adyen(where: Where, orders: Orders, *, cloud: bool) -> None:
    from posedge.sim import adyen_alone  # noqa: PLC0415 - brings 7 MB of cryptography

    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="posedge-adyen-")))
        sim, way_in = adyen_alone.alone(
            folder, cloud=cloud, host=where.host, port=where.port, customer_s=CUSTOMER_S
        )
        with _told_of(f"{where.host}:{sim.port}", "name a free one by --port"):
            await stack.enter_async_context(sim)
        what = "Adyen cloud" if cloud else "Adyen terminal"
        print(f"{what} at {where.host}:{sim.port}; {way_in}", flush=True)
        async for order in orders:
            known = adyen_alone.obey(sim, order)
            print(_charged(sim.ledger) if known else adyen_alone.ORDERS, flush=True)
        await _for_ever()


KINDS: Mapping[str, Callable[[Where, Orders], Coroutine[Any, Any, None]]] = {
    "scanner": scanner,
    "scale": scale,
    "display": display,
    "printer": printer,
    "star-printer": star,
    "zpl-printer": label_printer,
    "zvt-terminal": zvt_terminal,
    "caisse-ap-terminal": caisse_ap_terminal,
    "stripe-cloud": _provider("stripe"),
    "ecr17-terminal": ecr17_terminal,
    "square-cloud": _provider("square"),
    "sumup-cloud": _provider("sumup"),
    "adyen-terminal": adyen_terminal,
    "adyen-cloud": adyen_cloud,
}


def _printer_order(sim: PrinterSim, out: Sequence[Piece], order: str) -> str:
    """Do what a person does at a printer; return what came of it."""
    match order.split():
        case ["paper", ("out" | "in") as way]:
            sim.load(0 if way == "out" else None)
        case ["cover", ("open" | "shut") as way]:
            sim.faults = replace(sim.faults, cover_open=way == "open")
        case ["drawer", "shut"]:
            sim.close_drawer()
        case ["drawer", "key"]:
            sim.pull_drawer()
        case ["drawer", "high" | "low" as level]:
            sim.wire_drawer(high_when_open=level == "high")
        case ["line", "cut"]:
            sim.cut_line()
        case ["png", path] if out:
            Path(path).write_bytes(out[-1].png())
        case []:
            pass
        case _:
            return PRINTER_ORDERS
    return f"{len(out)} receipts, drawer opened {sim.drawer_opened} times"


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
        case [("corrupt" | "noise" | "drop_ack" | "nak") as fault, count] if count.isdigit():
            setattr(sim.faults.line, fault, int(count))
        case []:
            pass
        case _:
            return (
                f"orders: outcome {'|'.join(Outcome)}, silent_at {'|'.join(Step)}|never,"
                " cut_at BYTE|never, forgets|auto_reverses|duplicates|busy on|off;"
                " on a serial line corrupt|noise|drop_ack|nak COUNT"
            )
    return _charged(sim.ledger)


def _charged(ledger: Sequence[Charge]) -> str:
    return "; ".join(map(_charge, ledger)) or "nothing charged yet"


def _charge(charge: Charge) -> str:
    back = ", taken back" if charge.reversed else ""
    return f"{charge.kind} of {charge.amount_minor}, receipt {charge.receipt_no}{back}"


def local_time() -> datetime:
    """Return the terminal's own clock: it is another device than any box."""
    return datetime.now().astimezone().replace(tzinfo=None)  # noqa: TID251


@contextmanager
def _cable(where: Where) -> Generator[Pty | Tty]:
    """Plug a serial cable in; in the end take it and its link away."""
    path = where.serial or where.link
    with _told_of(path or "a pseudo-terminal", "name another path by --link or --serial"):
        there = where.serial is not None and Path(where.serial).exists()
        cable = Tty(str(path)) if there else Pty(Path(path) if path else None)
    try:
        yield cable
    finally:
        cable.unplug()


@contextmanager
def _told_of(what: str, remedy: str) -> Generator[None]:
    try:
        yield
    except OSError as error:
        text = f"{what} cannot be had ({os.strerror(error.errno or 0)}): {remedy}"
        raise DeviceError("address.taken", text) from None


async def _for_ever() -> None:
    await asyncio.get_running_loop().create_future()
