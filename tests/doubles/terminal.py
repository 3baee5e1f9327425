"""A payment terminal that keeps its own books, and fails in every way that terminals do.

terminal.plan(Act.APPROVE, Fault.LOST_ACK)    # what the next command meets
terminal.moved["attempt id"]                  # what it really moved, whatever the box thinks
"""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TypeVar

from posedge.model.errors import (
    DeviceError,
    InDoubt,
    MisuseError,
    NotFoundError,
    NotStarted,
    PosedgeError,
)
from posedge.model.money import Money
from posedge.model.payment import Attempt, State, TerminalResult
from posedge.model.terminal import Ability, Finding, FindingKind, Witness

T = TypeVar("T")

HOST_S = 5
"""How long the terminal works on a command; before that silence proves nothing."""


class Act(Enum):
    APPROVE = auto()
    PARTIAL = auto()  # half of it
    DECLINE = auto()
    CANCEL = auto()
    TOO_MUCH = auto()  # an approval that cannot be the answer
    TIPPED = auto()  # the customer adds 1.50
    AMOUNTLESS = auto()  # approves and does not say how much


class Fault(Enum):
    NONE = auto()
    UNREACHABLE = auto()  # not even the pre-image can be read
    REFUSED = auto()  # says no before it begins
    LOST_COMMAND = auto()  # never hears of it; the box cannot know
    LOST_RESULT = auto()  # its result never arrives: it reverses by itself
    LOST_ACK = auto()  # our acknowledgement never arrives: it reverses by itself
    LOST_END = auto()  # has our acknowledgement, but the box cannot know


