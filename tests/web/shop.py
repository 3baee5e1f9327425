"""A shop behind the HTTP edge: services that do as they are told, and the edge itself running."""

import random
import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import httpx
from fastapi import FastAPI

from posedge.bus import Bus
from posedge.checkout.displays import Displays
from posedge.checkout.settings import DisplaySettings
from posedge.clock import Ids
from posedge.devices.tapes import Tapes
from posedge.drawers.drawers import Drawers
from posedge.model.capabilities import (
    DeviceState,
    DeviceStatus,
    Kind,
    PrintEvidence,
    ScaleState,
    Weight,
)
from posedge.model.drawer import DrawerStatus
from posedge.model.errors import DeviceError, NotFoundError, PosedgeError
from posedge.model.events import Scanned
from posedge.model.explanation import Explanation, Undriven
from posedge.model.label import Labels
from posedge.model.money import Money
from posedge.model.payment import Attempt, AttemptKind, Evidence, State, TerminalResult
from posedge.model.receipt import Columns, Receipt, Text
from posedge.model.reconciliation import DayState, Declaration, Reconciliation, TerminalDay
from posedge.model.sale import Sale, SaleRequest, SaleState, TenderRequest
from posedge.model.stamp import NS_PER_S, Stamp
from posedge.model.status import BoxStatus, DeskStatus, EventLogStatus, RelayStatus
from posedge.model.terminal import Ability
from posedge.payments.announce import Announcer
from posedge.payments.cases import Cases
from posedge.payments.order import Order
from posedge.printing.queue import PrintQueue
from posedge.printing.settings import PrintingSettings
from posedge.tasks import Crew
from posedge.terminals.checks import UNTOLD, allow
from posedge.terminals.plan import FLOWS
from posedge.terminals.report import Phase, Report, entry
from posedge.web.access import Scope
from posedge.web.app import build
from posedge.web.server import address, bind, serve
from posedge.web.services import Services
from posedge.web.settings import WebSettings
from posedge.wire.apdu import permit
from tests.doubles.journal import MemoryJournal
from tests.doubles.prints import MemoryPrints
from tests.doubles.shelf import MemoryShelf

T = TypeVar("T")
ADMIN = "the-admin-token"
SALE_ID = "0199c2d4-6b0e-7c31-9a55-0f1e2d3c4b5a"
START_NS = 1_795_400_000 * NS_PER_S


class HandClock:
    """Time that a test moves."""

    def __init__(self) -> None:
        self.passed_ns = 3_700 * NS_PER_S

    def now(self) -> Stamp:
        return Stamp(
            utc_ns=START_NS + self.passed_ns,
            monotonic_ns=self.passed_ns,
            boot_id="b" * 32,
            trusted=True,
        )

    def move(self, seconds: float) -> None:
        self.passed_ns += int(seconds * NS_PER_S)


class FakeScale:
    def __init__(self) -> None:
        self.reading = Weight(state=ScaleState.STABLE_WEIGHT, weight_g=1234)
        self.orders: list[str] = []

    def weight(self) -> Weight:
        return self.reading

    async def zero(self) -> None:
        self.orders.append("zero")
        self.reading = Weight(state=ScaleState.ZERO, weight_g=0)

    async def tare(self) -> None:
        self.orders.append("tare")
        self.reading = Weight(state=ScaleState.ZERO, weight_g=0, net=True)


class FakeReader:
    def __init__(self) -> None:
        self.sent: list[str] = []

    async def exchange(self, command: bytes) -> bytes:
        permit(command, (b"\x00\xb0",))
        self.sent.append(command.hex())
        return bytes.fromhex("DEADBEEF9000")


class FakePrinter:
    def __init__(self) -> None:
        self.printed: list[tuple[Receipt | bytes, str]] = []
        self.kicks = 0
        self.drawer_open: bool | None = None
        self.error: PosedgeError | None = None

    @property
    def ready(self) -> bool:
        return self.error is None

    async def print(self, content: Receipt | bytes, job: str) -> PrintEvidence:
        if self.error:
            raise self.error
        self.printed.append((content, job))
        return PrintEvidence.PROCESS_ID

    async def kick(self, drawer: int = 0) -> None:
        if self.error:
            raise self.error
        self.kicks += 1


