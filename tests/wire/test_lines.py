import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posedge.wire.lines import (
    ENDLESS,
    GARBLED,
    MAX_BYTES,
    UNTERMINATED,
    LineDecoder,
    Terminator,
)
from posedge.wire.scan import Dropped, Scan

EAN = Scan("4006381333931")
MILK = Scan("4014400900057")


def scans(decoder: LineDecoder, *chunks: bytes) -> list[Scan | Dropped]:
    found: list[Scan | Dropped] = []
    for chunk in chunks:
        decoder.feed(chunk)
        while (scan := decoder.next_scan()) is not None:
            found.append(scan)
    return found


@pytest.mark.parametrize(
    ("terminator", "end"),
    [
        (Terminator.ANY, b"\r"),
        (Terminator.ANY, b"\n"),
        (Terminator.ANY, b"\r\n"),
        (Terminator.CR, b"\r"),
        (Terminator.LF, b"\n"),
        (Terminator.CRLF, b"\r\n"),
        (Terminator.TAB, b"\t"),
    ],
)
def test_each_terminator_whole_and_byte_by_byte(terminator: Terminator, end: bytes) -> None:
    line = b"4006381333931" + end + b"4014400900057" + end
    assert scans(LineDecoder(terminator), line) == [EAN, MILK]
    single = [line[n : n + 1] for n in range(len(line))]
    assert scans(LineDecoder(terminator), *single) == [EAN, MILK]


def test_without_a_terminator_silence_ends_the_code() -> None:
    decoder = LineDecoder(Terminator.NONE)
    assert scans(decoder, b"40063813", b"33931") == []
    assert decoder.pending
    assert decoder.silence() == EAN
    assert decoder.silence() is None


def test_a_rest_before_silence_is_not_glued_to_the_next_code() -> None:
    decoder = LineDecoder(Terminator.CR)
    assert scans(decoder, b"40063") == []
    assert decoder.silence() == UNTERMINATED
    assert scans(decoder, b"4006381333931\r") == [EAN]


def test_a_line_feed_behind_the_expected_return_is_nothing() -> None:
    decoder = LineDecoder(Terminator.CR)
    assert scans(decoder, b"4006381333931\r\n") == [EAN]
    assert decoder.silence() is None
    assert scans(decoder, b"4006381333931\r\n4014400900057\r\n") == [EAN, MILK]


def test_a_code_whose_beginning_was_not_seen_is_skipped() -> None:
    decoder = LineDecoder()
    decoder.void()
    assert scans(decoder, b"3339", b"31\r4006381333931\r") == [EAN]
    decoder.void()
    assert scans(decoder, b"333931") == []
    assert decoder.silence() is None
    assert scans(decoder, b"4006381333931\r") == [EAN]


def test_a_tab_within_a_line_is_part_of_the_code() -> None:
    assert scans(LineDecoder(), b"a\tb\r") == [Scan("a\tb")]


@pytest.mark.parametrize("line", [b"\xff\xfe\r", b"40\x0063\r", b"\x7f\r"])
def test_noise_is_dropped_and_the_next_code_is_whole(line: bytes) -> None:
    assert scans(LineDecoder(), line, b"4006381333931\r") == [GARBLED, EAN]


def test_group_separators_and_other_charsets_pass() -> None:
    assert scans(LineDecoder(), b"]C110LOT\x1d17261231\r") == [Scan("]C110LOT\x1d17261231")]
    assert scans(LineDecoder(charset="cp1252"), b"Gr\xfc\xdfe\r") == [Scan("Grüße")]


def test_a_chattering_line_is_told_once_and_bounded() -> None:
    decoder = LineDecoder(Terminator.CRLF)
    assert scans(decoder, *[b"x" * 1000] * 100) == [ENDLESS]
    assert len(decoder._buffer) < MAX_BYTES + 1000
    assert scans(decoder, b"x\r", b"\n4006381333931\r\n") == [EAN]
    assert scans(decoder, *[b"x" * 1000] * 10) == [ENDLESS]
    assert decoder.silence() is None
    assert scans(decoder, b"4006381333931\r\n") == [EAN]
    assert "crlf: 0 bytes" in repr(decoder)


@pytest.mark.parametrize("terminator", Terminator)
def test_a_flood_costs_its_own_length_only(terminator: Terminator) -> None:
    """Byte by byte, each used to cost a search of all that was held: 33 s a megabyte."""
    began_s = time.process_time()
    decoder = LineDecoder(terminator)
    scans(decoder, *[b"x"] * 50_000)
    scans(LineDecoder(terminator), *[b"\r\n" * 2048] * 50)
    assert time.process_time() - began_s < 0.5


@pytest.mark.parametrize("terminator", [Terminator.CR, Terminator.CRLF])
@pytest.mark.parametrize("size", range(MAX_BYTES - 2, MAX_BYTES + 4))
def test_the_longest_code_is_the_same_in_any_chunks(terminator: Terminator, size: int) -> None:
    end = b"\r" if terminator is Terminator.CR else b"\r\n"
    line = b"x" * size + end + b"4006381333931" + end
    whole = scans(LineDecoder(terminator), line)
    assert whole == [Scan("x" * size) if size <= MAX_BYTES else ENDLESS, EAN]
    for cut in range(size - 2, size + 3):
        assert scans(LineDecoder(terminator), line[:cut], line[cut:]) == whole


@given(
    data=st.lists(st.sampled_from([b"4006", b"\r", b"\n", b"\t", b"\xff", b"\x1d"])),
    cuts=st.lists(st.integers(0, 60)),
    terminator=st.sampled_from(Terminator),
)
def test_any_chunking_gives_the_same(
    data: list[bytes], cuts: list[int], terminator: Terminator
) -> None:
    line = b"".join(data)
    places = sorted({0, len(line), *(cut for cut in cuts if cut < len(line))})
    chunks = [line[start:end] for start, end in pairwise(places)]
    one, many = LineDecoder(terminator), LineDecoder(terminator)
    assert [*scans(one, line), one.silence()] == [*scans(many, *chunks), many.silence()]


@given(st.binary(max_size=300), st.sampled_from(Terminator))
def test_noise_raises_nothing(noise: bytes, terminator: Terminator) -> None:
    found = scans(LineDecoder(terminator), noise)
    assert all(isinstance(scan, Dropped) or scan.text for scan in found)
