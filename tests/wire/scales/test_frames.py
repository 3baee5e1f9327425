"""What holds for the decoder of every dialect, whatever comes."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posedge.model.capabilities import ScaleState
from posedge.wire.scales.berkel import berkel
from posedge.wire.scales.cas import cas_22, cas_retail
from posedge.wire.scales.dialog import dialog
from posedge.wire.scales.frames import (
    Ask,
    Dialect,
    Frame,
    Garbled,
    Sample,
    block_check,
    once,
    to_first,
    weighed,
)
from posedge.wire.scales.mass import Mass, Unit
from posedge.wire.scales.mt_sics import mt_sics
from posedge.wire.scales.nci import nci
from posedge.wire.scales.toledo import toledo_8213, toledo_8217

GOOD: dict[Dialect, bytes] = {
    toledo_8217(): b"\x0201.234\r",
    toledo_8213(Unit.LB): b"\x02001.23\r",
    mt_sics(): b"S S      1.234 kg\r\n",
    nci(): b"\n01.234kg\r0p4\r\x03".replace(b"0p4", b"0p0"),
    cas_22(): b"ST,GS,1\xc0,   1.234 kg\r\n",
    cas_retail(): b"\x01\x02S 01.234kgw\x03\x04".replace(b"w", bytes([block_check(b"S 01.234kg")])),
    berkel(): b"\x02)01234" + bytes([block_check(b")01234")]) + b"\x03",
    dialog("04", 0): b"\x0202\x1b3\x1b01234\x1b000100\x1b000123\x03",
}
NAMES = [each.title for each in GOOD]
every_dialect = pytest.mark.parametrize("dialect", GOOD, ids=NAMES)
PARTS = [
    *GOOD.values(),
    b"\x02",
    b"\x03",
    b"\r",
    b"\n",
    b"\x05",
    b"\x06",
    b"S ",
    b"ST,",
    b"\x01\x02",
]


def frames(dialect: Dialect, *chunks: bytes) -> list[Frame]:
    decoder, found = dialect.decoder(), list[Frame]()
    for chunk in chunks:
        decoder.feed(chunk)
        while (frame := decoder.next_frame()) is not None:
            found.append(frame)
    return found


def good(found: list[Frame]) -> list[Frame]:
    return [frame for frame in found if not isinstance(frame, Garbled)]


@every_dialect
def test_whole_and_byte_by_byte(dialect: Dialect) -> None:
    data = GOOD[dialect]
    whole = frames(dialect, data)
    assert len(whole) == 1
    assert not isinstance(whole[0], Garbled)
    assert frames(dialect, *(data[n : n + 1] for n in range(len(data)))) == whole
    assert frames(dialect, data * 3) == whole * 3


@given(
    st.sampled_from([*GOOD]),
    st.lists(st.sampled_from(PARTS), max_size=8),
    st.lists(st.integers(0, 200)),
)
def test_any_chunking_gives_the_same_frames(
    dialect: Dialect, parts: list[bytes], cuts: list[int]
) -> None:
    data = b"".join(parts)
    places = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    assert good(frames(dialect, *(data[a:b] for a, b in pairwise(places)))) == good(
        frames(dialect, data)
    )


@given(st.sampled_from([*GOOD]), st.binary(max_size=300))
def test_noise_raises_nothing_and_is_not_kept(dialect: Dialect, noise: bytes) -> None:
    decoder = dialect.decoder()
    decoder.feed(noise)
    while decoder.next_frame() is not None:
        pass
    assert len(decoder._buffer) < decoder._longest
    assert repr(decoder).startswith("<Decoder ")


@every_dialect
def test_a_chattering_line_is_bounded(dialect: Dialect) -> None:
    decoder = dialect.decoder()
    for _ in range(50):
        decoder.feed(GOOD[dialect][:2] + b"1" * 99)
        while decoder.next_frame() is not None:
            pass
        assert len(decoder._buffer) < decoder._longest


@every_dialect
def test_a_frame_behind_one_that_broke_off_is_not_lost_for_long(dialect: Dialect) -> None:
    data = GOOD[dialect]
    assert good(frames(dialect, data[:-3] + data * 20))[-1:] == frames(dialect, data)


def test_what_the_plate_shows() -> None:
    assert weighed(Mass(-1, 3, Unit.KG)) == Sample(ScaleState.UNDER_ZERO)
    empty, apples = Mass(0, 3, Unit.KG), Mass(5, 3, Unit.KG)
    assert weighed(empty, net=True) == Sample(ScaleState.ZERO, empty, net=True)
    assert weighed(apples) == Sample(ScaleState.STABLE_WEIGHT, apples)


def test_small_parts() -> None:
    assert block_check(b"Z" + bytes(5)) == ord("Z")
    assert to_first(b"xx\x02", b"\x02") == 2
    assert to_first(b"xx", b"\x02") == 2
    talk = once(b"W")()
    assert next(talk) == Ask(b"W")
    with pytest.raises(StopIteration) as end:
        talk.send(None)
    assert end.value.value is None
