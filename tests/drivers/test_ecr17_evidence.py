"""What the terminal's last result proves, and what it does not."""

from datetime import UTC, datetime

import pytest

from posedge.drivers.ecr17_evidence import Mark, outcome, weigh
from posedge.drivers.ecr17_options import Ecr17Options
from posedge.drivers.options import read_options
from posedge.model.errors import DeviceError
from posedge.model.payment import Attempt, AttemptKind
from posedge.model.terminal import FindingKind
from posedge.wire.ecr17.results import PaymentResult
from tests.doubles.zvt import attempt, stamp

OPTIONS = Ecr17Options(timezone="UTC")
LONG_S = 200
BEFORE = Mark("000230", "12345678", "00", "3271150")


def said(stan: str = "000231", result: str = "00", **fields: object) -> PaymentResult:
    known: dict[str, object] = {"amount_minor": 1250, "time": "3271200", **fields}
    return PaymentResult("E", "12345678", result, stan, **known)  # type: ignore[arg-type]


def wanted(kind: AttemptKind = AttemptKind.SALE) -> Attempt:
    return attempt(1250, kind, preimage=str(BEFORE))


def found(
    answer: PaymentResult | None, ours: Attempt | None = None, *, waited_s: int = LONG_S
) -> FindingKind:
    return weigh(ours or wanted(), answer, waited_s=waited_s, options=OPTIONS).kind


def test_a_mark_says_itself() -> None:
    assert Mark.parse(str(BEFORE)) == BEFORE
    assert str(Mark.of(said(time="  "))).endswith("at none")
    assert Mark.parse("receipt 0231") is None
    assert Mark.parse(None) is None


def test_numbers_start_again() -> None:
    last = Mark("999999", "12345678", "00", "none")
    assert last.precedes("000000")
    assert not last.precedes("999999")
    assert not last.precedes("999998")
    assert not last.precedes("100000")


def test_what_fits_in_all_is_ours() -> None:
    finding = weigh(wanted(), said(), waited_s=0, options=OPTIONS)
    assert finding.kind is FindingKind.APPROVED
    assert finding.result is not None
    assert str(finding.result.amount) == "12.50 EUR"


@pytest.mark.parametrize(
    "answer",
    [
        said(amount_minor=1249),
        said(amount_minor=1251),
        said(amount_minor=None),
        said("000229"),
        said("100000"),
        said(time="3271100"),
        said(time="3271300"),
        said(time="       "),
        None,
    ],
)
def test_what_misses_in_one_is_not_shown_to_be(answer: PaymentResult | None) -> None:
    assert found(answer) is FindingKind.UNKNOWN


def test_without_a_preimage_nothing_is() -> None:
    assert found(said(), attempt(1250)) is FindingKind.UNKNOWN
    assert found(said(result="01"), attempt(1250)) is FindingKind.UNKNOWN


def test_unchanged_after_the_time_of_a_payment_is_not_completed() -> None:
    same = said("000230", time="3271150")
    assert found(same) is FindingKind.NOT_COMPLETED
    assert found(same, waited_s=10) is FindingKind.UNKNOWN


def test_a_no_is_ours_only_right_behind_the_preimage() -> None:
    assert found(said(result="01", time="")) is FindingKind.NOT_COMPLETED
    assert found(said(result="01", amount_minor=None)) is FindingKind.NOT_COMPLETED
    assert found(said("000232", result="01")) is FindingKind.UNKNOWN
    assert found(said(result="01", amount_minor=999)) is FindingKind.UNKNOWN
    elsewhere = PaymentResult("E", "87654321", "01", "000231")
    assert found(elsewhere) is FindingKind.UNKNOWN


def test_a_reversal_names_no_amount() -> None:
    back = wanted(AttemptKind.REVERSAL)
    assert found(said(amount_minor=None), back) is FindingKind.APPROVED
    assert found(said(), back) is FindingKind.UNKNOWN


def test_what_was_stored_is_found_again_or_not_shown() -> None:
    stored = outcome(said(), wanted())
    ours = wanted().model_copy(update={"result": stored})
    assert found(said(), ours) is FindingKind.APPROVED
    for other in (said("000232"), said(result="01"), said("000230", time="3271150")):
        assert found(other, ours) is FindingKind.UNKNOWN


@pytest.mark.parametrize(
    ("sent", "time"),
    [
        (datetime(2026, 12, 31, 23, 59, tzinfo=UTC), "0010001"),
        (datetime(2027, 1, 1, 0, 1, tzinfo=UTC), "3652359"),
    ],
)
def test_the_turn_of_the_year(sent: datetime, time: str) -> None:
    ours = wanted().model_copy(update={"sent": stamp(sent)})
    assert found(said(time=time), ours) is FindingKind.APPROVED


def test_options_are_checked() -> None:
    assert Ecr17Options().zone is None
    for wrong in ({"timezone": "Europe/Atlantis"}, {"terminal_id": "12"}, {"lrc": "crc"}):
        with pytest.raises(DeviceError) as invalid:
            read_options(Ecr17Options, wrong)
        assert invalid.value.code == "options.invalid"
