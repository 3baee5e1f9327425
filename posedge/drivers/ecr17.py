"""Payment terminals that speak ECR17 (Protocollo 17), as in Italy, over TCP and serial lines.

Terminals hang up between two procedures, so each question has a connection of its own. What was
lost is found by `G`, whose answer is weighed in ecr17_evidence.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import ClassVar

import structlog

from posedge.drivers.ecr17_day import end_of_day
from posedge.drivers.ecr17_evidence import Mark, weigh
from posedge.drivers.ecr17_options import Ecr17Options
from posedge.drivers.ecr17_payment import Execution, request_for
from posedge.drivers.ecr17_session import Session
from posedge.drivers.interface import Site
from posedge.drivers.options import read_options
from posedge.model.capabilities import Kind
from posedge.model.errors import DeviceError, InDoubt, NotStarted, ProtocolError
from posedge.model.payment import Attempt
from posedge.model.reconciliation import EndOfDay
from posedge.model.rehearsal import Rehearsal
from posedge.model.stamp import Stamp
from posedge.model.terminal import Ability, Finding, Witness
from posedge.model.value import Value
from posedge.wire.ecr17.frames import Lrc, Progress
from posedge.wire.ecr17.requests import Code, Request
from posedge.wire.ecr17.results import STATES, PaymentResult, state_of

READY = frozenset({"2"})
UNMASKED = "sends whole card numbers: have its operator switch masking on"

log = structlog.get_logger()


class Ecr17Terminal:
    """A Driver, a Terminal and Reconciling. `preimage` returns a Mark in words, None if unknown."""

    name: ClassVar[str] = "ecr17"
    kind: ClassVar[Kind] = Kind.TERMINAL
    options: ClassVar[type[Value]] = Ecr17Options

    able: ClassVar[frozenset[Ability]] = frozenset({Ability.REVERSAL, Ability.PREAUTH})

    def __init__(self, site: Site) -> None:
        self._site = site
        self._options = read_options(Ecr17Options, site.options)
        self._lrc = None if self._options.lrc == "auto" else Lrc(self._options.lrc)
        self._turn = asyncio.Lock()
        self._execution: Execution | None = None

    @property
    def rehearsal(self) -> Rehearsal:
        return Rehearsal(test_mode=self._options.test_mode, currency="EUR")

    async def run(self) -> None:
        while True:
            async with self._turn:
                state = await self._state()
            ready = state in READY
            await self._site.report(None if ready else STATES.get(state, f"state {state}"))
            await asyncio.sleep(self._options.status_ms / 1000)

    async def status(self) -> str:
        async with self._turn:
            state = await self._state()
        return STATES.get(state, f"state {state}")

    async def preimage(self) -> str | None:
        try:
            async with self._turn:
                await self._state()
                last = await self._last()
        except DeviceError as error:
            raise NotStarted(error.code, error.message) from error
        return None if last is None else str(Mark.of(last))

    async def execute(self, attempt: Attempt, witness: Witness) -> None:
        request = request_for(attempt, self._options)
        execution = Execution(attempt, witness, self._options)
        self._execution = execution
        try:
            async with self._turn:
                await self._carry_out(execution, request)
        finally:
            self._execution = None
            if execution.unmasked:
                await self._site.warn(UNMASKED)

    async def find(self, attempt: Attempt, *, waited_s: int) -> Finding:
        async with self._turn:
            await self._state()
            last = await self._last()
        return weigh(attempt, last, waited_s=waited_s, options=self._options)

    async def end_of_day(
        self,
        since: Stamp | None,  # noqa: ARG002 - it knows itself
        known: Sequence[Attempt] = (),  # noqa: ARG002
    ) -> EndOfDay:
        begun = False
        try:
            async with self._turn:
                await self._state()
                assert self._lrc is not None, "the state was asked"
                async with self._session(self._lrc) as session:
                    begun = True
                    return await end_of_day(session, self._options)
        except DeviceError as error:
            if begun:
                raise
            raise NotStarted(error.code, error.message) from error

    async def cancel(self) -> None:
        if self._execution is not None:
            self._execution.cancel()

    def __repr__(self) -> str:
        doing = "in a payment" if self._execution else "idle"
        return f"<Ecr17Terminal {self._site.device}: {doing}>"

    async def _carry_out(self, execution: Execution, request: Request) -> None:
        try:
            lrc = self._lrc or await self._find_lrc()
            async with self._session(lrc) as session:
                prints = self._options.receipts and await self._prints_here(session)
                await execution.run(session, request)
                if prints:
                    await execution.print(session)
        except (NotStarted, InDoubt):
            raise
        except DeviceError as error:  # from opening: no money request has left
            raise NotStarted(error.code, error.message) from error

    async def _prints_here(self, session: Session) -> bool:
        """Ask for the receipts of what comes next; a terminal that cannot prints them itself."""
        try:
            await session.ask(Request(Code.PRINT_HERE, self._options.terminal_id))
        except DeviceError as error:
            if error.code != "terminal.refused":
                raise
            return False
        return True

    async def _state(self) -> str:
        lrc = self._lrc or await self._find_lrc()
        return await self._ask_state(lrc)

    async def _find_lrc(self) -> Lrc:
        """Try each way of checking until the terminal answers a question for its state."""
        for lrc in Lrc:
            try:
                await self._ask_state(lrc)
            except DeviceError as error:
                if error.code not in {"terminal.refused", "terminal.silent", "device.gone"}:
                    raise
                continue
            self._lrc = lrc
            return lrc
        text = "it refuses every checksum: check its address and that ECR17 is switched on"
        raise DeviceError("terminal.deaf", text)

    async def _ask_state(self, lrc: Lrc) -> str:
        payload = await self._answer(Request(Code.STATUS, self._options.terminal_id), lrc)
        try:
            return state_of(payload)
        except ProtocolError as error:
            raise DeviceError("terminal.unreadable", error.message) from error

    async def _last(self) -> PaymentResult | None:
        """Return the result that was saved last; None when there is none, or not readable."""
        assert self._lrc is not None, "the state was asked before"
        options = self._options
        request = Request(Code.LAST_RESULT, options.terminal_id, options.register_id)
        try:
            return PaymentResult.from_bytes(await self._answer(request, self._lrc))
        except ProtocolError as error:
            log.info("terminal.unreadable", reason=error.message)
            return None
        except DeviceError as error:
            if error.code != "terminal.refused":
                raise
            return None

    async def _answer(self, request: Request, lrc: Lrc) -> bytes:
        """Carry out a request that moves no money; return its answer."""
        async with self._session(lrc) as session:
            await session.ask(request)
            while True:
                heard = await session.hear(self._options.read_ms / 1000)
                if not isinstance(heard, Progress):
                    await session.confirm()
                    return heard

    @asynccontextmanager
    async def _session(self, lrc: Lrc) -> AsyncGenerator[Session, None]:
        fresh = self._site.scheme != "serial"
        session = Session(await self._site.open(), self._options, lrc, fresh=fresh)
        try:
            yield session
        finally:
            await session.close()
