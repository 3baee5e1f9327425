"""Each simulated device alone, for `posedge sim KIND`: serves until Ctrl-C, obeying its orders."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Coroutine, Generator, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from posedge.model.errors import DeviceError
from posedge.sim import caisse_ap, cloud_alone, ecr17, printer_lines, zvt
from posedge.sim.alone_orders import Piece, charged, printer_order, terminal_order
from posedge.sim.display import DisplaySim
from posedge.sim.printer import PrinterSim
from posedge.sim.pty import Pty
from posedge.sim.scale import TOLEDO, ScaleSim
from posedge.sim.scanner import ScannerSim
from posedge.sim.star import star_printer
from posedge.sim.switches import switch
from posedge.sim.tty import Tty
from posedge.sim.vendor import VendorSim
from posedge.sim.zpl import ZplPrinter
from posedge.sim.zvt_serial import attend
from posedge.wire.zvt.transport import Timing

Orders = AsyncIterator[str]

CUSTOMER_S = 2.0
"""How long the simulated customer takes to present the card: time to look at the till."""


@dataclass(frozen=True, slots=True)
class Where:
    """`port` None is the kind's usual one; `link` a path that always points to the tty.

    Of a vendor's terminal it points to the program, of Adyen's to the roots of its certificate.
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
            print(printer_order(sim, out, order), flush=True)
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
        print(terminal_order(sim, order), flush=True)


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
        print(switch(sim.faults, order) or charged(sim.ledger), flush=True)


async def vendor_terminal(where: Where, orders: Orders) -> None:
    with ExitStack() as stack:
        folder = stack.enter_context(TemporaryDirectory(prefix="posedge-vendor-"))
        sim = VendorSim(Path(folder), customer_s=CUSTOMER_S)
        program = stack.enter_context(_linked(sim.program, where.link))
        print(f'Vendor\'s program, address = "worker://{program}"', flush=True)
        async for order in orders:
            said = switch(sim.faults, order)
            sim.tell()
            print(said or charged(sim.ledger), flush=True)
        await _for_ever()


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
        sim, roots, way_in = adyen_alone.alone(
            folder, cloud=cloud, host=where.host, port=where.port, customer_s=CUSTOMER_S
        )
        with _told_of(f"{where.host}:{sim.port}", "name a free one by --port"):
            await stack.enter_async_context(sim)
        trust = stack.enter_context(_linked(roots, where.link))
        what = "Adyen cloud" if cloud else "Adyen terminal"
        print(f"{what} at {where.host}:{sim.port}; {way_in}; trust {trust}", flush=True)
        async for order in orders:
            known = adyen_alone.obey(sim, order)
            print(charged(sim.ledger) if known else adyen_alone.ORDERS, flush=True)
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
    "vendor-terminal": vendor_terminal,
}


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
def _linked(program: Path, link: str | None) -> Generator[Path]:
    """Have `link` point to the program meanwhile; return what to call it by."""
    if link is None:
        yield program
        return
    path = Path(link).absolute()
    with _told_of(link, "name another path by --link"):
        path.symlink_to(program)
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


@contextmanager
def _told_of(what: str, remedy: str) -> Generator[None]:
    try:
        yield
    except OSError as error:
        text = f"{what} cannot be had ({os.strerror(error.errno or 0)}): {remedy}"
        raise DeviceError("address.taken", text) from None


async def _for_ever() -> None:
    await asyncio.get_running_loop().create_future()
