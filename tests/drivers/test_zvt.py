"""The driver against the simulated terminal, over real TCP."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable

import pytest
import structlog

from posedge.drivers.interface import Driver
from posedge.drivers.zvt import ZvtTerminal
from posedge.drivers.zvt_options import ZvtOptions
from posedge.link.interface import Link
from posedge.link.tcp import open_tcp
from posedge.model.capabilities import Kind
from posedge.model.errors import DeviceError, DeviceGone, InDoubt, NotStarted, PosedgeError
from posedge.model.payment import AttemptKind
from posedge.model.terminal import FindingKind, Terminal
from posedge.sim.charge import Charge
from posedge.sim.zvt import ZvtTerminalSim
from posedge.sim.zvt_faults import Faults, Outcome, Step
from tests.doubles.zvt import (
    HASTY,
    NOON,
    WAITED_S,
    Notebook,
    Reports,
    at,
    attempt,
    concluded,
    terminal,
)

BEFORE = "receipt 0230 trace 000230 tid 52523535 at 1123120000"


@pytest.fixture
async def sim() -> AsyncIterator[ZvtTerminalSim]:
    async with ZvtTerminalSim(now=lambda: NOON, reply_s=3) as running:
        yield running


@pytest.fixture
def driver(sim: ZvtTerminalSim) -> ZvtTerminal:
    return terminal(sim.port)


@pytest.fixture
def hasty(sim: ZvtTerminalSim) -> ZvtTerminal:
    return terminal(sim.port, **HASTY)


def charged(sim: ZvtTerminalSim) -> list[int]:
    return [charge.amount_minor for charge in sim.ledger if not charge.reversed]


async def in_doubt(driver: ZvtTerminal, book: Notebook | None = None, minor: int = 1250) -> str:
    with pytest.raises(InDoubt) as doubt:
        await driver.execute(attempt(minor), book or Notebook())
    return doubt.value.code


async def test_it_is_a_driver_and_a_terminal(driver: ZvtTerminal) -> None:
    checked: Driver = driver
    assert isinstance(driver, Terminal)
    assert (checked.name, checked.kind) == ("zvt", Kind.TERMINAL)
    assert repr(driver) == "<ZvtTerminal zvt: idle>"


async def test_approval(sim: ZvtTerminalSim, driver: ZvtTerminal) -> None:
    assert await driver.preimage() == BEFORE
    book = Notebook()
    await driver.execute(attempt(), book)
    assert sim.ledger == [Charge(AttemptKind.SALE, 1250, "0231", "000231")]
    (result,) = book.results
    assert result.approved
    assert result.amount is not None
    assert str(result.amount) == "12.50 EUR"
    assert (result.receipt_no, result.trace_no, result.terminal_id) == (
        "0231",
        "000231",
        "52523535",
    )
    assert (result.pan_last4, result.scheme, result.entry) == ("0018", "girocard", "contactless")
    assert result.terminal_time == "11-23 12:00:00"
    assert [customer for customer, _ in book.prints] == [False, True]
    assert book.prints[1][1][0] == "** KUNDENBELEG **"
    assert book.accepts == 1
    assert book.shown[0] == ("0A", "Karte vorhalten")


@pytest.mark.parametrize(
    ("outcome", "code", "cancelled"),
    [(Outcome.DECLINE, "71", False), (Outcome.ABORT, "6C", True)],
)
async def test_no_is_an_answer(
    sim: ZvtTerminalSim, driver: ZvtTerminal, outcome: Outcome, code: str, *, cancelled: bool
) -> None:
    sim.faults.outcome = outcome
    book = Notebook()
    await driver.execute(attempt(), book)
    (result,) = book.results
    assert (result.approved, result.code, result.cancelled) == (False, code, cancelled)
    assert sim.ledger == []


async def test_refund_and_reversal(sim: ZvtTerminalSim, driver: ZvtTerminal) -> None:
    await driver.execute(attempt(1000), Notebook())
    await driver.execute(attempt(400, AttemptKind.REFUND), Notebook())
    wanted = attempt(1000, AttemptKind.REVERSAL, original_receipt_no="0231")
    assert await concluded(driver, wanted) is not None
    assert [(c.kind, c.amount_minor, c.reversed) for c in sim.ledger] == [
        (AttemptKind.SALE, 1000, True),
        (AttemptKind.REFUND, 400, False),
        (AttemptKind.REVERSAL, 1000, False),
    ]
    with pytest.raises(NotStarted) as refused:
        await driver.execute(wanted, Notebook())
    assert refused.value.data["result"] == 0xB4


@pytest.mark.parametrize("kind", [AttemptKind.REFUND, AttemptKind.REVERSAL])
async def test_other_kinds_are_found_like_sales(
    sim: ZvtTerminalSim, hasty: ZvtTerminal, kind: AttemptKind
) -> None:
    await hasty.execute(attempt(1000), Notebook())
    sim.faults.silent_at = Step.COMPLETION
    wanted = attempt(1000, kind, original_receipt_no="0231")
    state, result = await concluded(hasty, wanted)
    assert state == FindingKind.APPROVED
    assert result is not None
    assert result.receipt_no == "0232"
    sim.faults.silent_at = Step.RESULT
    if kind is AttemptKind.REFUND:
        assert (await concluded(hasty, wanted))[0] == FindingKind.NOT_COMPLETED


async def test_the_register_cancels(sim: ZvtTerminalSim) -> None:
    async with ZvtTerminalSim(now=lambda: NOON, customer_s=30) as patient:
        driver = terminal(patient.port, t4_ms=5000)
        book = Notebook()
        book.on_accepted = driver.cancel
        await driver.execute(attempt(), book)
        assert book.results[0].cancelled
        assert patient.ledger == []
    await driver.cancel()  # nothing runs: nothing happens


async def test_cancelled_while_it_shows_progress() -> None:
    async with ZvtTerminalSim(now=lambda: NOON, customer_s=30) as patient:
        driver = terminal(patient.port, t4_ms=5000)

        class Impatient(Notebook):
            async def progress(self, status: str, text: str) -> None:
                await driver.cancel()

        book = Impatient()
        await driver.execute(attempt(), book)
        assert book.results[0].cancelled


async def test_a_cancel_that_comes_too_late_is_an_approval(
    sim: ZvtTerminalSim, driver: ZvtTerminal
) -> None:
    sim.faults.late_s = 0.05

    class Late(Notebook):
        async def progress(self, status: str, text: str) -> None:
            if status == "04":
                await driver.cancel()

    book = Late()
    await driver.execute(attempt(), book)
    assert book.results[0].approved
    assert charged(sim) == [1250]


async def test_cancelled_before_it_was_sent(sim: ZvtTerminalSim, driver: ZvtTerminal) -> None:
    sim.faults.silent_at = Step.REGISTRATION
    running = asyncio.get_running_loop().create_task(driver.execute(attempt(), Notebook()))
    await asyncio.sleep(0)
    await driver.cancel()
    sim.faults.silent_at = None
    with pytest.raises(NotStarted):
        await running
    assert sim.ledger == []


@pytest.mark.parametrize("fault", ["busy", "currency_refused"])
async def test_refused_at_once(sim: ZvtTerminalSim, driver: ZvtTerminal, fault: str) -> None:
    setattr(sim.faults, fault, True)
    with pytest.raises(NotStarted):
        await driver.execute(attempt(), Notebook())
    assert sim.ledger == []


@pytest.mark.parametrize(
    ("step", "code", "found"),
    [
        (Step.COMMAND, "terminal.silent", FindingKind.NOT_COMPLETED),
        (Step.CARD, "terminal.silent", FindingKind.NOT_COMPLETED),
        (Step.RESULT, "terminal.silent", FindingKind.NOT_COMPLETED),
        (Step.RECEIPT, "terminal.unacknowledged", FindingKind.NOT_COMPLETED),
        (Step.COMPLETION, "terminal.unacknowledged", FindingKind.APPROVED),
    ],
)
async def test_silence_is_doubt_and_never_a_decline(
    sim: ZvtTerminalSim, hasty: ZvtTerminal, step: Step, code: str, found: FindingKind
) -> None:
    sim.faults.silent_at = step
    wanted = attempt(preimage=await hasty.preimage())
    assert await in_doubt(hasty) == code
    finding = await hasty.find(wanted, waited_s=WAITED_S)
    assert finding.kind is found
    assert charged(sim) == ([1250] if found is FindingKind.APPROVED else [])


async def test_silence_before_the_command_is_no_doubt(
    sim: ZvtTerminalSim, hasty: ZvtTerminal
) -> None:
    sim.faults.silent_at = Step.REGISTRATION
    with pytest.raises(NotStarted):
        await hasty.execute(attempt(), Notebook())
    with pytest.raises(NotStarted):
        await hasty.preimage()
    with pytest.raises(DeviceError) as silent:
        await hasty.find(attempt(), waited_s=WAITED_S)
    assert silent.value.code == "terminal.silent"


async def test_a_result_that_comes_too_late_was_taken_back(
    sim: ZvtTerminalSim, hasty: ZvtTerminal
) -> None:
    sim.faults.late_s = 0.6
    wanted = attempt(preimage=await hasty.preimage())
    assert await in_doubt(hasty) == "terminal.silent"
    assert (await hasty.find(wanted, waited_s=WAITED_S)).kind is FindingKind.NOT_COMPLETED
    assert charged(sim) == []


async def test_the_terminal_may_ask_for_more_time(sim: ZvtTerminalSim) -> None:
    driver = terminal(sim.port, t4_ms=100)
    sim.faults.late_s = 0.3
    assert await in_doubt(driver) == "terminal.silent"
    wanted = attempt(preimage=BEFORE).model_copy(update={"silence_s": 60})
    finding = await driver.find(wanted, waited_s=WAITED_S)
    assert finding.kind is FindingKind.UNKNOWN
    assert "only 5 s" in finding.text


async def test_a_result_that_is_sent_twice_counts_once(
    sim: ZvtTerminalSim, driver: ZvtTerminal
) -> None:
    sim.faults.duplicates = True
    book = Notebook()
    await driver.execute(attempt(), book)
    assert len(book.results) == 1
    assert charged(sim) == [1250]


async def test_an_approval_that_the_terminal_takes_back(
    sim: ZvtTerminalSim, driver: ZvtTerminal
) -> None:
    sim.faults.auto_reverses = True
    wanted = attempt(preimage=await driver.preimage())
    assert await in_doubt(driver) == "terminal.unacknowledged"
    finding = await driver.find(wanted, waited_s=WAITED_S)
    assert finding.kind is FindingKind.NOT_COMPLETED
    assert [charge.reversed for charge in sim.ledger] == [True]


async def test_less_than_asked_is_partial(sim: ZvtTerminalSim, driver: ZvtTerminal) -> None:
    sim.faults.amount_minor = 800
    book = Notebook()
    await driver.execute(attempt(), book)
    assert book.results[0].amount is not None
    assert book.results[0].amount.minor == 800
    assert charged(sim) == [800]


async def test_a_partial_approval_whose_end_was_lost(
    sim: ZvtTerminalSim, hasty: ZvtTerminal
) -> None:
    sim.faults.amount_minor = 800
    sim.faults.silent_at = Step.COMPLETION
    state, result = await concluded(hasty, attempt())
    assert state == FindingKind.PARTIAL
    assert result is not None
    assert result.amount is not None
    assert result.amount.minor == 800


@pytest.mark.parametrize(("minor", "currency"), [(1251, None), (None, 756)])
async def test_what_is_not_ours_is_refused(
    sim: ZvtTerminalSim, driver: ZvtTerminal, minor: int | None, currency: int | None
) -> None:
    sim.faults.amount_minor = minor
    sim.faults.currency = currency
    book = Notebook()
    assert await in_doubt(driver, book) == "terminal.uncorrelated"
    assert book.results == []
    assert charged(sim) == []


@pytest.mark.parametrize(
    ("fails_at", "code"),
    [
        ("accepted", "storage.failed"),
        ("result", "terminal.unstored"),
        ("printed", "terminal.unacknowledged"),
    ],
)
async def test_what_cannot_be_stored_is_not_kept(
    sim: ZvtTerminalSim, driver: ZvtTerminal, fails_at: str, code: str
) -> None:
    wanted = attempt(preimage=await driver.preimage())
    assert await in_doubt(driver, Notebook(fails_at)) == code
    assert charged(sim) == []
    assert (await driver.find(wanted, waited_s=WAITED_S)).kind is FindingKind.NOT_COMPLETED


async def test_progress_that_is_lost_harms_nothing(
    sim: ZvtTerminalSim, driver: ZvtTerminal
) -> None:
    await driver.execute(attempt(), Notebook("progress"))
    assert charged(sim) == [1250]


async def test_a_terminal_that_does_not_mask_is_reported_and_its_number_kept_nowhere(
    sim: ZvtTerminalSim,
) -> None:
    warnings = Reports()
    driver = terminal(sim.port, None, warnings)
    sim.faults.unmasked = True
    book = Notebook()
    with structlog.testing.capture_logs() as logs:
        await driver.execute(attempt(), book)
    assert book.results[0].pan_last4 == "0018"
    assert "terminal.unmasked" in [entry["event"] for entry in logs]
    kept = repr((logs, book, driver, sim))
    assert "6799998900000200018" not in kept
    assert "679999890000020" not in kept.replace(" ", "")
    assert [said for said in warnings.said if "masking" in str(said)]


async def every_cut(
    sim: ZvtTerminalSim, cut_at: Callable[[int], None], driver: ZvtTerminal
) -> tuple[int, set[str]]:
    """Pay again and again, cut one byte later each time, until nothing was cut any more.

    After each, what desk and recovery conclude must be what the terminal really charged.
    """
    approved: list[int] = []
    seen: set[str] = set()
    for cut in range(2000):
        cut_at(cut)
        book = Notebook()
        state, result = await concluded(driver, attempt(1000 + cut), book)
        seen.add(state)
        if state == FindingKind.APPROVED:
            assert result is not None
            assert result.amount is not None
            approved.append(result.amount.minor)
        assert charged(sim) == approved, f"cut at {cut}: {state}"
        if not book.doubted:
            return cut, seen
    pytest.fail("a payment says less than 2000 bytes")


@pytest.mark.slow
async def test_the_terminals_line_is_cut_at_every_byte(
    sim: ZvtTerminalSim, driver: ZvtTerminal
) -> None:
    def cut_at(byte: int) -> None:
        sim.faults.cut_at = byte

    cuts, seen = await every_cut(sim, cut_at, driver)
    assert cuts > 300
    assert seen == {FindingKind.APPROVED, FindingKind.NOT_COMPLETED}


class Scissors:
    """A Link that loses its line before the n-th byte behind a payment's command is written."""

    def __init__(self, link: Link, byte: int) -> None:
        self._link = link
        self._left: int | None = None
        self._byte = byte

    @property
    def waiting(self) -> bool:
        return self._link.waiting

    async def read(self, limit: int = 4096) -> bytes:
        return await self._link.read(limit)

    async def write(self, data: bytes, *, deadline_s: float) -> None:
        if data[:2] == b"\x06\x01":
            self._left = self._byte
        room = len(data) if self._left is None else min(len(data), self._left)
        if self._left is not None:
            self._left -= room
        await self._link.write(data[:room], deadline_s=deadline_s)
        if room < len(data):
            await self._link.close()
            raise DeviceGone("device.gone", "cut")

    async def close(self) -> None:
        await self._link.close()


