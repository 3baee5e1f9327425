"""Every simulated device as a program of its own, driven over the real wire."""

import asyncio
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pytest

from posedge.demo.ports import free_port
from posedge.devices.address import Line
from posedge.drivers import star_rendering
from posedge.drivers.rendering import render
from posedge.link.interface import Link
from posedge.link.serial import open_serial
from posedge.link.tcp import open_tcp
from posedge.link.worker import open_worker
from posedge.model.capabilities import Paper, ScaleState
from posedge.model.receipt import Receipt, Text
from posedge.model.value import Json
from posedge.sim import alone
from posedge.sim.pty import Pty
from posedge.tasks import Crew, cancel
from posedge.wire import star
from posedge.wire import worker as worker_wire
from posedge.wire.escpos import Decoder, JobDone, Query, RealTimeStatus, query
from posedge.wire.escpos_state import state_of_round
from posedge.wire.lines import LineDecoder, Terminator
from posedge.wire.scales.frames import Sample
from posedge.wire.scales.mass import Mass, Unit
from posedge.wire.scales.mt_sics import mt_sics
from posedge.wire.scales.toledo import WEIGH, toledo_8217
from posedge.wire.scan import Scan
from posedge.wire.star import COUNT, AutoStatus
from tests.doubles.zvt import at, attempt, concluded, terminal

T = TypeVar("T")
RECEIPT = Receipt(parts=(Text(text="Corner Shop"),))
SCRIPT = Path(sys.executable).with_name("posedge")
PATIENCE_S = 10