class FakeLabelPrinter:
    def __init__(self) -> None:
        self.printed: list[tuple[Labels, str]] = []
        self.ready = True

    async def print_labels(self, labels: Labels, job: str) -> PrintEvidence:
        self.printed.append((labels, job))
        return PrintEvidence.BUFFER


class FakeTerminal:
    able: frozenset[Ability] = frozenset()

    async def preimage(self) -> str | None:
        return None

    async def execute(self, attempt: Attempt, witness: object) -> None:
        raise NotImplementedError

    async def find(self, attempt: Attempt, *, waited_s: int) -> object:
        raise NotImplementedError

    async def cancel(self) -> None:
        raise NotImplementedError

    async def status(self) -> str:
        return "ready"


class FakeDevices:
    def __init__(self) -> None:
        self.tapes = Tapes()
        self.scale = FakeScale()
        self.printer = FakePrinter()
        self.labels = FakeLabelPrinter()
        self.reader = FakeReader()
        self.drivers: dict[str, object] = {
            "reader": self.reader,
            "scale": self.scale,
            "printer": self.printer,
            "labels": self.labels,
            "terminal": FakeTerminal(),
            "scanner": object(),
        }
        self.known: tuple[DeviceStatus, ...] = (
            _device("scanner", Kind.SCANNER, "Zebra DS2208", "usb-1.2"),
            _device("scale", Kind.SCALE, "Toledo 8217", "ttyUSB0"),
            _device("printer", Kind.PRINTER, "Epson TM-T20III", "10.0.0.31:9100"),
            _device("labels", Kind.PRINTER, "Zebra ZD421", "usb-1.5"),
            _device("terminal", Kind.TERMINAL, "ZVT over TCP", "10.0.0.40:20007"),
            _device("tag", Kind.OTHER, "Label tag", "usb-1.4"),
        )

    def statuses(self) -> Sequence[DeviceStatus]:
        return self.known

    async def unsupported(self) -> Sequence[Undriven]:
        return self.undriven()

    async def explain(self, name: str) -> Sequence[Explanation]:
        found = [each for each in self.known if name in ("all", each.name, each.id)]
        if not found:
            raise NotFoundError("device.unknown", f"no device {name!r}")
        return tuple(
            Explanation(id=each.id, name=each.name, model=each.model, port=each.port, decision="")
            for each in found
        )

    def undriven(self) -> Sequence[Undriven]:
        return (
            Undriven(
                id="device@usb-1.3",
                port="usb-1.3",
                model="Prolific PL2303",
                reason="A serial adapter says nothing of what is behind it.",
                remedy="Name it in posedge.toml under [[devices]].",
                toml='[[devices.assign]]\ndevice = "usb-1.3"\n',
            ),
        )

    def find(self, capability: type[T], name: str | None) -> tuple[str, T]:
        for each, driver in self.drivers.items():
            if name in (each, None) and isinstance(driver, capability):
                return each, driver
        raise NotFoundError("device.unknown", f"no {capability.__name__} {name!r}")

    def names(self, capability: type[T]) -> tuple[str, ...]:
        return tuple(key for key, each in self.drivers.items() if isinstance(each, capability))


def _device(name: str, kind: Kind, model: str, port: str) -> DeviceStatus:
    return DeviceStatus(
        id=f"{name}-1",
        name=name,
        kind=kind,
        model=model,
        driver=name,
        port=port,
        state=DeviceState.ONLINE,
        since="2026-11-23T04:00:00.000Z",
    )


