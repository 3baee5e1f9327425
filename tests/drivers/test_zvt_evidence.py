"""What a last receipt proves, and what it does not."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posedge.drivers.zvt_evidence import NEWER, Mark, outcome, weigh
from posedge.drivers.zvt_options import ZvtOptions
from posedge.model.money import Money
from posedge.model.payment import Attempt, AttemptKind, TerminalResult
from posedge.model.terminal import Finding, FindingKind
from posedge.wire.zvt.status import StatusInformation
from tests.doubles.zvt import attempt, stamp

TID = "52523535"
BEFORE = f"receipt 0230 trace 001011 tid {TID} at 1123115500"
OURS = StatusInformation(
    result=0,
    amount_minor=1250,
    currency=978,
    trace_no="001012",
    time="120105",
    date="1123",
    terminal_id=TID,
    receipt_no="0231",
)
LAST_BEFORE = replace(OURS, trace_no="001011", receipt_no="0230", time="115500")


def found(
    info: StatusInformation | None,
    wanted: Attempt | None = None,
    *,
    state: int = 0,
    waited_s: int = 200,
    terminal_id: str = TID,
) -> Finding:
    return weigh(
        wanted or attempt(preimage=BEFORE),
        info,
        state=state,
        terminal_id=terminal_id,
        waited_s=waited_s,
        silence_s=180,
        options=ZvtOptions(timezone="UTC"),
    )


def test_a_receipt_that_fits_in_all_is_ours() -> None:
    finding = found(OURS)
    assert finding.kind is FindingKind.APPROVED
    assert finding.result is not None
    assert finding.result.receipt_no == "0231"
    assert finding.text == (
        f"the last is receipt 0231 trace 001012 tid {TID} at 1123120105, 12.50 EUR"
    )


@pytest.mark.parametrize(("cvm", "signature"), [(1, True), (0, False), (2, False), (None, False)])
def test_a_signature_is_asked_for(cvm: int | None, *, signature: bool) -> None:
    approved = outcome(replace(OURS, cvm=cvm), attempt())
    assert approved is not None
    assert approved.signature is signature
    declined = outcome(replace(OURS, cvm=cvm, result=0x6C), attempt())
    assert declined is not None
    assert not declined.signature


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"amount_minor": 1251}, "another amount"),
        ({"amount_minor": 1249}, "another amount"),
        ({"amount_minor": None}, "another amount"),
        ({"currency": 756}, "result is"),
        ({"terminal_id": "52523536"}, "another terminal"),
        ({"terminal_id": ""}, "another terminal"),
        ({"receipt_no": "0230"}, "not newer"),
        ({"receipt_no": "0229"}, "not newer"),
        ({"receipt_no": "1231"}, "not newer"),
        ({"receipt_no": ""}, "not newer"),
        ({"time": "115400"}, "another time"),
        ({"time": "120801"}, "another time"),
        ({"date": "1122"}, "another time"),
        ({"date": ""}, "another time"),
        ({"date": "0230"}, "another time"),
        ({"original_trace_no": "000007"}, "undoes"),
        ({"result": 0x6C}, "aborted (6C)"),
        ({"result": None}, "cannot be read"),
    ],
)
def test_a_perfect_looking_answer_that_fails_in_one_thing_changes_nothing(
    change: dict[str, str | int | None], reason: str
) -> None:
    finding = found(replace(OURS, **change))  # type: ignore[arg-type]
    assert finding.kind is FindingKind.UNKNOWN
    assert finding.result is None
    assert reason in finding.text


def test_without_a_preimage_nothing_is_newer() -> None:
    assert found(OURS, attempt()).kind is FindingKind.UNKNOWN
    assert found(OURS, attempt(preimage="0230")).kind is FindingKind.UNKNOWN


def test_any_receipt_is_newer_than_none_and_the_terminal_is_the_one_that_registered() -> None:
    wanted = attempt(preimage=f"no receipt tid {TID}")
    assert found(OURS, wanted).kind is FindingKind.APPROVED
    wanted = attempt(preimage="no receipt")
    assert found(OURS, wanted).kind is FindingKind.APPROVED
    assert found(OURS, wanted, terminal_id="1").kind is FindingKind.UNKNOWN


def test_the_unchanged_last_receipt_proves_that_nothing_was_completed() -> None:
    finding = found(LAST_BEFORE)
    assert finding.kind is FindingKind.NOT_COMPLETED
    assert "after 200 s" in finding.text


@pytest.mark.parametrize(
    ("info", "state", "waited_s", "reason"),
    [
        (LAST_BEFORE, 0, 179, "only 179 s"),
        (LAST_BEFORE, 0xDC, 200, "not idle: DC"),
        (replace(LAST_BEFORE, trace_no="001013"), 0, 200, "not newer"),
        (None, 0, 200, "no last receipt"),
    ],
)
def test_not_completed_needs_positive_evidence(
    info: StatusInformation | None, state: int, waited_s: int, reason: str
) -> None:
    finding = found(info, state=state, waited_s=waited_s)
    assert finding.kind is FindingKind.UNKNOWN
    assert reason in finding.text


def test_a_terminal_that_had_and_has_no_receipt_may_have_forgotten() -> None:
    assert found(None, attempt(preimage=f"no receipt tid {TID}")).kind is FindingKind.UNKNOWN
    unnumbered = replace(OURS, receipt_no="", trace_no="", time="", date="")
    wanted = attempt(preimage=f"no receipt tid {TID}")
    assert found(unnumbered, wanted).kind is FindingKind.UNKNOWN


STORED = TerminalResult(
    approved=True,
    amount=Money(minor=800, currency="EUR"),
    receipt_no="0231",
    trace_no="001012",
)


HEARD = STORED.model_copy(update={"amount": Money(minor=1250, currency="EUR")})


def with_stored(stored: TerminalResult, preimage: str | None = BEFORE) -> Attempt:
    return attempt(preimage=preimage).model_copy(update={"result": stored})


def test_a_stored_result_names_its_receipt() -> None:
    partial = replace(OURS, amount_minor=800)
    assert found(partial, with_stored(STORED)).kind is FindingKind.PARTIAL
    assert found(partial, with_stored(STORED, None)).kind is FindingKind.PARTIAL
    assert found(OURS, with_stored(STORED)).kind is FindingKind.UNKNOWN
    other = found(replace(partial, receipt_no="0232"), with_stored(STORED))
    assert other.kind is FindingKind.UNKNOWN
    assert "stored result" in other.text


def test_a_terminal_that_names_no_amounts_is_believed_for_the_stored_receipt_only() -> None:
    silent = replace(OURS, amount_minor=None)
    finding = found(silent, with_stored(STORED))
    assert finding.kind is FindingKind.PARTIAL
    assert finding.result == STORED
    nameless = STORED.model_copy(update={"receipt_no": "", "trace_no": ""})
    assert found(silent, with_stored(nameless)).kind is FindingKind.UNKNOWN
    declined = STORED.model_copy(update={"approved": False})
    assert found(silent, with_stored(declined)).kind is FindingKind.UNKNOWN


def test_a_reversal_names_what_it_undoes() -> None:
    wanted = attempt(kind=AttemptKind.REVERSAL, preimage=BEFORE)
    undoing = replace(OURS, original_trace_no="000007")
    assert found(undoing, wanted).kind is FindingKind.APPROVED
    by_hand = found(OURS, wanted)
    assert by_hand.kind is FindingKind.UNKNOWN
    assert "names no payment that it undoes" in by_hand.text
    heard = wanted.model_copy(update={"result": HEARD})
    assert found(OURS, heard).kind is FindingKind.APPROVED


def test_new_year_lies_between_the_clocks() -> None:
    eve = datetime(2026, 12, 31, 23, 59, 30, tzinfo=UTC)
    wanted = attempt(preimage=BEFORE).model_copy(update={"sent": stamp(eve)})
    assert found(replace(OURS, date="0101", time="000030"), wanted).kind is FindingKind.APPROVED
    day = datetime(2027, 1, 1, 0, 0, 30, tzinfo=UTC)
    wanted = attempt(preimage=BEFORE).model_copy(update={"sent": stamp(day)})
    assert found(replace(OURS, date="1231", time="235930"), wanted).kind is FindingKind.APPROVED


def test_the_terminals_clock_is_read_in_its_own_zone() -> None:
    berlin = ZvtOptions(timezone="Europe/Berlin")
    finding = weigh(
        attempt(preimage=BEFORE),
        replace(OURS, time="130105"),
        state=0,
        terminal_id=TID,
        waited_s=1,
        silence_s=180,
        options=berlin,
    )
    assert finding.kind is FindingKind.APPROVED
    assert ZvtOptions().zone is None


@pytest.mark.parametrize(
    ("before", "now", "newer"),
    [
        ("0230", "0231", True),
        ("0231", "0231", False),
        ("9999", "0001", True),
        ("9999", "0000", True),
        ("0001", "9999", False),
        ("0000", str(NEWER), True),
        ("0000", str(NEWER + 1), False),
    ],
)
def test_numbers_start_again(before: str, now: str, *, newer: bool) -> None:
    assert Mark(before).precedes(now) is newer


@given(
    receipt=st.from_regex(r"[0-9]{4}|", fullmatch=True),
    trace=st.from_regex(r"([0-9a-f]{6})?", fullmatch=True),
    tid=st.from_regex(r"([0-9]{8})?", fullmatch=True),
    at=st.from_regex(r"([0-9]{10})?", fullmatch=True),
)
def test_a_mark_in_words_and_back(receipt: str, trace: str, tid: str, at: str) -> None:
    mark = Mark(receipt.strip(), trace.strip(), tid.strip(), at.strip())
    assert Mark.parse(str(mark)) == mark


@given(text=st.none() | st.text())
def test_what_is_no_mark_is_unknown(text: str | None) -> None:
    assert Mark.parse(text) is None or str(Mark.parse(text)) == text


def test_an_outcome_names_card_tip_and_cashback() -> None:
    info = replace(OURS, card_type=46, tip_minor=50, cashback_minor=100, entry=7, date="")
    result = outcome(info, attempt())
    assert result is not None
    assert (result.scheme, result.entry, result.terminal_time) == ("card type 46", "", "")
    assert (result.tip, result.cashback) == (
        Money(minor=50, currency="EUR"),
        Money(minor=100, currency="EUR"),
    )
    nothing = outcome(replace(OURS, amount_minor=0), attempt())
    assert nothing is None
