"""The driver against the simulated terminal and cloud, over real TLS."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from posedge.drivers.adyen import UNMASKED, AdyenTerminal
from posedge.drivers.interface import Driver
from posedge.link.interface import Link
from posedge.model.capabilities import Kind
from posedge.model.errors import (
    DeviceError,
    InDoubt,
    NotStarted,
    PosedgeError,
    ProtocolError,
)
from posedge.model.money import Money
from posedge.model.payment import Attempt, AttemptKind
from posedge.model.terminal import Ability, FindingKind, Terminal
from posedge.sim.adyen import AdyenSim
from posedge.sim.adyen_faults import Alien, Faults, Outcome, Seal, Step
from posedge.tasks import Crew, cancel
from posedge.wire.nexo.answers import Condition
from tests.doubles.adyen import (
    API_KEY,
    CLOUD,
    HASTY,
    LOCAL,
    PASSPHRASE,
    WAITED_S,
    Diary,
    at,
    concluded,
    local,
    pair,
    terminal,
)
from tests.doubles.zvt import Reports, attempt

BOTH = pytest.mark.parametrize("way", ["local", "cloud"])


def euros(minor: int) -> Money:
    return Money(minor=minor, currency="EUR")


def charged(sim: AdyenSim) -> list[int]:
    return [charge.amount_minor for charge in sim.ledger if not charge.reversed]


async def doubt(driver: AdyenTerminal, book: Diary | None = None) -> str:
    with pytest.raises(InDoubt) as caught:
        await driver.execute(attempt(), book or Diary())
    return caught.value.code


async def refusal(driver: AdyenTerminal, wanted: Attempt | None = None) -> str:
    with pytest.raises(NotStarted) as caught:
        await driver.execute(wanted or attempt(), Diary())
    return caught.value.code


async def asked(driver: AdyenTerminal, book: Diary, waited_s: int = WAITED_S) -> FindingKind:
    known = attempt().model_copy(update={"reference": book.references[-1]})
    return (await driver.find(known, waited_s=waited_s)).kind


def test_it_is_a_driver_and_a_terminal() -> None:
    driver: Driver = terminal(1, **LOCAL)
    assert isinstance(driver, Terminal)
    assert driver.kind is Kind.TERMINAL
    assert Ability.PREAUTH not in driver.able


@BOTH
async def test_a_payment(way: str) -> None:
    book = Diary()
    async with pair(way) as (driver, sim):
        assert await driver.preimage() is None
        await driver.execute(attempt(), book)
    (result,) = book.results
    assert (result.approved, result.amount) == (True, euros(1250))
    assert (result.scheme, result.pan_last4, result.entry) == ("mc", "0010", "contactless")
    assert (result.auth_code, result.terminal_id) == ("123456", "75069402")
    assert [customer for customer, _ in book.prints] == [False, True]
    assert book.prints[1][1][-2:] == ("TOTAL EUR 12.50", "APPROVED")
    assert charged(sim) == [1250]


async def test_the_key_is_stored_before_anything_leaves() -> None:
    async with pair() as (driver, sim):
        assert await refusal_of_a_full_disk(driver, "reference") == "storage.failed"
        assert not sim.ledger


async def refusal_of_a_full_disk(driver: AdyenTerminal, where: str) -> str:
    with pytest.raises(NotStarted) as caught:
        await driver.execute(attempt(), Diary(fails_at=where))
    return caught.value.code


@pytest.mark.parametrize("where", ["result", "printed"])
async def test_what_cannot_be_stored_is_in_doubt_and_found(where: str) -> None:
    book = Diary(fails_at=where)
    async with pair() as (driver, _):
        assert await doubt(driver, book) == "storage.failed"
        assert await asked(driver, book) is FindingKind.APPROVED


async def test_a_receipt_without_an_end_does_not_spoil_a_payment() -> None:
    class Short(Diary):
        async def printed(
            self, *, customer: bool, lines: tuple[str, ...], signature: bool = False
        ) -> None:
            raise ProtocolError("payment.receipt_endless", "it prints without an end")

    book = Short()
    async with pair() as (driver, _):
        await driver.execute(attempt(), book)
    assert book.results[0].approved


@BOTH
async def test_a_decline_and_a_customer_who_stops(way: str) -> None:
    async with pair(way) as (driver, sim):
        for outcome, cancelled in ((Outcome.DECLINE, False), (Outcome.ABORT, True)):
            sim.faults.outcome = outcome
            book = Diary()
            wanted = attempt().model_copy(update={"id": outcome.value})
            await driver.execute(wanted, book)
            assert (book.results[0].approved, book.results[0].cancelled) == (False, cancelled)
            assert book.results[0].text
    assert not sim.ledger


async def test_test_amounts_are_refused_as_the_mock_terminal_does() -> None:
    async with pair("local", Faults(test_amounts=True)) as (driver, _):
        codes: list[str] = []
        for minor in (1124, 1128, 1134):
            book = Diary()
            await driver.execute(attempt(minor).model_copy(update={"id": str(minor)}), book)
            codes.append(book.results[0].code)
    assert codes == ["Refusal", "InvalidCard", "WrongPIN"]


async def test_a_refund_and_a_reversal() -> None:
    async with pair() as (driver, sim):
        sale, back, undone = Diary(), Diary(), Diary()
        await driver.execute(attempt(), sale)
        await driver.execute(attempt(300, AttemptKind.REFUND).model_copy(update={"id": "b"}), back)
        original = sale.results[0].receipt_no
        undo = attempt(kind=AttemptKind.REVERSAL, original_receipt_no=original)
        await driver.execute(undo.model_copy(update={"id": "c"}), undone)
        assert undone.results[0].amount == euros(1250)
        again = Diary()
        with pytest.raises(NotStarted):
            await driver.execute(undo.model_copy(update={"id": "d"}), again)
    assert [(each.kind, each.reversed) for each in sim.ledger] == [
        (AttemptKind.SALE, True),
        (AttemptKind.REFUND, False),
        (AttemptKind.REVERSAL, False),
    ]


async def test_a_reversal_that_is_lost_is_found() -> None:
    async with pair("local", None, HASTY) as (driver, sim):
        sale, book = Diary(), Diary()
        await driver.execute(attempt(), sale)
        sim.faults.silent_at = Step.RESULT
        undo = attempt(
            kind=AttemptKind.REVERSAL, original_receipt_no=sale.results[0].receipt_no
        ).model_copy(update={"id": "c"})
        state, result = await concluded(driver, undo, book)
    assert (state, book.doubted) == ("approved", True)
    assert result is not None
    assert result.amount == euros(1250)


async def test_what_cannot_be_said_is_not_begun() -> None:
    async with pair() as (driver, sim):
        wanted = attempt(kind=AttemptKind.REVERSAL, original_receipt_no="0231")
        assert await refusal(driver, wanted) == "terminal.receiptless"
        assert await refusal(driver, attempt(kind=AttemptKind.PREAUTH)) == "terminal.unable"
    assert not sim.ledger


async def test_tip_and_cashback_are_parts_of_the_amount() -> None:
    wanted = attempt().model_copy(update={"tip": euros(150), "cashback": euros(500)})
    book = Diary()
    async with pair() as (driver, _):
        await driver.execute(wanted, book)
    assert (book.results[0].tip, book.results[0].cashback) == (euros(150), euros(500))
    assert book.results[0].amount == euros(1250)


async def test_the_terminal_asks_for_a_tip_only_when_told_to() -> None:
    async with pair("local", Faults(tip_minor=200)) as (driver, _):
        plain, tipped = Diary(), Diary()
        await driver.execute(attempt(), plain)
        wanted = attempt().model_copy(update={"id": "b", "asks_tip": True})
        await driver.execute(wanted, tipped)
        assert await found(driver, wanted, tipped) is FindingKind.APPROVED
    assert (plain.results[0].amount, plain.results[0].tip) == (euros(1250), None)
    assert (tipped.results[0].amount, tipped.results[0].tip) == (euros(1450), euros(200))


async def found(driver: AdyenTerminal, wanted: Attempt, book: Diary) -> FindingKind:
    known = wanted.model_copy(update={"reference": book.references[-1]})
    return (await driver.find(known, waited_s=WAITED_S)).kind


async def test_less_is_approved_only_when_it_would_do() -> None:
    async with pair("local", Faults(less_minor=1000)) as (driver, _):
        whole, part = Diary(), Diary()
        await driver.execute(attempt(), whole)
        wanted = attempt().model_copy(update={"id": "b", "partial": True})
        await driver.execute(wanted, part)
        assert await found(driver, wanted, part) is FindingKind.PARTIAL
    assert whole.results[0].amount == euros(1250)
    assert part.results[0].amount == euros(1000)


async def test_amounts_of_other_currencies_are_exact() -> None:
    async with pair() as (driver, sim):
        for minor, currency in ((1250, "JPY"), (1255, "KWD"), (1, "EUR"), (10**12, "EUR")):
            book = Diary()
            wanted = attempt(minor, currency=currency).model_copy(
                update={"id": currency + str(minor)}
            )
            await driver.execute(wanted, book)
            assert book.results[0].amount == Money(minor=minor, currency=currency)
    assert charged(sim) == [1250, 1255, 1, 10**12]


@BOTH
@pytest.mark.parametrize("step", [Step.COMMAND, Step.RESULT])
async def test_silence_is_a_doubt_and_the_truth_is_found(way: str, step: Step) -> None:
    book = Diary()
    async with pair(way, Faults(silent_at=step), HASTY) as (driver, sim):
        assert await doubt(driver, book) == "terminal.silent"
        known = await asked(driver, book)
        expected = FindingKind.APPROVED if sim.ledger else FindingKind.NOT_COMPLETED
        assert known is expected


async def test_a_customer_who_comes_late_is_in_progress_and_then_approved() -> None:
    book = Diary()
    async with pair("local", Faults(silent_at=Step.CARD), HASTY) as (driver, sim):
        assert await doubt(driver, book) == "terminal.silent"
        assert await asked(driver, book) is FindingKind.UNKNOWN
        sim.faults.silent_at = None
        async with asyncio.timeout(5):
            while (known := await asked(driver, book)) is FindingKind.UNKNOWN:
                pass
    assert known is FindingKind.APPROVED
    assert charged(sim) == [1250]


async def test_silence_of_a_question_is_a_device_error() -> None:
    async with pair("local", None, HASTY) as (driver, sim):
        questions: dict[Step, Callable[[], Awaitable[object]]] = {
            Step.DIAGNOSIS: driver.status,
            Step.STATUS: lambda: driver.find(attempt(), waited_s=WAITED_S),
        }
        for step, question in questions.items():
            sim.faults.silent_at = step
            with pytest.raises(DeviceError) as silent:
                await question()
            assert silent.value.code == "terminal.silent"


@BOTH
@pytest.mark.parametrize("first", range(0, 41, 8))
async def test_cut_anywhere_in_the_answer(way: str, first: int) -> None:
    """Every 41st byte, from six places on, in each way of answering."""
    faults = Faults()
    async with pair(way, faults) as (driver, sim):
        cut_at, doubts = first, 0
        while True:
            faults.cut_at = cut_at
            book = Diary()
            wanted = attempt().model_copy(update={"id": f"cut-{cut_at}"})
            state, result = await concluded(driver, wanted, book)
            assert (state, result is not None) == ("approved", True)
            cut_at += 410
            doubts += book.doubted
            assert len(sim.ledger) * 410 + first == cut_at
            if not book.doubted:
                break
    assert doubts >= 3


@pytest.mark.parametrize(
    ("way", "alien"),
    [("local", each) for each in Alien]
    + [("cloud", each) for each in Alien if each is not Alien.INSIDE],  # it has one header
)
async def test_somebody_elses_answer_changes_nothing(way: str, alien: Alien) -> None:
    book = Diary()
    async with pair(way, Faults(alien=alien)) as (driver, sim):
        code = await doubt(driver, book)
        assert not book.results
        assert code in {"nexo.uncorrelated", "terminal.uncorrelated"}
        if alien is not Alien.REFERENCE:
            with pytest.raises(PosedgeError):
                await driver.find(attempt(), waited_s=WAITED_S)
        sim.faults.alien = None
        assert await asked(driver, book) is FindingKind.APPROVED


@BOTH
async def test_somebody_elses_success_to_any_question_changes_nothing(way: str) -> None:
    """A mock terminal answers every TransactionStatus with one and the same success."""
    book = Diary()
    async with pair(way, Faults(silent_at=Step.COMMAND, others=True), HASTY) as (driver, sim):
        await doubt(driver, book)
        assert await asked(driver, book) is FindingKind.UNKNOWN
    assert not sim.ledger


@pytest.mark.parametrize(
    ("seal", "code"),
    [
        (Seal.NONE, "nexo.forged"),
        (Seal.BROKEN, "nexo.untrusted"),
        (Seal.OTHER_KEY, "nexo.untrusted"),
    ],
)
async def test_what_is_not_sealed_by_our_key_is_not_believed(seal: Seal, code: str) -> None:
    book = Diary()
    async with pair("local", Faults(seal=seal)) as (driver, sim):
        assert await doubt(driver, book) == code
        with pytest.raises(DeviceError):
            await driver.status()
        with pytest.raises(PosedgeError):
            await asked(driver, book)
        sim.faults.seal = None
        assert await asked(driver, book) is FindingKind.APPROVED


async def test_a_failure_in_clear_proves_no_decline() -> None:
    book = Diary()
    async with pair("local", Faults(seal=Seal.NONE, outcome=Outcome.DECLINE)) as (driver, sim):
        assert await doubt(driver, book) == "terminal.unclear"
        unknown = Diary(references=["V400m-324688042/posedge/ABCDEFGHIJ"])
        assert await asked(driver, unknown) is FindingKind.UNKNOWN
        sim.faults.seal = None
        assert await asked(driver, book) is FindingKind.NOT_COMPLETED


async def test_a_wrong_passphrase_begins_nothing() -> None:
    async with pair("local", None, {"passphrase": "another"}) as (driver, sim):
        with pytest.raises(NotStarted) as caught:
            await driver.preimage()
        assert caught.value.code == "terminal.not_ready"
        assert await refusal(driver) == "terminal.refused"
    assert not sim.ledger


async def test_a_wrong_api_key_begins_nothing() -> None:
    async with pair("cloud", None, {"api_key": "another"}) as (driver, sim):
        with pytest.raises(NotStarted):
            await driver.preimage()
        assert await refusal(driver) == "terminal.refused"
    assert not sim.ledger


@pytest.mark.parametrize(
    ("status", "error"), [(429, NotStarted), (500, InDoubt), (502, InDoubt), (408, InDoubt)]
)
async def test_what_http_says(status: int, error: type[DeviceError]) -> None:
    async with pair("cloud", Faults(http=status)) as (driver, _):
        with pytest.raises(error):
            await driver.execute(attempt(), Diary())


@BOTH
async def test_a_rejection_is_a_doubt(way: str) -> None:
    book = Diary()
    async with pair(way, Faults(reject=True)) as (driver, _):
        assert await doubt(driver, book) == "terminal.rejected"
        assert await asked(driver, book) is FindingKind.APPROVED


@BOTH
@pytest.mark.parametrize("minor", [1300, 9])
async def test_a_wrong_amount_is_told_as_it_is(way: str, minor: int) -> None:
    """The desk refuses what is not what was asked for."""
    book = Diary()
    async with pair(way, Faults(amount_minor=minor)) as (driver, _):
        await driver.execute(attempt(), book)
    assert book.results[0].amount == euros(minor)


@BOTH
async def test_a_wrong_currency_is_somebody_elses(way: str) -> None:
    book = Diary()
    async with pair(way, Faults(currency="USD")) as (driver, _):
        assert await doubt(driver, book) == "terminal.uncorrelated"
        assert await asked(driver, book) is FindingKind.UNKNOWN
    assert not book.results


@pytest.mark.parametrize("condition", [Condition.UNREACHABLE_HOST, Condition.DEVICE_OUT])
async def test_who_gave_up_on_the_way_is_asked_again(condition: Condition) -> None:
    book = Diary()
    faults = Faults(outcome=Outcome.DECLINE, condition=condition)
    async with pair("local", faults) as (driver, _):
        assert await doubt(driver, book) == "terminal.unclear"
        assert await asked(driver, book) is FindingKind.NOT_COMPLETED


async def test_busy_and_maintenance_begin_nothing() -> None:
    async with pair() as (driver, sim):
        for fault, state in (("busy", "busy"), ("maintenance", "maintenance")):
            setattr(sim.faults, fault, True)
            assert await driver.status() == state
            with pytest.raises(NotStarted, match=state):
                await driver.preimage()
            assert await refusal(driver) == "terminal.refused"
            setattr(sim.faults, fault, False)
    assert not sim.ledger


async def test_a_whole_card_number_is_masked_and_told() -> None:
    warnings, book = Reports(), Diary()
    async with pair("local", Faults(unmasked=True), warnings=warnings) as (driver, _):
        await driver.execute(attempt(), book)
    assert book.results[0].pan_last4 == "0442"
    assert warnings.said == [UNMASKED]
    assert "541333" not in repr(book)


async def test_not_found_needs_time_and_not_too_much_of_it() -> None:
    book = Diary(references=["V400m-324688042/posedge/ABCDEFGHIJ"])
    async with pair() as (driver, _):
        assert await asked(driver, book, 9) is FindingKind.UNKNOWN
        assert await asked(driver, book, 10) is FindingKind.NOT_COMPLETED
        assert await asked(driver, book, 24 * 3600 + 1) is FindingKind.UNKNOWN


async def test_a_terminal_that_has_nothing_to_repeat_proves_nothing() -> None:
    book = Diary()
    async with pair("local", Faults(forgets=True)) as (driver, _):
        await driver.execute(attempt(), book)
        assert await asked(driver, book) is FindingKind.UNKNOWN


async def test_another_terminal_is_not_asked_about_it() -> None:
    book = Diary(references=["P400Plus-1/posedge/ABCDEFGHIJ"])
    async with pair() as (driver, _):
        known = attempt().model_copy(update={"reference": book.references[0]})
        finding = await driver.find(known, waited_s=WAITED_S)
    assert finding.kind is FindingKind.UNKNOWN
    assert "P400Plus-1" in finding.text


async def test_an_attempt_without_a_key_is_asked_about_by_the_one_that_it_would_have() -> None:
    async with pair() as (driver, _):
        assert (await driver.find(attempt(), waited_s=60)).kind is FindingKind.NOT_COMPLETED
        await driver.execute(attempt(), Diary())
        assert (await driver.find(attempt(), waited_s=60)).kind is FindingKind.APPROVED


async def test_a_stored_approval_is_not_contradicted_in_silence() -> None:
    book = Diary()
    async with pair() as (driver, _):
        await driver.execute(attempt(), book)
        stored = attempt().model_copy(update={"result": book.results[0]})
        unknown = stored.model_copy(update={"reference": "V400m-324688042/posedge/ABCDEFGHIJ"})
        assert (await driver.find(unknown, waited_s=60)).kind is FindingKind.UNKNOWN
        other = book.results[0].model_copy(update={"receipt_no": "another"})
        differs = attempt().model_copy(update={"result": other})
        assert (await driver.find(differs, waited_s=60)).kind is FindingKind.UNKNOWN
        assert (await driver.find(stored, waited_s=60)).kind is FindingKind.APPROVED


@BOTH
async def test_cancel_is_a_request(way: str) -> None:
    book = Diary()
    async with pair(way, None, customer_s=5) as (driver, sim), Crew("pay") as crew:
        paying = crew.start(driver.execute(attempt(), book), name="pay")
        async with asyncio.timeout(5):
            while await driver.status() != "busy":
                pass
        await driver.cancel()
        await paying
    assert book.results[0].cancelled
    assert not sim.ledger


async def test_cancel_before_it_is_sent_begins_nothing() -> None:
    class Hesitant(Diary):
        async def reference(self, reference: str) -> None:
            await driver.cancel()

    async with pair() as (driver, sim):
        with pytest.raises(NotStarted) as caught:
            await driver.execute(attempt(), Hesitant())
        await driver.cancel()
    assert caught.value.code == "terminal.cancelled"
    assert not sim.ledger


async def test_an_approval_behind_a_cancel_is_an_approval() -> None:
    book = Diary()
    async with pair("local", Faults(late_s=0.2)) as (driver, sim), Crew("pay") as crew:
        paying = crew.start(driver.execute(attempt(), book), name="pay")
        async with asyncio.timeout(5):
            while await driver.status() != "busy":
                pass
        await driver.cancel()
        await paying
    assert charged(sim) == [1250]
    assert book.results[0].approved


async def test_who_cannot_be_reached_begins_nothing() -> None:
    async def nobody() -> Link:
        raise DeviceError("device.unreachable", "no such terminal")

    driver = at(nobody, **LOCAL)
    for step in (driver.preimage, lambda: driver.execute(attempt(), Diary())):
        with pytest.raises(NotStarted) as caught:
            await step()
        assert caught.value.code == "device.unreachable"


@pytest.mark.parametrize(
    "name",
    [
        "P400123456789.test.terminal.adyen.com",
        "P400-ABC.test.terminal.adyen.com",
        "P400-.test.terminal.adyen.com",
        "-123.test.terminal.adyen.com",
        "www.adyen.com",
        "V400m-324688043.test.terminal.adyen.com",
        "V400m-324688042.test.terminal.adyen.com.example",
        "V400m-324688042.prod.terminal.adyen.com",
    ],
)
async def test_a_terminal_of_another_name_gets_nothing(name: str) -> None:
    """C10: the list of Adyen's Java library, and our terminal's neighbours."""
    async with local(name=name) as sim:
        assert await refusal(terminal(sim.port, **LOCAL)) == "device.untrusted"
    assert not sim.ledger


@pytest.mark.parametrize(
    "name",
    [
        "V400m-324688042.live.terminal.adyen.com",
        "legacy-terminal-certificate.test.terminal.adyen.com",
    ],
)
async def test_names_that_terminals_have(name: str) -> None:
    async with local(name=name) as sim:
        assert await terminal(sim.port, **LOCAL).status() == "ready"


async def test_roots_that_are_none_are_told() -> None:
    async with local() as sim:
        driver = terminal(sim.port, **{**LOCAL, "roots": "/nonexistent.pem"})
        with pytest.raises(DeviceError) as wrong:
            await driver.status()
    assert wrong.value.code == "options.invalid"


async def test_it_reports_its_state_while_it_is_plugged() -> None:
    reports = Reports()
    async with local() as sim, Crew("run") as crew:
        driver = terminal(sim.port, reports, **LOCAL)
        running = crew.start(driver.run(), name="run")
        await reports.until(lambda: reports.said[-1:] == [None])
        sim.faults.busy = True
        await reports.until(lambda: reports.said[-1:] == ["busy"])
        await cancel(running)
    assert "idle" in repr(driver)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({**LOCAL, "poiid": "nonsense"}, "V400m-324688042"),
        ({**LOCAL, "passphrase": "umläut"}, "ASCII"),
        ({"poiid": "a-1"}, "key_identifier"),
        ({**CLOUD, "api_key": None}, "api_key"),
        ({**CLOUD, "passphrase": "x"}, "no passphrase"),
    ],
)
def test_options_that_cannot_be(options: dict[str, str | None], says: str) -> None:
    with pytest.raises(DeviceError, match=says):
        terminal(1, **options)


def test_no_secret_is_shown() -> None:
    shown = repr(terminal(1, **LOCAL)._options) + repr(terminal(1, **CLOUD)._options)
    assert PASSPHRASE not in shown
    assert API_KEY not in shown


async def test_a_clock_that_is_wrong_decides_nothing() -> None:
    book = Diary()
    async with pair("local", Faults(skew=timedelta(days=400), silent_at=Step.RESULT), HASTY) as (
        driver,
        _,
    ):
        state, _ = await concluded(driver, attempt(), book)
    assert state == "approved"


async def test_an_answer_that_comes_twice_is_one() -> None:
    book = Diary()
    async with pair("local", Faults(duplicates=True)) as (driver, sim):
        await driver.execute(attempt(), book)
    assert len(book.results) == 1
    assert charged(sim) == [1250]


def _spoil(chance: random.Random, faults: Faults) -> None:
    """Break one thing, or nothing."""
    choices: tuple[Callable[[], None], ...] = (
        lambda: None,
        lambda: setattr(faults, "cut_at", chance.randrange(4000)),
        lambda: setattr(faults, "silent_at", chance.choice([Step.COMMAND, Step.RESULT])),
        lambda: setattr(faults, "alien", chance.choice([Alien.SERVICE, Alien.TERMINAL])),
        lambda: setattr(faults, "seal", chance.choice(list(Seal))),
        lambda: setattr(faults, "reject", True),
        lambda: setattr(faults, "busy", True),
        lambda: setattr(faults, "outcome", chance.choice(list(Outcome))),
    )
    chance.choice(choices)()


@BOTH
@pytest.mark.parametrize("seed", range(3))
async def test_a_bad_day_ends_with_what_was_charged(way: str, seed: int) -> None:
    chance, faults, books = random.Random(seed), Faults(), 0
    async with pair(way, faults, {**HASTY, "payment_ms": 120}) as (driver, sim):
        for number in range(12):
            _spoil(chance, faults)
            wanted = attempt(1250 + number).model_copy(update={"id": f"p{number}"})
            books += await _settled(driver, wanted, faults)
    assert books == sum(charged(sim))


async def _settled(driver: AdyenTerminal, wanted: Attempt, faults: Faults) -> int:
    """Pay, mend, and ask until it is known; return what moved."""
    book = Diary()
    try:
        await driver.execute(wanted, book)
    except NotStarted:
        return 0
    except InDoubt:
        known = wanted.model_copy(update={"reference": book.references[-1]})
        _mend(faults)
        finding = await driver.find(known, waited_s=WAITED_S)
        assert finding.kind is not FindingKind.UNKNOWN
        return finding.result.amount.minor if finding.result and finding.result.amount else 0
    finally:
        _mend(faults)
    amount = book.results[0].amount
    return amount.minor if amount else 0


def _mend(faults: Faults) -> None:
    fresh = Faults()
    for name in Faults.__slots__:
        setattr(faults, name, getattr(fresh, name))
