"""Payment terminals behind a vendor's native code, in a program of its own (docs/vendor-worker.md).

The program may crash, hang or lie: it is killed and, by the supervisor of devices, started again;
the box goes on. It keeps our reference, which is the attempt's id, and is asked by it.
"""

import asyncio
from contextlib import suppress
from typing import ClassVar

import structlog

from posedge.drivers.interface import Site
from posedge.drivers.options import read_options
from posedge.drivers.vendor_calls import Calls
from posedge.drivers.vendor_options import VendorOptions
from posedge.model.capabilities import Kind
from posedge.model.errors import DeviceError, InDoubt, NotStarted, PosedgeError
from posedge.model.money import Money
from posedge.model.payment import Attempt, TerminalResult
from posedge.model.rehearsal import Rehearsal
from posedge.model.terminal import Ability, Finding, FindingKind, Witness
from posedge.model.value import Json, Value
from posedge.wire.pan import masked
from posedge.wire.worker import Outcome, Said

GIVEN_UP = frozenset({"declined", "void"})
UNMASKED = "hands out whole card numbers: its adapter must cut them to the last four digits"

log = structlog.get_logger()


class VendorTerminal:
    """A Driver and a Terminal."""

    name: ClassVar[str] = "vendor"
    kind: ClassVar[Kind] = Kind.TERMINAL
    options: ClassVar[type[Value]] = VendorOptions

    def __init__(self, site: Site) -> None:
        self._site = site
        self._options = read_options(VendorOptions, site.options)
        self._turn = asyncio.Lock()
        self._calls: Calls | None = None
        self._able: frozenset[Ability] = frozenset()
        self._paying: str | None = None

    @property
    def able(self) -> frozenset[Ability]:
        return self._able

    @property
    def rehearsal(self) -> Rehearsal:
        return Rehearsal(test_mode=self._options.test_mode, currency=self._options.currency)

    async def run(self) -> None:
        """Keep the program running and see that it lives, until it does not."""
        calls = Calls(await self._site.open(), self._options)
        try:
            hello = await calls.hello()
            self._able = frozenset(each for each in Ability if each.value in hello.able)
            self._calls = calls
            log.info(
                "worker.runs", device=self._site.device, name=hello.name, version=hello.version
            )
            await self._site.report(None)
            await self._watch(calls)
        finally:
            self._calls = None
            await calls.close()

    async def status(self) -> str:
        async with self._turn:
            said = await self._running().ask("status", timeout_ms=self._options.read_ms)
        return said.ok or "ready"

    async def preimage(self) -> str | None:
        """Return None: there is a reference. NotStarted when the program does not answer."""
        try:
            await self.status()
        except DeviceError as error:
            raise NotStarted(error.code, error.message) from error
        return None

    async def execute(self, attempt: Attempt, witness: Witness) -> None:
        async with self._turn:
            try:
                calls = self._running()
            except DeviceError as error:
                raise NotStarted(error.code, error.message) from error
            self._paying = attempt.id
            try:
                await self._pay(calls, attempt, witness)
            finally:
                self._paying = None

    async def find(self, attempt: Attempt, *, waited_s: int) -> Finding:
        async with self._turn:
            said = await self._running().ask(
                "find", timeout_ms=self._options.read_ms, reference=attempt.id
            )
        state = said.found.state if said.found else "unknown"
        if state in GIVEN_UP:
            return Finding(kind=FindingKind.NOT_COMPLETED, text=f"the program says: {state}")
        if state == "none" and waited_s * 1000 >= self._options.answer_ms:
            return Finding(kind=FindingKind.NOT_COMPLETED, text="nobody knows the reference")
        result = said.found.result if said.found else None
        if state == "approved" and result is not None:
            return await self._approved(attempt, result)
        return Finding(kind=FindingKind.UNKNOWN, text=f"the program says: {state}")

    async def cancel(self) -> None:
        if self._paying is not None:
            await self._running().tell("cancel", reference=self._paying)

    def __repr__(self) -> str:
        doing = "away" if self._calls is None else "in a payment" if self._paying else "idle"
        return f"<VendorTerminal {self._site.device}: {doing}>"

    async def _watch(self, calls: Calls) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._options.beat_ms / 1000):
                    await calls.broken.wait()
                raise DeviceError("worker.broken", "the program failed in a call; it is restarted")
            async with self._turn:
                if not calls.broken.is_set():
                    await calls.ask("ping", timeout_ms=self._options.read_ms)

    def _running(self) -> Calls:
        if self._calls is None or self._calls.broken.is_set():
            raise DeviceError("worker.away", "the program is being started: try again in a moment")
        return self._calls

    async def _pay(self, calls: Calls, attempt: Attempt, witness: Witness) -> None:
        """Pay, store, then commit: what is not committed the program has taken back."""
        stored = False
        try:
            said = await calls.ask(
                "pay",
                timeout_ms=self._options.answer_ms,
                hear=lambda word: _heard(word, witness),
                **_order(attempt),
            )
            stored = await self._store(calls, said, attempt, witness)
            await calls.ask("commit", timeout_ms=self._options.read_ms, reference=attempt.id)
        except InDoubt:
            raise
        except asyncio.CancelledError:  # nobody hears it any more: what it holds, it must take back
            await calls.close()
            raise
        except PosedgeError as error:
            if error.code == "terminal.refused" and not stored:
                raise NotStarted(error.code, error.message) from error
            code = "terminal.unacknowledged" if stored else error.code
            raise _in_doubt(code, error.message) from error

    async def _store(self, calls: Calls, said: Said, attempt: Attempt, witness: Witness) -> bool:
        """Store what it says; what is not ours, or cannot be stored, it is told to take back."""
        outcome = said.result
        result = await self._result(outcome, attempt) if outcome else None
        try:
            if result is None:
                raise _in_doubt("terminal.uncorrelated", "the result is of another payment")
            await witness.result(result)
        except PosedgeError as error:
            with suppress(DeviceError):
                await calls.ask("refuse", timeout_ms=self._options.read_ms, reference=attempt.id)
            if isinstance(error, InDoubt):
                raise
            raise _in_doubt("terminal.unstored", error.message) from error
        return True

    async def _approved(self, attempt: Attempt, outcome: Outcome) -> Finding:
        result = await self._result(outcome, attempt)
        if result is None or not result.approved or result.amount is None:
            return Finding(kind=FindingKind.UNKNOWN, text="it tells of another payment")
        less = result.amount.minor < attempt.amount.minor
        kind = FindingKind.PARTIAL if less else FindingKind.APPROVED
        return Finding(kind=kind, text=f"the program says: approved {result.amount}", result=result)

    async def _result(self, outcome: Outcome, attempt: Attempt) -> TerminalResult | None:
        """Read an outcome as the result of `attempt`; None when it cannot be its result."""
        asked, minor = attempt.amount, outcome.amount_minor
        named = minor is not None and outcome.currency == asked.currency
        fits = named and minor is not None and 0 < minor <= asked.minor
        if outcome.reference != attempt.id or (outcome.approved and not fits):
            return None
        last4, unmasked = masked(outcome.pan_last4.rjust(5, "*"))
        if unmasked:
            await self._site.warn(UNMASKED)
        said = outcome.model_dump(exclude={"reference", "amount_minor", "currency", "pan_last4"})
        amount = Money(minor=minor or 0, currency=asked.currency) if outcome.approved else None
        return TerminalResult(**said, amount=amount, pan_last4=last4)


async def _heard(said: Said, witness: Witness) -> None:
    if said.accepted:
        await witness.accepted()
    if said.shown is not None:
        with suppress(PosedgeError):  # it proves nothing, so its loss harms nothing
            await witness.progress("", said.shown)
    if said.printed is not None:
        await witness.printed(customer=said.printed.customer, lines=said.printed.lines)


def _order(attempt: Attempt) -> dict[str, Json]:
    return {
        "reference": attempt.id,
        "kind": attempt.kind.value,
        "amount_minor": attempt.amount.minor,
        "currency": attempt.amount.currency,
        "original": attempt.original,
        "original_receipt_no": attempt.original_receipt_no,
    }


def _in_doubt(code: str, why: str) -> InDoubt:
    return InDoubt(code, f"{why}; the program is asked before anything else")
