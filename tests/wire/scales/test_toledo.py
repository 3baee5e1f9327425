import pytest
from hypothesis import given
from hypothesis import strategies as st

from posedge.model.capabilities import ScaleState
from posedge.wire.scales.frames import Dialect, Frame, Garbled, Sample, Trouble, Unchanged
from posedge.wire.scales.mass import Mass, Unit
from posedge.wire.scales.toledo import toledo_8213, toledo_8217

STABLE, ZERO = ScaleState.STABLE_WEIGHT, ScaleState.ZERO


def only(dialect: Dialect, data: bytes) -> Frame | None:
    decoder = dialect.decoder()
    decoder.feed(data)
    return decoder.next_frame()


@pytest.mark.parametrize(
    ("data", "frame"),
    [
        (b"\x0201.234\r", Sample(STABLE, Mass(1234, 3, Unit.KG))),
        (b"\x0200.000\r", Sample(ZERO, Mass(0, 3, Unit.KG))),
        (b"\x0215.000N\r", Sample(STABLE, Mass(15_000, 3, Unit.KG), net=True)),
        (b"\x02 1.234 N\r", Sample(STABLE, Mass(1234, 3, Unit.KG), net=True)),
        (b"\x02?A\r", Sample(ScaleState.UNSTABLE)),
        (b"\x02?\x00\r", Unchanged()),
        (b"\x02? \r", Unchanged(net=True)),
        (b"\x02?\x30\r", Sample(ScaleState.NOT_READY)),
        (b"\x02?\x50\r", Sample(ZERO)),
        (b"\x02?\x0d\r", Sample(ScaleState.UNDER_ZERO)),
        (b"\x02?\x02\r", Sample(ScaleState.OVERWEIGHT)),
        (b"\x02?\x84\r", Sample(ScaleState.UNDER_ZERO)),
        (b"\x02?\x08\r", Sample(ScaleState.NOT_READY)),
        (b"\x02?@\r", Sample(ScaleState.NOT_READY)),
        (b"\x0201,234\r", Garbled(b"\x0201,234\r")),
        (b"\x02-1.234\r", Garbled(b"\x02-1.234\r")),
        (b"\x02\r", Garbled(b"\x02\r")),
        (b"\x02?ab\r", Garbled(b"\x02?ab\r")),
        (b"\x0201.\x0201.234\r", Garbled(b"\x0201.")),
        (b"noise\x0201.234\r", Garbled(b"noise")),
        (b"noise", Garbled(b"noise")),
        (b"\x021234567890123456", Garbled(b"\x02123456789012345")),
    ],
)
def test_8217(data: bytes, frame: Frame) -> None:
    assert only(toledo_8217(), data) == frame


@given(st.integers(0, 0x7F))
def test_a_status_is_one_whatever_its_bits(bits: int) -> None:
    frame = only(toledo_8217(), b"\x02?%c\r" % bits)
    assert isinstance(frame, Sample | Unchanged)
    assert not isinstance(frame, Sample) or frame.mass is None


def test_pounds_and_kilograms_are_never_taken_for_each_other() -> None:
    assert only(toledo_8217(Unit.LB), b"\x02002.76\r") == Sample(STABLE, Mass(276, 2, Unit.LB))
    for dialect, data, other in (
        (toledo_8217(), b"\x02002.76\r", '"lb"'),
        (toledo_8217(Unit.LB), b"\x0202.760N\r", '"kg"'),
    ):
        frame = only(dialect, data)
        assert isinstance(frame, Trouble)
        assert other in frame.text


@pytest.mark.parametrize(
    ("data", "frame"),
    [
        (b"\x02001.23\r", Sample(STABLE, Mass(123, 2, Unit.OZ))),
        (b"\x02000000\r", Sample(ZERO, Mass(0, 0, Unit.OZ))),
        (b"\x02?a\r", Sample(ScaleState.UNSTABLE)),
        (b"\x02?p\r", Sample(ZERO)),
        (b"\x02?`\r", Sample(ScaleState.NOT_READY)),
        (b"\x02? \r", Sample(ScaleState.NOT_READY)),
        (b"\x02001.23N\r", Garbled(b"\x02001.23N\r")),
        (b"\x02001.\x02", Garbled(b"\x02001.")),
    ],
)
def test_8213(data: bytes, frame: Frame) -> None:
    assert only(toledo_8213(Unit.OZ), data) == frame
