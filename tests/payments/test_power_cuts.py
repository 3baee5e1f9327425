"""The desk under power cuts: the terminal's own books must equal what the journal finally says."""

import asyncio
from collections import Counter as Tally
from contextlib import AbstractAsyncContextManager, suppress

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from posedge.model.errors import PosedgeError
from posedge.model.payment import Attempt, AttemptKind, State
from posedge.payments.desk import Desk
from posedge.payments.order import Order
from tests.doubles.counter import Counter, order
from tests.doubles.simloop import PowerCut, SimLoop, bury, simulate
from tests.doubles.terminal import Act, Fault


def attempts(counter: Counter) -> list[Attempt]:
    """Read every attempt from the journal alone."""
    latest = {
        entry.subject: entry.data for entry in counter.journal.entries if entry.noun == "payment"
    }
    return [
        Attempt.model_validate({key: data[key] for key in data if key != "open"})
        for data in latest.values()
    ]


def check_books(counter: Counter) -> None:
    """Nothing lost, doubled or guessed among what the journal calls settled."""
    ledger = {**counter.front.moved, **counter.side.moved}
    known = {attempt.id: attempt for attempt in attempts(counter)}
    assert ledger.keys() <= known.keys(), "lost: money moved that the journal never heard of"
    for attempt in known.values():
        if attempt.settled:
            assert attempt.moved.minor == ledger.get(attempt.id, 0), f"guessed: {attempt}"
    asked = Tally(step for step in counter.front.steps + counter.side.steps if "asked" in step)
    assert all(times == 1 for times in asked.values()), f"doubled: {asked}"
    open_at = Tally(attempt.terminal for attempt in known.values() if not attempt.settled)
    assert all(times == 1 for times in open_at.values()), f"two open at once: {open_at}"


async def pay_once(counter: Counter) -> None:
    async with counter.desk() as desk:
        await desk.pay(order())
        await desk.settle("p1")


SCENARIOS = [
    (Act.APPROVE, Fault.NONE),
    (Act.PARTIAL, Fault.NONE),
    (Act.DECLINE, Fault.NONE),
    (Act.APPROVE, Fault.UNREACHABLE),
    (Act.APPROVE, Fault.REFUSED),
    (Act.APPROVE, Fault.LOST_RESULT),
    (Act.APPROVE, Fault.LOST_ACK),
    (Act.APPROVE, Fault.LOST_END),
]


@pytest.mark.parametrize("eager", [False, True])
@pytest.mark.parametrize(("act", "fault"), SCENARIOS)
def test_a_cut_in_front_of_every_single_step(act: Act, fault: Fault, eager: bool) -> None:
    cut_at = 0
    cut = True
    while cut:
        cut_at += 1
        counter = Counter()
        counter.front.prints = True
        counter.front.eager = eager
        counter.front.plan(act, fault)
        try:
            simulate(pay_once(counter), cut_at=cut_at)
            cut = False
        except PowerCut:
            counter.power_cut()
            check_books(counter)
            simulate(pay_once(counter), seed=1)
        check_books(counter)
        assert [attempt.settled for attempt in attempts(counter)] == [True]
    assert cut_at > 20