async def test_our_line_is_cut_at_every_byte(sim: ZvtTerminalSim) -> None:
    byte = 0

    async def connect() -> Link:
        return Scissors(await open_tcp("127.0.0.1", sim.port, timeout_s=1), byte)

    def cut_at(now: int) -> None:
        nonlocal byte
        byte = now

    cuts, seen = await every_cut(sim, cut_at, at(connect))
    assert cuts == 30  # the command and five answers; the sixth proves nothing to us
    assert seen == {FindingKind.APPROVED, FindingKind.NOT_COMPLETED}


def mixed(chance: random.Random) -> Faults:
    """Return several faults at once."""
    steps = (Step.COMMAND, Step.CARD, Step.RESULT, Step.RECEIPT, Step.COMPLETION)
    return Faults(
        outcome=chance.choice((Outcome.APPROVE, Outcome.APPROVE, Outcome.DECLINE, Outcome.ABORT)),
        cut_at=chance.choice((None, None, chance.randrange(600))),
        silent_at=chance.choice((None, None, None, None, chance.choice(steps))),
        late_s=chance.choice((0, 0, 0, 0, 0.3)),
        auto_reverses=chance.random() < 0.1,
        duplicates=chance.random() < 0.2,
        unmasked=chance.random() < 0.2,
        amount_minor=chance.choice((None, None, None, None, 1, 10**6)),
    )


