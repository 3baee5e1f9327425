"""A real box, `posedge run` as a process of its own, with a virtual shop's devices around it."""

import asyncio
import http.client
import json
import os
import tempfile
from collections.abc import AsyncGenerator, Generator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from posedge.demo.child import Child
from posedge.demo.devices import Devices
from posedge.demo.ports import free_port
from posedge.demo.till import Till
from posedge.tasks import Crew
from posedge.web.access import Scope
from posedge.web.admin import open_window

READY_S = 30
LOOK_S = 0.05
DEVICES = 5
BLOCK = b"x" * 4096

DISK = Path.cwd()
"""Not /tmp, which may be memory."""

MEMORY = Path("/dev/shm")
"""Where a sync costs nothing, so that everything else can be seen."""


@dataclass(frozen=True, slots=True)
class Place:
    """What stands in the shop. `till` follows the event stream; the clients bear a token each."""

    folder: Path
    devices: Devices
    till: Till
    as_till: httpx.AsyncClient
    as_technician: httpx.AsyncClient


@asynccontextmanager
async def place(within: Path) -> AsyncGenerator[Place, None]:
    """Open a shop with scanner, scale, display, printer and terminal, and close it again."""
    async with AsyncExitStack() as stack:
        folder = within / stack.enter_context(scratch(within))
        devices = await stack.enter_async_context(Devices(folder, customer_s=0))
        port = free_port()
        toml = configure(folder, port, devices.configuration)
        box = Child(("run", "--config", str(toml)), folder / "box.log")
        stack.push_async_callback(box.stop)
        await box.start()
        await box.ready(lambda: healthy(port), READY_S)
        tokens = [await _pair(folder, port, scope) for scope in (Scope.TILL, Scope.TECHNICIAN)]
        clients = [await stack.enter_async_context(_client(port, token)) for token in tokens]
        till = Till(f"http://127.0.0.1:{port}", tokens[0])
        stack.push_async_callback(till.close)
        crew = await stack.enter_async_context(Crew("bench"))
        crew.start(till.follow(), name="events")
        await _online(clients[1])
        yield Place(folder, devices, till, *clients)


@contextmanager
def one_processor() -> Generator[None]:
    """Keep all that is started within, box and shop, on one processor.

    To wake another one costs what the machine makes of it: 0.1 ms in a virtual one where waking
    the next process costs 0.01, and now and then milliseconds. A payment has twenty wake-ups.
    """
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(allowed)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


def scratch(within: Path) -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(dir=within, prefix=".bench-")


def configure(folder: Path, port: int, devices: str = "") -> Path:
    """Write the configuration of a box without headquarters."""
    path = folder / "posedge.toml"
    path.write_text(
        f'state_dir = "{folder / "box"}"\n[web]\nport = {port}\n[devices]\nudev = false\n{devices}',
        encoding="utf-8",
    )
    return path


def healthy(port: int) -> bool:
    """Whether a box answers 200 on /healthz."""
    try:
        _ask(port, "GET", "/healthz")
    except OSError:
        return False
    return True


def fdatasync_ms(folder: Path, count: int = 200) -> list[float]:
    """Append and sync 4 KiB `count` times, as a commit does; return what each took."""
    file = os.open(folder / "raw", os.O_CREAT | os.O_WRONLY)
    took: list[float] = []
    loop = asyncio.get_running_loop()
    for number in range(count):
        os.pwrite(file, BLOCK, number * len(BLOCK))
        began = loop.time()
        os.fdatasync(file)
        took.append((loop.time() - began) * 1000)
    os.close(file)
    return took


async def _pair(folder: Path, port: int, scope: Scope) -> str:
    address = f"http://127.0.0.1:{port}"
    code = await asyncio.to_thread(open_window, address, folder / "box", scope, scope.value)
    body = {"code": code, "name": scope.value}
    answer = await asyncio.to_thread(_ask, port, "POST", "/v1/pair", body)
    return str(answer["token"])


async def _online(client: httpx.AsyncClient) -> None:
    async with asyncio.timeout(READY_S):
        while not _all_online((await client.get("/v1/devices")).json()):  # noqa: ASYNC110 - HTTP
            await asyncio.sleep(LOOK_S)


def _client(port: int, token: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{port}",
        headers={"Authorization": f"Bearer {token}"},
        timeout=READY_S,
        trust_env=False,
    )


def _all_online(devices: list[dict[str, Any]]) -> bool:
    return len(devices) == DEVICES and all(each["state"] == "ONLINE" for each in devices)


def _ask(port: int, method: str, path: str, body: dict[str, str] | None = None) -> Any:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        text = None if body is None else json.dumps(body)
        connection.request(method, path, text, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        content = answer.read()
    finally:
        connection.close()
    if answer.status >= http.client.BAD_REQUEST:
        raise OSError(f"{path}: {answer.status} {content[:200]!r}")
    return json.loads(content)
