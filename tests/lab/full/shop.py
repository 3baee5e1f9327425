"""The shop around the box: a till and a technician by HTTPS, a card terminal by ZVT."""

import asyncio
import json
import ssl
import subprocess
from contextlib import AsyncExitStack
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

import httpx

from posedge.clock import Ids, SystemClock
from posedge.demo.goods import GOODS, line, summary
from posedge.demo.till import Till
from posedge.model.sale import SaleRequest, TenderRequest
from posedge.sim.alone import local_time
from posedge.sim.zvt import ZvtTerminalSim
from posedge.tasks import Crew
from tests.lab.full.machine import Machine

READY_S = 600
"""From power on until the box answers: a minute under emulation, and ten where others work too."""

PATIENCE_S = 300
"""For what a box on its own processor does in a second or two."""

CUSTOMER_S = 3.0
LOOK_S = 0.2
OUTSIDE = "10.0.2.2"
"""This machine, seen from the guest."""

CONFIGURATION = f"""
[web]
host = "0.0.0.0"
tls_certificate = "/run/credentials/posedge.service/box.crt"
tls_key = "/run/credentials/posedge.service/box.key"

[[devices.assign]]
device = "0eb8:f000"
driver = "toledo"
options = {{ bits = 8, parity = "N" }}

[[devices.static]]
name = "terminal"
driver = "zvt"
address = "tcp://{OUTSIDE}:%d"
options = {{ t4_ms = 20000, answer_ms = 5000 }}
"""


class Shop:
    """Everything that goes on when the box loses its power. `async with` opens it."""

    technician: httpx.AsyncClient
    till: Till

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.terminal = ZvtTerminalSim(now=local_time, customer_s=CUSTOMER_S)
        self._clock = SystemClock()
        self._ids = Ids(self._clock)
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        await self._stack.enter_async_context(self.terminal)
        folder = self.machine.folder
        (folder / "posedge.toml").write_text(CONFIGURATION % self.terminal.port)
        _issue(folder)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stack.__aexit__(kind, error, trace)

    @property
    def address(self) -> str:
        return f"https://127.0.0.1:{self.machine.port}"

    @property
    def trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.machine.folder / "box.crt")

    async def let_in(self) -> None:
        """Pair till and technician as the operator does; the tokens outlive the power."""
        tokens = [await self._pair(scope) for scope in ("till", "technician")]
        self.till = Till(self.address, tokens[0], self.trust, patience_s=READY_S)
        self._stack.push_async_callback(self.till.close)
        self.technician = httpx.AsyncClient(
            base_url=self.address,
            headers={"Authorization": f"Bearer {tokens[1]}"},
            verify=self.trust,
            timeout=PATIENCE_S,
            trust_env=False,
        )
        self._stack.push_async_callback(self.technician.aclose)
        crew = await self._stack.enter_async_context(Crew("till"))
        crew.start(self.till.follow(), name="events")

    async def ready(self) -> None:
        """Return when the box answers and is well."""
        async with (
            asyncio.timeout(READY_S),
            httpx.AsyncClient(verify=self.trust, trust_env=False) as client,
        ):
            while True:
                try:
                    answer = await client.get(f"{self.address}/healthz")
                except httpx.TransportError:
                    await asyncio.sleep(LOOK_S)
                    continue
                if answer.status_code == HTTPStatus.OK:
                    return
                await asyncio.sleep(LOOK_S)

    def request(self, tender: Literal["card", "cash"]) -> SaleRequest:
        """Return a basket of one good, paid by `cash` or `card`."""
        lines = (line(1, GOODS[0]),)
        total = sum(each.gross_minor for each in lines)
        taxes = summary(lines)
        return SaleRequest(
            id=self._ids.new(),
            till="till-1",
            business_day=self._clock.now().rfc3339[:10],
            currency="EUR",
            lines=lines,
            tenders=(TenderRequest(kind=tender, amount_minor=total),),
            tax_summary=taxes,
            total_gross_minor=total,
            total_tax_minor=sum(each.amount_minor for each in taxes),
            print_receipt=False,
        )

    async def journal(self) -> list[dict[str, Any]]:
        """Return every entry of the box's journal."""
        entries: list[dict[str, Any]] = []
        while True:
            answer = await self.technician.get(f"/v1/journal?after={len(entries)}&limit=500")
            answer.raise_for_status()
            if not (page := answer.json()["entries"]):
                return entries
            entries += page

    async def devices(self) -> dict[str, tuple[str, str]]:
        """Return the driver and the state of each device by its id."""
        answer = await self.technician.get("/v1/devices")
        return {each["id"]: (each["driver"], each["state"]) for each in answer.json()}

    async def online(self, *ids: str, within_s: float = PATIENCE_S) -> None:
        async with asyncio.timeout(within_s):
            while not {"ONLINE"} >= {(await self.devices()).get(each, ("", ""))[1] for each in ids}:  # noqa: ASYNC110 - HTTP
                await asyncio.sleep(LOOK_S)

    async def hands(self, order: str) -> dict[str, Any]:
        """Give the hands in the guest an order."""
        ask = f"exec 3<>/dev/tcp/127.0.0.1/4242; echo {order} >&3; head -n1 <&3"
        answer: dict[str, Any] = json.loads(await self.machine.run(ask)) or {}
        assert "error" not in answer, answer
        return answer

    async def _pair(self, scope: str) -> str:
        said = await self.machine.run(f"posedge pair --config {CONFIG} --scope {scope}")
        body = {"code": said.splitlines()[0], "name": scope}
        async with httpx.AsyncClient(
            verify=self.trust, timeout=PATIENCE_S, trust_env=False
        ) as client:
            answer = await client.post(f"{self.address}/v1/pair", json=body)
        answer.raise_for_status()
        return str(answer.json()["token"])


CONFIG = "/etc/posedge/posedge.toml"


def _issue(folder: Path) -> None:
    """Make the box's key, and a certificate for the address at which it is reached."""
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-days", "2", "-subj", "/CN=box", "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", folder / "box.key", "-out", folder / "box.crt"),
        ],
        check=True,
        capture_output=True,
    )
