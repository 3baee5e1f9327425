import asyncio
from itertools import pairwise

import pytest

from posedge.model.errors import MisuseError, NotFoundError, ProtocolError, StorageError
from posedge.model.payment import Attempt, AttemptKind, State, TerminalResult
from posedge.model.stamp import NS_PER_S, Stamp
from posedge.model.terminal import Finding, FindingKind
from posedge.payments.recovery import ASK_S, EVIDENCE, checked, waited_s
from posedge.payments.settings import PaymentSettings
from tests.doubles.counter import Counter, euros, order, until
from tests.doubles.journal import MemoryJournal
from tests.doubles.terminal import Act, FakeTerminal, Fault


def doubted(act: Act = Act.APPROVE, fault: Fault = Fault.LOST_END) -> Counter:
    counter = Counter()
    counter.front.plan(act, fault)
    return counter


async def test_pauses_grow_until_the_deadline_and_then_a_person_is_called() -> None:
    counter = doubted()
    counter.front.reachable = True
    counter.settings = PaymentSettings(deadline_s=100, slow_s=300)
    asked: list[float] = []
    loop = asyncio.get_running_loop()
    counter.front.on_step = lambda step, _: asked.append(loop.time()) if step == "found" else None
    counter.front.forgetful = True
    async with counter.desk() as desk:
        await desk.pay(order())
        await until(desk, "p1", "needs_operator")
        await asyncio.sleep(700)
    pauses = [round(later - earlier) for earlier, later in pairwise(asked)]
    assert pauses == [1, 2, 5, 10, 20, 40, 22, 300, 300]


async def test_evidence_that_repeats_itself_is_written_once() -> None:
    counter = doubted()
    counter.front.forgetful = True
    async with counter.desk() as desk:
        await desk.pay(order())
        late = await until(desk, "p1", "needs_operator")
        before = counter.journal.last
        await asyncio.sleep(10_000)
        assert counter.journal.last == before
    assert [each.text.partition(":")[0] for each in late.evidence] == [
        "terminal.unacknowledged",
        "06 20",
    ]


async def test_evidence_that_never_repeats_itself_has_an_end() -> None:
    class Talker(FakeTerminal):
        async def find(self, attempt: Attempt, *, waited_s: int) -> Finding:
            return Finding(kind=FindingKind.UNKNOWN, text=f"after {waited_s} s")

    counter = Counter()
    counter.devices.devices["front"] = talker = Talker()
    talker.plan(Act.APPROVE, Fault.LOST_END)
    async with counter.desk() as desk:
        await desk.pay(order())
        await asyncio.sleep(100_000)
        assert len((await desk.get("p1")).evidence) == EVIDENCE


async def test_a_terminal_that_can_never_tell_has_a_person_called_at_once() -> None:
    class Speechless(FakeTerminal):
        async def find(self, attempt: Attempt, *, waited_s: int) -> Finding:
            kind = FindingKind.UNTOLD if waited_s >= 5 else FindingKind.UNKNOWN
            return Finding(kind=kind, text="look into its journal")

    counter = Counter()
    counter.settings = PaymentSettings(deadline_s=900)
    counter.devices.devices["front"] = mute = Speechless()
    mute.plan(Act.APPROVE, Fault.LOST_END)
    loop = asyncio.get_running_loop()
    async with counter.desk() as desk:
        await desk.pay(order())
        doubted_at = loop.time()
        await until(desk, "p1", "needs_operator")
        assert 5 <= loop.time() - doubted_at < 60
        settled = await desk.resolve("p1", approved=True, who="ina", why="slip", evidence="no 7")
    assert settled.state is State.OPERATOR_APPROVED


async def test_a_machine_fact_settles_what_waits_for_a_person() -> None:
    counter = doubted()
    counter.front.reachable = True
    counter.front.forgetful = True
    async with counter.desk() as desk:
        await desk.pay(order())
        await until(desk, "p1", "needs_operator")
        counter.front.forgetful = False
        assert (await desk.settle("p1")).state is State.APPROVED


