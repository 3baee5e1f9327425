import pytest
from hypothesis import given
from hypothesis import strategies as st

from posedge.model.errors import MisuseError
from posedge.wire.zvt.apdu import MAX_DATA_BYTES, Apdu
from posedge.wire.zvt.money import Authorisation
from posedge.wire.zvt.register import Positive
from posedge.wire.zvt.serial import Broken, Control, FrameDecoder, Heard, crc16, framed

APDUS = st.builds(Apdu, st.integers(0, 0xFFFF), st.binary(max_size=300))
SPOKEN = st.lists(APDUS | st.sampled_from(Control), min_size=1, max_size=6)


def wire(heard: Heard) -> bytes:
    assert not isinstance(heard, Broken)
    return framed(heard) if isinstance(heard, Apdu) else bytes([heard])


def pulled(decoder: FrameDecoder) -> list[Heard]:
    return list(iter(decoder.pull, None))


def decoded(data: bytes) -> list[Heard]:
    decoder = FrameDecoder()
    decoder.feed(data)
    return pulled(decoder)


def bitwise(data: bytes) -> int:
    """The definition: polynomial 0x8408, reflected, from 0."""
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x8408 if crc & 1 else 0)
    return crc


def test_the_checksum_is_kermit_s() -> None:
    """B11; 0x31C3 would be XMODEM."""
    assert crc16(b"123456789") == 0x2189


@given(data=st.binary(max_size=100))
def test_the_checksum_by_its_definition(data: bytes) -> None:
    assert crc16(data) == bitwise(data)


def test_an_amount_of_10_10_has_its_bytes_doubled_and_its_length_not() -> None:
    """G09; the CRC is over the APDU before doubling."""
    apdu = Authorisation(1010, 978).to_apdu()
    bare = "06010a04000000001010490978"
    assert apdu.to_bytes().hex() == bare
    crc = bitwise(bytes.fromhex(bare + "03")).to_bytes(2, "little").hex()
    assert framed(apdu).hex() == "1002" + bare.replace("1010", "10101010") + "1003" + crc
    assert decoded(framed(apdu)) == [apdu]


def test_the_checksum_itself_is_not_doubled() -> None:
    apdu = next(a for n in range(5000) if framed(a := Apdu(0x0600, b"%d" % n))[-2] == 0x10)
    assert decoded(framed(apdu) * 2) == [apdu, apdu]


def test_acknowledgements_stand_alone() -> None:
    assert decoded(bytes.fromhex("0615")) == [Control.ACK, Control.NAK]
    assert decoded(framed(Apdu(0x0615, b"\x06\x15"))) == [Apdu(0x0615, b"\x06\x15")]


@given(spoken=SPOKEN)
def test_one_byte_at_a_time(spoken: list[Heard]) -> None:
    decoder, seen = FrameDecoder(), list[Heard]()
    for byte in b"".join(map(wire, spoken)):
        decoder.feed(bytes([byte]))
        seen += pulled(decoder)
    assert seen == spoken
    assert not decoder.inside


@given(spoken=SPOKEN, cuts=st.lists(st.integers(1, 300), min_size=1))
def test_any_chunking_gives_the_same(spoken: list[Heard], cuts: list[int]) -> None:
    stream = b"".join(map(wire, spoken))
    decoder, seen = FrameDecoder(), list[Heard]()
    while stream:
        size = cuts[len(stream) % len(cuts)]
        decoder.feed(stream[:size])
        stream = stream[size:]
        seen += pulled(decoder)
    assert seen == spoken


QUIET_NOISE = st.binary(max_size=30).filter(lambda noise: not set(noise) & {0x06, 0x15, 0x10})


@given(apdus=st.lists(APDUS, min_size=1, max_size=4), noise=QUIET_NOISE)
def test_noise_between_frames_is_passed_over(apdus: list[Apdu], noise: bytes) -> None:
    stream = noise + b"".join(framed(apdu) + noise + b"\x10\x10" for apdu in apdus)
    assert decoded(stream) == apdus


