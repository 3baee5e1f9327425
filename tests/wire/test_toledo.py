from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posedge.wire.toledo import (
    MAX_FRAME_BYTES,
    Flag,
    Frame,
    Garbled,
    Pounds,
    Reading,
    ScaleDecoder,
    Status,
)

FRAMES: list[tuple[bytes, Frame]] = [
    (b"\x0201.234\r", Reading(1234, net=False)),
    (b"\x0200.000\r", Reading(0, net=False)),
    (b"\x0215.000N\r", Reading(15_000, net=True)),
    (b"\x02 1.234 N\r", Reading(1234, net=True)),
    (b"\x02001.23\r", Pounds()),
    (b"\x0201.23N\r", Pounds()),
    (b"\x02?A\r", Status(Flag.BIT_6 | Flag.MOTION)),
    (b"\x02?\x00\r", Status(Flag(0))),
    (b"\x02?\x30\r", Status(Flag.NET | Flag.CENTRE_OF_ZERO)),
    (b"\x02?\x0d\r", Status(Flag.MOTION | Flag.UNDER_ZERO | Flag.OUTSIDE_ZERO_RANGE)),
    (b"\x02?\x02\r", Status(Flag.OVER_CAPACITY)),
    (b"\x02?\x84\r", Status(Flag.UNDER_ZERO)),
    (b"\x0201,234\r", Garbled(b"01,234")),
    (b"\x02-1.234\r", Garbled(b"-1.234")),
    (b"\x02\r", Garbled(b"")),
    (b"\x02?ab\r", Garbled(b"?ab")),
]


def frames(decoder: ScaleDecoder, *chunks: bytes) -> list[Frame]:
    found: list[Frame] = []
    for chunk in chunks:
        decoder.feed(chunk)
        while (frame := decoder.next_frame()) is not None:
            found.append(frame)
    return found


@pytest.mark.parametrize(("data", "frame"), FRAMES)
def test_vectors_whole_and_byte_by_byte(data: bytes, frame: Frame) -> None:
    assert frames(ScaleDecoder(), data) == [frame]
    assert frames(ScaleDecoder(), *(data[n : n + 1] for n in range(len(data)))) == [frame]


def test_all_in_one_row() -> None:
    assert frames(ScaleDecoder(), b"".join(data for data, _ in FRAMES)) == [f for _, f in FRAMES]


@given(st.integers(0, 99_999), st.booleans())
def test_a_reading_survives_its_own_bytes(weight_g: int, net: bool) -> None:
    reading = Reading(weight_g, net=net)
    assert frames(ScaleDecoder(), reading.to_bytes()) == [reading]


@given(st.integers(0, 0x7F))
def test_a_status_survives_its_own_bytes_whatever_its_bits(bits: int) -> None:
    status = Status(Flag(bits))
    assert frames(ScaleDecoder(), status.to_bytes()) == [status]


def test_a_frame_that_breaks_off_does_not_swallow_the_next() -> None:
    assert frames(ScaleDecoder(), b"\x0201.\x0201.234\r") == [
        Garbled(b"\x0201."),
        Reading(1234, net=False),
    ]
    assert frames(ScaleDecoder(), b"noise\x0201.234\r") == [
        Garbled(b"noise"),
        Reading(1234, net=False),
    ]


def test_a_chattering_line_is_bounded() -> None:
    decoder = ScaleDecoder()
    assert all(isinstance(f, Garbled) for f in frames(decoder, *[b"\x02" + b"1" * 99] * 50))
    assert len(decoder._buffer) < MAX_FRAME_BYTES
    assert "ScaleDecoder" in repr(decoder)


def good(found: list[Frame]) -> list[Frame]:
    return [frame for frame in found if not isinstance(frame, Garbled)]


@given(
    st.lists(st.sampled_from([b"\x02", b"\r", b"?", b"01.234", b"N", b"A", b"\x02?\x02\r"])),
    st.lists(st.integers(0, 80)),
)
def test_any_chunking_gives_the_same_frames(parts: list[bytes], cuts: list[int]) -> None:
    data = b"".join(parts)
    places = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    chunks = [data[a:b] for a, b in pairwise(places)]
    assert good(frames(ScaleDecoder(), *chunks)) == good(frames(ScaleDecoder(), data))


@given(st.binary(max_size=200))
def test_noise_raises_nothing_and_is_not_kept(noise: bytes) -> None:
    decoder = ScaleDecoder()
    frames(decoder, noise)
    assert len(decoder._buffer) < MAX_FRAME_BYTES
