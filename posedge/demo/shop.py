"""The virtual shop as processes: broker, headquarters, box, and the devices around it."""

import asyncio
import http.client
import json
import random
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from posedge.clock import Ids, SystemClock
from posedge.demo.child import Child
from posedge.demo.devices import Devices
from posedge.demo.mosquitto import Mosquitto
from posedge.demo.operator import Operator
from posedge.demo.ports import free_port
from posedge.demo.terminals import SPEECHLESS
from posedge.demo.till import Till
from posedge.tasks import Crew
from posedge.web.access import Scope
from posedge.web.admin import open_window

TENANT, STORE, BOX = "demo", "high-street", "box-demo"
PAGE_PORT, HQ_PORT = 8080, 8090
READY_S = 30


class Shop:
    """`async with` starts everything and ends it in the other order; `folder` holds its state."""

    def __init__(
        self,
        folder: Path,
        *,
        customer_s: float,
        private: bool,
        terminal: str = "zvt",
    ) -> None:
        self._folder = folder
        self._private = private
        self._terminal = terminal
        self._stack = AsyncExitStack()
        self.clock = SystemClock()
        self.ids = Ids(self.clock, random.SystemRandom())
        self.devices = Devices(folder, customer_s=customer_s, terminal=terminal)
        self.broker = Mosquitto(folder)
        self.page_port = free_port(None if private else PAGE_PORT)
        self.hq_port = free_port(None if private else HQ_PORT)
        self.box = Child(("run", "--config", str(self._box_toml)), folder / "box.log")
        self.hq = Child(self._hq_arguments, folder / "headquarters.log")

    async def __aenter__(self) -> Self:
        try:
            await self._stack.enter_async_context(self.devices)
            await self._stack.enter_async_context(self.broker)
            self._box_toml.write_text(self._configuration(), encoding="utf-8")
            for child in (self.hq, self.box):
                self._stack.push_async_callback(child.stop)
                await child.start()
            await self.ready()
            self.till = Till(self.page, await self.pair(Scope.TILL, "till-1"))
            self._stack.push_async_callback(self.till.close)
            crew = await self._stack.enter_async_context(Crew("till"))
            crew.start(self.till.follow(), name="events")
            if self._terminal in SPEECHLESS:
                await self._call_in(crew)
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stack.__aexit__(kind, error, trace)

    async def _call_in(self, crew: Crew) -> None:
        """Have somebody here who looks what the terminal cannot say."""
        till = Till(self.page, await self.pair(Scope.TECHNICIAN, "operator"))
        self._stack.push_async_callback(till.close)
        operator = Operator(till, lambda: self.devices.terminal.ledger)
        crew.start(operator.watch(), name="operator")

    @property
    def page(self) -> str:
        return f"http://127.0.0.1:{self.page_port}"

    @property
    def hq_page(self) -> str:
        return f"http://127.0.0.1:{self.hq_port}"

    async def ready(self) -> None:
        """Wait until box and headquarters answer."""
        await self.hq.ready(lambda: _healthy(self.hq_port), READY_S)
        await self.box.ready(lambda: _healthy(self.page_port), READY_S)

    async def pair(self, scope: Scope, name: str) -> str:
        """Pair like a person: a code shown by the box, given back for a token."""
        code = await self.code(scope, name)
        body = {"code": code, "name": name}
        answer = await asyncio.to_thread(_ask, self.page_port, "POST", "/v1/pair", body)
        return str(answer["token"])

    async def code(self, scope: Scope, name: str) -> str:
        return await asyncio.to_thread(open_window, self.page, self._state, scope, name)

    async def hq_counts(self) -> dict[str, Any]:
        """Return headquarters' own counts."""
        counts: dict[str, Any] = await asyncio.to_thread(_ask, self.hq_port, "GET", "/v1/counts")
        return counts

    async def hq_entries(self) -> list[dict[str, Any]]:
        """Return every entry of the ledger, as headquarters stored it."""
        entries: list[dict[str, Any]] = []
        while True:
            path = f"/v1/boxes/{BOX}/entries?after={len(entries)}"
            page = await asyncio.to_thread(_ask, self.hq_port, "GET", path)
            entries += page
            if not page:
                return entries

    @property
    def _state(self) -> Path:
        return self._folder / "box"

    @property
    def _box_toml(self) -> Path:
        return self._folder / "posedge.toml"

    @property
    def _hq_arguments(self) -> tuple[str, ...]:
        return (
            "hq",
            "--tenant", TENANT,
            "--broker", f"127.0.0.1:{self.broker.port}",
            "--database", f"sqlite:///{self._folder / 'headquarters.db'}",
            "--listen", f"127.0.0.1:{self.hq_port}",
        )  # fmt: skip

    def _configuration(self) -> str:
        return f"""# The virtual shop's box. A real one: config/posedge.toml
state_dir = "{self._state}"

[box]
tenant = "{TENANT}"
store = "{STORE}"
name = "{BOX}"

[web]
port = {self.page_port}

[relay]
host = "127.0.0.1"
port = {self.broker.port}
will_delay_s = 2

[checkout]
header = ["posedge demo shop", "1 High Street"]
footer = ["Thank you, and see you soon"]

[devices]
udev = {"false" if self._private else "true"}
{self.devices.configuration}"""


def _healthy(port: int) -> bool:
    try:
        _ask(port, "GET", "/healthz")
    except OSError:
        return False
    return True


def _ask(port: int, method: str, path: str, body: dict[str, str] | None = None) -> Any:
    """Ask a server of the shop; OSError when it is away or says no."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        text = None if body is None else json.dumps(body)
        headers = {} if text is None else {"Content-Type": "application/json"}
        connection.request(method, path, text, headers)
        answer = connection.getresponse()
        content = answer.read()
    except http.client.HTTPException as error:
        raise OSError(f"{path}: {error!r}") from None
    finally:
        connection.close()
    if answer.status >= http.client.BAD_REQUEST:
        raise OSError(f"{path}: {answer.status} {content[:200]!r}")
    return json.loads(content)
