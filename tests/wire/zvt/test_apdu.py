from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posedge.model.errors import MisuseError, ProtocolError
from posedge.wire.zvt.apdu import MAX_DATA_BYTES, Apdu, ApduDecoder

FRAMES = st.lists(
    st.builds(Apdu, st.integers(0, 0xFFFF), st.binary(max_size=600)), min_size=1, max_size=6
)


def pulled(decoder: ApduDecoder) -> list[Apdu]:
    return list(iter(decoder.pull, None))


@pytest.mark.parametrize(
    ("size", "head"), [(0, "060100"), (254, "0601fe"), (255, "0601ffff00"), (654, "0601ff8e02")]
)
def test_length_is_one_byte_or_three(size: int, head: str) -> None:
    frame = Apdu(0x0601, bytes(size))
    assert frame.to_bytes() == bytes.fromhex(head) + bytes(size)
    decoder = ApduDecoder()
    for byte in frame.to_bytes()[:-1]:
        decoder.feed(bytes([byte]))
        assert decoder.pull() is None
    decoder.feed(frame.to_bytes()[-1:])
    assert pulled(decoder) == [frame]


@given(frames=FRAMES, cuts=st.lists(st.integers(1, 700), min_size=1))
def test_any_chunking_gives_the_same_frames(frames: list[Apdu], cuts: list[int]) -> None:
    stream = b"".join(frame.to_bytes() for frame in frames)
    decoder, seen = ApduDecoder(), []
    while stream:
        size = cuts[len(stream) % len(cuts)]
        decoder.feed(stream[:size])
        stream = stream[size:]
        seen += pulled(decoder)
    assert seen == frames


@given(frames=FRAMES)
def test_one_byte_at_a_time(frames: list[Apdu]) -> None:
    decoder, seen = ApduDecoder(), []
    for byte in b"".join(frame.to_bytes() for frame in frames):
        decoder.feed(bytes([byte]))
        seen += pulled(decoder)
    assert seen == frames


@given(noise=st.binary(max_size=2000))
def test_noise_raises_nothing_but_protocol_error(noise: bytes) -> None:
    decoder = ApduDecoder()
    decoder.feed(noise)
    with suppress(ProtocolError):
        assert all(len(frame.data) <= len(noise) for frame in pulled(decoder))


def test_a_length_above_the_limit_is_refused_for_good_and_nothing_is_buffered() -> None:
    decoder = ApduDecoder()
    decoder.feed(Apdu(0x0400).to_bytes() + bytes.fromhex("040fffffff"))
    assert decoder.pull() == Apdu(0x0400)
    for _ in range(2):
        with pytest.raises(ProtocolError) as refused:
            decoder.pull()
        assert refused.value.code == "apdu.oversized"
        decoder.feed(bytes(100_000))
    assert "oversized" not in repr(Apdu(0x0400))
    assert "65535" in repr(decoder)


def test_a_chattering_line_holds_one_frame_at_most() -> None:
    decoder = ApduDecoder()
    chunk = bytes.fromhex("04ffff") + MAX_DATA_BYTES.to_bytes(2, "little") + bytes(MAX_DATA_BYTES)
    for _ in range(50):
        decoder.feed(chunk)
        assert len(pulled(decoder)) == 1
    assert repr(decoder) == "<ApduDecoder 0 bytes waiting>"


def test_too_much_is_not_written() -> None:
    with pytest.raises(MisuseError) as refused:
        Apdu(0x0601, bytes(MAX_DATA_BYTES + 1)).to_bytes()
    assert refused.value.code == "apdu.oversized"


def test_repr_shows_no_data() -> None:
    assert repr(Apdu(0x040F, b"4111111111111111")) == "Apdu(04 0F, 16 bytes)"