class DeskMachine(RuleBasedStateMachine):
    """Tills pay, repeat and reverse, terminals fail, operators decide, and the power goes."""

    desk: Desk
    switched_on: AbstractAsyncContextManager[Desk]

    @initialize(seed=st.integers(0, 2**32))
    def begin(self, seed: int) -> None:
        self.counter = Counter()
        self.counter.side.eager = True
        self.orders: dict[str, Order] = {}
        self.loop = SimLoop(seed)
        self.switch_on()

    def switch_on(self) -> None:
        self.switched_on = self.counter.desk()
        self.desk = self.loop.run_until_complete(self.switched_on.__aenter__())

    async def ask(self, wanted: Order, patience_s: float) -> None:
        """Pay as a till does that may not wait for the end."""
        with suppress(PosedgeError, TimeoutError):
            async with asyncio.timeout(patience_s):
                await self.desk.pay(wanted)

    @rule(
        act=st.sampled_from(Act),
        fault=st.sampled_from(Fault),
        terminal=st.sampled_from(["front", "side"]),
        sale=st.sampled_from(["s1", "s2", "s3"]),
        patience_s=st.sampled_from([0.001, 0.03, 1.0, 500.0]),
    )
    def pay(self, act: Act, fault: Fault, terminal: str, sale: str, patience_s: float) -> None:
        key = f"p{len(self.orders)}"
        plain = order(key, sale=sale, terminal=terminal)
        self.orders[key] = plain.model_copy(update={"asks_tip": act is Act.TIPPED})
        device = self.counter.front if terminal == "front" else self.counter.side
        device.plan(act, fault)
        self.loop.run_until_complete(self.ask(self.orders[key], patience_s))

    @precondition(lambda self: self.orders)
    @rule(data=st.data(), patience_s=st.sampled_from([0.001, 1.0]))
    def repeat(self, data: st.DataObject, patience_s: float) -> None:
        key = data.draw(st.sampled_from(sorted(self.orders)))
        self.loop.run_until_complete(self.ask(self.orders[key], patience_s))

    @precondition(lambda self: self.orders)
    @rule(data=st.data(), kind=st.sampled_from([AttemptKind.REVERSAL, AttemptKind.REFUND]))
    def give_back(self, data: st.DataObject, kind: AttemptKind) -> None:
        first = self.orders[data.draw(st.sampled_from(sorted(self.orders)))]
        key = f"r{len(self.orders)}"
        self.orders[key] = order(
            key, sale=first.sale, terminal=first.terminal, kind=kind, original=first.id
        )
        self.loop.run_until_complete(self.ask(self.orders[key], 500))

    @rule(keep=st.booleans())
    def decide(self, *, keep: bool) -> None:
        """Let the till say its word on what was approved in part."""
        for attempt in attempts(self.counter):
            if attempt.state is State.PARTIAL:
                with suppress(PosedgeError):
                    said = self.desk.decide(attempt.id, keep=keep, who="till-1")
                    self.loop.run_until_complete(said)

    @rule(front=st.booleans(), side=st.booleans(), forgetful=st.booleans())
    def weather(self, *, front: bool, side: bool, forgetful: bool) -> None:
        self.counter.front.reachable = front
        self.counter.side.reachable = side
        self.counter.front.forgetful = forgetful

    @rule(seconds=st.sampled_from([0.01, 2.0, 60.0, 2000.0]))
    def wait(self, seconds: float) -> None:
        self.loop.run_until_complete(asyncio.sleep(seconds))

    @rule()
    def operator(self) -> None:
        """Let a person who has seen the slip decide what waits for one."""
        ledger = {**self.counter.front.moved, **self.counter.side.moved}
        for attempt in attempts(self.counter):
            if attempt.state is State.NEEDS_OPERATOR:
                said = self.desk.resolve(
                    attempt.id,
                    approved=attempt.id in ledger,
                    who="ina",
                    why="slip",
                    evidence="seen",
                )
                if ledger.get(attempt.id, 1250) == 1250:  # a person does not know of half amounts
                    self.loop.run_until_complete(said)
                else:
                    said.close()

    @rule(steps=st.integers(1, 120), trusted=st.booleans())
    def power_cut(self, steps: int, *, trusted: bool) -> None:
        self.loop.cut_at = self.loop.steps + steps
        with suppress(PowerCut):
            self.loop.run_until_complete(asyncio.sleep(100_000))
        self.end_process()
        self.counter.trusted = trusted
        self.loop = SimLoop(steps, now=self.loop.now + steps)
        self.switch_on()

    def end_process(self) -> None:
        self.counter.power_cut()
        bury(self.loop)

    @invariant()
    def agrees(self) -> None:
        if hasattr(self, "counter"):
            check_books(self.counter)

    def teardown(self) -> None:
        if not hasattr(self, "counter"):
            return
        self.weather(front=True, side=True, forgetful=False)
        self.loop.run_until_complete(asyncio.sleep(3 * 3600))
        check_books(self.counter)
        known = attempts(self.counter)
        assert all(attempt.settled for attempt in known)
        told = {payment for case in self.desk.cases.open for payment in case.payments}
        back = {each.original for each in known if each.original and each.moved.minor}
        unwanted = {each.id for each in known if each.state is State.PARTIAL_UNWANTED}
        assert unwanted <= back | told, "unwanted, and neither given back nor a person's case"
        self.loop.run_until_complete(self.switched_on.__aexit__(None, None, None))
        self.end_process()


DeskMachine.TestCase.settings = settings(
    max_examples=250,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestDesk = DeskMachine.TestCase
