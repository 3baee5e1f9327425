"""A till's side of a terminal behind a provider's cloud, and the simulated provider."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Protocol, cast

from posedge.bus import Bus
from posedge.clock import Ids
from posedge.drivers.clouds import CLOUDS as DRIVERS
from posedge.drivers.interface import Site
from posedge.model.errors import InDoubt, NotStarted, StorageError
from posedge.model.payment import Attempt, AttemptKind, State, TerminalResult
from posedge.model.reconciliation import Reconciling
from posedge.model.terminal import FindingKind, Terminal
from posedge.model.value import Json
from posedge.sim.charge import Charge
from posedge.sim.cloud import CloudSim
from posedge.sim.cloud_alone import CLOUDS, cloud
from posedge.sim.cloud_faults import CloudFaults
from tests.doubles.shelf import MemoryShelf
from tests.doubles.zvt import Reports, StillClock, attempt

QUICK: dict[str, Json] = {
    "poll_ms": 5,
    "answer_ms": 1_500,
    "customer_ms": 1_000,
    "settle_ms": 300,
    "status_ms": 5,
}
LEAN: dict[str, dict[str, Json]] = {"stripe": {"retries": 0}, "square": {"retries": 0}}
"""Without what a vendor's client mends by itself, after seconds."""

WAITED_S = 60


class CloudDriver(Terminal, Reconciling, Protocol):
    async def run(self) -> None: ...


@dataclass
class Diary:
    """A Witness: what a desk would have stored, in order. `fails_at` is a full disk."""

    fails_at: str = ""
    steps: list[str] = field(default_factory=list[str])
    shown: list[str] = field(default_factory=list[str])
    key: str | None = None
    stored: TerminalResult | None = None

    async def accepted(self) -> None:
        self._note("accepted")

    async def progress(self, status: str, text: str) -> None:
        self.shown.append(text)

    async def reference(self, reference: str) -> None:
        self._note("reference")
        self.key = reference

    async def patience(self, silence_s: int) -> None:
        raise AssertionError("no cloud asks for patience")

    async def result(self, result: TerminalResult) -> None:
        self._note("result")
        assert self.stored is None, "a second result"
        self.stored = result

    async def printed(
        self, *, customer: bool, lines: tuple[str, ...], signature: bool = False
    ) -> None:
        raise AssertionError("no cloud prints through us")

    def _note(self, step: str) -> None:
        self.steps.append(step)
        if self.fails_at == step:
            raise StorageError("storage.failed", "the disk is full")


@dataclass
class Shop:
    """One terminal at one simulated provider."""

    kind: str
    sim: CloudSim
    driver: CloudDriver
    warnings: Reports
    reports: Reports

    @property
    def faults(self) -> CloudFaults:
        return self.sim.faults

    @property
    def moved(self) -> int:
        """What the provider really moved, net."""
        return net(self.sim.ledger)

    async def pay(self, wanted: Attempt, diary: Diary | None = None) -> "Ended":
        """Do what a desk does, recovery included."""
        diary = diary or Diary()
        try:
            await self.driver.execute(wanted, diary)
        except NotStarted:
            return Ended(State.FAILED_NOT_STARTED, None, diary)
        except (InDoubt, StorageError):
            return await self.recovered(wanted, diary)
        assert diary.stored is not None
        return Ended(_state(diary.stored), diary.stored, diary)

    async def recovered(self, wanted: Attempt, diary: Diary) -> "Ended":
        if diary.stored is not None and not diary.stored.approved:
            return Ended(_state(diary.stored), diary.stored, diary)
        known = wanted.model_copy(
            update={"state": State.IN_DOUBT, "reference": diary.key, "result": diary.stored}
        )
        self.faults.mend()
        finding = await self.driver.find(known, waited_s=WAITED_S)
        states = {
            FindingKind.APPROVED: State.APPROVED,
            FindingKind.NOT_COMPLETED: State.NOT_COMPLETED,
            FindingKind.UNKNOWN: State.NEEDS_OPERATOR,
        }
        return Ended(states[finding.kind], finding.result, diary, doubted=True, text=finding.text)


@dataclass(frozen=True)
class Ended:
    state: State
    result: TerminalResult | None
    diary: Diary
    doubted: bool = False
    text: str = ""

    @property
    def moved(self) -> int:
        """What the journal would say that moved."""
        if self.state is not State.APPROVED or self.result is None:
            return 0
        assert self.result.amount is not None
        return self.result.amount.minor


def _state(result: TerminalResult) -> State:
    if result.approved:
        return State.APPROVED
    return State.CANCELLED if result.cancelled else State.DECLINED


def net(ledger: Sequence[Charge]) -> int:
    signs = {AttemptKind.SALE: 1, AttemptKind.CAPTURE: 1, AttemptKind.REFUND: -1}
    return sum(signs.get(each.kind, 0) * each.amount_minor for each in ledger if not each.reversed)


@asynccontextmanager
async def shop(
    kind: str, *, customer_s: float = 0.0, now_s: int | None = None, **options: Json
) -> AsyncIterator[Shop]:
    now = None if now_s is None else lambda: now_s
    async with cloud(kind, customer_s=customer_s, now=now) as sim:
        reports, warnings = Reports(), Reports()
        made = driver(kind, sim.url, reports, warnings, **options)
        yield Shop(kind, sim, made, warnings, reports)


def driver(
    kind: str, address: str, reports: Reports, warnings: Reports, **options: Json
) -> CloudDriver:
    known = next(each for each in DRIVERS if each.name == kind)

    async def unlinked() -> None:
        raise AssertionError("a cloud has no link")

    site = Site(
        device=kind,
        name="Terminal",
        open=unlinked,
        bus=Bus(MemoryShelf()),
        clock=StillClock(),
        ids=Ids(StillClock()),
        options={**CLOUDS[kind].options, **QUICK, **LEAN.get(kind, {}), **options},
        report=reports,
        warn=warnings,
        scheme="http",
        address=address,
    )
    return cast("CloudDriver", known(site))


def wanted(
    minor: int = 1250,
    kind: AttemptKind = AttemptKind.SALE,
    *,
    key: str = "a1",
    original: Ended | None = None,
    asks_tip: bool = False,
    currency: str = "EUR",
) -> Attempt:
    """Return an attempt of its own id, about the one before where there is one."""
    number = original.result.receipt_no if original and original.result else None
    made = attempt(minor, kind, original_receipt_no=number, currency=currency)
    changes = {
        "id": key,
        "asks_tip": asks_tip,
        "original": "o1" if original else None,
        "original_reference": original.diary.key if original else None,
    }
    return made.model_copy(update=changes)


async def until(seen: Callable[[], bool]) -> None:
    """Wait until `seen()` is true."""
    async with asyncio.timeout(5):
        while not seen():  # noqa: ASYNC110 - what is waited for is in no event
            await asyncio.sleep(0.002)