class FakeCheckout:
    """Answers every sale with `answer`, or raises `error`."""

    def __init__(self) -> None:
        self.asked: list[SaleRequest] = []
        self.resolved: list[tuple[str, str, str, str]] = []
        self.rest: list[tuple[str, tuple[TenderRequest, ...]]] = []
        self.answer = Sale(id=SALE_ID, state=SaleState.COMPLETED)
        self.error: Exception | None = None

    async def sell(self, request: SaleRequest) -> Sale:
        self.asked.append(request)
        if self.error:
            raise self.error
        return self.answer

    async def get(self, sale_id: str) -> Sale:
        if sale_id != self.answer.id:
            raise NotFoundError("sale.unknown", f"no sale {sale_id}")
        return self.answer

    async def customer(self, sale_id: str) -> Receipt:
        await self.get(sale_id)
        return Receipt(parts=(Text(text="<b>Bread"), Columns(left="TOTAL", right="4.00 EUR")))

    async def merchant(self, sale_id: str) -> Receipt:
        await self.get(sale_id)
        return Receipt(parts=(Text(text="MERCHANT COPY"),))

    async def refund(self, sale_id: str, request: SaleRequest) -> Sale:
        return await self.sell(request)

    async def extend(self, sale_id: str, tenders: Sequence[TenderRequest]) -> Sale:
        self.rest.append((sale_id, tuple(tenders)))
        return await self.get(sale_id)

    async def refuse(self, sale_id: str) -> Sale:
        self.rest.append((sale_id, ()))
        return await self.get(sale_id)

    async def resolve(self, sale_id: str, *, who: str, why: str, evidence: str) -> Sale:
        self.resolved.append((sale_id, who, why, evidence))
        return await self.get(sale_id)


class FakeDesk:
    def __init__(self, clock: HandClock) -> None:
        self.clock = clock
        self.attempts: dict[str, Attempt] = {}
        self.state = State.APPROVED
        self.resolved: list[tuple[str, bool, str, str, str]] = []
        self.decided: list[tuple[str, bool, str]] = []
        self.orders: list[Order] = []

    def put(self, number: str, state: State, minor: int = 4599) -> Attempt:
        result = TerminalResult(approved=False, text="card declined")
        self.attempts[number] = Attempt(
            id=number,
            sale=SALE_ID,
            till="till-1",
            kind=AttemptKind.SALE,
            terminal="terminal",
            amount=Money(minor=minor, currency="EUR"),
            state=state,
            created=self.clock.now(),
            result=result if state is State.DECLINED else None,
        )
        return self.attempts[number]

    def doubt(self, number: str, evidence: str) -> None:
        attempt = self.put(number, State.NEEDS_OPERATOR, 12900)
        seen = Evidence(at=self.clock.now(), source="recovery", text=evidence)
        self.attempts[number] = attempt.model_copy(update={"evidence": (seen,)})

    async def decide(self, attempt_id: str, *, keep: bool, who: str) -> Attempt:
        self.decided.append((attempt_id, keep, who))
        return await self.get(attempt_id)

    async def pay(self, order: Order) -> Attempt:
        self.orders.append(order)
        return self.put(order.id, self.state, order.amount.minor)

    async def get(self, attempt_id: str) -> Attempt:
        if attempt_id not in self.attempts:
            raise NotFoundError("payment.unknown", f"no payment {attempt_id}")
        return self.attempts[attempt_id]

    async def cancel(self, attempt_id: str) -> Attempt:
        return await self.get(attempt_id)

    async def resolve(
        self, attempt_id: str, *, approved: bool, who: str, why: str, evidence: str
    ) -> Attempt:
        self.resolved.append((attempt_id, approved, who, why, evidence))
        state = State.OPERATOR_APPROVED if approved else State.OPERATOR_NOT_COMPLETED
        changed = (await self.get(attempt_id)).model_copy(update={"state": state})
        self.attempts[attempt_id] = changed
        return changed

    async def recent(self, limit: int) -> Sequence[Attempt]:
        return tuple(reversed(self.attempts.values()))[:limit]


