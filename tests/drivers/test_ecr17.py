"""The driver against the simulated terminal, over TCP and on a serial line."""

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import structlog

from posedge.devices.address import Line
from posedge.drivers.ecr17 import UNMASKED, Ecr17Terminal
from posedge.drivers.ecr17_session import MAX_FRAMES
from posedge.drivers.interface import Driver
from posedge.link.interface import Link
from posedge.link.memory import MemoryLink
from posedge.link.serial import open_serial
from posedge.model.errors import DeviceError, InDoubt, NotStarted
from posedge.model.payment import Attempt, AttemptKind
from posedge.model.terminal import FindingKind, Terminal
from posedge.model.value import Json
from posedge.sim.charge import Charge
from posedge.sim.ecr17 import TEST_PAN, Ecr17Sim
from posedge.sim.ecr17_faults import Outcome, Step
from posedge.sim.pty import Pty
from posedge.tasks import Crew, cancel
from posedge.wire.ecr17.frames import ACK, NAK, Lrc, control, packet, progress
from tests.doubles.till import at_port, driven, settled
from tests.doubles.zvt import NOON, Notebook, Reports, attempt

CALM: dict[str, Json] = {
    "timezone": "UTC",
    "ack_ms": 2000,
    "answer_ms": 4000,
    "read_ms": 2000,
    "receipt_ms": 2000,
    "status_ms": 5,
}
HASTY: dict[str, Json] = {**CALM, "answer_ms": 200, "read_ms": 200, "ack_ms": 200, "receipt_ms": 50}
LONG_S = 5
BEFORE = "stan 000230 tid 12345678 result 00 at 3271200"


def sim_of(**wishes: object) -> Ecr17Sim:
    return Ecr17Sim(now=lambda: NOON, reply_s=0.1, **wishes)  # type: ignore[arg-type]


@pytest.fixture
async def sim() -> AsyncIterator[Ecr17Sim]:
    async with sim_of() as running:
        yield running


@pytest.fixture
def driver(sim: Ecr17Sim) -> Ecr17Terminal:
    return driven(Ecr17Terminal, at_port(sim.port), CALM)


@pytest.fixture
def hasty(sim: Ecr17Sim) -> Ecr17Terminal:
    return driven(Ecr17Terminal, at_port(sim.port), HASTY)


async def in_doubt(driver: Ecr17Terminal, book: Notebook | None = None) -> str:
    wanted = attempt(preimage=await driver.preimage())
    with pytest.raises(InDoubt) as doubt:
        await driver.execute(wanted, book or Notebook())
    return doubt.value.code


async def test_it_is_a_driver_and_a_terminal(driver: Ecr17Terminal) -> None:
    checked: Driver = driver
    assert isinstance(checked, Terminal)
    assert repr(driver) == "<Ecr17Terminal terminal: idle>"
    assert await driver.status() == "ready"
    assert await driver.preimage() == BEFORE


async def test_approval_with_its_receipts(sim: Ecr17Sim, driver: Ecr17Terminal) -> None:
    book = Notebook()
    await driver.execute(attempt(preimage=await driver.preimage()), book)
    assert sim.ledger == [Charge(AttemptKind.SALE, 1250, "000231", "000231")]
    (result,) = book.results
    assert (result.approved, str(result.amount), result.receipt_no) == (True, "12.50 EUR", "000231")
    assert (result.pan_last4, result.entry, result.scheme) == (
        "1234",
        "contactless",
        "credit card",
    )
    assert (result.auth_code, result.terminal_id) == ("A00231", "12345678")
    assert result.terminal_time == "3271200"
    assert [customer for customer, _ in book.prints] == [False, True]
    assert book.prints[1][1][0] == "COPIA CLIENTE"
    assert book.accepts == 1
    assert book.shown == [("", "INSERIRE CARTA")]


async def test_no_is_an_answer(sim: Ecr17Sim, driver: Ecr17Terminal) -> None:
    sim.faults.outcome = Outcome.DECLINE
    book = Notebook()
    await driver.execute(attempt(), book)
    assert (book.results[0].approved, book.results[0].text) == (False, "CARTA RIFIUTATA")
    assert sim.ledger == []