@dataclass
class FakeTerminal:
    """Satisfies model.terminal.Terminal. Survives the box; `power_cut` ends what was going on."""

    moved: dict[str, int] = field(default_factory=dict)
    steps: list[str] = field(default_factory=list)
    on_step: Callable[[str, Attempt], None] = lambda _step, _attempt: None
    reachable: bool = True
    forgetful: bool = False
    prints: bool = False
    signature: bool = False
    cancelled: bool = False
    unable: frozenset[Ability] = frozenset()
    eager: bool = False  # its host keeps the money before the box hears of it, as in a cloud
    _plans: deque[tuple[Act, Fault]] = field(default_factory=deque)
    _receipt: int = 100
    _results: dict[str, TerminalResult] = field(default_factory=dict)
    _busy: bool = False

    def plan(self, act: Act, fault: Fault = Fault.NONE) -> None:
        self._plans.append((act, fault))

    def power_cut(self) -> None:
        """Forget the conversation that the box had when its power went."""
        self._busy = False
        self._plans.clear()

    @property
    def able(self) -> frozenset[Ability]:
        return frozenset(Ability) - self.unable

    async def preimage(self) -> str | None:
        await asyncio.sleep(0.01)
        if not self.reachable or (self._plans and self._plans[0][1] is Fault.UNREACHABLE):
            if self._plans:
                self._plans.popleft()
            raise NotStarted("terminal.unreachable", "the terminal does not answer")
        return str(self._receipt)

    async def execute(self, attempt: Attempt, witness: Witness) -> None:
        assert not self._busy, "a second command while one runs"
        assert attempt.id not in self.moved, "the same attempt twice"
        assert attempt.state is State.SENDING
        assert attempt.preimage == str(self._receipt)
        self._busy = True
        try:
            await self._converse(attempt, witness)
        finally:
            self._busy = False

    async def _converse(self, attempt: Attempt, witness: Witness) -> None:
        act, fault = self._plans.popleft() if self._plans else (Act.APPROVE, Fault.NONE)
        self._step("asked", attempt)
        await asyncio.sleep(0.02)
        if fault is Fault.REFUSED:
            raise NotStarted("terminal.refused", "84 83 00")
        if fault is Fault.LOST_COMMAND:
            await asyncio.sleep(180)
            raise InDoubt("terminal.silent", "no answer to the command")
        self.cancelled = False
        await witness.accepted()
        await witness.progress("insert", "Insert or tap card")
        await asyncio.sleep(HOST_S / 2)
        result = self._decide(attempt, act)
        if self.eager and act is not Act.TOO_MUCH:
            self._keep(attempt, result)
            await asyncio.sleep(1)
        if fault is Fault.LOST_RESULT:
            await asyncio.sleep(180)
            raise InDoubt("terminal.silent", "no result")
        await self._deliver(attempt, witness, result)
        if fault is Fault.LOST_ACK:
            raise InDoubt("terminal.unacknowledged", "the line broke in front of our answer")
        if attempt.id not in self.moved:
            self._keep(attempt, result)
        if fault is Fault.LOST_END:
            raise InDoubt("terminal.unacknowledged", "the line broke behind our answer")
        await asyncio.sleep(0.01)

    async def _deliver(self, attempt: Attempt, witness: Witness, result: TerminalResult) -> None:
        """Hand over the result; when the box cannot keep it, the answer is no."""
        try:
            await witness.result(result)
            await witness.result(result)  # terminals repeat themselves
            if self.prints:
                await witness.printed(customer=True, lines=("CARD PAYMENT", str(attempt.amount)))
                await witness.printed(customer=False, lines=("MERCHANT COPY",))
        except PosedgeError as error:
            raise InDoubt("terminal.told_no", f"84 6C 00: {error.code}") from None

    def _decide(self, attempt: Attempt, act: Act) -> TerminalResult:
        if self.cancelled and act is Act.DECLINE:
            act = Act.CANCEL
        minor = attempt.amount.minor
        amount = {Act.PARTIAL: max(1, minor // 2), Act.TOO_MUCH: minor + 1}.get(act, minor)
        tip = (
            Money(minor=150, currency=attempt.amount.currency)
            if act is Act.TIPPED and attempt.asks_tip
            else None
        )
        amount += tip.minor if tip else 0
        self._receipt += 1
        return TerminalResult(
            approved=act not in {Act.DECLINE, Act.CANCEL},
            cancelled=act is Act.CANCEL,
            amount=None
            if act is Act.AMOUNTLESS
            else Money(minor=amount, currency=attempt.amount.currency),
            tip=tip,
            code={Act.DECLINE: "05", Act.CANCEL: "6C"}.get(act, "00"),
            text={Act.DECLINE: "card declined", Act.CANCEL: "cancelled"}.get(act, ""),
            terminal_id="66000042",
            receipt_no=str(self._receipt),
            trace_no=f"{self._receipt:06}",
            auth_code="047110",
            scheme="girocard",
            pan_last4="0010",
            entry="contactless",
            signature=self.signature and act not in {Act.DECLINE, Act.CANCEL},
        )

    def _keep(self, attempt: Attempt, result: TerminalResult) -> None:
        if result.approved:
            self.moved[attempt.id] = (result.amount or attempt.amount).minor
            self._results[attempt.id] = result
        self._step("kept", attempt)

    async def find(self, attempt: Attempt, *, waited_s: int) -> Finding:
        assert not self._busy, "a question while a command runs"
        self._step("found", attempt)
        await asyncio.sleep(0.05)
        if not self.reachable:
            raise DeviceError("terminal.unreachable", "the terminal does not answer")
        if self.forgetful:
            return Finding(kind=FindingKind.UNKNOWN, text="06 20: no receipt stored")
        if attempt.id in self.moved:
            result = self._results[attempt.id]
            return Finding(kind=FindingKind.APPROVED, text="06 20: newer receipt", result=result)
        if waited_s < HOST_S:
            return Finding(kind=FindingKind.UNKNOWN, text="too early to tell")
        return Finding(kind=FindingKind.NOT_COMPLETED, text="ready, last receipt is the pre-image")

    async def cancel(self) -> None:
        await asyncio.sleep(0.01)
        if not self.reachable:
            raise DeviceError("terminal.unreachable", "the terminal does not answer")
        self.cancelled = True

    async def status(self) -> str:
        return "ready"

    def _step(self, name: str, attempt: Attempt) -> None:
        self.steps.append(f"{name} {attempt.id}")
        self.on_step(name, attempt)


class FakeDevices:
    """The devices registry: devices by name, found by what they can do."""

    def __init__(self, **devices: object) -> None:
        self.devices: dict[str, object] = dict(devices)
        self.away: set[str] = set()

    def find(self, capability: type[T], name: str | None) -> tuple[str, T]:
        able = {
            key: device for key, device in self.devices.items() if isinstance(device, capability)
        }
        if name is None and len(able) > 1:
            raise MisuseError("device.ambiguous", f"name one of {', '.join(able)}")
        found = name or next(iter(able), "")
        if found not in able:
            raise NotFoundError("device.unknown", f"there is no {found or capability.__name__}")
        if found in self.away:
            raise DeviceError("device.offline", f"{found} is unplugged")
        return found, able[found]

    def names(self, capability: type[T]) -> tuple[str, ...]:
        return tuple(key for key, each in self.devices.items() if isinstance(each, capability))
