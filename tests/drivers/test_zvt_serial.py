"""The driver against the simulated terminal over a real serial line: a pty."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from posedge.devices.address import parse
from posedge.devices.openers import open_link
from posedge.drivers.zvt import ZvtTerminal
from posedge.link.interface import Link
from posedge.model.errors import DeviceGone, InDoubt, NotStarted
from posedge.model.payment import AttemptKind
from posedge.model.terminal import FindingKind
from posedge.model.value import Json
from posedge.sim.charge import Charge
from posedge.sim.pty import Pty
from posedge.sim.zvt import ZvtTerminalSim
from posedge.sim.zvt_faults import LineFaults, Outcome, Step
from posedge.sim.zvt_serial import attend
from posedge.tasks import Crew
from posedge.wire.zvt.transport import Timing
from tests.doubles.zvt import HASTY, NOON, WAITED_S, Notebook, at, attempt, concluded

T2_MS = 150
"""Short, and yet long for the busiest machine: a repeat that nobody needs would hide a fault."""

LAST = "receipt 0230 trace 000230 tid 52523535 at 1123120000"


@pytest.fixture
async def cable(tmp_path: Path) -> AsyncIterator[Pty]:
    cable = Pty(tmp_path / "terminal")
    yield cable
    cable.unplug()


@pytest.fixture
async def sim(cable: Pty) -> AsyncIterator[ZvtTerminalSim]:
    sim = ZvtTerminalSim(now=lambda: NOON, reply_s=3)
    async with Crew("sim") as crew:
        crew.start(attend(sim, cable, Timing(t2_s=T2_MS / 1000)), name="terminal")
        yield sim


def connected(cable: Pty, **options: Json) -> ZvtTerminal:
    async def connect() -> Link:
        link: Link = await open_link(parse(f"serial://{cable.path}", "zvt"))
        return link

    return at(connect, None, None, "serial", **{"t2_ms": T2_MS, **options})


@pytest.fixture
def driver(cable: Pty) -> ZvtTerminal:
    return connected(cable)


def charged(sim: ZvtTerminalSim) -> list[int]:
    return [charge.amount_minor for charge in sim.ledger if not charge.reversed]


async def test_an_amount_of_10_10_is_approved(sim: ZvtTerminalSim, driver: ZvtTerminal) -> None:
    """G09."""
    assert await driver.preimage() == LAST
    book = Notebook()
    await driver.execute(attempt(1010), book)
    (result,) = book.results
    assert str(result.amount) == "10.10 EUR"
    assert sim.ledger == [Charge(AttemptKind.SALE, 1010, "0231", "000231")]
    assert [customer for customer, _ in book.prints] == [False, True]
    assert await driver.status() == "ready"


@pytest.mark.parametrize(("outcome", "code"), [(Outcome.DECLINE, "71"), (Outcome.ABORT, "6C")])
async def test_no_is_an_answer(
    sim: ZvtTerminalSim, driver: ZvtTerminal, outcome: Outcome, code: str
) -> None:
    sim.faults.outcome = outcome
    book = Notebook()
    await driver.execute(attempt(), book)
    assert [(result.approved, result.code) for result in book.results] == [(False, code)]
    assert sim.ledger == []


async def test_refund_and_reversal(sim: ZvtTerminalSim, driver: ZvtTerminal) -> None:
    await driver.execute(attempt(1000), Notebook())
    await driver.execute(attempt(1010, AttemptKind.REFUND), Notebook())
    wanted = attempt(1000, AttemptKind.REVERSAL, original_receipt_no="0231")
    await driver.execute(wanted, Notebook())
    assert [(charge.kind, charge.reversed) for charge in sim.ledger] == [
        (AttemptKind.SALE, True),
        (AttemptKind.REFUND, False),
        (AttemptKind.REVERSAL, False),
    ]
    with pytest.raises(NotStarted):
        await driver.execute(wanted, Notebook())


@pytest.mark.parametrize(
    ("step", "found"),
    [
        (Step.COMMAND, FindingKind.NOT_COMPLETED),
        (Step.CARD, FindingKind.NOT_COMPLETED),
        (Step.RESULT, FindingKind.NOT_COMPLETED),
        (Step.RECEIPT, FindingKind.NOT_COMPLETED),
        (Step.COMPLETION, FindingKind.APPROVED),
    ],
)
async def test_silence_is_doubt_until_the_terminal_is_asked(
    sim: ZvtTerminalSim, cable: Pty, step: Step, found: FindingKind
) -> None:
    hasty = connected(cable, **HASTY)
    sim.faults.silent_at = step
    wanted = attempt(preimage=await hasty.preimage())
    with pytest.raises(InDoubt):
        await hasty.execute(wanted, Notebook())
    sim.faults.silent_at = None
    finding = await hasty.find(wanted, waited_s=WAITED_S)
    assert finding.kind is found
    assert charged(sim) == ([1250] if found is FindingKind.APPROVED else [])
    await hasty.execute(attempt(1300), Notebook())
    assert charged(sim)[-1] == 1300


async def test_the_register_cancels(sim: ZvtTerminalSim, cable: Pty) -> None:
    sim._customer_s = 30
    driver = connected(cable)
    book = Notebook()
    book.on_accepted = driver.cancel
    await driver.execute(attempt(), book)
    assert book.results[0].cancelled
    assert sim.ledger == []


async def test_cancelled_while_it_listens(sim: ZvtTerminalSim, cable: Pty) -> None:
    """Two tasks at one line: one hears the acknowledgement of what the other says."""
    sim._customer_s = 30
    driver = connected(cable)
    async with Crew("till") as crew:

        class Impatient(Notebook):
            async def progress(self, status: str, text: str) -> None:
                crew.start(driver.cancel(), name="cancel")

        book = Impatient()
        await driver.execute(attempt(), book)
    assert book.results[0].cancelled


@pytest.mark.parametrize("fault", ["corrupt", "noise", "drop_ack", "nak"])
@pytest.mark.parametrize("count", [1, 2])
async def test_what_the_line_spoils_is_mended(
    sim: ZvtTerminalSim, driver: ZvtTerminal, fault: str, count: int
) -> None:
    setattr(sim.faults.line, fault, count)
    await driver.execute(attempt(), book := Notebook())
    assert getattr(sim.faults.line, fault) == 0
    assert (len(book.results), len(book.prints), charged(sim)) == (1, 2, [1250])


async def test_a_terminal_that_acknowledges_nothing_is_not_paid_at(
    sim: ZvtTerminalSim, driver: ZvtTerminal
) -> None:
    sim.faults.line = LineFaults(drop_ack=100, corrupt=100)
    with pytest.raises(NotStarted) as deaf:
        await driver.execute(attempt(), Notebook())
    assert deaf.value.code == "terminal.deaf"
    assert sim.ledger == []


async def test_an_adapter_that_is_pulled_in_a_payment(
    sim: ZvtTerminalSim, driver: ZvtTerminal
) -> None:
    seen: set[str] = set()
    for cut in (0, 10, 60, 90, 150, 250, 400, 1000):
        sim.faults.cut_at = cut
        before = charged(sim)
        state, result = await concluded(driver, attempt(1000 + cut))
        seen.add(state)
        assert (state == FindingKind.APPROVED) == (charged(sim) != before), cut
        assert result is None or not result.approved or charged(sim)[-1] == 1000 + cut
    assert seen == {FindingKind.APPROVED, FindingKind.NOT_COMPLETED}


async def test_an_adapter_that_is_away(
    sim: ZvtTerminalSim, cable: Pty, driver: ZvtTerminal
) -> None:
    cable.unplug()
    with pytest.raises(DeviceGone):
        await driver.status()
    with pytest.raises(NotStarted):
        await driver.execute(attempt(), Notebook())
    cable.plug()
    await driver.execute(attempt(), Notebook())
    assert charged(sim) == [1250]