@pytest.mark.parametrize("lrc", Lrc)
async def test_the_way_of_checking_is_found_out(lrc: Lrc) -> None:
    async with sim_of(lrc=lrc) as sim:
        driver = driven(Ecr17Terminal, at_port(sim.port), HASTY)
        book = Notebook()
        await driver.execute(attempt(), book)
        assert book.results[0].approved
        told = driven(Ecr17Terminal, at_port(sim.port), {**CALM, "lrc": lrc.value})
        assert await told.status() == "ready"


async def test_a_reversal_undoes_the_last_payment_only(
    sim: Ecr17Sim, driver: Ecr17Terminal
) -> None:
    await driver.execute(attempt(1000), Notebook())
    await driver.execute(attempt(400), Notebook())
    book = Notebook()
    older = attempt(1000, AttemptKind.REVERSAL, original_receipt_no="000231")
    await driver.execute(older, book)
    assert not book.results[0].approved
    last = attempt(400, AttemptKind.REVERSAL, original_receipt_no="000232")
    state, result = await settled(driver, last, book, waited_s=LONG_S)
    assert state == "approved"
    assert result is not None
    assert str(result.amount) == "4.00 EUR"
    assert [charge.reversed for charge in sim.ledger] == [False, True, False]


async def test_a_reservation_is_booked_by_its_number(sim: Ecr17Sim, driver: Ecr17Terminal) -> None:
    book = Notebook()
    await driver.execute(attempt(2000, AttemptKind.PREAUTH), book)
    number = book.results[0].receipt_no
    assert (number, book.results[0].trace_no) == ("000000231", "000231")
    wanted = attempt(1500, AttemptKind.CAPTURE, original_receipt_no=number)
    await driver.execute(wanted, book)
    await driver.execute(wanted, book)
    assert [result.approved for result in book.results] == [True, True, False]
    assert [(each.kind, each.amount_minor) for each in sim.ledger if not each.reversed] == [
        (AttemptKind.CAPTURE, 1500)
    ]


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        (attempt(100, AttemptKind.REFUND), "terminal.unable"),
        (attempt(100, AttemptKind.RELEASE, original_receipt_no="000000231"), "terminal.unable"),
        (attempt(100, AttemptKind.REVERSAL), "terminal.receiptless"),
        (attempt(100, AttemptKind.REVERSAL, original_receipt_no="000000"), "terminal.receiptless"),
        (attempt(100, AttemptKind.CAPTURE, original_receipt_no="231"), "terminal.receiptless"),
        (attempt(100, currency="CHF"), "terminal.amount"),
        (attempt(10**8), "terminal.amount"),
    ],
)
async def test_what_it_cannot_be_asked_for(
    sim: Ecr17Sim, driver: Ecr17Terminal, wanted: Attempt, code: str
) -> None:
    with pytest.raises(NotStarted) as refused:
        await driver.execute(wanted, Notebook())
    assert refused.value.code == code
    assert sim.ledger == []


@pytest.mark.parametrize(
    ("step", "code", "found"),
    [
        (Step.REQUEST, "terminal.silent", FindingKind.NOT_COMPLETED),
        (Step.CARD, "terminal.silent", FindingKind.NOT_COMPLETED),
        (Step.RESULT, "terminal.silent", FindingKind.APPROVED),
    ],
)
async def test_silence_is_doubt_and_the_last_result_tells(
    sim: Ecr17Sim, hasty: Ecr17Terminal, step: Step, code: str, found: FindingKind
) -> None:
    sim.faults.silent_at = step
    assert await in_doubt(hasty) == code
    wanted = attempt(preimage=BEFORE)
    if step is not Step.RESULT:
        assert (await hasty.find(wanted, waited_s=0)).kind is FindingKind.UNKNOWN
    assert (await hasty.find(wanted, waited_s=LONG_S)).kind is found
    assert len(sim.ledger) == (found is FindingKind.APPROVED)


async def test_silence_behind_the_result_loses_a_receipt_and_no_payment(
    sim: Ecr17Sim, hasty: Ecr17Terminal
) -> None:
    sim.faults.silent_at = Step.RECEIPT
    book = Notebook()
    await hasty.execute(attempt(), book)
    assert (book.results[0].approved, book.prints) == (True, [])


