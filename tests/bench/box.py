"""The idle box: from exec to ready, and what it takes of memory and processor.

A real `posedge run` without headquarters and devices. The first start is not counted: it writes
the bytecode that an installed box has. Processor time stands beside the wall's, since a busy
machine does not change it.
"""

import asyncio
import os
import socket
import statistics
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from posedge.demo.child import Child
from posedge.demo.ports import free_port
from tests.bench import Row
from tests.bench.place import DISK, configure, healthy, scratch

STARTS = 5
IDLE_S = 5.0
READY_S = 30.0
LOOK_S = 0.01
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Start:
    """Seconds from exec until systemd is told READY=1 and until /healthz says 200."""

    ready_s: float
    answers_s: float
    cpu_s: float


def measure() -> list[Row]:
    with scratch(DISK) as name:
        folder = DISK / name
        starts = [asyncio.run(_start(folder)) for _ in range(STARTS + 1)][1:]
        idle = asyncio.run(_idle(folder))
    cpu = statistics.median(each.cpu_s for each in starts)
    ready = statistics.median(each.ready_s for each in starts)
    answers = statistics.median(each.answers_s for each in starts)
    return [
        Row("box, exec to READY=1", ready, "s", f"{cpu:.2f} s of processor; below 1"),
        Row("box, exec to /healthz 200", answers, "s", "below 1"),
        *idle,
    ]


async def _start(folder: Path) -> Start:
    loop = asyncio.get_running_loop()
    port, began = free_port(), loop.time()
    async with running(folder, port) as pid:
        ready_s = loop.time() - began
        while not healthy(port):  # noqa: ASYNC110 - another process
            await asyncio.sleep(LOOK_S)
        return Start(ready_s, loop.time() - began, cpu_s(pid))


async def _idle(folder: Path) -> list[Row]:
    async with running(folder, free_port()) as pid:
        await asyncio.sleep(IDLE_S)
        before = cpu_s(pid)
        await asyncio.sleep(IDLE_S)
        busy = (cpu_s(pid) - before) / IDLE_S
        rss = _kilobytes(Path(f"/proc/{pid}/status"), "VmRSS")
        pss = _kilobytes(Path(f"/proc/{pid}/smaps_rollup"), "Pss")
        return [
            Row("box, idle, resident", rss / 1024, "MB", f"below 60; {pss / 1024:.1f} MB as PSS"),
            Row("box, idle, processor", busy * 100, "%", "of one core"),
        ]


@asynccontextmanager
async def running(folder: Path, port: int, devices: str = "") -> AsyncGenerator[int, None]:
    """Run a box with these devices; yield its pid once it has told systemd, our socket, READY=1."""
    toml = configure(folder, port, devices)
    box = Child(("run", "--config", str(toml)), folder / "box.log")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as manager:
        manager.bind("")  # an abstract name of the kernel's choice
        os.environ["NOTIFY_SOCKET"] = "@" + manager.getsockname()[1:].decode()
        try:
            await box.start()
            async with asyncio.timeout(READY_S):
                await asyncio.get_running_loop().sock_recv(manager, 64)
            assert box.pid is not None, "it was started"
            yield box.pid
        finally:
            del os.environ["NOTIFY_SOCKET"]
            await box.stop()


def cpu_s(pid: int) -> float:
    """Return what the process has taken of the processor, in user and kernel."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS  # utime and stime of proc(5)


def _kilobytes(path: Path, name: str) -> int:
    line = next(each for each in path.read_text().splitlines() if each.startswith(f"{name}:"))
    return int(line.split()[1])
