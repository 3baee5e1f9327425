import pytest
from hypothesis import given
from hypothesis import strategies as st

from posedge.wire.zvt.tlv import MAX_DEPTH, element, leaves, read_length

TAGS = st.sampled_from([0x07, 0x09, 0x43, 0x1F10, 0x1F2B, 0x1F8A01])
LEAVES = st.lists(st.tuples(TAGS, st.binary(max_size=400)), max_size=5)


@given(values=LEAVES)
def test_round_trip_inside_a_container(values: list[tuple[int, bytes]]) -> None:
    inside = b"".join(element(tag, value) for tag, value in values)
    assert list(leaves(element(0x25, inside))) == values


@pytest.mark.parametrize(
    ("size", "head"), [(127, "7f"), (128, "8180"), (255, "81ff"), (642, "820282")]
)
def test_lengths_are_big_endian(size: int, head: str) -> None:
    written = element(0x07, bytes(size))
    assert written[:-size] == b"\x07" + bytes.fromhex(head)
    assert read_length(written, 1) == (len(written) - size, len(written))


@pytest.mark.parametrize("data", ["", "80", "83000001", "82", "820100", "05aabb"])
def test_a_length_that_leads_out_is_none(data: str) -> None:
    assert read_length(bytes.fromhex(data), 0) is None


@pytest.mark.parametrize("tail", ["1f", "1f8a", "0705aa", "2503"])
def test_what_is_cut_off_ends_the_reading(tail: str) -> None:
    assert list(leaves(bytes.fromhex("0701aa" + tail))) == [(0x07, b"\xaa")]


def test_depth_is_bounded() -> None:
    data = element(0x07, b"deep")
    for _ in range(MAX_DEPTH + 5):
        data = element(0x25, data)
    assert [tag for tag, _ in leaves(data)] == [0x25]


@given(noise=st.binary(max_size=300))
def test_noise_is_read_as_far_as_it_goes(noise: bytes) -> None:
    assert sum(len(value) for _, value in leaves(noise)) <= len(noise)