async def test_a_terminal_that_is_away_is_evidence_and_is_asked_again() -> None:
    counter = doubted()
    async with counter.desk() as desk:
        counter.front.on_step = lambda step, _: counter.devices.away.add("front")
        await desk.pay(order())
        counter.front.on_step = lambda _step, _attempt: None
        await asyncio.sleep(30)
        doubtful = await desk.get("p1")
        assert doubtful.evidence[-1].text == "device.offline: front is unplugged"
        counter.devices.away.clear()
        assert (await desk.settle("p1")).state is State.APPROVED


async def test_a_terminal_that_does_not_answer_is_not_waited_for_for_ever() -> None:
    class Mute(FakeTerminal):
        async def find(self, attempt: Attempt, *, waited_s: int) -> Finding:
            await asyncio.sleep(10**9)
            raise AssertionError

    counter = Counter()
    counter.devices.devices["front"] = mute = Mute()
    mute.plan(Act.APPROVE, Fault.LOST_END)
    async with counter.desk() as desk:
        await desk.pay(order())
        await asyncio.sleep(ASK_S + 1)
        assert (await desk.get("p1")).evidence[-1].text == "no answer within 120 s"


async def test_a_finding_that_cannot_be_ours_changes_nothing() -> None:
    class Foreign(FakeTerminal):
        async def find(self, attempt: Attempt, *, waited_s: int) -> Finding:
            result = TerminalResult(approved=True, amount=euros(99_999))
            return Finding(kind=FindingKind.APPROVED, text="somebody's", result=result)

    counter = Counter()
    counter.devices.devices["front"] = foreign = Foreign()
    foreign.plan(Act.APPROVE, Fault.LOST_RESULT)
    async with counter.desk() as desk:
        await desk.pay(order())
        await asyncio.sleep(60)
        doubtful = await desk.get("p1")
        assert doubtful.state is State.IN_DOUBT
        assert doubtful.evidence[-1].text.startswith("payment.uncorrelated")


@pytest.mark.parametrize(
    ("kind", "result", "expected"),
    [
        (FindingKind.UNKNOWN, None, FindingKind.UNKNOWN),
        (FindingKind.NOT_COMPLETED, None, FindingKind.NOT_COMPLETED),
        (FindingKind.APPROVED, None, FindingKind.APPROVED),
        (
            FindingKind.APPROVED,
            TerminalResult(approved=True, amount=euros(1250)),
            FindingKind.APPROVED,
        ),
        (
            FindingKind.APPROVED,
            TerminalResult(approved=True, amount=euros(1)),
            FindingKind.PARTIAL,
        ),
        (FindingKind.PARTIAL, TerminalResult(approved=True, amount=euros(1)), FindingKind.PARTIAL),
        (FindingKind.PARTIAL, TerminalResult(approved=True, amount=euros(1250)), None),
        (FindingKind.PARTIAL, None, None),
        (FindingKind.APPROVED, TerminalResult(approved=False, amount=euros(1250)), None),
        (FindingKind.APPROVED, TerminalResult(approved=True, amount=euros(0)), None),
        (FindingKind.APPROVED, TerminalResult(approved=True, amount=euros(-1250)), None),
    ],
)
def test_findings_are_held_against_the_amount(
    kind: FindingKind, result: TerminalResult | None, expected: FindingKind | None
) -> None:
    finding = Finding(kind=kind, text="seen", result=result)
    if expected is None:
        with pytest.raises(ProtocolError):
            checked(finding, attempt())
    else:
        assert checked(finding, attempt()).kind is expected


async def test_what_was_open_at_a_power_cut_is_asked_for_before_work_begins() -> None:
    counter = Counter()
    async with counter.desk() as desk:
        paying = asyncio.gather(desk.pay(order()), return_exceptions=True)
        await until(desk, "p1", "in_progress")
    paying.cancel()
    counter.power_cut()
    async with counter.desk() as desk:
        doubtful = await desk.get("p1")
        assert doubtful.state is State.IN_DOUBT
        with pytest.raises(MisuseError):
            await desk.pay(order("p2", sale=doubtful.sale))
        assert (await desk.settle("p1")).state is State.NOT_COMPLETED


async def test_nothing_is_settled_while_the_disk_is_broken() -> None:
    counter = doubted(fault=Fault.LOST_RESULT)
    async with counter.desk() as desk:
        await desk.pay(order())
        counter.journal.fail()
        await asyncio.sleep(600)
        assert (await desk.get("p1")).state is State.IN_DOUBT
    counter.power_cut()
    async with counter.desk() as desk:
        assert (await desk.settle("p1")).state is State.NOT_COMPLETED


