import pytest

from posedge.model.capabilities import ScaleState
from posedge.wire.scales.berkel import POUNDS, berkel, read
from posedge.wire.scales.frames import (
    Ask,
    Frame,
    Garbled,
    Notice,
    Sample,
    Signal,
    block_check,
)
from posedge.wire.scales.mass import Mass, Unit
from tests.doubles.talking import told

ACK, CR, NAK, CAN, NUL = (Signal(code) for code in (6, 13, 21, 24, 0))
ENQ, DATA = Ask(b"\x05"), Ask(b"\x11")


def record(body: bytes) -> bytes:
    return b"\x02" + body + bytes([block_check(body)]) + b"\x03"


@pytest.mark.parametrize(
    ("body", "frame"),
    [
        (b"\x2901255", Sample(ScaleState.STABLE_WEIGHT, Mass(1255, 3, Unit.KG))),
        (b"\x2b00002", Sample(ScaleState.STABLE_WEIGHT, Mass(2, 3, Unit.KG))),
        (b"\x2900000", Sample(ScaleState.ZERO, Mass(0, 3, Unit.KG))),
        (b"\x3900000", Sample(ScaleState.NOT_READY)),
        (b"\x2a00276", POUNDS),
        (b"\x2901x55", Garbled(record(b"\x2901x55"))),
    ],
)
def test_a_weight_is_one_when_the_scale_confirmed_it(body: bytes, frame: Frame) -> None:
    data = record(body)
    said = read(data)
    assert said == Notice("record", data.decode("latin-1"))
    asked = [ENQ, DATA, Ask(data)]
    assert told(berkel().weigh(), ACK, said, CR) == (asked, frame)
    assert told(berkel().weigh(), ACK, said, ACK) == (asked, Garbled(data))
    assert told(berkel().weigh(), ACK, said, None) == (asked, Garbled(data))


@pytest.mark.parametrize(
    ("answer", "frame"),
    [
        (CAN, Sample(ScaleState.UNSTABLE)),
        (NAK, Sample(ScaleState.NOT_READY)),
        (NUL, Sample(ScaleState.NOT_READY)),
        (CR, Garbled(b"\r")),
        (None, None),
    ],
)
def test_without_data(answer: Frame | None, frame: Frame | None) -> None:
    assert told(berkel().weigh(), answer) == ([ENQ], frame)
    assert told(berkel().weigh(), ACK, answer) == ([ENQ, DATA], frame)


def test_zero_and_tare_have_no_answer() -> None:
    dialect = berkel()
    assert dialect.zero
    assert dialect.tare
    zero, tare = (Ask(b"\x02%c\0\0\0\0\0\x03%c" % (c, c), answered=False) for c in b"ZN")
    assert told(dialect.zero(), None) == ([zero], None)
    assert told(dialect.tare(), None) == ([tare], None)


def test_what_is_no_record() -> None:
    wrong = record(b"\x2901255")[:-2] + b"x\x03"
    assert read(wrong) == Garbled(wrong)
    decoder = berkel().decoder()
    decoder.feed(b"zz\x18" + record(b"\x2900001")[:4])
    assert [decoder.next_frame() for _ in range(3)] == [Garbled(b"zz"), CAN, None]
