import pytest
from hypothesis import given
from hypothesis import strategies as st

from posedge.model.errors import MisuseError, ProtocolError
from posedge.wire import star
from posedge.wire.star import AutoStatus, Circuit, Decoder, Symbology

OF_TSP650 = bytes.fromhex("230600000000000000")
"""Nine bytes, version 3: on line, with paper, nothing counted (appendix 2)."""

VECTORS: list[tuple[str, tuple[AutoStatus, ...]]] = [
    ("230600000000000000", (AutoStatus(3, bytes(7)),)),
    ("0f0200000000000f0200000008 00", (AutoStatus(1, bytes(5)), AutoStatus(1, b"\0\0\0\x08\0"))),
    ("23 13 06 2c 11 00 00 0c 00 6e 00", (AutoStatus(3, bytes.fromhex("2c00000c006e00")),)),
    ("210406000000000008"[:16], (AutoStatus(2, bytes.fromhex("060000000000")),)),
]


def pull(decoder: Decoder) -> list[AutoStatus]:
    statuses: list[AutoStatus] = []
    while (status := decoder.next_status()) is not None:
        statuses.append(status)
    return statuses


@pytest.mark.parametrize(("received", "expected"), VECTORS)
def test_statuses_at_once_and_one_byte_at_a_time(
    received: str, expected: tuple[AutoStatus, ...]
) -> None:
    data = bytes.fromhex(received)
    whole, single = Decoder(), Decoder()
    whole.feed(data)
    assert tuple(pull(whole)) == expected
    got: list[AutoStatus] = []
    for byte in data:
        single.feed(bytes((byte,)))
        got += pull(single)
    assert tuple(got) == expected


@pytest.mark.parametrize(
    ("byte", "count"), [(0x00, 0), (0x02, 1), (0x0E, 7), (0x20, 8), (0x40, 16), (0x6E, 31)]
)
def test_the_counter_skips_the_fixed_bits(byte: int, count: int) -> None:
    assert AutoStatus(3, bytes((2, 0, 0, 0, 0, byte, 0))).count == count
    assert AutoStatus(1, bytes(5)).count is None


@given(
    st.lists(st.lists(st.integers(0, 127).map(lambda b: b & 0x6E), min_size=8, max_size=8)),
    st.data(),
)
def test_any_chunking_gives_the_same_statuses(rests: list[list[int]], data: st.DataObject) -> None:
    stream = b"".join(b"\x23" + bytes(rest) for rest in rests)
    whole, chunked = Decoder(), Decoder()
    whole.feed(stream)
    expected = pull(whole)
    assert len(expected) == len(rests)
    got: list[AutoStatus] = []
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        chunked.feed(stream[:size])
        stream = stream[size:]
        got += pull(chunked)
    assert got == expected


def outcome(decoder: Decoder) -> ProtocolError | None:
    try:
        pull(decoder)
    except ProtocolError as error:
        return error
    return None


@given(st.binary(max_size=80))
def test_noise_raises_nothing_but_protocol_errors_and_goes_on_raising(noise: bytes) -> None:
    decoder = Decoder()
    decoder.feed(noise)
    first = outcome(decoder)
    decoder.feed(OF_TSP650)
    assert first is None or outcome(decoder) is first


@pytest.mark.parametrize("garbled", ["00", "ff", "09", "2380", "230623060000000000", "05020000"])
def test_what_is_no_status_is_garbled(garbled: str) -> None:
    decoder = Decoder()
    decoder.feed(bytes.fromhex(garbled))
    with pytest.raises(ProtocolError) as caught:
        decoder.next_status()
    assert caught.value.code == "printer.garbled"


def test_a_chattering_line_holds_no_more_than_one_status() -> None:
    decoder = Decoder()
    for _ in range(1000):
        decoder.feed(OF_TSP650[:5])
        decoder.feed(OF_TSP650[5:])
        assert len(pull(decoder)) == 1
    decoder.feed(b"\x11\x13" * 5000)
    assert pull(decoder) == []


def test_commands_are_those_of_the_manual() -> None:
    assert star.kick(Circuit.ONE, on_ms=200, off_ms=200).hex(" ") == "1b 07 14 14 07"
    assert star.kick(Circuit.TWO, on_ms=10, off_ms=1279).hex(" ") == "1b 07 01 7f 1a"
    bars = star.bar_code(Symbology.EAN13, b"4006381333931", module=3, height=80)
    assert bars == b"\x1bb\x03\x02\x02\x504006381333931\x1e"
    assert star.code128("a%7") == b"%7a%07"
    assert star.qr_code(b"abc", cell=5) == (
        b"\x1b\x1dyS0\x02\x1b\x1dyS1\x01\x1b\x1dyS2\x05\x1b\x1dyD1\x00\x03\x00abc\x1b\x1dyP"
    )
    assert star.position(star.Position.RIGHT) == b"\x1b\x1da\x02"


@pytest.mark.parametrize("pulse", [(9, 100), (1280, 100), (100, 9), (100, 1280)])
def test_a_pulse_that_cannot_be_is_refused(pulse: tuple[int, int]) -> None:
    with pytest.raises(MisuseError, match="10 to 1270 ms"):
        star.kick(Circuit.ONE, on_ms=pulse[0], off_ms=pulse[1])


@pytest.mark.parametrize("data", [b"a\x1e", b"\xe4", b"x" * 256])
def test_bar_code_data_cannot_end_early(data: bytes) -> None:
    with pytest.raises(MisuseError, match="printable ASCII"):
        star.bar_code(Symbology.CODE128, data, module=2, height=80)


def test_a_picture_is_sent_row_by_row_in_raster_mode() -> None:
    rows = [b"\xff\x00", b"\x1b\x06"]
    assert star.raster(rows) == (
        b"\x1b*rA\x1b*rP0\x00\x1b*rE1\x00b\x02\x00\xff\x00b\x02\x00\x1f\x06\x1b*rB"
    )
