"""The till's side of an Adyen terminal, and one to try it against."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from ssl import SSLContext
from tempfile import mkdtemp

from posedge.bus import Bus
from posedge.clock import Ids
from posedge.drivers.adyen import AdyenTerminal
from posedge.drivers.interface import Site
from posedge.link.interface import Link
from posedge.link.tcp import open_tcp
from posedge.model.errors import InDoubt
from posedge.model.payment import Attempt, TerminalResult
from posedge.model.value import Json
from posedge.sim.adyen import POIID, AdyenSim
from posedge.sim.adyen_faults import Faults
from posedge.sim.certificates import Authority
from posedge.wire.nexo.crypto import SecurityKey
from tests.doubles.shelf import MemoryShelf
from tests.doubles.zvt import NOON, Notebook, Reports, StillClock

PASSPHRASE = "correct-horse-battery"
CLOUD_HOST = "terminal-api-test.adyen.com"
API_KEY = "AQEyhmfxK+key"
NAME = f"{POIID}.test.terminal.adyen.com"
HASTY: dict[str, Json] = {"payment_ms": 300, "answer_ms": 300}
WAITED_S = 60


@cache
def authority() -> Authority:
    return Authority(Path(mkdtemp(prefix="posedge-roots-")))


@cache
def issued(common_name: str, *hosts: str) -> SSLContext:
    return authority().issue(common_name, hosts)


@cache
def key() -> SecurityKey:
    return SecurityKey.derive(PASSPHRASE, "box", 1)


@dataclass
class Diary(Notebook):
    """A Witness that keeps the provider's key too."""

    references: list[str] = field(default_factory=list[str])

    async def reference(self, reference: str) -> None:
        self._check("reference")
        self.references.append(reference)


def local(faults: Faults | None = None, *, customer_s: float = 0, name: str = NAME) -> AdyenSim:
    return AdyenSim(faults, now=lambda: NOON, tls=issued(name), key=key(), customer_s=customer_s)


def cloud(
    faults: Faults | None = None, *, customer_s: float = 0, name: str = CLOUD_HOST
) -> AdyenSim:
    return AdyenSim(
        faults,
        now=lambda: NOON,
        tls=issued(name, CLOUD_HOST),
        api_key=API_KEY,
        target="/sync",
        customer_s=customer_s,
    )


LOCAL: dict[str, Json] = {
    "poiid": POIID,
    "passphrase": PASSPHRASE,
    "key_identifier": "box",
    "status_ms": 5,
}
CLOUD: dict[str, Json] = {
    "poiid": POIID,
    "api_key": API_KEY,
    "status_ms": 5,
}
WAYS = {"local": (local, LOCAL), "cloud": (cloud, CLOUD)}


def at(
    connect: Callable[[], Awaitable[Link]],
    reports: Reports | None = None,
    warnings: Reports | None = None,
    /,
    **options: Json,
) -> AdyenTerminal:
    site = Site(
        device="adyen",
        name="Terminal",
        open=connect,
        bus=Bus(MemoryShelf()),
        clock=StillClock(),
        ids=Ids(StillClock()),
        options={"roots": str(authority().roots), **options},
        report=reports or Reports(),
        warn=warnings or Reports(),
        scheme="https",
        address=f"https://{CLOUD_HOST}/sync" if "api_key" in options else "https://127.0.0.1:8443",
    )
    return AdyenTerminal(site)


def terminal(
    port: int, reports: Reports | None = None, warnings: Reports | None = None, /, **options: Json
) -> AdyenTerminal:
    async def connect() -> Link:
        return await open_tcp("127.0.0.1", port, timeout_s=2)

    return at(connect, reports, warnings, **options)


@asynccontextmanager
async def pair(
    way: str = "local",
    faults: Faults | None = None,
    options: Mapping[str, Json] | None = None,
    *,
    customer_s: float = 0,
    warnings: Reports | None = None,
) -> AsyncGenerator[tuple[AdyenTerminal, AdyenSim], None]:
    """A terminal that is switched on, and its driver."""
    make, usual = WAYS[way]
    async with make(faults, customer_s=customer_s) as sim:
        yield terminal(sim.port, None, warnings, **{**usual, **(options or {})}), sim


async def concluded(
    driver: AdyenTerminal, wanted: Attempt, book: Diary
) -> tuple[str, TerminalResult | None]:
    """Do what a desk does, one question of recovery included; say what came of it."""
    try:
        await driver.execute(wanted, book)
    except InDoubt:
        book.doubted = True
        stored = book.results[-1] if book.results else None
        known = {"reference": book.references[-1], "result": stored}
        finding = await driver.find(wanted.model_copy(update=known), waited_s=WAITED_S)
        return finding.kind.value, finding.result
    result = book.results[-1]
    return ("approved" if result.approved else "declined"), result
