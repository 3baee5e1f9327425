import pytest

from posedge.model.capabilities import ScaleState
from posedge.wire.scales.dialog import (
    CHALLENGED,
    POUNDS_AND_OUNCES,
    REASONS,
    dialog,
    price_record,
    read,
)
from posedge.wire.scales.frames import Ask, Frame, Garbled, Notice, Sample, Signal
from posedge.wire.scales.mass import Mass, Unit
from tests.doubles.talking import told

ACK, NAK = Signal(6), Signal(0x15)
PRICE, RESULT, WHY = Ask(b"\x04\x0201\x1b000299\x1b\x03"), Ask(b"\x04\x05"), Ask(b"\x04\x0208\x03")
END = Ask(b"\x04", answered=False)
DIALOG = dialog("04", 299)


def weight(scale_status: str, digits: str) -> bytes:
    return f"\x0202\x1b{scale_status}\x1b{digits}\x1b000299\x1b000369\x03".encode()


@pytest.mark.parametrize(
    ("data", "frame"),
    [
        (weight("3", "01234"), Sample(ScaleState.STABLE_WEIGHT, Mass(1234, 3, Unit.KG))),
        (weight("1", "00276"), Sample(ScaleState.STABLE_WEIGHT, Mass(276, 2, Unit.LB))),
        (weight("2", "02765"), Sample(ScaleState.STABLE_WEIGHT, Mass(2765, 3, Unit.LB))),
        (weight("3", "00000"), Sample(ScaleState.ZERO, Mass(0, 3, Unit.KG))),
        (weight("0", "00101"), POUNDS_AND_OUNCES),
        (weight("3", "0x234"), Garbled(weight("3", "0x234")[3:-1])),
        (b"\x0211\x1b1\x03", CHALLENGED),
        (b"\x0220\x1b1.2\x03", Garbled(b"\x1b1.2")),
        (b"\x06", Garbled(b"\x06")),
    ],
)
def test_a_weighing(data: bytes, frame: Frame) -> None:
    asked = [PRICE, RESULT, END]
    if data == weight("3", "0x234"):
        frame = Garbled(read(data).text.encode())  # type: ignore[union-attr]
    assert told(DIALOG.weigh(), ACK, read(data), None) == (asked, frame)


@pytest.mark.parametrize("code", REASONS)
def test_why_not(code: str) -> None:
    why = read(b"\x0209\x1b%s\x03" % code.encode())
    assert told(DIALOG.weigh(), ACK, NAK, why, None) == ([PRICE, RESULT, WHY, END], REASONS[code])
    assert told(DIALOG.weigh(), NAK, why, None) == ([PRICE, WHY, END], REASONS[code])


def test_a_reason_that_no_manual_names() -> None:
    why = read(b"\x0209\x1b99\x03")
    assert told(DIALOG.weigh(), NAK, why, None) == ([PRICE, WHY, END], Garbled(b"\x1b99"))


def test_the_challenge_of_06_is_told_and_never_guessed() -> None:
    challenge = read(b"\x0211\x1b247\x03")
    assert challenge == Notice("11", "\x1b247")
    assert told(DIALOG.weigh(), challenge) == ([PRICE], CHALLENGED)
    assert "dialog-04" in CHALLENGED.text


def test_silence() -> None:
    assert told(DIALOG.weigh(), None, None) == ([PRICE, END], None)
    assert told(DIALOG.weigh(), ACK, None, None) == ([PRICE, RESULT, END], None)


def test_the_price() -> None:
    assert price_record(299) == b"\x04\x0201\x1b000299\x1b\x03"
    assert (DIALOG.zero, DIALOG.tare) == (None, None)


def test_noise_and_records_that_break_off() -> None:
    decoder = DIALOG.decoder()
    decoder.feed(b"xx\x0209\x0209\x1b20\x03\x15")
    assert [decoder.next_frame() for _ in range(4)] == [
        Garbled(b"xx"),
        Garbled(b"\x0209"),
        Notice("09", "\x1b20"),
        NAK,
    ]
    assert read(b"\x02xx\x03") == Garbled(b"\x02xx\x03")
