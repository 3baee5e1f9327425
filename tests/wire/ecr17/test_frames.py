import pytest
from hypothesis import given
from hypothesis import strategies as st

from posedge.model.errors import ProtocolError
from posedge.wire.ecr17.frames import (
    ACK,
    MAX_BYTES,
    NAK,
    Decoder,
    Heard,
    Lrc,
    Packet,
    Progress,
    control,
    packet,
    progress,
)

STREAM = (
    control(ACK, Lrc.STD)
    + progress("INSERIRE CARTA")
    + packet(b"123456780E00", Lrc.NOEXT)
    + control(NAK, Lrc.STX)
)


def heard(data: bytes, *sizes: int) -> list[Heard]:
    decoder = Decoder()
    found: list[Heard] = []
    for size in (*sizes, len(data)):
        decoder.feed(data[:size])
        data = data[size:]
        found.extend(iter(decoder.pull, None))
    return found


@pytest.mark.parametrize(
    ("lrc", "payload", "byte"),
    [
        (Lrc.STD, b"AB", 0x7C),
        (Lrc.STD, b"", 0x7F),
        (Lrc.STX, b"", 0x7E),
        (Lrc.STD, b"A", 0x3E),
        (Lrc.STX, b"A", 0x3F),
        (Lrc.NOEXT, b"A", 0x3D),
        (Lrc.STX_NOEXT, b"A", 0x3C),
    ],
)
def test_checksums(lrc: Lrc, payload: bytes, byte: int) -> None:
    """F04, and what the public implementations check."""
    assert lrc.of(payload) == byte
    assert packet(payload, lrc) == bytes([2, *payload, 3, byte])


def test_what_is_said() -> None:
    ack, shown, said, nak = heard(STREAM)
    assert isinstance(ack, Packet)
    assert isinstance(said, Packet)
    assert isinstance(nak, Packet)
    assert (ack.is_ack, ack.is_nak, nak.is_nak, nak.fits(Lrc.STX)) == (True, False, True, True)
    assert not nak.fits(Lrc.STD)
    assert shown == Progress("INSERIRE CARTA")
    assert (said.payload, said.fits(Lrc.NOEXT)) == (b"123456780E00", True)
    assert "1234" not in repr(said)
    assert control(ACK, Lrc.STD) == b"\x06\x03\x79"


@given(st.lists(st.integers(0, 30)))
def test_in_any_pieces(sizes: list[int]) -> None:
    assert heard(STREAM, *sizes) == heard(STREAM)


def test_noise_between_is_passed_over_and_a_message_may_begin_anew() -> None:
    assert heard(b"\x00\xffx" + STREAM) == heard(STREAM)
    assert heard(b"\x02half" + packet(b"whole", Lrc.STD)) == heard(packet(b"whole", Lrc.STD))
    assert heard(b"\x02half" + progress("a")) == heard(progress("a"))
    assert heard(b"\x06" + packet(b"whole", Lrc.STD)) == heard(packet(b"whole", Lrc.STD))


def test_a_checksum_may_look_like_a_frame() -> None:
    payload = bytes([Lrc.STD.of(b"") ^ 0x02])
    assert packet(payload, Lrc.STD)[-1] == 0x02
    assert len(heard(packet(payload, Lrc.STD) + STREAM)) == 5


@given(st.binary(max_size=300))
def test_noise_raises_nothing(noise: bytes) -> None:
    assert len(heard(noise)) <= len(noise)


def test_a_message_without_an_end() -> None:
    decoder = Decoder()
    decoder.feed(b"\x02" + b"x" * MAX_BYTES)
    assert decoder.pull() is None
    assert repr(decoder) == "<Decoder 0 bytes waiting>"
    decoder.feed(b"x")
    for _ in range(2):
        with pytest.raises(ProtocolError) as endless:
            decoder.pull()
        assert endless.value.code == "ecr.endless"
        decoder.feed(STREAM)