async def resolved(counter: Counter, *, approved: bool) -> None:
    """Leave p1 settled by an operator against what the terminal will remember."""
    counter.front.forgetful = True
    async with counter.desk() as desk:
        await desk.pay(order())
        await until(desk, "p1", "needs_operator")
        await desk.resolve("p1", approved=approved, who="ina", why="slip", evidence="slip 101")
        await asyncio.sleep(600)
        counter.front.forgetful = False
        await asyncio.sleep(600)


@pytest.mark.parametrize("approved", [True, False])
async def test_a_fact_against_the_operators_word_is_kept_beside_it(*, approved: bool) -> None:
    counter = doubted(fault=Fault.LOST_ACK if approved else Fault.LOST_END)
    await resolved(counter, approved=approved)
    last = counter.journal.entries[-1]
    assert last.type == "payment.contradicted"
    assert last.data["state"] == ("operator_approved" if approved else "operator_not_completed")
    sources = [each["source"] for each in last.data["evidence"]]
    assert sources[-2:] == ["operator ina", "terminal front"]
    (case,) = await counter.journal.unsettled("case")
    assert (case.data["kind"], case.data["payments"]) == ("contradiction", ["p1"])
    assert ("did not move" in case.data["text"]) is approved


async def test_a_fact_that_agrees_with_the_operator_is_no_news() -> None:
    counter = doubted()
    await resolved(counter, approved=True)
    assert counter.journal.entries[-1].data["state"] == "operator_approved"
    assert counter.journal.entries[-1].type == "payment.changed"


async def test_an_operator_who_is_quicker_than_the_running_question() -> None:
    counter = doubted()
    counter.front.forgetful = True
    async with counter.desk() as desk:
        await desk.pay(order())
        await until(desk, "p1", "needs_operator")
        counter.front.forgetful = False
        found = asyncio.Event()
        counter.front.on_step = lambda _step, _attempt: found.set()
        await found.wait()
        said = await desk.resolve("p1", approved=False, who="ina", why="-", evidence="-")
        assert said.state is State.OPERATOR_NOT_COMPLETED
        await asyncio.sleep(10)
    assert counter.journal.entries[-1].type == "payment.contradicted"


async def test_an_operator_who_is_quicker_than_an_answer_that_proves_nothing() -> None:
    class Talker(FakeTerminal):
        async def find(self, attempt: Attempt, *, waited_s: int) -> Finding:
            self._step("found", attempt)
            await asyncio.sleep(0.5)
            return Finding(kind=FindingKind.UNKNOWN, text=f"after {waited_s} s")

    counter = Counter(journal=MemoryJournal(fsync_s=1))
    counter.devices.devices["front"] = talker = Talker()
    talker.plan(Act.APPROVE, Fault.LOST_END)
    async with counter.desk() as desk:
        await desk.pay(order())
        await until(desk, "p1", "needs_operator")
        found = asyncio.Event()
        talker.on_step = lambda _step, _attempt: found.set()
        await found.wait()
        said = await desk.resolve("p1", approved=True, who="ina", why="-", evidence="-")
        assert said.state is State.OPERATOR_APPROVED
        await asyncio.sleep(10)
        assert await desk.get("p1") == said


@pytest.mark.parametrize(
    ("state", "after"),
    [("created", "not_sent"), ("in_progress", "not_completed"), ("approval_stored", "approved")],
)
async def test_a_disk_that_was_full_for_a_while_leaves_no_terminal_locked(
    state: str, after: str
) -> None:
    counter = Counter(journal=MemoryJournal(fsync_s=0.25))
    async with counter.desk() as desk:
        paying = asyncio.gather(desk.pay(order()), return_exceptions=True)
        await until(desk, "p1", state)
        counter.journal.fail()
        (error,) = await paying
        assert isinstance(error, StorageError)
        counter.journal.mend()
        async with asyncio.timeout(100):
            assert (await desk.settle("p1")).state.value == after
        assert (await desk.pay(order("p2"))).state is State.APPROVED
    assert ("p1" in counter.front.moved) is (after == "approved")


