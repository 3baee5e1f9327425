"""Payment terminals that a provider's cloud drives; what they have in common.

The box asks the provider, the provider asks the reader. The provider's records are the truth: the
answer to a request, and a webhook, only say that a look at them is worth it. Each sequence of
requests has a client of its own, so that nothing outlives a driver.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import ClassVar

from posedge.drivers.cloud_interface import CloudOptions, Connect, Provider, Seen, Signed, Step
from posedge.drivers.cloud_payment import Execution, Hints
from posedge.drivers.interface import Site
from posedge.model.capabilities import Kind
from posedge.model.errors import DeniedError, DeviceError, InDoubt, NotStarted
from posedge.model.hook import Hook
from posedge.model.payment import DOUBTFUL, Attempt
from posedge.model.reconciliation import EndOfDay
from posedge.model.stamp import NS_PER_S, Stamp
from posedge.model.terminal import Finding, FindingKind, Witness

READY = "ready"

AGAIN_MS = 5_000
"""A reader at a payment, ours or another till's, is asked again soon: until then it takes none."""

RECORDS_S = 600
"""Reading a day's records: of 1,000 payments, each asked for by itself."""

UNMASKED = "its provider sends whole card numbers: have it switch masking on"
"""They are cut off here, and a payment is worth more than a setting: an alarm, no refusal."""


class CloudTerminal:
    """A Terminal, Reconciling and Hooked, by what a Provider can do."""

    kind: ClassVar[Kind] = Kind.TERMINAL

    def __init__(self, site: Site, options: CloudOptions, connect: Connect, signed: Signed) -> None:
        self._site = site
        self._signed = signed
        self._options = options
        self._connect = connect
        self._hints = Hints()
        self._execution: Execution | None = None

    async def run(self) -> None:
        while True:
            ours = self._execution is not None
            state = await self.status()
            if state == READY or not (ours or self._execution):  # our own payment is no fault
                await self._site.report(None if state == READY else state)
            pause_ms = self._options.status_ms
            await asyncio.sleep((pause_ms if state == READY else min(pause_ms, AGAIN_MS)) / 1000)

    async def status(self) -> str:
        async with self._provider() as provider:
            return await provider.greet()

    async def preimage(self) -> str | None:
        """Prove that the provider answers, and to whom; there is a key, so nothing is kept."""
        try:
            await self.status()
        except DeviceError as error:
            raise NotStarted(error.code, error.message) from error
        return None

    async def execute(self, attempt: Attempt, witness: Witness) -> None:
        if attempt.amount.currency != self._options.currency:
            text = f"this terminal takes {self._options.currency}, not {attempt.amount}"
            raise NotStarted("terminal.amount", text)
        execution = Execution(attempt, witness, self._options, self._hints)
        self._execution = execution
        try:
            await self._carry_out(execution)
        finally:
            self._execution = None
            if execution.unmasked:
                await self._site.warn(UNMASKED)

    async def find(self, attempt: Attempt, *, waited_s: int) -> Finding:
        async with self._provider() as provider:
            seen = await provider.look(attempt)
            if seen.owed and attempt.state in DOUBTFUL:
                await provider.acknowledge(attempt)
                return Finding(kind=FindingKind.APPROVED, text=seen.text, result=seen.result)
        return weigh(seen, silent=waited_s * 1000 >= self._options.settle_ms)

    async def cancel(self) -> None:
        if self._execution is not None:
            self._execution.cancel()

    async def hinted(self, hook: Hook) -> None:
        now = self._site.clock.now()
        if not self._signed(hook, now.utc_ns // NS_PER_S):
            raise DeniedError("hook.forged", f"the provider of {self._site.name} did not sign it")
        self._hints.wake()

    async def end_of_day(self, since: Stamp | None, known: Sequence[Attempt] = ()) -> EndOfDay:
        """Read the records, which ends nothing there: what fails leaves the day as it was."""
        try:
            async with asyncio.timeout(RECORDS_S), self._provider() as provider:
                listed = tuple(await provider.payments(since, known))
                complete = provider.lists
        except TimeoutError as error:
            text = f"its records take more than {RECORDS_S} s: try again, or declare its totals"
            raise NotStarted("terminal.slow", text) from error
        except DeviceError as error:
            raise NotStarted(error.code, error.message) from error
        text = f"{len(listed)} payments on the provider's list"
        if not complete:
            text = (
                f"each of {len(known)} payments was looked up at the provider, which has no list of"
                " this reader's: one of which the box knows nothing is not seen"
            )
        return EndOfDay(text=text, listed=listed, complete=complete)

    def __repr__(self) -> str:
        doing = "in a payment" if self._execution else "idle"
        return f"<{type(self).__name__} {self._site.device}: {doing}>"

    async def _carry_out(self, execution: Execution) -> None:
        try:
            async with self._provider() as provider:
                await execution.run(provider)
        except (NotStarted, InDoubt):
            raise
        except DeviceError as error:  # from connecting: the rest says which of both it is
            raise NotStarted(error.code, error.message) from error

    @asynccontextmanager
    async def _provider(self) -> AsyncGenerator[Provider, None]:
        provider = await self._connect(self._site)
        try:
            yield provider
        finally:
            await provider.close()


def weigh(seen: Seen, *, silent: bool) -> Finding:
    """Judge the records for a recovery; `silent`: no request of ours can be on its way any more."""
    match seen.step:
        case Step.APPROVED if not seen.owed:
            return Finding(kind=FindingKind.APPROVED, text=seen.text, result=seen.result)
        case Step.DECLINED:
            return Finding(kind=FindingKind.NOT_COMPLETED, text=seen.text, result=seen.result)
        case Step.NOTHING if silent:
            return Finding(kind=FindingKind.NOT_COMPLETED, text=seen.text)
        case _:
            return Finding(kind=FindingKind.UNKNOWN, text=seen.text)
