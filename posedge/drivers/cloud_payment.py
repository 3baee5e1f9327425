"""One attempt at a cloud: prepare, start, look until it is known, acknowledge."""

import asyncio
from collections.abc import Awaitable
from contextlib import suppress

from posedge.drivers.cloud_interface import CloudOptions, Provider, Seen, Step
from posedge.model.errors import DeviceError, InDoubt, NotStarted, PosedgeError
from posedge.model.payment import Attempt, TerminalResult
from posedge.model.terminal import Witness

SLOWEST = 4
"""A look every `poll_ms` at first, later every four times that: providers limit their readers."""

CANCELLED = TerminalResult(
    approved=False, cancelled=True, code="cancelled", text="cancelled at the till"
)


class Hints:
    """What wakes who waits for a payment: a webhook, or the till's wish to end it."""

    def __init__(self) -> None:
        self._news = asyncio.Event()

    def wake(self) -> None:
        self._news.set()

    async def wait(self, longest_s: float) -> None:
        """Return at the next hint, at once when one came meanwhile, else after `longest_s`."""
        with suppress(TimeoutError):
            async with asyncio.timeout(longest_s):
                await self._news.wait()
        self._news.clear()


class Execution:
    """The records are the truth; what is not in them is not known."""

    def __init__(
        self, attempt: Attempt, witness: Witness, options: CloudOptions, hints: Hints
    ) -> None:
        self.unmasked = False
        self._attempt = attempt
        self._witness = witness
        self._options = options
        self._hints = hints
        self._cancelled = False
        self._stopped = False
        self._accepted = False
        self._shown = ""

    def cancel(self) -> None:
        self._cancelled = True
        self._hints.wake()

    async def run(self, provider: Provider) -> None:
        """Return when a result is stored and acknowledged; NotStarted or InDoubt else."""
        await self._prepare(provider)
        sure = await self._start(provider)
        if sure:
            await self._accept(provider)
        await self._follow(provider, sure=sure)

    async def _prepare(self, provider: Provider) -> None:
        try:
            reference = await provider.prepare(self._attempt)
        except DeviceError as error:
            raise NotStarted(error.code, error.message) from error
        if reference is not None:
            self._attempt = self._attempt.model_copy(update={"reference": reference})
            await self._witness.reference(reference)
        if self._cancelled:
            raise NotStarted("terminal.cancelled", "it was cancelled before it was sent")

    async def _start(self, provider: Provider) -> bool:
        """Give the command; return whether the provider said that it took it."""
        try:
            key = await provider.start(self._attempt)
        except NotStarted:
            seen = await self._look(provider)
            if seen is None or seen.step is not Step.NOTHING:
                return False  # a request that was repeated may be refused for what it did before
            raise
        except DeviceError:
            return False
        if key is not None:
            self._attempt = self._attempt.model_copy(update={"reference": key})
            await self._stored(provider, self._witness.reference(key))
        return True

    async def _accept(self, provider: Provider) -> None:
        if not self._accepted:
            self._accepted = True
            await self._stored(provider, self._witness.accepted())

    async def _stored(self, provider: Provider, storing: Awaitable[None]) -> None:
        """Wait until it is stored; where it cannot be, nobody should pay."""
        try:
            await storing
        except PosedgeError as error:
            await self._stop(provider)
            raise InDoubt("terminal.unstored", f"{error.message}; ask the provider") from error

    async def _follow(self, provider: Provider, *, sure: bool) -> None:
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        pause_s = self._options.poll_ms / 1000
        while True:
            seen = await self._look(provider)
            if seen is not None and await self._ends(seen, provider):
                return
            spent_s = loop.time() - began_s
            lost = seen is not None and seen.step is Step.NOTHING and not sure
            if lost and spent_s > self._options.settle_ms / 1000:
                raise InDoubt("terminal.silent", "the provider has no trace of the payment")
            await self._keep_time(provider, spent_s)
            await self._hints.wait(pause_s)
            pause_s = min(pause_s * 1.5, SLOWEST * self._options.poll_ms / 1000)

    async def _keep_time(self, provider: Provider, spent_s: float) -> None:
        """Stop the reader where the till or the time wants it, once; then give up in time."""
        customer_s = self._options.customer_ms / 1000
        if (self._cancelled or spent_s > customer_s) and not self._stopped:
            await self._stop(provider)
        if spent_s > customer_s + self._options.answer_ms / 1000:
            raise InDoubt("terminal.silent", "the payment has no end; ask the provider")

    async def _look(self, provider: Provider) -> Seen | None:
        try:
            seen = await provider.look(self._attempt)
        except DeviceError:
            return None
        self.unmasked |= seen.unmasked
        return seen

    async def _ends(self, seen: Seen, provider: Provider) -> bool:
        """Act on what is seen; return whether the attempt has ended."""
        if seen.step in {Step.UNDERWAY, Step.APPROVED, Step.DECLINED}:
            await self._accept(provider)
        match seen.step:
            case Step.APPROVED:
                await self._approve(seen, provider)
                return True
            case Step.DECLINED:
                await self._store(seen.result)
                return True
            case Step.NOTHING if self._stopped and self._accepted:
                await self._store(CANCELLED)
                return True
            case Step.UNDERWAY:
                await self._show(seen.text)
            case _:
                pass
        return False

    async def _approve(self, seen: Seen, provider: Provider) -> None:
        await self._store(seen.result)
        if not seen.owed:
            return
        try:
            await provider.acknowledge(self._attempt)
        except DeviceError as error:
            text = f"approved, and not known to be taken: {error.message}"
            raise InDoubt("terminal.unacknowledged", text) from error

    async def _store(self, result: TerminalResult | None) -> None:
        assert result is not None, "approved and declined bear a result"
        try:
            await self._witness.result(result)
        except PosedgeError as error:
            text = f"the result is not stored: {error.message}"
            raise InDoubt("terminal.unstored", text) from error

    async def _show(self, text: str) -> None:
        if text != self._shown:
            self._shown = text
            with suppress(PosedgeError):  # it proves nothing, so its loss harms nothing
                await self._witness.progress("underway", text)

    async def _stop(self, provider: Provider) -> None:
        """Tell the reader to end; what it answers decides nothing, the records do."""
        with suppress(DeviceError):
            await provider.stop(self._attempt)
            self._stopped = True