async def test_a_disk_that_is_full_while_recovery_runs_delays_it_only() -> None:
    counter = doubted()
    async with counter.desk() as desk:
        await desk.pay(order())
        counter.journal.fail()
        await asyncio.sleep(100)
        counter.journal.mend()
        assert (await desk.settle("p1")).state is State.APPROVED


async def test_after_the_next_payment_the_terminal_is_not_asked_about_the_last_but_one() -> None:
    counter = doubted()
    counter.front.forgetful = True
    async with counter.desk() as desk:
        await desk.pay(order())
        await until(desk, "p1", "needs_operator")
        await desk.resolve("p1", approved=True, who="ina", why="slip", evidence="slip 101")
        await desk.pay(order("p2"))
        await asyncio.sleep(3600)
    assert counter.front.steps[-1] == "kept p2"


async def test_only_what_the_box_gave_up_is_for_an_operator() -> None:
    counter = doubted()
    counter.front.forgetful = True
    async with counter.desk() as desk:
        await desk.pay(order())
        with pytest.raises(MisuseError, match="the terminal decides"):
            await desk.resolve("p1", approved=True, who="ina", why="-", evidence="-")
        await until(desk, "p1", "needs_operator")
        both = await asyncio.gather(
            desk.resolve("p1", approved=True, who="ina", why="-", evidence="-"),
            desk.resolve("p1", approved=False, who="udo", why="-", evidence="-"),
            return_exceptions=True,
        )
        assert sorted(type(each).__name__ for each in both) == ["Attempt", "MisuseError"]


async def test_an_operators_word_survives_the_browser_that_closes() -> None:
    counter = doubted()
    counter.front.forgetful = True
    counter.journal = type(counter.journal)(fsync_s=1)
    async with counter.desk() as desk:
        await desk.pay(order())
        await until(desk, "p1", "needs_operator")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await desk.resolve("p1", approved=True, who="ina", why="-", evidence="-")
        assert (await desk.settle("p1")).state is State.OPERATOR_APPROVED


async def test_a_doubt_on_a_terminal_that_is_no_longer_there_waits_for_a_person() -> None:
    counter = doubted()
    async with counter.desk() as desk:
        paying = asyncio.gather(desk.pay(order()))
        await until(desk, "p1", "in_progress")
        del counter.devices.devices["front"]
        await paying
        late = await until(desk, "p1", "needs_operator")
        assert "device.unknown" in late.evidence[-1].text
        with pytest.raises(NotFoundError):
            await desk.pay(order("p2"))


def stamp(up_s: int, *, boot: str, utc_s: int = 0, trusted: bool = True) -> Stamp:
    return Stamp(
        utc_ns=utc_s * NS_PER_S, monotonic_ns=up_s * NS_PER_S, boot_id=boot, trusted=trusted
    )


def attempt(created: Stamp | None = None, sent: Stamp | None = None) -> Attempt:
    return Attempt(
        id="p1",
        sale="s1",
        till="t1",
        kind=AttemptKind.SALE,
        terminal="front",
        amount=euros(1250),
        state=State.IN_DOUBT,
        created=created or stamp(100, boot="a"),
        sent=sent,
    )


@pytest.mark.parametrize(
    ("sent", "now", "seconds"),
    [
        (stamp(102, boot="a"), stamp(150, boot="a", utc_s=10**6), 48),
        (None, stamp(150, boot="a"), 50),
        (stamp(102, boot="a", utc_s=1000), stamp(7, boot="b", utc_s=1600), 600),
        (stamp(102, boot="a", utc_s=1000, trusted=False), stamp(7, boot="b", utc_s=1600), 7),
        (stamp(102, boot="a", utc_s=1000), stamp(7, boot="b", utc_s=0), 0),
    ],
)
def test_the_terminal_is_never_told_of_more_time_than_it_had(
    sent: Stamp | None, now: Stamp, seconds: int
) -> None:
    assert waited_s(attempt(sent=sent), now) == seconds


async def test_a_storage_error_while_the_operator_speaks_is_the_operators() -> None:
    counter = doubted()
    counter.front.forgetful = True
    async with counter.desk() as desk:
        await desk.pay(order())
        await until(desk, "p1", "needs_operator")
        counter.journal.fail()
        with pytest.raises(StorageError):
            await desk.resolve("p1", approved=True, who="ina", why="-", evidence="-")
        assert (await desk.get("p1")).state is State.NEEDS_OPERATOR