@pytest.mark.slow
async def test_no_mix_of_faults_makes_a_wrong_conclusion() -> None:
    chance = random.Random(20007)
    seen: set[str] = set()
    for minor in range(1000, 1040):
        async with ZvtTerminalSim(mixed(chance), now=lambda: NOON, reply_s=0.1) as sim:
            driver = terminal(sim.port, t3_ms=120, t4_ms=160, answer_ms=2000)
            book = Notebook(
                chance.choice(("", "", "", "", "", "", "result", "printed", "accepted"))
            )
            state, result = await concluded(driver, attempt(minor), book)
            said = [result.amount.minor] if result and result.approved and result.amount else []
            assert state == FindingKind.UNKNOWN or said == charged(sim), (state, sim.faults)
            seen.add(state)
    assert {"approved", "declined", "not_completed"} <= seen


async def test_a_cut_decline_is_a_decline_or_not_completed(
    sim: ZvtTerminalSim, driver: ZvtTerminal
) -> None:
    sim.faults.outcome = Outcome.DECLINE
    for cut in range(80):
        sim.faults.cut_at = cut
        state, _ = await concluded(driver, attempt())
        assert state in {FindingKind.NOT_COMPLETED, "declined"}
    assert sim.ledger == []


async def test_find_waits_for_an_idle_terminal(sim: ZvtTerminalSim, driver: ZvtTerminal) -> None:
    sim.faults.busy = True
    finding = await driver.find(attempt(preimage=BEFORE), waited_s=WAITED_S)
    assert finding.kind is FindingKind.UNKNOWN
    assert "busy" in finding.text


