import pytest

from posedge.model.capabilities import ScaleState
from posedge.wire.scales.cas import cas_22, cas_retail, read, read_stream
from posedge.wire.scales.frames import Ask, Frame, Garbled, Sample, Signal, Trouble, block_check
from posedge.wire.scales.mass import Mass, Unit
from tests.doubles.talking import told

APPLES = Sample(ScaleState.STABLE_WEIGHT, Mass(1234, 3, Unit.KG))
MOVING = Sample(ScaleState.UNSTABLE)


@pytest.mark.parametrize(
    ("line", "frame"),
    [
        (b"ST,GS,1\xc4,   1.234 kg\r\n", APPLES),
        (b"ST,GS,1\xc4,+  1.234 kg\r\n", APPLES),
        (b"ST,GS,,,,0001.234\x01kg\r\n", APPLES),
        (b"ST,NT,1\xc2,   1.234 kg\r\n", Sample(APPLES.state, APPLES.mass, net=True)),
        (b"ST,GS,1\n,   0.000 kg\r\n", Sample(ScaleState.ZERO, Mass(0, 3, Unit.KG))),
        (b"ST,GS,1\xc0,    1250 g \r\n", Sample(APPLES.state, Mass(1250, 0, Unit.G))),
        (b"ST,GS,1\xc0,    2.76 lb\r\n", Sample(APPLES.state, Mass(276, 2, Unit.LB))),
        (b"US,GS,1\x84,   1.234 kg\r\n", MOVING),
        (b"OL,GS,1\x84,         kg\r\n", Sample(ScaleState.OVERWEIGHT)),
        (b"ST,GS,1\xc0,-  0.020 kg\r\n", Sample(ScaleState.UNDER_ZERO)),
        (
            b"ST,GS,1\xc0,   1.234 t \r\n",
            Trouble("the scale weighs in tonnes: set it to kg"),
        ),
    ],
)
def test_stream(line: bytes, frame: Frame) -> None:
    assert read_stream(line) == frame


@pytest.mark.parametrize(
    "line",
    [b"ST,GS,1\xc0, 1.234 kg\r\n", b"ST,XX,1\xc0,   1.234 kg\r\n", b"ST,GS,1\xc0,   1,234 kg\r\n"],
)
def test_what_is_no_line_of_the_stream(line: bytes) -> None:
    assert read_stream(line) == Garbled(line)


def test_the_stream_is_only_listened_to() -> None:
    assert cas_22().listens
    assert told(cas_22().weigh(), APPLES) == ([Ask()], APPLES)
    decoder = cas_22().decoder()
    decoder.feed(b"34 kg\r\nST,GS,1\xc4,   1.234 kg\r\nST")
    assert [decoder.next_frame() for _ in range(3)] == [Garbled(b"34 kg\r\n"), APPLES, None]


def block(body: bytes) -> bytes:
    return b"\x02" + body + bytes([block_check(body)]) + b"\x03"


def record(*bodies: bytes) -> bytes:
    return b"\x01" + b"".join(map(block, bodies)) + b"\x04"


@pytest.mark.parametrize(
    ("data", "frame"),
    [
        (record(b"S 01.234kg"), APPLES),
        (record(b"S 01.234Kg"), APPLES),
        (record(b"S 002.76lb"), Sample(APPLES.state, Mass(276, 2, Unit.LB))),
        (record(b"S 00.000kg"), Sample(ScaleState.ZERO, Mass(0, 3, Unit.KG))),
        (record(b"U 01.234kg"), MOVING),
        (record(b"S-00.020kg"), Sample(ScaleState.UNDER_ZERO)),
        (record(b"SFFFFFFFkg"), Sample(ScaleState.OVERWEIGHT)),
        (
            record(b"    3.69", b"S 01.234kg", b"    2.99"),
            Sample(APPLES.state, APPLES.mass, unit_price="2.99", total="3.69"),
        ),
        (b"\x06", Signal(6)),
        (b"\x15", Signal(0x15)),
    ],
)
def test_retail(data: bytes, frame: Frame) -> None:
    decoder = cas_retail().decoder()
    decoder.feed(data)
    assert decoder.next_frame() == frame
    assert decoder.next_frame() is None


@pytest.mark.parametrize(
    "data",
    [
        record(b"S 01.234kg").replace(b"1.234", b"1.235"),
        record(b"S 01,234kg"),
        record(b"S 01.234xx"),
        record(b"SX01.234kg"),
        record(b"S 01.234kg")[:-1] + b"\x05",
        record(b"    3.69", b"S 01.234kg", b"    2.99").replace(b"3.69", b"9.69"),
        record(b"    3.69", b"S 01,234kg", b"    2.99"),
        b"x",
    ],
)
def test_what_is_no_record(data: bytes) -> None:
    assert read(data) == Garbled(data)


def test_retail_noise_is_passed_over() -> None:
    decoder = cas_retail().decoder()
    decoder.feed(b"xy\x01z" + record(b"S 01.234kg"))
    garbled = [Garbled(b"xy"), Garbled(b"\x01"), Garbled(b"z")]
    assert [decoder.next_frame() for _ in range(4)] == [*garbled, APPLES]


def test_retail_asks_twice() -> None:
    ack, nak, ready = Signal(6), Signal(0x15), Sample(ScaleState.NOT_READY)
    enq, weight, prices = Ask(b"\x05"), Ask(b"\x11"), Ask(b"\x12")
    assert told(cas_retail().weigh(), ack, APPLES) == ([enq, weight], APPLES)
    assert told(cas_retail(prices=True).weigh(), ack, APPLES) == ([enq, prices], APPLES)
    assert told(cas_retail().weigh(), ack, nak) == ([enq, weight], ready)
    assert told(cas_retail().weigh(), nak) == ([enq], ready)
    assert told(cas_retail().weigh(), None) == ([enq], None)
