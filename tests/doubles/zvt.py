"""The till's side of a ZVT terminal: clock, attempt, witness, site, and what a desk does."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from posedge.bus import Bus
from posedge.clock import Ids
from posedge.drivers.interface import Scheme, Site
from posedge.drivers.zvt import ZvtTerminal
from posedge.link.interface import Link
from posedge.link.tcp import open_tcp
from posedge.model.errors import InDoubt, StorageError
from posedge.model.money import Money
from posedge.model.payment import Attempt, AttemptKind, State, TerminalResult
from posedge.model.stamp import NS_PER_S, Stamp
from posedge.model.terminal import FindingKind
from posedge.model.value import Json
from tests.doubles.shelf import MemoryShelf

NOON = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
HASTY: dict[str, Json] = {"t3_ms": 250, "t4_ms": 350, "answer_ms": 250}
"""For tests of silence; the others wait long enough for the busiest machine."""

CALM: dict[str, Json] = {
    "timezone": "UTC",
    "t3_ms": 4000,
    "t4_ms": 5000,
    "answer_ms": 4000,
    "status_ms": 5,
    "busy_poll_ms": 5,
    "busy_limit_ms": 50,
}
WAITED_S = 5


def stamp(moment: datetime = NOON) -> Stamp:
    return Stamp(
        utc_ns=int(moment.timestamp()) * NS_PER_S, monotonic_ns=1, boot_id="boot", trusted=True
    )


class StillClock:
    def now(self) -> Stamp:
        return stamp()


def attempt(
    minor: int = 1250,
    kind: AttemptKind = AttemptKind.SALE,
    *,
    preimage: str | None = None,
    original_receipt_no: str | None = None,
    currency: str = "EUR",
) -> Attempt:
    return Attempt(
        id="a1",
        sale="s1",
        till="t1",
        kind=kind,
        terminal="zvt",
        amount=Money(minor=minor, currency=currency),
        state=State.SENDING,
        created=stamp(),
        sent=stamp(),
        preimage=preimage,
        original_receipt_no=original_receipt_no,
    )


@dataclass
class Notebook:
    """A Witness. `fails_at` names the method that raises, as a full disk would make it."""

    fails_at: str = ""
    doubted: bool = False
    accepts: int = 0
    silence_s: int = 0
    shown: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    results: list[TerminalResult] = field(default_factory=list[TerminalResult])
    prints: list[tuple[bool, tuple[str, ...]]] = field(
        default_factory=list[tuple[bool, tuple[str, ...]]]
    )
    on_accepted: Callable[[], Awaitable[None]] | None = None

    async def accepted(self) -> None:
        self._check("accepted")
        self.accepts += 1
        if self.on_accepted is not None:
            await self.on_accepted()

    async def progress(self, status: str, text: str) -> None:
        self._check("progress")
        self.shown.append((status, text))

    async def reference(self, reference: str) -> None:
        raise AssertionError(f"ZVT has no key of its own: {reference}")

    async def patience(self, silence_s: int) -> None:
        self._check("patience")
        self.silence_s = max(self.silence_s, silence_s)

    async def result(self, result: TerminalResult) -> None:
        self._check("result")
        self.results.append(result)

    async def printed(
        self, *, customer: bool, lines: tuple[str, ...], signature: bool = False
    ) -> None:
        self._check("printed")
        self.prints.append((customer, lines))

    def _check(self, where: str) -> None:
        if self.fails_at == where:
            raise StorageError("storage.failed", "the disk is full")


@dataclass
class Reports:
    """What the driver told the supervisor."""

    said: list[str | None] = field(default_factory=list[str | None])
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, reason: str | None) -> None:
        self.said.append(reason)
        self._news.set()

    async def until(self, seen: Callable[[], bool]) -> None:
        async with asyncio.timeout(5):
            while not seen():
                self._news.clear()
                await self._news.wait()


def terminal(
    port: int, reports: Reports | None = None, warnings: Reports | None = None, /, **options: Json
) -> ZvtTerminal:
    async def connect() -> Link:
        return await open_tcp("127.0.0.1", port, timeout_s=1)

    return at(connect, reports, warnings, **options)


def at(
    connect: Callable[[], Awaitable[Link]],
    reports: Reports | None = None,
    warnings: Reports | None = None,
    scheme: Scheme = "tcp",
    /,
    **options: Json,
) -> ZvtTerminal:
    site = Site(
        device="zvt",
        name="Terminal",
        open=connect,
        bus=Bus(MemoryShelf()),
        clock=StillClock(),
        ids=Ids(StillClock()),
        options={**CALM, **options},
        report=reports or Reports(),
        warn=warnings or Reports(),
        scheme=scheme,
    )
    return ZvtTerminal(site)


async def concluded(
    driver: ZvtTerminal, wanted: Attempt, book: Notebook | None = None
) -> tuple[str, TerminalResult | None]:
    """Do what a desk does, recovery included; return the state in words and the result."""
    wanted = wanted.model_copy(update={"preimage": await driver.preimage()})
    book = book or Notebook()
    try:
        await driver.execute(wanted, book)
    except InDoubt:
        book.doubted = True
        stored = book.results[-1] if book.results else None
        if stored is not None and not stored.approved:
            return "declined", stored
        finding = await driver.find(wanted.model_copy(update={"result": stored}), waited_s=WAITED_S)
        return finding.kind.value, finding.result
    result = book.results[-1]
    approved = FindingKind.APPROVED.value if result.approved else "declined"
    return approved, result