async def test_a_terminal_that_forgets_proves_nothing(
    sim: ZvtTerminalSim, hasty: ZvtTerminal
) -> None:
    before = await hasty.preimage()
    sim.faults.silent_at = Step.COMPLETION
    await in_doubt(hasty)
    sim.faults.forgets = True
    for preimage in (before, await hasty.preimage(), None):
        finding = await hasty.find(attempt(preimage=preimage), waited_s=WAITED_S)
        assert finding.kind is FindingKind.UNKNOWN
    assert await hasty.preimage() == "no receipt tid 52523535"


async def test_receipt_numbers_start_again_behind_9999() -> None:
    async with ZvtTerminalSim(now=lambda: NOON, receipt=9999, reply_s=0.2) as sim:
        driver = terminal(sim.port, **HASTY)
        sim.faults.silent_at = Step.COMPLETION
        state, result = await concluded(driver, attempt())
        assert state == FindingKind.APPROVED
        assert result is not None
        assert result.receipt_no == "0001"


async def test_the_first_receipt_of_a_new_terminal_is_found() -> None:
    async with ZvtTerminalSim(now=lambda: NOON, receipt=0, reply_s=0.2) as sim:
        driver = terminal(sim.port, **HASTY)
        sim.faults.silent_at = Step.COMPLETION
        assert (await concluded(driver, attempt()))[0] == FindingKind.APPROVED