@given(noise=st.binary(max_size=400))
def test_noise_raises_nothing_and_the_next_frame_is_read_all_the_same(noise: bytes) -> None:
    decoder = FrameDecoder()
    decoder.feed(noise)
    pulled(decoder)
    if decoder.inside:
        decoder.abandon()
    decoder.feed(framed(Apdu(0x060F)) * 2)
    assert pulled(decoder)[-1] == Apdu(0x060F)


@given(apdu=APDUS, data=st.data())
def test_a_flipped_bit_is_never_another_frame(apdu: Apdu, data: st.DataObject) -> None:
    stream = bytearray(framed(apdu))
    bit = data.draw(st.integers(0, 8 * len(stream) - 1))
    stream[bit // 8] ^= 1 << bit % 8
    assert not [heard for heard in decoded(bytes(stream)) if isinstance(heard, Apdu)]


@pytest.mark.parametrize(
    ("frame", "why"),
    [
        ("1002 800000 1003 f51e", "one bit of the checksum"),
        ("1002 800000 1003 31c3", "another checksum"),
        ("1002 80001041 1003 0000", "a lone DLE"),
        ("1002 1003 ed6f", "nothing in it"),
        ("1002 8000 1003 0000", "no length"),
    ],
)
def test_what_is_broken(frame: str, why: str) -> None:
    assert decoded(bytes.fromhex(frame)) == [Broken()], why
    assert decoded(bytes.fromhex(frame) + framed(Positive().to_apdu())) == [Broken(), Apdu(0x8000)]


@pytest.mark.parametrize("payload", ["", "06", "060f", "060fff", "060fff01"])
def test_a_good_checksum_of_too_little_is_broken(payload: str) -> None:
    data = bytes.fromhex(payload)
    crc = crc16(data + b"\x03").to_bytes(2, "little")
    assert decoded(b"\x10\x02" + data + b"\x10\x03" + crc) == [Broken()]


@pytest.mark.parametrize("length", ["00", "01", "05", "ff0500"])
def test_a_wrong_length_byte_is_not_believed(length: str) -> None:
    data = bytes.fromhex("04ff" + length + "0a01")
    crc = crc16(data + b"\x03").to_bytes(2, "little")
    assert decoded(b"\x10\x02" + data + b"\x10\x03" + crc) == [Apdu(0x04FF, b"\x0a\x01")]


def test_a_frame_that_begins_anew_counts_from_there() -> None:
    whole = framed(Apdu(0x040F, b"\x27\x00"))
    for cut in range(2, len(whole) - 2):
        if whole[cut - 1] != 0x10:
            assert decoded(whole[:cut] + whole) == [Apdu(0x040F, b"\x27\x00")]


def test_an_abandoned_frame_is_forgotten() -> None:
    decoder = FrameDecoder()
    decoder.feed(framed(Apdu(0x040F, bytes(20)))[:9])
    assert (decoder.pull(), decoder.inside) == (None, True)
    assert repr(decoder) == "<FrameDecoder in a frame>"
    decoder.abandon()
    assert repr(decoder) == "<FrameDecoder between frames>"
    decoder.feed(framed(Apdu(0x8000)))
    assert pulled(decoder) == [Apdu(0x8000)]


def test_the_longest_frame_passes_and_a_chattering_line_is_bounded() -> None:
    longest = Apdu(0x06D3, b"\x10" * MAX_DATA_BYTES)
    assert decoded(framed(longest)) == [longest]
    decoder = FrameDecoder()
    decoder.feed(b"\x10\x02")
    for _ in range(100):
        decoder.feed(bytes(4096))
        assert decoder.pull() is None
    assert len(decoder._unread) == 0
    decoder.feed(b"\x10\x03\x00\x00")
    assert decoder.pull() == Broken()
    with pytest.raises(MisuseError):
        framed(Apdu(0x06D3, bytes(MAX_DATA_BYTES + 1)))
