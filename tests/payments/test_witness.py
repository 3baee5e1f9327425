import asyncio

import pytest

from posedge.model.errors import InDoubt, MisuseError, ProtocolError
from posedge.model.money import Money
from posedge.model.payment import Attempt, AttemptKind, Cause, State, TerminalResult
from posedge.model.stamp import Stamp
from posedge.model.terminal import Finding, FindingKind, Witness
from posedge.payments.witness import RECEIPT_BYTES, RECEIPT_LINES, cause_of
from tests.doubles.counter import Counter, euros, order
from tests.doubles.terminal import FakeTerminal

ASKED = Attempt(
    id="p1",
    sale="s1",
    till="till-1",
    kind=AttemptKind.SALE,
    terminal="front",
    amount=euros(1250),
    state=State.IN_PROGRESS,
    created=Stamp(utc_ns=0, monotonic_ns=0, boot_id="a", trusted=False),
)


def says(*, approved: bool, cancelled: bool = False, minor: int | None = 1250) -> TerminalResult:
    amount = None if minor is None else euros(minor)
    return TerminalResult(approved=approved, cancelled=cancelled, amount=amount)


@pytest.mark.parametrize(
    ("result", "cause"),
    [
        (says(approved=True), Cause.RESULT_APPROVED),
        (says(approved=True, minor=None), Cause.RESULT_APPROVED),
        (says(approved=True, minor=1249), Cause.RESULT_PARTIAL),
        (says(approved=True, cancelled=True), Cause.RESULT_APPROVED),
        (says(approved=False, cancelled=True), Cause.RESULT_CANCELLED),
        (says(approved=False), Cause.RESULT_DECLINED),
        (says(approved=False, minor=99_999), Cause.RESULT_DECLINED),
    ],
)
def test_a_result_means_one_thing(result: TerminalResult, cause: Cause) -> None:
    assert cause_of(result, ASKED) is cause


@pytest.mark.parametrize("amount", [euros(1251), euros(0), Money(minor=1250, currency="CHF")])
def test_an_approval_of_more_or_of_other_money_is_refused(amount: Money) -> None:
    with pytest.raises(ProtocolError):
        cause_of(TerminalResult(approved=True, amount=amount), ASKED)


def test_a_tip_comes_on_top_only_where_the_terminal_may_ask_for_it() -> None:
    tipped = TerminalResult(approved=True, amount=euros(1400), tip=euros(150))
    asks = ASKED.model_copy(update={"asks_tip": True})
    assert cause_of(tipped, asks) is Cause.RESULT_APPROVED
    part = tipped.model_copy(update={"amount": euros(1399)})
    assert cause_of(part, asks) is Cause.RESULT_PARTIAL
    for lie in (euros(1401), euros(150)):
        with pytest.raises(ProtocolError):
            cause_of(tipped.model_copy(update={"amount": lie}), asks)
    with pytest.raises(ProtocolError):
        cause_of(tipped, ASKED)


class Scripted(FakeTerminal):
    """Runs one conversation as the test wants it."""

    async def execute(self, attempt: Attempt, witness: Witness) -> None:
        await witness.accepted()
        await self.talk(witness)

    async def talk(self, witness: Witness) -> None:
        raise NotImplementedError


async def pay(terminal: Scripted) -> tuple[Attempt, Counter]:
    counter = Counter()
    counter.devices.devices["front"] = terminal
    async with counter.desk() as desk:
        return await desk.pay(order()), counter


async def test_a_second_result_that_differs_is_refused() -> None:
    class Undecided(Scripted):
        async def talk(self, witness: Witness) -> None:
            await witness.result(says(approved=False))
            with pytest.raises(MisuseError):
                await witness.result(says(approved=True))

    paid, _ = await pay(Undecided())
    assert paid.state is State.DECLINED


async def test_a_result_that_comes_after_the_doubt_is_refused() -> None:
    class Late(Scripted):
        async def talk(self, witness: Witness) -> None:
            self.witness = witness
            raise ProtocolError("zvt.unreadable", "undecodable")

    terminal = Late()
    counter = Counter()
    counter.devices.devices["front"] = terminal
    async with counter.desk() as desk:
        assert (await desk.pay(order())).state is State.IN_DOUBT
        with pytest.raises(MisuseError):
            await terminal.witness.result(says(approved=True))
        with pytest.raises(MisuseError):
            await terminal.witness.accepted()
        assert (await desk.get("p1")).state is State.IN_DOUBT