class FakeDays:
    """Ends every day at once, as `answer` says."""

    def __init__(self, clock: HandClock) -> None:
        self.clock = clock
        self.asked: list[tuple[str, str | None, str]] = []
        self.declared: list[Declaration | None] = []
        self.answer = Reconciliation(
            id="day-1",
            terminal="terminal",
            who="till-1",
            state=DayState.AGREED,
            begun=clock.now(),
            ended=clock.now(),
            text="the terminal has closed its day",
        )

    async def run(
        self,
        number: str,
        terminal: str | None,
        *,
        who: str,
        declared: Declaration | None = None,
    ) -> Reconciliation:
        self.asked.append((number, terminal, who))
        self.declared.append(declared)
        return self.answer

    async def get(self, number: str) -> Reconciliation:
        if number != self.answer.id:
            raise NotFoundError("reconciliation.missing", f"no reconciliation {number}")
        return self.answer

    async def recent(self, limit: int) -> Sequence[Reconciliation]:
        return (self.answer,)[:limit]


class FakeChecks:
    """Begins a check and never gets on with it."""

    def __init__(self, clock: HandClock) -> None:
        self.clock = clock
        self.kept: dict[str, Report] = {}

    @property
    def reports(self) -> Sequence[Report]:
        return tuple(self.kept.values())

    def report(self, terminal: str) -> Report:
        if terminal not in self.kept:
            raise NotFoundError("check.missing", f"{terminal} was never checked")
        return self.kept[terminal]

    def start(
        self, number: str, terminal: str, *, real_money: bool, confirm: str, who: str
    ) -> Report:
        allow(UNTOLD, terminal, real_money=real_money, confirm=confirm)
        self.kept[terminal] = Report(
            id=number,
            terminal=terminal,
            driver="zvt",
            port="10.0.0.40:20007",
            version="0.1.0",
            who=who,
            test_mode=False,
            started=self.clock.now(),
            now="A payment. Present a card that is approved.",
            entries=tuple(entry(each) for each in FLOWS),
        )
        return self.kept[terminal]

    async def stop(self, terminal: str) -> Report:
        stopped = {"phase": Phase.STOPPED, "now": ""}
        self.kept[terminal] = self.report(terminal).model_copy(update=stopped)
        return self.kept[terminal]


