import pytest

from posedge.model.capabilities import Paper
from posedge.wire.escpos_state import PrinterState
from posedge.wire.star import AutoStatus
from posedge.wire.star_state import state_of

FINE = PrinterState(online=True, paper=Paper.OK, drawer_high=False)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("00000000", FINE),
        ("02000000", FINE),
        ("04000000", PrinterState(online=True, paper=Paper.OK, drawer_high=True)),
        ("08000008", PrinterState(paper=Paper.END, drawer_high=False)),
        ("0800000c", PrinterState(paper=Paper.END, drawer_high=False)),
        ("00000004", PrinterState(online=True, paper=Paper.NEAR_END, drawer_high=False)),
        ("28000000", PrinterState(cover_open=True, paper=Paper.OK, drawer_high=False)),
    ],
)
def test_state(status: str, expected: PrinterState) -> None:
    assert state_of(AutoStatus(3, bytes.fromhex(status))) == expected


@pytest.mark.parametrize(
    ("byte", "words"),
    [(0x20, "call service"), (0x08, "cutter"), (0x04, "mechanism"), (0x40, "too hot")],
)
def test_errors_say_what_to_do(byte: int, words: str) -> None:
    state = state_of(AutoStatus(3, bytes((8, byte, 0, 0))))
    assert state.error is not None
    assert words in state.error
    assert not state.ready