async def test_a_result_that_comes_after_the_end_is_refused() -> None:
    class Late(Scripted):
        async def talk(self, witness: Witness) -> None:
            self.witness = witness
            await witness.result(says(approved=True))

    terminal = Late()
    paid, _ = await pay(terminal)
    assert paid.state is State.APPROVED
    with pytest.raises(MisuseError):
        await terminal.witness.printed(customer=True, lines=("late",))


async def test_a_receipt_that_is_to_be_signed_is_a_fact_of_the_result() -> None:
    class Signed(Scripted):
        async def talk(self, witness: Witness) -> None:
            await witness.printed(customer=False, lines=("early",), signature=True)
            await witness.result(says(approved=True))
            await witness.printed(customer=False, lines=("sign",), signature=True)

    paid, _ = await pay(Signed())
    assert paid.merchant_receipt == ("early", "sign")
    assert paid.result is not None
    assert paid.result.signature


@pytest.mark.parametrize(
    "lines",
    [
        ("x",) * (RECEIPT_LINES + 1),
        ("x" * (RECEIPT_BYTES + 1),),
        ("\N{EURO SIGN}" * (RECEIPT_BYTES // 2),),
    ],
)
async def test_a_receipt_without_an_end_is_refused(lines: tuple[str, ...]) -> None:
    class Endless(Scripted):
        async def talk(self, witness: Witness) -> None:
            await witness.printed(customer=True, lines=lines)

    paid, _ = await pay(Endless())
    assert paid.state is State.IN_DOUBT
    assert "payment.receipt_endless" in paid.evidence[-1].text


async def test_receipt_text_comes_in_pieces() -> None:
    class Printing(Scripted):
        async def talk(self, witness: Witness) -> None:
            await witness.result(says(approved=True))
            for line in ("one", "two"):
                await asyncio.sleep(0.1)
                await witness.printed(customer=False, lines=(line,))

    paid, counter = await pay(Printing())
    assert paid.merchant_receipt == ("one", "two")
    assert counter.states("p1").count("approval_stored") == 3


class Busy(Scripted):
    """Asks for five minutes, shows something for a while, and is heard no more."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[tuple[int, int]] = []

    async def talk(self, witness: Witness) -> None:
        await witness.patience(300)
        await witness.patience(120)
        await asyncio.sleep(170)
        await witness.progress("0a", "please wait")
        await asyncio.sleep(60)
        raise InDoubt("terminal.silent", "the line broke")

    async def find(self, attempt: Attempt, *, waited_s: int) -> Finding:
        self.waits.append((waited_s, attempt.silence_s))
        return Finding(kind=FindingKind.UNKNOWN, text="busy")


async def test_the_wait_for_a_silent_terminal_begins_with_its_last_word() -> None:
    terminal = Busy()
    paid, _ = await pay(terminal)
    assert paid.state is State.IN_DOUBT
    assert terminal.waits == [(60, 300)]


async def test_after_a_crash_the_wait_begins_with_the_restart() -> None:
    """The last word may have come right before it."""
    terminal = Busy()
    counter = Counter()
    counter.devices.devices["front"] = terminal
    async with counter.desk() as desk:
        paying = asyncio.gather(desk.pay(order()), return_exceptions=True)
        await asyncio.sleep(175)
    await paying
    async with counter.desk():
        await asyncio.sleep(0.5)
        assert terminal.waits == [(0, 300)]
        await asyncio.sleep(20)
    async with counter.desk():
        await asyncio.sleep(0.5)
    assert terminal.waits[-1] == (20, 300)


async def test_the_providers_key_is_durable_before_money_moves() -> None:
    class Cloud(Scripted):
        async def talk(self, witness: Witness) -> None:
            await witness.reference("pi_1")
            stored = counter.journal.entries[-1].data
            assert (stored["state"], stored["reference"]) == ("in_progress", "pi_1")
            await witness.result(says(approved=True))

    counter = Counter()
    counter.devices.devices["front"] = Cloud()
    async with counter.desk() as desk:
        assert (await desk.pay(order())).reference == "pi_1"
