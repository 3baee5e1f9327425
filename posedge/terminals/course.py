"""The go-live check at work: one step after the other, on a real terminal, with a person at it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

from posedge.model.capabilities import DeviceState
from posedge.model.errors import DeviceError, MisuseError, PosedgeError
from posedge.model.money import Money
from posedge.model.payment import DOUBTFUL, MONEY_MOVED, Attempt, AttemptKind, State
from posedge.model.reconciliation import Reconciling
from posedge.model.rehearsal import Rehearsing
from posedge.model.terminal import Ability, Terminal
from posedge.payments.order import Order, give_back_id
from posedge.tasks import Crew
from posedge.terminals.judgement import Finding, Verdict, judge, judge_day
from posedge.terminals.overview import asked, known
from posedge.terminals.plan import Flow, Step, missing
from posedge.terminals.report import Phase, Report, with_finding
from posedge.terminals.surroundings import Surroundings

TILL = "go-live-check"
LOOK_S = 0.1

Shown = tuple[Finding, tuple[Attempt, ...]]


class Course:
    """Runs once. `report` grows; what it moved of real money it gives back before the day ends."""

    def __init__(
        self, around: Surroundings, report: Report, steps: Sequence[Step], currency: str
    ) -> None:
        self.report = report
        self._around = around
        self._desk = around.desk
        self._steps = steps
        self._currency = currency
        self._stopped = False
        self._current: str | None = None
        self._payments: list[Attempt] = []

    async def run(self) -> Report:
        """Return the report of a check that has ended: `report` itself never says that."""
        for step in self._steps:
            if step.flow is Flow.END_OF_DAY and not self.report.test_mode:
                await self._give_back()
            await self._take(step)
        device = known(self._around.devices, self.report.terminal)
        if device.state is DeviceState.ONLINE and device.reason:
            self._warn(device.reason)
        phase = Phase.STOPPED if self._stopped else Phase.ENDED
        end = {"phase": phase, "ended": self._around.clock.now(), "now": ""}
        return self.report.model_copy(update=end)

    async def stop(self) -> None:
        """Try nothing more, and ask the terminal to end what runs."""
        self._stopped = True
        if self._current is not None:
            with suppress(PosedgeError):
                await self._desk.cancel(self._current)

    async def _take(self, step: Step) -> None:
        started_s = _now_s()
        found, payments = await self._shown(step)
        took_ms = round((_now_s() - started_s) * 1000)
        self.report = with_finding(
            self.report, step.flow, found, took_ms=took_ms, payments=payments
        )

    async def _shown(self, step: Step) -> Shown:
        try:
            if self._stopped:
                return _unpaid(Verdict.NOT_RUN, "the check was stopped before")
            _, terminal = self._around.devices.find(Terminal, self.report.terminal)  # type: ignore[type-abstract]
            lack = _lack(step, terminal)
            if lack is not None:
                return _unpaid(Verdict.UNABLE, lack)
            self._tell(now=f"{step.title}. {step.ask}")
            await asyncio.sleep(self._around.patience.pause_s)
            return await self._work(step.flow)(step)
        except PosedgeError as error:
            locked = error.code == "terminal.locked"
            verdict = Verdict.NOT_RUN if locked else Verdict.FAILED
            return _unpaid(verdict, error.message)

    def _work(self, flow: Flow) -> Callable[[Step], Awaitable[Shown]]:
        special: dict[Flow, Callable[[Step], Awaitable[Shown]]] = {
            Flow.CANCEL: self._cancel,
            Flow.SILENCE: self._silence,
            Flow.RECONNECT: self._reconnect,
            Flow.END_OF_DAY: self._end_day,
        }
        return special.get(flow, self._pay)

    async def _pay(self, step: Step) -> Shown:
        """Carry out the step's command, and the one about it where there is one."""
        first = await self._carry_out(self._order(step))
        payments = [first]
        if step.kinds[1:] and first.state is State.APPROVED:
            payments.append(await self._carry_out(self._about(first, step.kinds[1])))
        back = await self._given_back(first)
        if back is not None and back.state not in MONEY_MOVED:
            text = f"{first.approved} was approved, and could not be given back"
            return Finding(verdict=Verdict.FAILED, text=text), (*payments, back)
        return judge(step, payments[-1]), (*payments, *([back] if back else []))

    async def _cancel(self, step: Step) -> Shown:
        return await self._disturbed(step, self._desk.cancel)

    async def _silence(self, step: Step) -> Shown:
        return await self._disturbed(step, self._desk.cut)

    async def _disturbed(self, step: Step, disturb: Callable[[str], Awaitable[object]]) -> Shown:
        """Do something to a payment as soon as the terminal has taken it."""
        order = self._order(step)
        async with Crew("disturbed") as crew:
            paying = crew.start(self._carry_out(order), name="pay")
            begun = crew.start(self._begun(order.id), name="begun")
            await asyncio.wait({paying, begun}, return_when=asyncio.FIRST_COMPLETED)
            if not paying.done():
                with suppress(MisuseError, DeviceError):  # over already: the outcome says so
                    await disturb(order.id)
            attempt = await paying
        return judge(step, attempt), (attempt,)

    async def _reconnect(self, step: Step) -> Shown:
        name, patience = self.report.terminal, self._around.patience
        if not await self._reaches(online=False, within_s=patience.off_s):
            return _unpaid(Verdict.NOT_SHOWN, "it was never away: check again and switch it off")
        self._tell(now=f"{step.title}. It is away. Switch it on, or put its cable back in.")
        off_s = _now_s()
        if not await self._reaches(online=True, within_s=patience.on_s):
            return _unpaid(Verdict.FAILED, f"it was not back within {patience.on_s:.0f} s")
        says = (await asked(self._around.devices, name)).says
        return _unpaid(Verdict.PASSED, f"back after {_now_s() - off_s:.0f} s, and says: {says}")

    async def _end_day(self, step: Step) -> Shown:
        del step
        number, name = self._around.ids.new(), self.report.terminal
        day = await self._around.reconciliations.run(number, name, who=self.report.who)
        return judge_day(day), ()

    async def _carry_out(self, order: Order) -> Attempt:
        """Pay and wait for the truth; a part is not wanted."""
        self._current = order.id
        try:
            attempt = await self._desk.pay(order)
            if attempt.state in DOUBTFUL:
                self._tell(now=f"{self.report.now} In doubt: the box asks the terminal …")
                attempt = await self._settled(order.id)
            if attempt.state is State.PARTIAL:
                attempt = await self._desk.decide(order.id, keep=False, who=self.report.who)
        finally:
            self._current = None
        self._payments.append(attempt)
        return attempt

    async def _settled(self, attempt_id: str) -> Attempt:
        """Return it settled, or as it is when waiting longer helps nobody."""
        until_s = _now_s() + self._around.patience.doubt_s
        attempt = await self._desk.get(attempt_id)
        asked_for = DOUBTFUL - {State.NEEDS_OPERATOR}
        while attempt.state in asked_for and _now_s() < until_s and not self._stopped:
            await asyncio.sleep(LOOK_S)
            attempt = await self._desk.get(attempt_id)
        return attempt

    async def _given_back(self, attempt: Attempt) -> Attempt | None:
        """Return how a part went back that was not wanted; None when there was none."""
        if attempt.state is not State.PARTIAL_UNWANTED:
            return None
        until_s = _now_s() + self._around.patience.doubt_s
        number = give_back_id(attempt.id, 0)
        back = None
        while (back is None or not back.settled) and _now_s() < until_s:
            await asyncio.sleep(LOOK_S)
            back = await self._desk.find(number)
        return back

    async def _give_back(self) -> None:
        """Undo what is left of real money, while its day still runs; say what could not be."""
        undone = {
            each.original for each in self._payments if each.original and each.state in MONEY_MOVED
        }
        for paid in tuple(self._payments):
            if paid.state is not State.APPROVED or paid.id in undone or not paid.moved.minor:
                continue
            if paid.kind in {AttemptKind.SALE, AttemptKind.CAPTURE}:
                await self._return(paid)

    async def _return(self, paid: Attempt) -> None:
        self._tell(now=f"Giving {paid.moved} back. If the terminal asks for it, present the card.")
        try:
            _, terminal = self._around.devices.find(Terminal, self.report.terminal)  # type: ignore[type-abstract]
            able = Ability.REVERSAL in terminal.able
            kind = AttemptKind.REVERSAL if able else AttemptKind.REFUND
            back = await self._carry_out(self._about(paid, kind))
            if back.state is not State.APPROVED:
                self._warn(f"{paid.moved} of payment {paid.id} is not given back: do it by hand")
        except PosedgeError as error:
            self._warn(f"{paid.moved} of payment {paid.id} is not given back: {error.message}")

    async def _begun(self, attempt_id: str) -> None:
        """Wait until the terminal has taken it, or has had the time to."""
        attempt = await self._desk.find(attempt_id)
        sent_s: float | None = None
        while attempt is None or attempt.state in {State.CREATED, State.SENDING}:
            if attempt is not None and attempt.state is State.SENDING:
                sent_s = _now_s() if sent_s is None else sent_s
                if _now_s() - sent_s >= self._around.patience.begin_s:
                    return
            await asyncio.sleep(LOOK_S)
            attempt = await self._desk.find(attempt_id)

    async def _reaches(self, *, online: bool, within_s: float) -> bool:
        until_s = _now_s() + within_s
        while _now_s() < until_s and not self._stopped:
            state = known(self._around.devices, self.report.terminal).state
            if (state is DeviceState.ONLINE) is online:
                return True
            await asyncio.sleep(LOOK_S)
        return False

    def _order(self, step: Step) -> Order:
        number = self._around.ids.new()
        tips = Ability.ASKS_TIP in step.needs
        return Order(
            id=number,
            sale=number,
            till=TILL,
            kind=step.kinds[0],
            terminal=self.report.terminal,
            amount=self._money(step.amount_minor),
            tip=self._money(step.tip_minor) if step.tip_minor else None,
            cashback=self._money(step.cashback_minor) if step.cashback_minor else None,
            asks_tip=tips,
            partial=Ability.PARTIAL in step.needs,
        )

    def _about(self, first: Attempt, kind: AttemptKind) -> Order:
        return Order(
            id=self._around.ids.new(),
            sale=first.sale,
            till=TILL,
            kind=kind,
            terminal=self.report.terminal,
            amount=first.approved,
            original=first.id,
        )

    def _money(self, minor: int) -> Money:
        return Money(minor=minor, currency=self._currency)

    def _warn(self, text: str) -> None:
        self._tell(warnings=(*self.report.warnings, text))

    def _tell(self, **news: object) -> None:
        self.report = self.report.model_copy(update=news)


def _lack(step: Step, terminal: Terminal) -> str | None:
    tells = terminal.rehearsal.tells if isinstance(terminal, Rehearsing) else True
    ends_day = isinstance(terminal, Reconciling)
    return missing(step, terminal.able, ends_day=ends_day, tells=tells)


def _unpaid(verdict: Verdict, text: str) -> Shown:
    return Finding(verdict=verdict, text=text), ()


def _now_s() -> float:
    return asyncio.get_running_loop().time()
