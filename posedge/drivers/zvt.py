"""Payment terminals that speak ZVT (PA00P015 13.08), over TCP and serial lines.

Each sequence of commands has a connection of its own. An old one may be half open, which cannot
be told from a silent terminal until T3 has passed: with money on its way, too late. A new one has
proved itself by its registration before the money command leaves, and a terminal that restarted
meanwhile knows again that we print. Pre-image and payment are one sequence: see zvt_lines.
"""

import asyncio
from collections.abc import Sequence
from typing import ClassVar

import structlog

from posedge.drivers.interface import Site
from posedge.drivers.options import read_options
from posedge.drivers.zvt_commands import command_for
from posedge.drivers.zvt_day import end_of_day, open_reservations
from posedge.drivers.zvt_evidence import Mark, weigh
from posedge.drivers.zvt_lines import Lines
from posedge.drivers.zvt_options import ZvtOptions
from posedge.drivers.zvt_payment import Execution
from posedge.drivers.zvt_session import Session, state_words
from posedge.model.capabilities import Kind
from posedge.model.errors import DeviceError, InDoubt, NotStarted
from posedge.model.payment import Attempt
from posedge.model.reconciliation import EndOfDay
from posedge.model.rehearsal import Rehearsal
from posedge.model.stamp import Stamp
from posedge.model.terminal import Ability, Finding, FindingKind, Witness
from posedge.model.value import Value
from posedge.wire.zvt.codes import TerminalState
from posedge.wire.zvt.money import MoneyCommand
from posedge.wire.zvt.register import DIAGNOSIS, INITIALISATION, Errand
from posedge.wire.zvt.terminal import Abort

log = structlog.get_logger()

UNMASKED = "sends whole card numbers: have its operator switch masking on"
"""They are masked here, and a payment is worth more than a setting: an alarm, no refusal."""

NEEDS = {
    0x01: ("initialisation needed", INITIALISATION),
    0x02: ("diagnosis needed", DIAGNOSIS),
}
"""What a terminal asks for when it is registered (status bits of 06 0F), and what gives it."""


class ZvtTerminal:
    """A Driver and a Terminal. `preimage` returns a Mark in words, None when it is unknown."""

    name: ClassVar[str] = "zvt"
    kind: ClassVar[Kind] = Kind.TERMINAL
    options: ClassVar[type[Value]] = ZvtOptions

    able: ClassVar[frozenset[Ability]] = frozenset(Ability)

    def __init__(self, site: Site) -> None:
        self._site = site
        self._options = read_options(ZvtOptions, site.options)
        self._lines = Lines(site, self._options)
        self._turn = asyncio.Lock()
        self._execution: Execution | None = None

    @property
    def rehearsal(self) -> Rehearsal:
        return Rehearsal(test_mode=self._options.test_mode, currency=self._options.currency)

    async def run(self) -> None:
        try:
            await self._site.report(await self._greeting())
            while True:
                await asyncio.sleep(self._options.status_ms / 1000)
                state = await self.status()
                ready = state == state_words(TerminalState.READY)
                await self._site.report(None if ready else state)
        finally:
            await self._lines.drop()

    async def status(self) -> str:
        async with self._turn, self._lines.opened() as session:
            return state_words(await session.state())

    async def preimage(self) -> str | None:
        try:
            async with self._turn, self._lines.opened() as session:
                registered = await session.register()
                last = await session.last()
                self._lines.keep(session)
        except DeviceError as error:
            raise NotStarted(error.code, error.message) from error
        known = last.none_stored or (last.info is not None and last.info.receipt_no)
        return str(Mark.of(last.info, registered.terminal_id)) if known else None

    async def execute(self, attempt: Attempt, witness: Witness) -> None:
        command = command_for(attempt, self._options)
        execution = Execution(attempt, witness)
        self._execution = execution
        try:
            async with self._turn:
                await self._carry_out(execution, command)
        finally:
            self._execution = None
            if execution.unmasked:
                await self._site.warn(UNMASKED)

    async def find(self, attempt: Attempt, *, waited_s: int) -> Finding:
        async with self._turn, self._lines.opened() as session:
            registered = await session.register()
            state = await self._idle(session)
            if state == TerminalState.BUSY:
                return Finding(kind=FindingKind.UNKNOWN, text="the terminal is busy all the time")
            last = await session.last()
        return weigh(
            attempt,
            last.info,
            state=state,
            terminal_id=registered.terminal_id,
            waited_s=waited_s,
            silence_s=max(self._options.t4_ms / 1000, attempt.silence_s),
            options=self._options,
        )

    async def cancel(self) -> None:
        if self._execution is not None:
            await self._execution.cancel()

    async def end_of_day(
        self,
        since: Stamp | None,  # noqa: ARG002 - it knows itself
        known: Sequence[Attempt] = (),  # noqa: ARG002
    ) -> EndOfDay:
        begun = False
        try:
            async with self._turn, self._lines.opened() as session:
                await session.register()
                reserved = await open_reservations(session)
                begun = True
                return await end_of_day(session, self._options.currency, reserved)
        except DeviceError as error:
            if begun:
                raise
            raise NotStarted(error.code, error.message) from error

    def __repr__(self) -> str:
        doing = "in a payment" if self._execution else "idle"
        return f"<ZvtTerminal {self._site.device}: {doing}>"

    async def _carry_out(self, execution: Execution, command: MoneyCommand) -> None:
        try:
            async with self._lines.registered() as session:
                await execution.run(session, command)
        except (NotStarted, InDoubt):
            raise
        except DeviceError as error:  # from opening and registering: no money command has left
            raise NotStarted(error.code, error.message) from error

    async def _greeting(self) -> str | None:
        """Register, and give the terminal what it asks for; return what it still lacks."""
        async with self._turn, self._lines.opened() as session:
            registered = await session.register()
            for bit, (word, errand) in NEEDS.items():
                if (registered.status or 0) & bit and not await self._gave(session, errand):
                    return word
        return None

    async def _gave(self, session: Session, errand: int) -> bool:
        try:
            end = (await session.read(Errand(errand, self._options.password)))[-1]
        except DeviceError as error:
            if "result" not in error.data:
                raise
            return False
        return not isinstance(end, Abort)

    async def _idle(self, session: Session) -> int:
        """Ask until the terminal is not busy any more, or we have asked long enough."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._options.busy_limit_ms / 1000
        state = await session.state()
        while state == TerminalState.BUSY and loop.time() < deadline:
            await asyncio.sleep(self._options.busy_poll_ms / 1000)
            state = await session.state()
        return state
