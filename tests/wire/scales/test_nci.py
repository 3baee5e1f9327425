import pytest

from posedge.model.capabilities import ScaleState
from posedge.wire.scales.frames import Done, Frame, Garbled, Refused, Sample
from posedge.wire.scales.mass import Mass, Unit
from posedge.wire.scales.nci import BROKEN, POUNDS_AND_OUNCES, STARTED_LOADED, nci, read

STABLE = ScaleState.STABLE_WEIGHT
APPLES = Sample(STABLE, Mass(1234, 3, Unit.KG))


@pytest.mark.parametrize(
    ("reply", "frame"),
    [
        (b"\n01.234kg\r00\r\x03", APPLES),
        (b"\n01.234kg\r\n00\r\x03", APPLES),
        (b"\n01.234KG\r\nS00\r\x03", APPLES),
        (b"\n  2.76lb\r\n00\r\x03", Sample(STABLE, Mass(276, 2, Unit.LB))),
        (b"\n 1250g \r\n00\r\x03", Sample(STABLE, Mass(1250, 0, Unit.G))),
        (b"\n00.000kg\r20\r\x03", Sample(ScaleState.ZERO, Mass(0, 3, Unit.KG))),
        (b"\n-0.020kg\r00\r\x03", Sample(ScaleState.UNDER_ZERO)),
        (b"\n01.000kg\r0p4\r\x03", Sample(STABLE, Mass(1000, 3, Unit.KG), net=True)),
        (b"\n01.000kg\r0pt0\r\x03", Sample(STABLE, Mass(1000, 3, Unit.KG), net=True)),
        (b"\n01.234kg\r10\r\x03", Sample(ScaleState.UNSTABLE)),
        (b"\n^^^^^^\r\n02\r\x03", Sample(ScaleState.OVERWEIGHT)),
        (b"\n______\r\n01\r\x03", Sample(ScaleState.UNDER_ZERO)),
        (b"\n------\r\n00\r\x03", Sample(ScaleState.NOT_READY)),
        (b"\n1LB 02.35OZ\r\n00\r\x03", POUNDS_AND_OUNCES),
        (b"\n01.234kg\r40\r\x03", BROKEN),
        (b"\n01.234kg\r80\r\x03", BROKEN),
        (b"\n01.234kg\r04\r\x03", BROKEN),
        (b"\n01.234kg\r0p8\r\x03", STARTED_LOADED),
        (b"\n20\r\x03", Done()),
        (b"\nS10\r\x03", Sample(ScaleState.UNSTABLE)),
        (b"\n?\r\x03", Refused("the scale does not know this command")),
    ],
)
def test_each_reply(reply: bytes, frame: Frame) -> None:
    assert read(reply) == frame


@pytest.mark.parametrize(
    "reply",
    [
        b"\n01.234kg\r0\r\x03",
        b"\n01.234kg\r0p\r\x03",
        b"\n01.234kg\rp0\r\x03",
        b"\n01.234kg\r000\r\x03",
        b"\n01.234kg\r0@\r\x03",
        b"\n01.234kg\r20\r\x03",
        b"\n01.234xx\r00\r\x03",
        b"\n1.2.3kg\r00\r\x03",
        b"\n\x03",
    ],
)
def test_what_is_none_or_contradicts_itself(reply: bytes) -> None:
    assert read(reply) == Garbled(reply)


def test_noise_in_front_and_a_reply_without_end() -> None:
    decoder = nci().decoder()
    decoder.feed(b"xx\n01.234kg\r00\r\x03")
    assert [decoder.next_frame(), decoder.next_frame()] == [Garbled(b"xx"), APPLES]
    decoder.feed(b"\n" + b"1" * 60)
    assert decoder.next_frame() == Garbled(b"\n" + b"1" * 47)