@dataclass
class Sim:
    """A running `posedge sim`; `heading` is the line that says where it is."""

    process: Process
    heading: str

    async def order(self, text: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{text}\n".encode())
        await self.process.stdin.drain()

    async def said(self) -> str:
        assert self.process.stdout is not None
        async with asyncio.timeout(PATIENCE_S):
            return (await self.process.stdout.readline()).decode().strip()

    async def end(self, number: signal.Signals) -> tuple[int | None, str]:
        """Return exit code and what was written to standard error."""
        assert self.process.stderr is not None
        self.process.send_signal(number)
        async with asyncio.timeout(PATIENCE_S):
            return await self.process.wait(), (await self.process.stderr.read()).decode()


async def start(*words: str, stdin: int = PIPE) -> Process:
    return await asyncio.create_subprocess_exec(
        SCRIPT, "sim", *words, stdin=stdin, stdout=PIPE, stderr=PIPE
    )


@asynccontextmanager
async def running(*words: str) -> AsyncIterator[Sim]:
    """A simulator that must end cleanly when the test leaves it."""
    process = await start(*words)
    sim = Sim(process, "")
    try:
        sim.heading = await sim.said()
        yield sim
        if process.returncode is None:
            assert await sim.end(signal.SIGINT) == (0, "")
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def plugged(port: Path) -> Link:
    return await open_serial(str(port), **Line().model_dump())


async def heard(
    link: Link, feed: Callable[[bytes], None], pull: Callable[[], object], kind: type[T]
) -> T:
    """Read until there is a message of this kind."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            while (message := pull()) is None:
                feed(await link.read())
            if isinstance(message, kind):
                return message


async def test_scanner(tmp_path: Path) -> None:
    port = tmp_path / "scanner"
    async with running("scanner", "--link", str(port)) as sim:
        assert sim.heading == f"Scanner at {port}; each line is scanned"
        link = await plugged(port)
        await sim.order("(01)04006381333931{GS}10A")
        decoder = LineDecoder(Terminator.CR)
        scan = await heard(link, decoder.feed, decoder.next_scan, Scan)
        assert scan.text == "(01)04006381333931\x1d10A"
        await link.close()
    assert not port.is_symlink()


async def test_scale(tmp_path: Path) -> None:
    port = tmp_path / "scale"
    async with running("scale", "--link", str(port)) as sim:
        assert sim.heading == f"Scale at {port}, Mettler Toledo 8217, 8N1; try: put 1250"
        await sim.order("hop")
        assert (await sim.said()).startswith("'hop' is no order; there are: put GRAMS")
        await sim.order("put 1250")
        link, decoder = await plugged(port), toledo_8217().decoder()
        frame: object = None
        weight = Sample(ScaleState.STABLE_WEIGHT, Mass(1250, 3, Unit.KG))
        async with asyncio.timeout(PATIENCE_S):
            while frame != weight:  # the order may come after the question
                await link.write(WEIGH, deadline_s=1)
                frame = await heard(link, decoder.feed, decoder.next_frame, object)
        await link.close()
        assert await sim.end(signal.SIGTERM) == (0, "")
        assert not port.is_symlink()


async def test_a_scale_of_another_dialect(tmp_path: Path) -> None:
    port = tmp_path / "scale"
    async with running("scale", "--link", str(port), "--protocol", "mt-sics") as sim:
        assert sim.heading == f"Scale at {port}, MT-SICS, 8N1; try: put 1250"
        link, decoder = await plugged(port), mt_sics().decoder()
        await link.write(b"S\r\n", deadline_s=1)
        empty = Sample(ScaleState.ZERO, Mass(0, 3, Unit.KG))
        assert await heard(link, decoder.feed, decoder.next_frame, Sample) == empty
        await link.close()


async def test_printer() -> None:
    port = free_port()
    async with running("printer", "--port", str(port)) as sim:
        assert sim.heading == f"Printer at 127.0.0.1:{port}"
        link = await open_tcp("127.0.0.1", port, timeout_s=PATIENCE_S)
        await link.write(render(RECEIPT, "epson-80mm", b"0001"), deadline_s=1)
        decoder = Decoder()
        assert await heard(link, decoder.feed, decoder.next_message, JobDone) == JobDone(b"0001")
        await link.close()
        await sim.order("jam")
        assert (await sim.said()).startswith("orders: paper out|in, cover open|shut,")
        await sim.order("paper out")
        assert await sim.said() == "1 receipts, drawer opened 0 times"


async def test_star_printer() -> None:
    port = free_port()
    async with running("star-printer", "--port", str(port)) as sim:
        assert sim.heading == f"Printer at 127.0.0.1:{port}"
        link = await open_tcp("127.0.0.1", port, timeout_s=PATIENCE_S)
        await link.write(star_rendering.render(RECEIPT, "star-80mm") + COUNT, deadline_s=1)
        decoder = star.Decoder()
        assert (await heard(link, decoder.feed, decoder.next_status, AutoStatus)).count == 0
        assert (await heard(link, decoder.feed, decoder.next_status, AutoStatus)).count == 1
        await link.close()
        await sim.order("drawer shut")
        assert await sim.said() == "1 receipts, drawer opened 0 times"
        await sim.order("drawer low")
        assert await sim.said() == "1 receipts, drawer opened 0 times"
        await sim.order("drawer key")
        assert await sim.said() == "1 receipts, drawer opened 1 times"


async def test_printer_s_condition_is_told(tmp_path: Path) -> None:
    port, image = free_port(), tmp_path / "receipt.png"
    async with running("printer", "--port", str(port)) as sim:
        link = await open_tcp("127.0.0.1", port, timeout_s=PATIENCE_S)
        await link.write(render(RECEIPT, "epson-80mm", None), deadline_s=1)
        decoder = Decoder()
        for order, paper in (("paper out", Paper.END), ("paper in", Paper.OK)):
            await sim.order(order)
            await sim.said()
            decoder.asked(Query.PAPER)
            await link.write(query(Query.PAPER), deadline_s=1)
            status = await heard(link, decoder.feed, decoder.next_message, RealTimeStatus)
            assert state_of_round(0x12, 0x12, 0x12, status.byte).paper is paper
        await sim.order(f"png {image}")
        assert (await sim.said()).startswith("1 receipts")
        assert image.read_bytes().startswith(b"\x89PNG")
        await link.close()


async def test_zvt_terminal() -> None:
    port = free_port()
    async with running("zvt-terminal", "--port", str(port)) as sim:
        assert sim.heading == f"ZVT terminal at 127.0.0.1:{port}"
        patience: dict[str, Json] = {"t3_ms": 5000, "t4_ms": 10_000, "answer_ms": 5000}
        state, result = await concluded(terminal(port, **patience), attempt(1250))
        assert (state, result is not None and result.approved) == ("approved", True)
        await sim.order("")
        assert await sim.said() == "sale of 1250, receipt 0231"
        await sim.order("explode")
        assert (await sim.said()).startswith("orders: outcome approve|decline|abort,")
        await sim.order("busy on")
        await sim.said()
        assert await terminal(port, **patience).status() == "busy"


@pytest.mark.parametrize("word", ["--link", "--serial"])
async def test_a_serial_port_is_made_where_none_is(tmp_path: Path, word: str) -> None:
    port = tmp_path / "terminal"
    async with running("zvt-terminal", word, str(port)) as sim:
        assert sim.heading == f"ZVT terminal at {port}, 9600 baud"
        await (await plugged(port)).close()
    assert not port.is_symlink()


async def test_zvt_terminal_on_a_serial_line(tmp_path: Path) -> None:
    port = tmp_path / "terminal"
    async with running("zvt-terminal", "--link", str(port)) as sim:
        assert sim.heading == f"ZVT terminal at {port}, 9600 baud"
        await paid_at(port)
        await sim.order("drop_ack 1")
        assert await sim.said() == "sale of 1010, receipt 0231"
    assert not port.is_symlink()


async def test_zvt_terminal_on_a_serial_port_that_is_there(tmp_path: Path) -> None:
    """Two pseudo-terminals, joined as a null modem joins two ports."""
    register, port = Pty(tmp_path / "register"), Pty(tmp_path / "port")

    async def join(one: Pty, other: Pty) -> None:
        while True:
            other.write(await one.read())

    async with Crew("modem") as crew:
        crew.start(join(register, port), name="out")
        crew.start(join(port, register), name="in")
        async with running("zvt-terminal", "--serial", port.path) as sim:
            assert sim.heading == f"ZVT terminal at {port.path}, 9600 baud"
            await paid_at(Path(register.path))
    assert (tmp_path / "port").is_symlink()
    for pty in (register, port):
        pty.unplug()


async def paid_at(port: Path) -> None:
    driver = at(lambda: plugged(port), None, None, "serial", t4_ms=10_000)
    state, result = await concluded(driver, attempt(1010))
    assert (state, result is not None and result.approved) == ("approved", True)


async def test_vendor_terminal(tmp_path: Path) -> None:
    link = tmp_path / "adapter"
    async with running("vendor-terminal", "--link", str(link)) as sim:
        assert sim.heading == f'Vendor\'s program, address = "worker://{link}"'
        await sim.order("outcome decline")
        assert await sim.said() == "nothing charged yet"
        worker, decoder = await open_worker(str(link), memory_mb=256), worker_wire.Decoder()
        hello = await heard(worker, decoder.feed, decoder.pull, worker_wire.Said)
        assert hello.hello is not None
        await sim.order("at soon")
        assert "at start|ping|status|pay|card|charged|" in await sim.said()
        await worker.close()
    assert not link.is_symlink()


async def test_orders_from_nowhere() -> None:
    process = await start("printer", "--port", str(free_port()), stdin=asyncio.subprocess.DEVNULL)
    sim = Sim(process, "")
    assert (await sim.said()).startswith("Printer at")
    assert await sim.end(signal.SIGTERM) == (0, "")


@pytest.mark.parametrize(
    "kind", ["printer", "zvt-terminal", "caisse-ap-terminal", "ecr17-terminal", "adyen-cloud"]
)
async def test_a_taken_port_is_said(kind: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process = await start(kind, "--port", str(port), stdin=asyncio.subprocess.DEVNULL)
        async with asyncio.timeout(PATIENCE_S):
            said, wrong = await process.communicate()
    assert (process.returncode, said) == (1, b"")
    assert wrong.decode() == (
        f"posedge: 127.0.0.1:{port} cannot be had (Address already in use):"
        " name a free one by --port [address.taken]\n"
    )


async def test_a_link_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    process = await start("scale", "--link", str(tmp_path / "no" / "scale"))
    async with asyncio.timeout(PATIENCE_S):
        _, wrong = await process.communicate()
    assert process.returncode == 1
    assert "No such file or directory): name another path by --link" in wrong.decode()


async def test_a_file_is_no_serial_port(tmp_path: Path) -> None:
    file = tmp_path / "receipts.txt"
    file.write_text("to be kept")
    process = await start("zvt-terminal", "--serial", str(file))
    async with asyncio.timeout(PATIENCE_S):
        _, wrong = await process.communicate()
    assert (process.returncode, file.read_text()) == (1, "to be kept")
    assert "Inappropriate ioctl for device" in wrong.decode()


@pytest.mark.parametrize("kind", alone.KINDS)
async def test_every_order_is_understood_in_one_process_as_well(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def typed() -> AsyncIterator[str]:
        for order in ORDERS[kind].split(","):
            yield order.strip()
        done.set()

    done = asyncio.Event()
    where = alone.Where(host="127.0.0.1", port=0, link=str(tmp_path / "tty"))
    async with Crew("sim") as crew:
        serving = crew.start(alone.KINDS[kind](where, typed()), name=kind)
        async with asyncio.timeout(PATIENCE_S):
            await done.wait()
        await cancel(serving)
    assert "orders:" not in capsys.readouterr().out
    assert not (tmp_path / "tty").is_symlink()


ORDERS = {
    "scanner": "unplug, plug, 96385074",
    "scale": "silent on, silent off, unplug, plug",
    "display": "show, unplug, plug,",
    "printer": "paper out, paper in, cover open, cover shut, drawer shut, line cut,",
    "star-printer": "paper out, paper in, cover open, cover shut, drawer shut, line cut,",
    "zpl-printer": "paper out, paper in, cover open, cover shut, line cut,",
    "ecr17-terminal": "outcome decline, silent_at result, silent_at never, cut_at 3, forgets on,",
    "caisse-ap-terminal": "outcome decline, silent_at answer, silent_at never, cut_at 3, busy on,",
    "zvt-terminal": "outcome decline, silent_at card, silent_at never, cut_at 3, cut_at never,"
    "forgets on, busy off, corrupt 1, nak 0,",
    "square-cloud": "outcome decline, way lost at checkout, mend, forgets off, late_s 0,",
    "sumup-cloud": "outcome decline, way lost at checkout, mend, busy off, skew_s 0,",
    "adyen-terminal": "outcome decline, silent_at card, silent_at never, seal broken, alien inside,"
    "cut_at 3, cut_at never, http never, others on, busy off,",
    "adyen-cloud": "outcome abort, alien service, alien never, less_minor 100, reject on,",
    "stripe-cloud": "outcome decline, way lost at process, mend, busy off, hooks twice on,",
    "vendor-terminal": "outcome decline, at card, does hang, at never, currency CHF, late_ms 3,",
}
