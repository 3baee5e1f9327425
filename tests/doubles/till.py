"""What a terminal's driver has around it, whatever the terminal speaks."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

from posedge.bus import Bus
from posedge.clock import Ids
from posedge.drivers.interface import Driver, Scheme, Site
from posedge.link.interface import Link
from posedge.link.tcp import open_tcp
from posedge.model.errors import InDoubt
from posedge.model.payment import Attempt, TerminalResult
from posedge.model.terminal import Terminal
from posedge.model.value import Json
from tests.doubles.shelf import MemoryShelf
from tests.doubles.zvt import Notebook, Reports, StillClock

D = TypeVar("D", bound=Driver)

Connect = Callable[[], Awaitable[Any]]


def at_port(port: int) -> Connect:
    async def connect() -> Link:
        return await open_tcp("127.0.0.1", port, timeout_s=1)

    return connect


def driven(
    kind: type[D],
    connect: Connect,
    options: Mapping[str, Json],
    *,
    reports: Reports | None = None,
    warnings: Reports | None = None,
    scheme: Scheme = "tcp",
) -> D:
    site = Site(
        device="terminal",
        name="Terminal",
        open=connect,
        bus=Bus(MemoryShelf()),
        clock=StillClock(),
        ids=Ids(StillClock()),
        options=options,
        report=reports or Reports(),
        warn=warnings or Reports(),
        scheme=scheme,
    )
    return kind(site)


async def settled(
    driver: Terminal, wanted: Attempt, book: Notebook, *, waited_s: int
) -> tuple[str, TerminalResult | None]:
    """Do what a desk does, recovery included; return the state in words and the result."""
    wanted = wanted.model_copy(update={"preimage": await driver.preimage()})
    try:
        await driver.execute(wanted, book)
    except InDoubt:
        book.doubted = True
        stored = book.results[-1] if book.results else None
        finding = await driver.find(wanted.model_copy(update={"result": stored}), waited_s=waited_s)
        return finding.kind.value, finding.result
    result = book.results[-1]
    return ("approved" if result.approved else "declined"), result