async def test_what_zvt_cannot_say_is_not_started(driver: ZvtTerminal) -> None:
    for wanted in (
        attempt(0),
        attempt(10**12),
        attempt(currency="CHF"),
        attempt(kind=AttemptKind.REVERSAL),
        attempt(kind=AttemptKind.REVERSAL, original_receipt_no="12345"),
    ):
        with pytest.raises(NotStarted):
            await driver.execute(wanted, Notebook())


async def test_run_reports_how_the_terminal_is(sim: ZvtTerminalSim) -> None:
    reports = Reports()
    running = asyncio.get_running_loop().create_task(terminal(sim.port, reports, **HASTY).run())
    await reports.until(lambda: len(reports.said) > 2)
    sim.faults.busy = True
    await reports.until(lambda: reports.said[-1] == "busy")
    sim.faults.silent_at = Step.ENQUIRY
    with pytest.raises(DeviceError) as silent:
        await running
    assert reports.said[:3] == [None, None, None]
    assert silent.value.code == "terminal.silent"


async def test_nobody_there(unused_tcp_port: int) -> None:
    driver = terminal(unused_tcp_port)
    with pytest.raises(DeviceError):
        await driver.run()
    with pytest.raises(DeviceError):
        await driver.status()
    with pytest.raises(NotStarted):
        await driver.execute(attempt(), Notebook())


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"password": "12345"}, "password"),
        ({"currency": "XYZ"}, "currency"),
        ({"charset": "klingon"}, "charset"),
        ({"timezone": "Moon/Crater"}, "timezone"),
        ({"t4_ms": 0}, "t4_ms"),
    ],
)
def test_wrong_options_are_named(options: dict[str, str | int], word: str) -> None:
    with pytest.raises(PosedgeError, match=word):
        terminal(1, **options)


def test_options_as_they_are_given() -> None:
    given = ZvtOptions.model_validate({"charset": "UTF8", "currency": "CHF"})
    assert (given.charset, given.numeric, given.zone) == ("utf-8", 756, None)
    assert "000000" not in repr(given)