@pytest.mark.parametrize("step", [Step.STATUS, Step.LAST])
async def test_silence_before_the_request_is_no_doubt(sim: Ecr17Sim, step: Step) -> None:
    hasty = driven(Ecr17Terminal, at_port(sim.port), {**HASTY, "lrc": "std"})
    sim.faults.silent_at = step
    with pytest.raises(NotStarted):
        await hasty.preimage()
    with pytest.raises(DeviceError):
        await hasty.find(attempt(), waited_s=LONG_S)


async def test_a_result_that_comes_too_late_is_found(sim: Ecr17Sim, hasty: Ecr17Terminal) -> None:
    sim.faults.late_ms = 400
    assert await in_doubt(hasty) == "terminal.silent"
    finding = await hasty.find(attempt(preimage=BEFORE), waited_s=LONG_S)
    assert finding.kind is FindingKind.APPROVED


@pytest.mark.parametrize(
    ("fault", "value"),
    [
        ("amount_minor", 1251),
        ("stranger", 999),
        ("stranger", 5000),
        ("forgets", True),
        ("skew_min", 30),
        ("skew_min", -30),
    ],
)
async def test_what_is_not_shown_to_be_ours_stays_a_doubt(
    sim: Ecr17Sim, hasty: Ecr17Terminal, fault: str, value: object
) -> None:
    wanted = attempt(preimage=await hasty.preimage())
    sim.faults.silent_at = Step.RESULT
    setattr(sim.faults, fault, value)
    with pytest.raises(InDoubt):
        await hasty.execute(wanted, Notebook())
    assert (await hasty.find(wanted, waited_s=LONG_S)).kind is FindingKind.UNKNOWN


@pytest.mark.parametrize(("fault", "value"), [("amount_minor", 1251), ("terminal_id", "87654321")])
async def test_a_live_result_that_is_not_ours_is_not_believed(
    sim: Ecr17Sim, fault: str, value: object
) -> None:
    driver = driven(Ecr17Terminal, at_port(sim.port), {**CALM, "terminal_id": "12345678"})
    setattr(sim.faults, fault, value)
    book = Notebook()
    assert await in_doubt(driver, book) == "terminal.uncorrelated"
    assert book.results == []


async def test_less_than_asked_is_partial(sim: Ecr17Sim, hasty: Ecr17Terminal) -> None:
    sim.faults.amount_minor = 800
    book = Notebook()
    await hasty.execute(attempt(), book)
    assert str(book.results[0].amount) == "8.00 EUR"
    wanted = attempt(preimage=await hasty.preimage())
    sim.faults.silent_at = Step.RESULT
    with pytest.raises(InDoubt):
        await hasty.execute(wanted, book)
    finding = await hasty.find(wanted, waited_s=LONG_S)
    assert finding.kind is FindingKind.UNKNOWN  # another till's payment looks the same


@pytest.mark.parametrize(
    ("fails_at", "code"), [("accepted", "storage.failed"), ("result", "terminal.unstored")]
)
async def test_what_cannot_be_stored_is_found_afterwards(
    sim: Ecr17Sim, driver: Ecr17Terminal, fails_at: str, code: str
) -> None:
    wanted = attempt(preimage=await driver.preimage())
    assert await in_doubt(driver, Notebook(fails_at)) == code
    await asyncio.sleep(0)
    assert (await driver.find(wanted, waited_s=LONG_S)).kind is FindingKind.APPROVED


async def test_what_is_lost_beside_the_result_harms_nothing(
    sim: Ecr17Sim, driver: Ecr17Terminal
) -> None:
    for lost in ("progress", "printed"):
        book = Notebook(lost)
        await driver.execute(attempt(), book)
        assert book.results[0].approved


async def test_a_result_that_comes_twice_counts_once(sim: Ecr17Sim, driver: Ecr17Terminal) -> None:
    sim.faults.duplicates = True
    book = Notebook()
    await driver.execute(attempt(preimage=await driver.preimage()), book)
    assert len(book.results) == 1


