import pytest

from posedge.model.capabilities import Paper
from posedge.wire.escpos import AutoStatus
from posedge.wire.escpos_state import PrinterState, state_of, state_of_round


@pytest.mark.parametrize(
    ("asb", "expected"),
    [
        ("10000000", PrinterState(online=True, paper=Paper.OK, drawer_high=False)),
        ("14000000", PrinterState(online=True, paper=Paper.OK, drawer_high=True)),
        ("10000300", PrinterState(online=True, paper=Paper.NEAR_END, drawer_high=False)),
        ("18000f00", PrinterState(online=False, paper=Paper.END, drawer_high=False)),
        ("38000000", PrinterState(cover_open=True, paper=Paper.OK, drawer_high=False)),
    ],
)
def test_automatic_status_is_read(asb: str, expected: PrinterState) -> None:
    assert state_of(AutoStatus(*bytes.fromhex(asb))) == expected


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ("12121212", PrinterState(online=True, paper=Paper.OK, drawer_high=False)),
        ("16121212", PrinterState(online=True, paper=Paper.OK, drawer_high=True)),
        ("1212121e", PrinterState(online=True, paper=Paper.NEAR_END, drawer_high=False)),
        ("1a12127e", PrinterState(paper=Paper.END, drawer_high=False)),
        ("1a321212", PrinterState(paper=Paper.END, drawer_high=False)),
        ("1a161212", PrinterState(cover_open=True, paper=Paper.OK, drawer_high=False)),
    ],
)
def test_a_round_of_answers_is_read(answers: str, expected: PrinterState) -> None:
    assert state_of_round(*bytes.fromhex(answers)) == expected


@pytest.mark.parametrize(
    ("bit", "word"), [(0x20, "broken"), (0x08, "cutter"), (0x04, "mechanism"), (0x40, "hot")]
)
def test_errors_have_words_in_both_kinds_of_status(bit: int, word: str) -> None:
    automatic = state_of(AutoStatus(0x18, bit, 0, 0))
    asked = state_of_round(0x1A, 0x52, 0x12 | bit, 0x12)
    assert automatic.error == asked.error
    assert word in (automatic.error or "")
    assert not automatic.ready


def test_an_error_without_a_cause_is_still_an_error() -> None:
    assert state_of_round(0x1A, 0x52, 0x12, 0x12).error is not None


def test_ready_needs_everything() -> None:
    ready = PrinterState(online=True, paper=Paper.NEAR_END)
    assert ready.ready
    assert not PrinterState().ready
    assert not PrinterState(online=True, cover_open=True).ready
    assert not PrinterState(online=True, paper=Paper.END).ready