@dataclass
class Shop:
    """Everything behind the edge, and `url` once it runs."""

    clock: HandClock = field(default_factory=HandClock)
    journal: MemoryJournal = field(default_factory=MemoryJournal)
    shelf: MemoryShelf = field(default_factory=MemoryShelf)
    devices: FakeDevices = field(default_factory=FakeDevices)
    checkout: FakeCheckout = field(default_factory=FakeCheckout)
    chance: random.Random = field(default_factory=lambda: random.Random(7))
    url: str = ""
    edge: FastAPI = field(default_factory=FastAPI)
    relay_online: bool = True
    prints_waiting: int = 0
    printing: PrintingSettings = field(default_factory=PrintingSettings)
    queue: PrintQueue = field(init=False)
    drawers: Drawers = field(init=False)
    open_drawers: tuple[DrawerStatus, ...] = ()

    def __post_init__(self) -> None:
        self.desk = FakeDesk(self.clock)
        self.days = FakeDays(self.clock)
        self.checks = FakeChecks(self.clock)
        self.terminal_days: tuple[TerminalDay, ...] = ()
        self.cases = Cases(self.journal, self.clock, Ids(self.clock, random.Random(5)))
        self.bus = Bus(self.shelf)
        self.displays = Displays(self.devices, self.bus, DisplaySettings())
        self.started = self.clock.now().model_copy(update={"monotonic_ns": 0})

    @property
    def port(self) -> int:
        return httpx.URL(self.url).port or 0

    async def support(self) -> bytes:
        return b"a bundle"

    @property
    def services(self) -> Services:
        return Services(
            bus=self.bus,
            journal=self.journal,
            checkout=self.checkout,
            copies=self.checkout,
            desk=self.desk,
            cases=self.cases,
            reconciliations=self.days,
            checks=self.checks,
            queue=self.queue,
            drawers=self.drawers,
            devices=self.devices,
            why=self.devices,
            displays=self.displays,
            receipts_on=None,
            support=self.support,
            box_status=self.status,
            clock=self.clock,
            ids=Ids(self.clock, self.chance),
            chance=self.chance,
        )

    async def status(self) -> BoxStatus:
        attempts = tuple(await self.desk.recent(20))
        return BoxStatus(
            version="0.1.0",
            box="bx7f3k2",
            store="s0042",
            tenant="acme",
            started=self.started,
            now=self.clock.now(),
            journal=self.journal.status(),
            events=EventLogStatus(first=self.shelf.held[0], last=self.shelf.held[1]),
            relay=RelayStatus(
                configured=True,
                online=self.relay_online,
                reason=None if self.relay_online else "connection refused",
                acked=self.journal.last if self.relay_online else 0,
                behind=0 if self.relay_online else self.journal.last,
                oldest_unsent=None,
                since=None,
            ),
            desk=DeskStatus(
                in_doubt=sum(each.state is State.IN_DOUBT for each in attempts),
                needs_operator=sum(each.state is State.NEEDS_OPERATOR for each in attempts),
                cases=self.cases.open,
                blocked=(),
                recent=attempts,
            ),
            devices=tuple(self.devices.statuses()),
            undriven=tuple(self.devices.undriven()),
            days=self.terminal_days,
            prints_waiting=self.prints_waiting,
            drawers=self.open_drawers,
        )

    async def scan(self, text: str) -> int:
        return await self.bus.publish(Scanned(at=self.clock.now(), device="scanner-1", text=text))

    async def token(self, scope: Scope, name: str = "till-1") -> str:
        """Pair over HTTP, as a till does."""
        async with httpx.AsyncClient(base_url=self.url) as client:
            opened = await client.post(
                "/v1/pair/window",
                json={"scope": scope, "name": name},
                headers={"Authorization": f"Bearer {ADMIN}"},
            )
            paired = await client.post("/v1/pair", json={"code": opened.json()["code"]})
            return str(paired.json()["token"])

    async def client(self, scope: Scope) -> httpx.AsyncClient:
        """Return a paired client; the caller closes it."""
        token = await self.token(scope)
        headers = {"Authorization": f"Bearer {token}"}
        return httpx.AsyncClient(base_url=self.url, headers=headers, timeout=10)


@asynccontextmanager
async def running(shop: Shop, settings: WebSettings | None = None) -> AsyncIterator[Shop]:
    """Serve the shop on a free port of 127.0.0.1."""
    settings = settings or WebSettings(port=0)
    listener: socket.socket = bind(settings)
    shop.url = address(listener, settings)
    async with Crew("test") as crew:
        shop.queue = PrintQueue(
            MemoryPrints(),
            shop.devices,
            Announcer(shop.bus, crew),
            clock=shop.clock,
            crew=crew,
            settings=shop.printing,
        )
        shop.drawers = Drawers(
            shop.journal,
            shop.devices,
            shop.devices.statuses,
            shop.bus,
            clock=shop.clock,
            ids=Ids(shop.clock, random.Random(8)),
            crew=crew,
            called=shop.queue.device,
        )
        shop.edge = build(shop.services, settings, admin_token=ADMIN)
        crew.start(serve(shop.edge, settings, listener), name="edge")
        yield shop


def basket(**changes: object) -> Mapping[str, Any]:
    """Return a sale of one line of 4.00 EUR, paid in cash."""
    return {
        "id": SALE_ID,
        "till": "till-1",
        "business_day": "2026-11-23",
        "currency": "EUR",
        "lines": [
            {
                "line_id": "1",
                "title": "Bread",
                "quantity": "1",
                "unit_price": "4.00",
                "gross_minor": 400,
                "net_minor": 400,
            }
        ],
        "tenders": [{"kind": "cash", "amount_minor": 400, "given_minor": 500}],
        "total_gross_minor": 400,
        "total_tax_minor": 0,
        **changes,
    }


OUT_OF_PAPER = DeviceError("printer.waiting", "the printer is out of paper: load a roll")