async def test_a_damaged_result_is_asked_for_again(sim: Ecr17Sim, driver: Ecr17Terminal) -> None:
    before = await driver.preimage()
    sim.faults.corrupt = 1
    book = Notebook()
    await driver.execute(attempt(preimage=before), book)
    assert book.results[0].approved


async def test_a_lost_confirmation_is_no_lost_request(sim: Ecr17Sim, driver: Ecr17Terminal) -> None:
    before = await driver.preimage()
    sim.faults.drop_ack = 1
    book = Notebook()
    options: dict[str, Json] = {**CALM, "receipts": False, "lrc": "std"}
    await driven(Ecr17Terminal, at_port(sim.port), options).execute(attempt(preimage=before), book)
    assert book.results[0].approved
    assert len(sim.ledger) == 1


async def test_a_request_that_was_refused_is_said_again_and_only_then(
    sim: Ecr17Sim, driver: Ecr17Terminal
) -> None:
    before = await driver.preimage()
    options: dict[str, Json] = {**CALM, "receipts": False, "lrc": "std"}
    plain = driven(Ecr17Terminal, at_port(sim.port), options)
    sim.faults.nak = 2
    book = Notebook()
    await plain.execute(attempt(preimage=before), book)
    assert (book.results[0].approved, len(sim.ledger)) == (True, 1)
    sim.faults.nak = 3
    with pytest.raises(NotStarted):
        await plain.execute(attempt(), book)
    assert len(sim.ledger) == 1


async def test_a_plain_terminal_is_told_plainly() -> None:
    async with sim_of() as sim:
        sim.faults.plain = True
        options: dict[str, Json] = {**CALM, "extended": False}
        book = Notebook()
        driver = driven(Ecr17Terminal, at_port(sim.port), options)
        wanted = attempt(preimage=await driver.preimage())
        await driver.execute(wanted, book)
        assert (str(book.results[0].amount), book.prints) == ("12.50 EUR", [])
        finding = await driver.find(wanted, waited_s=LONG_S)
        assert finding.kind is FindingKind.UNKNOWN
        assert "another amount" in finding.text
        extended = driven(Ecr17Terminal, at_port(sim.port), CALM)
        with pytest.raises(NotStarted):
            await extended.execute(attempt(), book)


async def test_a_busy_terminal_begins_nothing(sim: Ecr17Sim, hasty: Ecr17Terminal) -> None:
    sim.faults.busy = True
    with pytest.raises(NotStarted) as refused:
        await hasty.execute(attempt(), Notebook())
    assert refused.value.code == "terminal.deaf"
    assert sim.ledger == []


async def test_a_terminal_that_was_never_used_has_no_preimage() -> None:
    async with sim_of(stan=0) as sim:
        assert await driven(Ecr17Terminal, at_port(sim.port), CALM).preimage() is None


async def test_a_terminal_that_is_away() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    away = driven(Ecr17Terminal, at_port(port), CALM)
    for ask in (away.execute(attempt(), Notebook()), away.preimage()):
        with pytest.raises(NotStarted):
            await ask
    with pytest.raises(DeviceError):
        await away.run()


async def test_our_words_are_cut_at_every_byte(sim: Ecr17Sim, driver: Ecr17Terminal) -> None:
    """The terminal's line is cut one byte later each time; the journal says what was charged."""
    approved: list[int] = []
    for cut in range(0, 2000, 1):
        sim.faults.cut_at = cut
        book = Notebook()
        state, result = await settled(driver, attempt(1000 + cut), book, waited_s=LONG_S)
        if state == FindingKind.APPROVED:
            assert result is not None
            assert result.amount is not None
            approved.append(result.amount.minor)
        else:
            assert state == FindingKind.NOT_COMPLETED
        assert [each.amount_minor for each in sim.ledger] == approved, f"cut at {cut}: {state}"
        if not book.doubted:
            break
    assert 110 < cut < 400


async def test_a_whole_card_number_is_reported_and_kept_nowhere(sim: Ecr17Sim) -> None:
    warnings = Reports()
    driver = driven(Ecr17Terminal, at_port(sim.port), CALM, warnings=warnings)
    sim.faults.unmasked = True
    book = Notebook()
    with structlog.testing.capture_logs() as logs:
        await driver.execute(attempt(), book)
    assert warnings.said == [UNMASKED]
    assert TEST_PAN[:12] not in repr((logs, book, driver))


async def test_cancelling_is_for_who_stands_at_the_terminal(sim: Ecr17Sim) -> None:
    driver = driven(Ecr17Terminal, at_port(sim.port), CALM)
    await driver.cancel()  # nothing runs: nothing happens
    book = Notebook()
    told: list[str] = []

    async def cancel_it() -> None:
        with pytest.raises(DeviceError, match="red key") as unable:
            await driver.cancel()
        told.append(unable.value.code)

    book.on_accepted = cancel_it
    await driver.execute(attempt(), book)
    assert (told, book.results[0].approved) == (["terminal.unable"], True)
    paying = asyncio.get_running_loop().create_task(driver.execute(attempt(), book))
    await asyncio.sleep(0)
    assert repr(driver).endswith("in a payment>")
    await driver.cancel()
    with pytest.raises(NotStarted):
        await paying
    assert len(sim.ledger) == 1


async def test_it_reports_how_it_is(sim: Ecr17Sim) -> None:
    reports = Reports()
    driver = driven(Ecr17Terminal, at_port(sim.port), CALM, reports=reports)
    running = asyncio.get_running_loop().create_task(driver.run())
    await reports.until(lambda: len(reports.said) > 2)
    await cancel(running)
    assert set(reports.said) == {None}


@pytest.mark.parametrize(("fault", "count"), [("", 0), ("corrupt", 1), ("nak", 1)])
async def test_on_a_serial_line(tmp_path: Path, fault: str, count: int) -> None:
    cable, sim = Pty(tmp_path / "terminal"), sim_of()

    async def connect() -> Link:
        return await open_serial(cable.path, **Line().model_dump())

    async with Crew("shop") as crew:
        crew.start(sim.attend(cable), name="terminal")
        driver = driven(Ecr17Terminal, connect, CALM, scheme="serial")
        book = Notebook()
        wanted = attempt(preimage=await driver.preimage())
        if fault:
            setattr(sim.faults, fault, count)
        await driver.execute(wanted, book)
    cable.unplug()
    assert (book.results[0].approved, len(sim.ledger)) == (True, 1)


SAID = packet(b"123456780E00" + b"0" * 90, Lrc.STD)


async def scripted(*said: bytes, scheme: str = "tcp", minor: int = 1250) -> Notebook:
    """Pay at a terminal that says exactly this."""
    ours, theirs = MemoryLink.pair()

    async def connect() -> Link:
        return ours

    await theirs.write(b"".join(said), deadline_s=1)
    options: dict[str, Json] = {**HASTY, "receipts": False, "lrc": "std"}
    driver = driven(Ecr17Terminal, connect, options, scheme=scheme)  # type: ignore[arg-type]
    book = Notebook()
    await driver.execute(
        attempt(minor, preimage="stan 000000 tid 00000000 result 00 at none"), book
    )
    return book


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (b"\x02" + b"x" * 2000, "terminal.unreadable"),
        (progress("WAIT") * (MAX_FRAMES + 1), "terminal.chattering"),
        (control(ACK, Lrc.STD) + packet(b"123456780E", Lrc.STD), "ecr.unreadable"),
        (control(NAK, Lrc.STX), "terminal.silent"),
    ],
)
async def test_what_cannot_be_read_is_doubt(said: bytes, code: str) -> None:
    with pytest.raises(InDoubt) as doubt:
        await scripted(said)
    assert doubt.value.code == code


async def test_a_leftover_on_a_serial_line_is_not_taken_for_an_answer() -> None:
    with pytest.raises(InDoubt) as doubt:
        await scripted(SAID, progress("WAIT"), scheme="serial")
    assert doubt.value.code == "terminal.silent"
    with pytest.raises(InDoubt) as doubt:  # the result before ours, said again
        await scripted(control(ACK, Lrc.STD), SAID, scheme="serial")
    assert doubt.value.code == "terminal.silent"
